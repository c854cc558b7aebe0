"""Which feed listed how much on which of its days: written by every poll, read to find what was missed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from digest.papers.completeness import Batch, How, missing_days
from digest.store.tables import source_batches as table

_REMEMBERED = timedelta(days=90)


def record(connection: Connection, source: str, batch: Batch, now: datetime) -> None:
    """Note a day's batch; the same again only moves `last_seen_at`, and an empty or worse one replaces nothing."""
    here = (table.c.source == source) & (table.c.feed == batch.feed) & (table.c.day == batch.day)
    known = connection.execute(select(table).where(here)).one_or_none()
    values = {
        "batch": batch.batch,
        "announced": batch.announced,
        "seen": batch.seen,
        "is_whole": batch.is_whole,
        "how": batch.how.value,
        "last_seen_at": now,
    }
    if known is None:
        key = {"source": source, "feed": batch.feed, "day": batch.day, "first_seen_at": batch.first_seen_at}
        connection.execute(insert(table).values(**key, **values))
    elif _is_better(batch, known):
        connection.execute(update(table).where(here).values(values))
    else:
        connection.execute(update(table).where(here).values(last_seen_at=now))


def _is_better(batch: Batch, known: Row[*tuple[Any, ...]]) -> bool:
    """Whole beats cut; of two alike the fuller one counts, as a feed only grows within its day."""
    if batch.is_whole != known.is_whole:
        return batch.is_whole and batch.seen > 0
    return batch.seen >= int(known.seen)


def of_feed(connection: Connection, source: str, feed: str) -> list[Batch]:
    """Every batch of a feed, oldest first."""
    rows = select(table).where(table.c.source == source, table.c.feed == feed).order_by(table.c.day)
    return [_batch(row) for row in connection.execute(rows)]


def recent(connection: Connection, now: datetime) -> Mapping[str, list[Batch]]:
    """The batches of the last three months by source, oldest first."""
    since = (now - _REMEMBERED).date()
    found: dict[str, list[Batch]] = {}
    for row in connection.execute(select(table).where(table.c.day >= since).order_by(table.c.day, table.c.feed)):
        found.setdefault(row.source, []).append(_batch(row))
    return found


def missing(connection: Connection, source: str, feed: str, newest: date) -> tuple[date, ...]:
    """The days before `newest` that were missed."""
    return missing_days(of_feed(connection, source, feed), newest)


def covered_from(connection: Connection, source: str, feed: str) -> date | None:
    """The day of a feed's first batch that was polled."""
    polled = (table.c.source == source, table.c.feed == feed, table.c.how == How.POLLED.value, table.c.seen > 0)
    return connection.execute(select(func.min(table.c.day)).where(*polled)).scalar()


def mark_caught_up(connection: Connection, source: str, feed: str, days: Iterable[date], now: datetime) -> None:
    """Days that an archive has told; those that were polled whole stay as they are."""
    good = {batch.day for batch in of_feed(connection, source, feed) if batch.is_good}
    for day in days:
        if day in good:
            continue
        here = (table.c.source == source) & (table.c.feed == feed) & (table.c.day == day)
        values = {"how": How.CAUGHT_UP.value, "is_whole": True, "last_seen_at": now}
        if not connection.execute(update(table).where(here).values(values)).rowcount:
            fresh = {"source": source, "feed": feed, "day": day, "seen": 0, "first_seen_at": now}
            connection.execute(insert(table).values(**fresh, **values))


def _batch(row: Row[*tuple[Any, ...]]) -> Batch:
    return Batch(
        feed=row.feed,
        day=row.day,
        batch=row.batch,
        announced=row.announced,
        seen=row.seen,
        is_whole=row.is_whole,
        how=How(row.how),
        first_seen_at=row.first_seen_at,
    )
