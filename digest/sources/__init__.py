"""Where papers come from: one file per kind; HTTP, pace and guard are shared by all of them.

    requests(state) ─► Request ─► fetch ─┬─► Fetched(Response) ─► parse ─► Listing
                                         ├─► NotModified
                                         └─► Unavailable(reason, retry_after)

`requests`, `parse` and `next_poll` know neither network nor clock. A source that does not read over HTTP brings
a `fetch` of its own (`files` does). A new kind is one file with one class whose fields are its options.

arxiv, huggingface, feed, files        the kinds          dump    text dumps of listing pages
fetcher    one polite HTTP client      transport  its wires       guard  no private addresses     pace  hosts take turns
charset    bytes to text               markup     safe and whole XML before it is parsed
syndication  RSS, Atom, RDF by feedparser         gather  item by item, a bad one costs itself only
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, datetime, timedelta
from typing import Protocol, Self, runtime_checkable

from digest.errors import DigestError
from digest.model import Entry, Listing

KINDS: Mapping[str, str] = {
    "arxiv": "digest.sources.arxiv:ArxivSource",
    "huggingface": "digest.sources.huggingface:HuggingFaceSource",
    "feed": "digest.sources.feed:FeedSource",
    "files": "digest.sources.files:FilesSource",
}
"""Kind → module:Class, imported only when a source of that kind is built."""


class Unreadable(DigestError):
    """A payload of which nothing can be used; what was known before is kept and the next poll backs off."""


@dataclass(frozen=True, slots=True)
class Request:
    """What to fetch. `feed` names this part of the source: a category, a day, a file name."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    feed: str = ""


@dataclass(frozen=True, slots=True)
class Response:
    """An answer worth parsing. Header names are lower case; `url` is the last one of the redirects."""

    status: int
    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Fetched:
    response: Response


@dataclass(frozen=True, slots=True)
class NotModified:
    """The source says that nothing changed since the ETag or date we sent."""


@dataclass(frozen=True, slots=True)
class Unavailable:
    """No payload this time. `retry_after` is the source's own wish, at most 24 hours."""

    reason: str
    retry_after: timedelta | None = None


Outcome = Fetched | NotModified | Unavailable


@dataclass(frozen=True, slots=True)
class FeedState:
    """What is remembered of one feed between polls. ETag and Last-Modified are opaque.

    `batch` is the identity of the last listing that held papers (`batch_of`), `day` the day that listing names;
    `failures` counts polls in a row that failed; before `not_before` the source asked not to be polled, and until
    `fresh_until` it called its last answer fresh.
    """

    etag: str | None = None
    last_modified: str | None = None
    batch: str | None = None
    day: date | None = None
    failures: int = 0
    not_before: datetime | None = None
    fresh_until: datetime | None = None

    def to_json(self) -> dict[str, object]:
        """Only what is set, with dates as ISO 8601."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        return {name: v.isoformat() if isinstance(v, date) else v for name, v in values.items() if v}

    @classmethod
    def from_json(cls, stored: Mapping[str, object]) -> Self:
        """The inverse of `to_json`; what cannot be read is forgotten, which costs one unconditional request."""
        failures = stored.get("failures")
        return cls(
            etag=_text(stored.get("etag")),
            last_modified=_text(stored.get("last_modified")),
            batch=_text(stored.get("batch")),
            day=_day(stored.get("day")),
            failures=failures if isinstance(failures, int) else 0,
            not_before=_instant(stored.get("not_before")),
            fresh_until=_instant(stored.get("fresh_until")),
        )


class Source(Protocol):
    """One kind of source; its fields are its options. All three methods are pure."""

    def requests(self, state: Mapping[str, FeedState], now: datetime) -> Sequence[Request]:
        """What to fetch now, one request per feed."""

    def parse(self, request: Request, response: Response) -> Listing:
        """Read an answer; one bad item is a rejection of the listing.

        Raises:
            Unreadable: nothing of it can be used.
        """

    def next_poll(self, state: Mapping[str, FeedState], now: datetime) -> datetime:
        """When to poll again, given how the poll at `now` left the feeds; always after `now`."""


@runtime_checkable
class Reader(Protocol):
    """What fetches: the HTTP fetcher, or a source that reads for itself."""

    async def fetch(self, request: Request, state: FeedState | None) -> Outcome:
        """One attempt; every expected failure is an `Unavailable`."""


def batch_of(entries: Iterable[Entry]) -> str | None:
    """The identity of a batch is its set of ids, whatever their order; None for an empty one."""
    ids = {str(entry.aliases[0]) if entry.aliases else entry.title_raw for entry in entries}
    if not ids:
        return None
    return hashlib.sha256("\n".join(sorted(ids)).encode("utf-8", "replace")).hexdigest()[:16]


def backoff(failures: int, first: timedelta, most: timedelta) -> timedelta:
    """Doubling from `first` at the first failure up to `most`."""
    return min(first * 2 ** min(failures - 1, 16), most) if failures > 0 else timedelta(0)


def earliest(state: Mapping[str, FeedState], wanted: datetime) -> datetime:
    """`wanted`, or later where one of the feeds asked not to be polled before."""
    return max([wanted, *(feed.not_before for feed in state.values() if feed.not_before)])


def worst(state: Mapping[str, FeedState]) -> int:
    """The most failures in a row of any feed."""
    return max((feed.failures for feed in state.values()), default=0)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _day(value: object) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _instant(value: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None
