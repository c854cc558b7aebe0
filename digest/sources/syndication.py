"""RSS, Atom and RDF by feedparser, with its dictionaries made plain and typed.

Its HTML sanitiser and its link resolution stay off: the first eats plain text such as `n<m and $a<b$`.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import feedparser

from digest.model import Entry, Listing, Rejection
from digest.sources import Unreadable
from digest.sources.gather import gather
from digest.sources.markup import MOST_ITEMS, Cut, document


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a feed, or the feed's own head."""

    values: Mapping[str, object]

    def text(self, name: str) -> str:
        """The element's text, "" where it is absent."""
        found = self.values.get(name)
        return found if isinstance(found, str) else ""

    def parts(self, name: str) -> list[Item]:
        """The repeated elements feedparser gathers: authors, tags, links, content."""
        found = self.values.get(name)
        return [Item(dict(part)) for part in found if isinstance(part, dict)] if isinstance(found, list) else []

    def part(self, name: str) -> Item:
        found = self.values.get(name)
        return Item(dict(found) if isinstance(found, dict) else {})

    def instant(self, name: str) -> datetime | None:
        """A date of the feed in UTC (`published`, `updated`), None where there is none that can be read."""
        found = self.values.get(f"{name}_parsed")
        if not isinstance(found, time.struct_time):
            return None
        try:
            return datetime(*found[:6], tzinfo=UTC)
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class Syndicated:
    """A feed as feedparser read it; `cut` says where the payload was not whole."""

    head: Item
    items: list[Item]
    cut: Cut | None
    has_too_many_items: bool


def read(body: bytes, content_type: str = "") -> Syndicated:
    """Parse a feed whose XML was made safe and whole first.

    Raises:
        Unreadable: it is none, or nothing of it is whole.
    """
    safe = document(body, content_type)
    try:
        # BytesIO, as feedparser takes plain bytes for a file's name first.
        found = feedparser.parse(io.BytesIO(safe.body), sanitize_html=False, resolve_relative_uris=False)
    except Exception as error:
        raise Unreadable(f"the feed parser failed: {type(error).__name__}: {error}") from error
    if not found.get("version"):
        raise Unreadable("no RSS, Atom or RDF feed")
    # Plain dictionaries, as feedparser's own guess for an absent key (and warn of it).
    items = [Item(dict(entry)) for entry in found.entries]
    return Syndicated(Item(dict(found.feed)), items, safe.cut, safe.has_too_many_items)


def listing(feed: str, parsed: Syndicated, read_item: Callable[[Item], Entry], path: str) -> Listing:
    """The listing of a feed, without a day; Unreadable where there are items and none can be read."""
    entries, rejections = gather(parsed.items, read_item, path)
    rejections += _about_the_whole(parsed, path)
    return Listing(feed, None, entries, rejections, is_complete=parsed.cut is None)


def _about_the_whole(parsed: Syndicated, path: str) -> tuple[Rejection, ...]:
    found = []
    if parsed.cut is not None:
        found.append(Rejection(path, parsed.cut.line, f"{parsed.cut.reason}; {len(parsed.items)} items before it kept"))
    if parsed.has_too_many_items:
        found.append(Rejection(path, None, f"more than {MOST_ITEMS} items: the rest is not read"))
    return tuple(found)
