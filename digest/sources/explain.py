"""Why an entry was taken as it was: which field gave an id, which quirk of a publisher was met, what counts as new.

It asks the same tables and functions that read the entry, so what it says is what happened.
"""

from __future__ import annotations

from collections.abc import Iterator

from digest.model import Alias, Announcement, Entry
from digest.papers import identity
from digest.sources import publishers
from digest.sources.feed import described, plain, words_of
from digest.sources.syndication import Item

_FIELDS = ("id", "link", "prism_doi", "dc_identifier", "arxiv_doi", "dc_doi")
_CALLED = {"id": "the guid", "link": "the link", "prism_doi": "prism:doi", "dc_identifier": "dc:identifier"}
_DATES = {"published": "its publication date", "created": "its creation date", "updated": "dc:date or its last update"}


def reasons(entry: Entry, item: Item | None = None) -> tuple[str, ...]:
    """In the order in which they decide; `item` is the feed's own item where there is one."""
    found = [*_identity(entry, item), *_newness(entry)]
    if item is not None:
        found += [*_title(item), *_abstract(item), *_people(item, entry), *_date(item, entry)]
    if not entry.authors and not entry.is_signal_only:
        found.append("names no authors: another source may add them")
    return tuple(dict.fromkeys(found))


def _identity(entry: Entry, item: Item | None) -> Iterator[str]:
    for alias in entry.aliases:
        where = _field_of(alias, item) if item else ""
        yield f"{alias}{f' from {where}' if where else ''}"
    if not entry.aliases:
        yield "no id: known by title, authors and abstract only"


def _field_of(alias: Alias, item: Item) -> str:
    fields = [name for name in _FIELDS if alias in identity.aliases_of(*item.text(name).split())]
    return " and ".join(_CALLED.get(name, name.replace("_", ":", 1)) for name in fields)


def _newness(entry: Entry) -> Iterator[str]:
    if entry.is_signal_only:
        readings = ", ".join(f"{signal.value:,} {signal.name}" for signal in entry.signals)
        yield f"signals only ({readings or 'none'}): counted where the catalog has the paper, never a paper of its own"
    elif entry.announcement.is_replacement:
        yield f"announced as {entry.announcement}: a revision, never new" + _numbered(entry)
    elif entry.announcement is Announcement.LISTED:
        yield "listed: new where the catalog has no such paper" + _numbered(entry)
    else:
        yield f"announced as {entry.announcement}" + _numbered(entry)


def _numbered(entry: Entry) -> str:
    return f" (version {entry.version})" if entry.version is not None else ""


def _title(item: Item) -> Iterator[str]:
    title = plain(item.text("title"))
    if quirk := publishers.first(publishers.TITLES, title):
        yield f"title: {quirk.why} ({quirk.of})"
    elif title != item.text("title").strip():
        yield "title: HTML removed"


def _abstract(item: Item) -> Iterator[str]:
    for raw in filter(str.strip, described(item)):
        if quirk := publishers.first(publishers.LEADS, raw):
            yield f"abstract: {quirk.why} ({quirk.of})"
        words = words_of(raw)
        whole = publishers.first(publishers.CITATIONS, words, is_whole=True)
        if quirk := whole or publishers.first(publishers.TEASERS, words):
            yield f"abstract: {quirk.why} ({quirk.of})"
    if not any(map(str.strip, described(item))):
        yield "abstract: the feed has none"


def _people(item: Item, entry: Entry) -> Iterator[str]:
    names = [author.text("name") for author in item.parts("authors") if author.text("name").strip()]
    if len(names) == 1 and publishers.pairs(plain(names[0])):
        yield "authors: one string of 'Last, F.' pairs"
    elif len(names) == 1 and len(entry.authors) > 1:
        yield "authors: one string, split"
    elif len(names) > 2 and names[-1] == names[0]:
        yield "authors: the first one, repeated at the end, counts once (Nature)"


def _date(item: Item, entry: Entry) -> Iterator[str]:
    if entry.published_on is None:
        return
    known = next((words for name, words in _DATES.items() if item.instant(name)), "prism:publicationDate")
    yield f"date: {known}"
