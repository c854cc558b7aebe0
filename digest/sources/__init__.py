"""Where papers come from: one file per kind; HTTP, pace and guard are shared by all of them.

    requests(state) ─► Request ─► fetch ─┬─► Fetched(Response) ─► parse ─► Listing
                                         ├─► NotModified
                                         └─► Unavailable(reason, retry_after)

`requests`, `parse` and `next_poll` know neither network nor clock. A source that does not read over HTTP brings
a `fetch` of its own (`files` does). A new kind is one file with one class whose fields are its options.

arxiv, huggingface, feed, files        the kinds          dump    text dumps of listing pages
fetcher    one polite HTTP client      transport  its wires       guard  no private addresses     pace  hosts take turns
charset    bytes to text               markup     safe and whole XML before it is parsed
archive    days nobody polled, page by page: arxiv_oai, arxiv_api
syndication  RSS, Atom, RDF by feedparser         gather  item by item, a bad one costs itself only
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from typing import Protocol, Self, runtime_checkable

from digest.errors import DigestError
from digest.exchange import Fetched, NotModified, Outcome, Request, Response, Unavailable
from digest.model import Entry, Listing, Taste

__all__ = [
    "KINDS",
    "FeedState",
    "Fetched",
    "Idle",
    "NotModified",
    "Outcome",
    "Paged",
    "Personal",
    "Reader",
    "Request",
    "Response",
    "Source",
    "Unavailable",
    "Unreadable",
    "backoff",
    "batch_of",
    "earliest",
    "worst",
]

KINDS: Mapping[str, str] = {
    "arxiv": "digest.sources.arxiv:ArxivSource",
    "huggingface": "digest.sources.huggingface:HuggingFaceSource",
    "feed": "digest.sources.feed:FeedSource",
    "files": "digest.sources.files:FilesSource",
    "biorxiv": "digest.sources.biorxiv:BiorxivSource",
    "openreview": "digest.sources.openreview:OpenReviewSource",
    "semantic-scholar-recommendations": "digest.sources.semantic_scholar:SemanticScholarSource",
    "hacker-news": "digest.sources.hacker_news:HackerNewsSource",
}
"""Kind → module:Class, imported only when a source of that kind is built."""


class Unreadable(DigestError):
    """A payload of which nothing can be used; what was known before is kept and the next poll backs off."""


@dataclass(frozen=True, slots=True)
class FeedState:
    """What is remembered of one feed between polls. ETag and Last-Modified are opaque.

    `batch` is the identity of the last listing that held papers (`batch_of`), `day` the day that listing names;
    `failures` counts polls in a row that failed; before `not_before` the source asked not to be polled, and until
    `fresh_until` it called its last answer fresh. `idle` says why the last poll asked for nothing.
    """

    etag: str | None = None
    last_modified: str | None = None
    batch: str | None = None
    day: date | None = None
    failures: int = 0
    not_before: datetime | None = None
    fresh_until: datetime | None = None
    idle: str | None = None

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
            idle=_text(stored.get("idle")),
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
class Paged(Protocol):
    """A source whose feeds come in pages; their listings are stored as one."""

    def following(self, request: Request, response: Response) -> Request | None:
        """The next page after one that could be parsed; None after the last. Pure."""


@dataclass(frozen=True, slots=True)
class Idle:
    """There is nothing to ask for, which is no error; `reason` tells the admin why."""

    reason: str


@runtime_checkable
class Personal(Protocol):
    """A source that asks for what suits one subscriber; whoever claims it looks up what that person likes."""

    @property
    def wants_likes_of(self) -> str | None:
        """The subscriber's address; None where it asks for nobody in particular."""

    def suited_to(self, taste: Taste) -> Source | Idle:
        """The source that asks for what is like these papers, or why it asks for nothing. Pure."""


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
