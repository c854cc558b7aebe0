"""arXiv's search API: the second way to missed days.

It knows when a paper was submitted and not when it changed, so it finds what is new of the missed days and no
replacements. It is known for empty pages in the middle of a result; they are compared with the total and asked again.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlencode

from digest.model import Announcement, Entry
from digest.sources import Request, Response, Unreadable, taxonomy
from digest.sources.archive import Missed, Page
from digest.sources.feed import read_item
from digest.sources.syndication import Item, Syndicated, listing, read

PAGE = 500  # https://info.arxiv.org/help/api/user-manual.html asks for slices of 2,000 at most

_SUBMITTED_BEFORE = timedelta(days=5)  # what Monday's feed holds was submitted from Thursday on, about holidays earlier


def request(base_url: str, missed: Missed) -> Request:
    """What was submitted for the feed since shortly before the first missed day, oldest first; the token counts."""
    since = missed.since - _SUBMITTED_BEFORE
    category = missed.feed if missed.feed in taxonomy.CATEGORIES else f"{missed.feed}.*"
    asked = {
        "search_query": f"cat:{category} AND submittedDate:[{since:%Y%m%d}0000 TO 999912312359]",
        "start": missed.token or "0",
        "max_results": str(PAGE),
        "sortBy": "submittedDate",
        "sortOrder": "ascending",
    }
    return Request(f"{base_url}?{urlencode(asked)}", feed=missed.feed)


def page(feed: str, response: Response, path: str) -> Page:
    """One answer.

    Raises:
        Unreadable: an HTML page, not whole, arXiv's own error entry, or empty before the end of the result.
    """
    parsed = read(response.body, response.headers.get("content-type", ""))
    if parsed.cut is not None:
        raise Unreadable(f"line {parsed.cut.line}: the page is not whole")
    found = listing(feed, parsed, _read, path)
    total, start = _number(parsed, "opensearch_totalresults"), _number(parsed, "opensearch_startindex") or 0
    end = start + len(parsed.items)
    if total is not None and end < total and not parsed.items:
        raise Unreadable(f"an empty page at {start} of {total} papers")
    return Page(found, str(end) if total is not None and end < total else None, total)


def _read(item: Item) -> Entry:
    return replace(read_item(item), announcement=Announcement.CAUGHT_UP)


def _number(parsed: Syndicated, name: str) -> int | None:
    told = parsed.head.text(name).strip()
    return int(told) if told.isdecimal() else None
