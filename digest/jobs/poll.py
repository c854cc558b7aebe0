"""Poll: a source whose `poll_at` has come → its listings in the catalog, and when to ask again.

claim    lease one source; its `poll_at` is moved first, so that what kills us is not polled again at once;
         look up what the subscriber likes whom the source asks for
work     fetch and parse every feed of it; one feed's failure costs the others nothing
settle   fence, diff and store every listing, remember ETags and batches, open a catch-up where days are missing,
         next `poll_at`

Killed at any point: the lease lapses and the source is polled again, which changes nothing that was stored.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from digest.errors import DigestError
from digest.jobs import pages
from digest.jobs.completeness import Terms, note_batch
from digest.jobs.pages import Pages
from digest.model import DiffCounts, Listing, Taste
from digest.papers.forms import Formed
from digest.sources import (
    FeedState,
    Fetched,
    Idle,
    NotModified,
    Outcome,
    Paged,
    Personal,
    Reader,
    Request,
    Response,
    Source,
    Unavailable,
    batch_of,
)
from digest.sources.archive import Archived
from digest.sources.fetcher import fresh_for, usable_validator
from digest.sources.gather import without_future
from digest.store import catalog
from digest.store import sources as store
from digest.store.database import Connection
from digest.store.taste import taste_of
from digest.store.upsert import formed

Build = Callable[[str, Mapping[str, object]], Source]
"""The source of a kind and its options; raises DigestError or ValueError where they do not fit."""

# Two dozen feeds that each take their whole minute, and the pauses between them, fit in.
_log = logging.getLogger(__name__)

_LEASE = timedelta(minutes=30)
_WHEN_UNBUILDABLE = timedelta(hours=6)
_LONGEST_ERROR = 500


@dataclass(frozen=True, slots=True)
class DuePoll:
    """A claimed source and the instant it was claimed at; the taste it asks for, or why there is none."""

    source: store.ClaimedSource
    at: datetime
    taste: Taste | DigestError | None = None


@dataclass(frozen=True, slots=True)
class PolledFeed:
    """How one feed's poll ended: a listing with its formed entries, an error, both (cut off) or neither (unchanged)."""

    feed: str
    state: FeedState
    listing: Listing | None = None
    entries: tuple[Formed, ...] = ()
    error: str | None = None


@dataclass(frozen=True, slots=True)
class PolledSource:
    """How a source's poll ended and when the next is due."""

    feeds: tuple[PolledFeed, ...]
    next_poll_at: datetime
    errors: tuple[str, ...] = field(default=())
    terms: Terms = field(default_factory=Terms)

    @property
    def listings(self) -> tuple[Listing, ...]:
        return tuple(feed.listing for feed in self.feeds if feed.listing is not None)

    @property
    def state(self) -> dict[str, dict[str, object]]:
        """As the store keeps it; feeds no longer asked for are forgotten."""
        return {feed.feed: feed.state.to_json() for feed in self.feeds}


class Poll:
    """The job; `fetcher` is the process's one, for its pace."""

    name = "poll"

    def __init__(self, build: Build, fetcher: Reader, lease: timedelta = _LEASE) -> None:
        self._build = build
        self._fetcher = fetcher
        self._lease = lease

    def claim(self, connection: Connection, now: datetime) -> DuePoll | None:
        claimed = store.claim_due(connection, now, self._lease)
        return DuePoll(claimed, now, self._taste(connection, claimed)) if claimed else None

    def _taste(self, connection: Connection, claimed: store.ClaimedSource) -> Taste | DigestError | None:
        try:
            source = self._build(claimed.kind, claimed.options)
            address = source.wants_likes_of if isinstance(source, Personal) else None
        except Exception:  # noqa: BLE001  # it meets `work`, too, under a lease: here the claim itself would be undone
            return None
        try:
            return taste_of(connection, address) if address else None
        except DigestError as error:
            return error

    async def work(self, claim: DuePoll) -> PolledSource:
        try:
            built = self._build(claim.source.kind, claim.source.options)
            source = _suited(built, claim.taste)
        except (DigestError, ValueError) as error:
            reason = f"its options do not fit: {_one_line(error)}"
            return PolledSource((), claim.at + _WHEN_UNBUILDABLE, (reason,))
        if isinstance(source, Idle):
            return PolledSource((PolledFeed("", FeedState(idle=source.reason)),), built.next_poll({}, claim.at))
        known = {name: FeedState.from_json(state) for name, state in claim.source.state.items()}
        reader = source if isinstance(source, Reader) else self._fetcher
        requests = await asyncio.to_thread(source.requests, known, claim.at)
        feeds = [await _poll_feed(source, reader, request, known, claim.at) for request in requests]
        _log_rejections(claim.source.name, feeds)
        state = {feed.feed: feed.state for feed in feeds}
        errors = tuple(f"{feed.feed}: {feed.error}" for feed in feeds if feed.error)
        terms = Terms(source.cut, source.routes[0]) if isinstance(source, Archived) else Terms()
        return PolledSource(tuple(feeds), source.next_poll(state, claim.at), errors, terms)

    def settle(self, connection: Connection, claim: DuePoll, result: PolledSource, now: datetime) -> None:
        """All listings or none: where somebody else has taken the source over, nothing is stored."""
        if not self._store(connection, claim, result, DiffCounts(), now):
            return
        counts = DiffCounts()
        for feed in result.feeds:
            if feed.listing is not None:
                name = claim.source.name
                counts += catalog.upsert_listing(connection, name, feed.listing, now, feed.entries)
                note_batch(connection, name, feed.listing, result.terms, now)
        self._store(connection, claim, result, counts, now)

    @staticmethod
    def _store(connection: Connection, claim: DuePoll, result: PolledSource, counts: DiffCounts, now: datetime) -> bool:
        is_unbuilt = not result.feeds and result.errors
        return store.settle_poll(
            connection,
            claim.source,
            state=claim.source.state if is_unbuilt else result.state,
            counts=counts,
            next_poll_at=result.next_poll_at,
            rejected=sum(len(listing.rejections) for listing in result.listings),
            error="; ".join(result.errors)[:_LONGEST_ERROR] or None,
            now=now,
        )


def _suited(source: Source, taste: Taste | DigestError | None) -> Source | Idle:
    if isinstance(taste, DigestError):
        raise taste
    return source.suited_to(taste) if taste is not None and isinstance(source, Personal) else source


def _log_rejections(source: str, feeds: Sequence[PolledFeed]) -> None:
    """One item that cannot be read costs nothing but itself, and is not lost silently."""
    for feed in feeds:
        for one in feed.listing.rejections if feed.listing else ():
            _log.warning("source %s, feed %s: %s: not stored: %s", source, feed.feed, one.path, one.reason)


async def _poll_feed(
    source: Source, reader: Reader, request: Request, known: Mapping[str, FeedState], now: datetime
) -> PolledFeed:
    before = known.get(request.feed, FeedState())
    # One page's ETag says nothing of the others.
    outcome: Outcome = await reader.fetch(request, None if isinstance(source, Paged) else before)
    match outcome:
        case NotModified():
            return PolledFeed(request.feed, replace(before, failures=0, not_before=None, fresh_until=None))
        case Unavailable(reason, retry_after):
            wait = now + retry_after if retry_after else None
            return _failed(request.feed, before, reason, wait)
        case Fetched(response):
            found = await pages.fetch_following(source, reader, request, response)
            return await asyncio.to_thread(_read, source, request, found, before, now)


def _read(source: Source, request: Request, found: Pages, before: FeedState, now: datetime) -> PolledFeed:
    """The costly part: parse and derive the forms the catalog needs; runs in a worker thread."""
    try:
        # A day may have begun further east.
        listing = without_future(pages.parse(source, found), now.date() + timedelta(days=1))
    except DigestError as error:
        return _failed(request.feed, before, _one_line(error), None)
    entries = formed(listing)
    if not listing.is_complete:
        cut = listing.rejections[-1].reason if listing.rejections else "the listing is not whole"
        return replace(_failed(request.feed, before, cut, None), listing=listing, entries=entries)
    return PolledFeed(request.feed, _remembered(listing, found.first, before, now), listing, entries)


def _failed(feed: str, before: FeedState, reason: str, not_before: datetime | None) -> PolledFeed:
    """What was known stays known: the next request asks for the same again."""
    state = replace(before, failures=before.failures + 1, not_before=not_before)
    return PolledFeed(feed, state, error=reason)


def _remembered(listing: Listing, response: Response, before: FeedState, now: datetime) -> FeedState:
    """A batch is new when its ids are; a feed that was only rebuilt keeps the day of its batch."""
    batch = batch_of(listing.entries)
    is_new = batch is not None and batch != before.batch
    fresh = fresh_for(response.headers)
    return FeedState(
        etag=usable_validator(response.headers.get("etag")),
        last_modified=usable_validator(response.headers.get("last-modified")),
        batch=batch if is_new else before.batch,
        day=listing.day if is_new else before.day,
        fresh_until=now + fresh if fresh else None,
    )


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:_LONGEST_ERROR]
