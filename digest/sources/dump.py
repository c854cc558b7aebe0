"""Text dumps of listing pages, as a person saves them from a browser: pure, a text in, a Listing out.

    trending page:  header ─ (title, abstract)…
    author's page:  card? ─ (category·date·Code, title·authors, abstract)…

Blank lines and the furniture of the page (headers, "new", "Subscribe", a curator's line, a day heading) mean nothing.
A file is read whole or refused with the line at which it stops making sense.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import PurePath

from digest.errors import UnreadableFile
from digest.model import Listing
from digest.sources import batch_of
from digest.sources.dump_author import HEAD, AuthorPage
from digest.sources.dump_lines import Line, is_header, lines_of, without_furniture
from digest.sources.dump_records import LONGEST_TITLE, check_end, entry, is_prose, short


def looks_like_dump(text: str) -> bool:
    """Whether the first lines are those of a listing page: a header of trending papers or a paper's heading."""
    lines = [" ".join(line.split()) for line in text[:20_000].removeprefix("\ufeff").splitlines()]
    return any(is_header(line) or HEAD.fullmatch(line) for line in filter(None, lines))


def parse_dump(text: str, path: str, as_of: date) -> Listing:
    """Read one page. `as_of` dates days without a year: each is the latest one that is not after it.

    Raises UnreadableFile, naming the line, for a page that is damaged, cut short or none of the known ones.
    """
    listing = _page(lines_of(text, path), path, as_of)
    # A page is the papers it lists: saved again, under another name or with other blanks, it is the same page.
    return replace(listing, feed=f"page {batch_of(listing.entries)}")


def _page(lines: list[Line], path: str, as_of: date) -> Listing:
    heads = [at for at, line in enumerate(lines) if HEAD.fullmatch(line.text)]
    if heads:
        return AuthorPage(path, as_of).read(lines, heads)
    if any(is_header(line.text) for line in lines):
        return _trending_page(lines, path, as_of)
    raise UnreadableFile(
        path,
        lines[0].number,
        'no listing: neither a line "Get trending papers in your email inbox" nor a heading such as "CLMar 6, 2022"',
    )


# ── a page of trending papers: titles and abstracts by turns ─────────────────────────────────────


def _trending_page(lines: list[Line], path: str, as_of: date) -> Listing:
    day: date | None = None
    days: list[date] = []
    texts: list[tuple[Line, date | None]] = []
    for item in without_furniture(lines, as_of):
        if isinstance(item, date):
            day = item
            days.append(item)
        else:
            texts.append((item, day))
    _check_pairs([line for line, _ in texts], lines[-1], path)
    first = days[0] if days else None
    entries = [
        entry(title.text, abstract.text, day=None if day == first else day)
        for (title, day), (abstract, _) in zip(texts[::2], texts[1::2], strict=True)
    ]
    return Listing(feed=PurePath(path).name, day=first, entries=tuple(entries))


def _check_pairs(lines: list[Line], last: Line, path: str) -> None:
    if not lines:
        raise UnreadableFile(path, last.number, "a page of trending papers without any paper: was it saved too early?")
    for title, abstract in zip(lines[::2], lines[1::2], strict=False):
        if len(title.text) > LONGEST_TITLE or (is_prose(title.text) and not is_prose(abstract.text)):
            raise UnreadableFile(path, title.number, f"an abstract without a title: {short(title.text)}")
        if _is_title_before(title, abstract, lines):
            raise UnreadableFile(path, title.number, f"no abstract follows the title {short(title.text)}")
    if len(lines) % 2:
        raise UnreadableFile(path, lines[-1].number, f"no abstract follows the title {short(lines[-1].text)}")
    check_end(lines[-2].text, lines[-1], path)


def _is_title_before(title: Line, after: Line, lines: list[Line]) -> bool:
    """Whether two titles follow each other: the second one is no prose, and prose follows it."""
    following = next((line.text for line in lines if line.number > after.number), "")
    return not is_prose(title.text) and not is_prose(after.text) and is_prose(following)
