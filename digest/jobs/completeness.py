"""What a poll notes of each batch, and the catch-up it opens where days are missing before it."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime

from digest.model import Listing
from digest.papers.completeness import Batch, How, is_near_cut
from digest.sources import batch_of
from digest.store import batches, catch_ups
from digest.store.database import Connection

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Terms:
    """What is known of a kind: the number of items at which it cuts a feed, the best route to its archive."""

    cut: int | None = None
    route: str | None = None


def note_batch(connection: Connection, source: str, listing: Listing, terms: Terms, now: datetime) -> None:
    """Remember what a feed listed; a day that was cut counts as missed, too, once the next one is there."""
    if listing.day is None and listing.is_empty:
        return
    announced = len(listing.entries) + len(listing.rejections)
    batch = Batch(
        feed=listing.feed,
        day=listing.day or now.date(),
        batch=batch_of(listing.entries),
        announced=announced,
        seen=len(listing.entries),
        is_whole=listing.is_complete and (terms.cut is None or announced < terms.cut),
        how=How.POLLED,
        first_seen_at=now,
    )
    batches.record(connection, source, batch, now)
    if is_near_cut(announced, terms.cut):
        words = "source %s, feed %s: %d papers, where the service leaves out what is beyond %d"
        _log.warning(words, source, batch.feed, announced, terms.cut)
    if terms.route is not None and listing.day is not None:
        _open_catch_up(connection, source, batch, terms.route, now)


def _open_catch_up(connection: Connection, source: str, batch: Batch, route: str, now: datetime) -> None:
    missing = batches.missing(connection, source, batch.feed, batch.day)
    if missing:
        catch_ups.open_(connection, source, batch.feed, (missing[0], missing[-1]), route, now)
        words = "source %s, feed %s: %d days missed from %s to %s: catching up"
        _log.warning(words, source, batch.feed, len(missing), missing[0], missing[-1])
