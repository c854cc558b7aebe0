"""bioRxiv and medRxiv: every version of a preprint as it is posted, by their API or their RSS.

The API has a row per version, new and revised ones mixed, so a row is known by DOI and version; version 1 is a new
paper, any other a revision. "NA" stands where a value is missing, numbers come as numbers or as text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Literal
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, TypeAdapter, field_validator

from digest.model import Alias, AliasKind, Announcement, Entry, Listing, Rejection
from digest.papers import identity
from digest.sources import FeedState, Request, Response, Unreadable, backoff, earliest, feed, worst
from digest.sources.gather import checked_title, gather
from digest.sources.payload import Json, as_object, day_of, number, parsed, said, text_of
from digest.sources.syndication import Syndicated, read

ALL = "all"

_CATCH_UP = timedelta(days=30)
_FIRST_BACKOFF, _LAST_BACKOFF = timedelta(hours=1), timedelta(hours=12)
_MOST_PAGES = 200  # of 100 rows
_PAGE = re.compile(r"(.*/)(\d+)(/json\b.*)")
_CATEGORY = re.compile(r"[a-z]+(?:_[a-z]+)*")
_MISSING = frozenset({"", "NA", "N/A", "na"})
_HOST = re.compile(r"\b(?:bio|med)rxiv\b", re.IGNORECASE)


class BiorxivSource(BaseModel):
    """New preprints and revisions of bioRxiv or medRxiv, by category."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    server: Literal["biorxiv", "medrxiv"] = Field(default="biorxiv", description="Which of the two.")
    categories: tuple[str, ...] = Field(
        default=(), description='Subjects such as "neuroscience" or "cell biology"; none means all of them.'
    )
    mode: Literal["api", "rss"] = Field(
        default="api", description="`api` reads all of the last days; `rss` only the 30 newest, in one small request."
    )
    days: int = Field(default=3, ge=1, le=30, description="How many days, today included, the API is asked for.")
    hours: int = Field(default=6, ge=1, le=24, description="Hours between two polls.")
    base_url: str = Field(
        default="", description="Another address of the API or the feeds; a mirror of your own, for tests."
    )

    @field_validator("categories")
    @classmethod
    def _normal(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        normal = tuple(dict.fromkeys("_".join(re.split(r"[\s_-]+", name.strip().lower())) for name in names))
        for name in normal:
            if not _CATEGORY.fullmatch(name):
                raise ValueError(f"{name!r} is no subject; they look like 'neuroscience' or 'cell biology'")
        return () if ALL in normal else normal

    @field_validator("base_url")
    @classmethod
    def _http(cls, url: str) -> str:
        if url:
            TypeAdapter(HttpUrl).validate_python(url)
        return url.rstrip("/")

    def requests(self, state: Mapping[str, FeedState], now: datetime) -> Sequence[Request]:
        """One per category: its first page, from the last day that was read or `days` back, whichever is earlier."""
        return [self._request(name, state.get(name, FeedState()), now) for name in self.categories or (ALL,)]

    def _request(self, category: str, known: FeedState, now: datetime) -> Request:
        if self.mode == "rss":
            base = self.base_url or f"https://connect.{self.server}.org"
            return Request(f"{base}/{self.server}_xml.php?{urlencode({'subject': category})}", feed=category)
        today = now.astimezone(UTC).date()
        first = min(today - timedelta(days=self.days - 1), known.day or today)
        first = max(first, today - _CATCH_UP)
        base = self.base_url or "https://api.biorxiv.org"
        query = f"?{urlencode({'category': category})}" if category != ALL else ""
        return Request(f"{base}/details/{self.server}/{first}/{today}/0/json{query}", feed=category)

    def parse(self, request: Request, response: Response) -> Listing:
        if self.mode == "rss":
            return posted(read(response.body, response.headers.get("content-type", "")), request.feed, request.url)
        return details(response.body, request.feed, request.url)

    def following(self, request: Request, response: Response) -> Request | None:
        """The page after this one, while the answer counts more rows than were shown."""
        page = _PAGE.fullmatch(request.url)
        if self.mode == "rss" or page is None:
            return None
        cursor, shown, total = _progress(response.body)
        is_more = shown and cursor + shown < total and cursor // 100 < _MOST_PAGES
        return replace(request, url=f"{page[1]}{cursor + shown}{page[3]}") if is_more else None

    def next_poll(self, state: Mapping[str, FeedState], now: datetime) -> datetime:
        pause = backoff(worst(state), _FIRST_BACKOFF, _LAST_BACKOFF) or timedelta(hours=self.hours)
        return earliest(state, now + pause)


def looks_like_details(found: object) -> bool:
    """Whether a JSON value is an answer of the API."""
    return isinstance(found, dict) and isinstance(found.get("messages"), list)


def details(body: bytes, category: str, path: str) -> Listing:
    """The listing in one page of the API; an interval without posts is an empty one.

    Raises:
        Unreadable: no such answer, an error, or there are rows and not one can be read.
    """
    found = parsed(body)
    rows, message = _rows(found)
    status = text_of(message, "status").lower()
    if status != "ok" and not status.startswith("no posts"):
        raise Unreadable(f"the service says: {status or said(found)}"[:200])
    entries, rejections = gather(rows, _entry, path, key=lambda entry: (entry.aliases, entry.version))
    cursor, total = number(message.get("cursor")), number(message.get("total"))
    is_cut = not rows and cursor < total
    if is_cut:
        rejections += (Rejection(path, None, f"an empty page at row {cursor} of {total}"),)
    ordered = tuple(sorted(entries, key=lambda entry: entry.version or 0))
    day = max((entry.day for entry in entries if entry.day), default=None)
    return Listing(category, day, ordered, rejections, is_complete=not is_cut)


def _rows(found: object) -> tuple[list[object], Json]:
    if not looks_like_details(found):
        raise Unreadable(f"an answer of the bioRxiv API was expected, not {said(found)}")
    answer = as_object(found)
    messages, rows = answer.get("messages"), answer.get("collection")
    first = messages[0] if isinstance(messages, list) and messages else {}
    return rows if isinstance(rows, list) else [], first if isinstance(first, dict) else {}


def _progress(body: bytes) -> tuple[int, int, int]:
    """Cursor, rows of this page, rows in all."""
    rows, message = _rows(parsed(body))
    return number(message.get("cursor")), len(rows), number(message.get("total"))


def _entry(item: object) -> Entry:
    row = as_object(item)
    doi = identity.doi(_told(row, "doi"))
    if doi is None:
        raise Unreadable(f"no DOI in {_told(row, 'doi')[:80]!r}")
    version = number(row.get("version")) or 1
    server = "medrxiv" if _told(row, "server").lower() == "medrxiv" else "biorxiv"
    page = f"https://www.{server}.org/content/{doi}v{version}"
    authors = _authors(_told(row, "authors"))
    category = _told(row, "category")
    return Entry(
        title_raw=checked_title(_told(row, "title")),
        abstract_raw=_told(row, "abstract"),
        aliases=_aliases(doi, identity.doi(_told(row, "published"))),
        announcement=Announcement.NEW if version == 1 else Announcement.REPLACE,
        version=version,
        authors=authors,
        is_authors_complete=bool(authors),
        categories=(category,) if category else (),
        primary_category=category or None,
        published_on=day_of(row, "date") if version == 1 else None,
        day=day_of(row, "date"),
        url=page,
        pdf_url=f"{page}.full.pdf",
        comment="This paper has been withdrawn" if "withdraw" in _told(row, "type").lower() else None,
    )


def _told(row: Json, name: str) -> str:
    """A value, "" where it says that there is none."""
    value = text_of(row, name)
    return "" if value in _MISSING else value


def _authors(line: str) -> tuple[str, ...]:
    """ "Last, F.; Other, A. B." as names, given ones first."""
    names = (" ".join(reversed([part.strip() for part in name.split(",", 1)])) for name in line.split(";"))
    return tuple(name.strip()[:200] for name in names if name.strip())


def _aliases(doi: str, published: str | None) -> tuple[Alias, ...]:
    """The preprint's DOI, then that of its published version: one paper."""
    return tuple(Alias(AliasKind.DOI, value) for value in dict.fromkeys((doi, published or doi)))


# ── the feeds ────────────────────────────────────────────────────────────────────────────────────


def is_feed(found: Syndicated) -> bool:
    """Whether a feed is one of theirs, whose versions say what is new."""
    return bool(_HOST.search(found.head.text("title") or found.head.text("link")))


def posted(found: Syndicated, name: str, path: str) -> Listing:
    """The listing of one of their feeds: as any feed, and a version above 1 is a revision."""
    listing = feed.of_any(found, name, path)
    return replace(listing, entries=tuple(map(_announced, listing.entries)), day=_newest(listing.entries))


def _announced(entry: Entry) -> Entry:
    if entry.version is None:
        return entry
    is_first = entry.version == 1
    return replace(
        entry,
        announcement=Announcement.NEW if is_first else Announcement.REPLACE,
        day=entry.published_on,
        published_on=entry.published_on if is_first else None,
    )


def _newest(entries: Sequence[Entry]) -> date | None:
    return max((entry.published_on for entry in entries if entry.published_on), default=None)
