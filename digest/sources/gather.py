"""Reading a payload item by item, so that one bad item costs itself only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import TypeVar

from digest.model import AliasKind, Entry, Listing, Rejection
from digest.sources import Unreadable

T = TypeVar("T")

_LONGEST_TITLE = 2000


def paper_key(entry: Entry) -> object:
    """What tells two items of one payload apart; a link or DOI may be the journal's, shared by all of them."""
    return next((alias for alias in entry.aliases if alias.kind is AliasKind.ARXIV), entry.title_raw)


def gather(
    items: Sequence[T], read: Callable[[T], Entry], path: str, key: Callable[[Entry], object] = paper_key
) -> tuple[tuple[Entry, ...], tuple[Rejection, ...]]:
    """Every item read for itself; a bad one is a rejection with its number, one whose `key` was there counts once.

    Raises:
        Unreadable: there are items and not one could be read, as when a format has changed.
    """
    entries: dict[object, Entry] = {}
    rejections: list[Rejection] = []
    for number, item in enumerate(items, 1):
        try:
            entry = read(item)
        except Unreadable as error:
            rejections.append(Rejection(path, None, f"item {number}: {error}"))
        except Exception as error:  # noqa: BLE001 - a stranger's item that breaks us must not cost the others
            rejections.append(Rejection(path, None, f"item {number}: {type(error).__name__}: {error}"))
        else:
            entries.setdefault(key(entry), entry)
    if rejections and not entries:
        raise Unreadable(f"none of its {len(items)} items can be read; {rejections[0].reason}")
    return tuple(entries.values()), tuple(rejections)


def without_shared_aliases(entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """Entries without the links and DOIs that several of them have: those name the journal, not a paper."""
    seen = Counter(alias for entry in entries for alias in set(entry.aliases) if alias.kind is not AliasKind.ARXIV)
    shared = {alias for alias, times in seen.items() if times > 1}
    if not shared:
        return entries
    return tuple(replace(e, aliases=tuple(a for a in e.aliases if a not in shared)) for e in entries)


def without_future(listing: Listing, latest: date) -> Listing:
    """Dates after `latest` dropped: an issue printed next month, a feed whose clock is wrong."""

    def past(day: date | None) -> date | None:
        return day if day is None or day <= latest else None

    def checked(entry: Entry) -> Entry:
        published_on, day = past(entry.published_on), past(entry.day)
        is_fine = (published_on, day) == (entry.published_on, entry.day)
        return entry if is_fine else replace(entry, published_on=published_on, day=day)

    return replace(listing, day=past(listing.day), entries=tuple(map(checked, listing.entries)))


def checked_title(title: str) -> str:
    """A title that can be one.

    Raises:
        Unreadable: there is none, or it is longer than any title.
    """
    if not title.strip():
        raise Unreadable("no title")
    if len(title) > _LONGEST_TITLE:
        raise Unreadable(f"a title of {len(title)} characters")
    return title.strip()
