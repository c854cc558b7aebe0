"""Catch up: days that no poll has seen are fetched from the source's archive, one page at a time.

claim    lease one catch-up that is due; it knows the token of its next page
work     fetch and parse that page
settle   fence, store its papers as caught up, keep the next token; after the last page mark the days

Killed at any point: the lease lapses and the same page is fetched again, which changes nothing that was stored.
The archive does not know on which day and how a paper was announced, so its sightings say `caught-up`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from digest.errors import DigestError
from digest.model import Announcement, Entry, Listing
from digest.papers.completeness import is_news
from digest.papers.forms import Formed
from digest.sources import (
    Fetched,
    NotModified,
    Outcome,
    Reader,
    Request,
    Response,
    Source,
    Unavailable,
    backoff,
)
from digest.sources.archive import Archived, Missed, Page, StaleToken
from digest.sources.gather import without_future
from digest.store import catalog, catch_ups
from digest.store.catch_ups import ClaimedCatchUp
from digest.store.database import Connection
from digest.store.upsert import formed

_log = logging.getLogger(__name__)

_LEASE = timedelta(minutes=10)
_FIRST_BACKOFF, _LAST_BACKOFF = timedelta(minutes=5), timedelta(hours=6)
_TRIES_PER_ROUTE = 3
_LONGEST_ERROR = 500

Build = Callable[[str, Mapping[str, object]], Source]


@dataclass(frozen=True, slots=True)
class PageRead:
    """How a page's fetch ended: a page with its formed entries, or an error."""

    page: Page | None = None
    entries: tuple[Formed, ...] = ()
    error: str | None = None
    retry_after: timedelta | None = None
    is_stale: bool = False
    routes: tuple[str, ...] = ()


class CatchUp:
    """The job; `fetcher` is the process's one, for its pace. `only` names rows, all where it is empty."""

    name = "catch-up"

    def __init__(self, build: Build, fetcher: Reader, lease: timedelta = _LEASE, only: Sequence[int] = ()) -> None:
        self._build = build
        self._fetcher = fetcher
        self._lease = lease
        self._only = tuple(only)

    def claim(self, connection: Connection, now: datetime) -> ClaimedCatchUp | None:
        return catch_ups.claim_due(connection, now, self._lease, self._only)

    async def work(self, claim: ClaimedCatchUp) -> PageRead:
        try:
            source = self._build(claim.kind, claim.options)
        except (DigestError, ValueError) as error:
            return PageRead(error=f"its options do not fit: {_one_line(error)}")
        if not isinstance(source, Archived):
            return PageRead(error=f"kind {claim.kind} has no archive to catch up from")
        request = source.archived(_missed(claim))
        outcome: Outcome = await self._fetcher.fetch(request, None)
        found = PageRead(routes=tuple(source.routes))
        match outcome:
            case Unavailable(reason, retry_after):
                return replace(found, error=reason, retry_after=retry_after)
            case NotModified():
                return replace(found, error="HTTP 304, though nothing was asked")
            case Fetched(response):
                return await asyncio.to_thread(_read, source, claim, found, request, response)

    def settle(self, connection: Connection, claim: ClaimedCatchUp, result: PageRead, now: datetime) -> None:
        if not catch_ups.is_mine(connection, claim):
            return
        if result.page is None:
            _settle_error(connection, claim, result, now)
            return
        page = result.page
        counts = catalog.upsert_listing(connection, claim.source, page.listing, now, result.entries)
        catch_ups.settle_page(
            connection,
            claim,
            seen=counts.seen,
            new=counts.new,
            announced=page.announced,
            token=page.token,
            now=now,
        )
        if page.token is None:
            days = claim.since, claim.until
            _log.info(
                "source %s, feed %s: caught up with %s to %s over %s", claim.source, claim.feed, *days, claim.route
            )


def _read(source: Archived, claim: ClaimedCatchUp, found: PageRead, request: Request, response: Response) -> PageRead:
    """The costly part; runs in a worker thread."""
    try:
        page = source.read_archived(_missed(claim), request, response)
    except StaleToken as error:
        return replace(found, error=_one_line(error), is_stale=True)
    except DigestError as error:
        return replace(found, error=_one_line(error))
    for one in page.listing.rejections:
        _log.warning("source %s, feed %s: %s: not stored: %s", claim.source, claim.feed, one.path, one.reason)
    page = replace(page, listing=_told(page.listing, claim))
    return replace(found, page=page, entries=formed(page.listing))


def _missed(claim: ClaimedCatchUp) -> Missed:
    return Missed(claim.feed, claim.since, claim.route, claim.token)


def _told(listing: Listing, claim: ClaimedCatchUp) -> Listing:
    """Each entry with what it means to readers, on a missed day: that of its record's change, else the last."""

    def told(entry: Entry) -> Entry:
        is_new = is_news(entry.published_on, entry.version, claim.since, claim.covered_from)
        announcement = Announcement.CAUGHT_UP if is_new else Announcement.CAUGHT_UP_OLD
        day = min(max(entry.day or claim.until, claim.since), claim.until)
        return replace(entry, announcement=announcement, day=day)

    listing = without_future(listing, claim.at.date() + timedelta(days=1))
    return replace(listing, day=claim.until, entries=tuple(map(told, listing.entries)))


def _settle_error(connection: Connection, claim: ClaimedCatchUp, result: PageRead, now: datetime) -> None:
    """Wait and ask again; by the next route where this one failed three times, round and round."""
    error = (result.error or "")[:_LONGEST_ERROR]
    tries = claim.errors + 1
    route = claim.route
    if tries % _TRIES_PER_ROUTE == 0 and route in result.routes:
        route = result.routes[(result.routes.index(route) + 1) % len(result.routes)]
    wait = timedelta(0) if result.is_stale and tries == 1 else backoff(tries, _FIRST_BACKOFF, _LAST_BACKOFF)
    _log.warning("source %s, feed %s: catching up over %s: %s", claim.source, claim.feed, claim.route, error)
    catch_ups.settle_error(
        connection,
        claim,
        error=error,
        due_at=now + max(wait, result.retry_after or wait),
        route=route,
        is_from_start=result.is_stale or route != claim.route,
    )


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:_LONGEST_ERROR]
