"""Missed days being fetched: one row per feed and gap, with the page to go on from.

    open ─► claim_due ─(one page)─► settle_page ─► … ─► done      a killed worker's page is fetched again

`token` is the service's own word for where to go on. A row that is done keeps its figures and has no `due_at`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Select, insert, or_, select, update

from digest.papers.completeness import weekdays
from digest.store import batches
from digest.store.sources import LAPSES_UNTIL_STUCK
from digest.store.tables import catch_ups, sources

_FURTHEST = timedelta(days=2)  # further ahead than any wait: written by a clock that ran ahead


@dataclass(frozen=True, slots=True)
class ClaimedCatchUp:
    """One page to fetch. `covered_from` is the first day of which the catalog has a batch of this feed."""

    id: int
    attempt: int
    source: str
    kind: str
    options: Mapping[str, Any]
    feed: str
    since: date
    until: date
    route: str
    token: str | None
    pages: int
    errors: int
    covered_from: date | None
    at: datetime


@dataclass(frozen=True, slots=True)
class CatchUpRow:
    """What is shown of a catch-up; `announced` is what the service says there is in all, mostly unknown."""

    id: int
    source: str
    feed: str
    since: date
    until: date
    route: str
    pages: int
    seen: int
    new: int
    announced: int | None
    due_at: datetime | None
    is_stuck: bool
    errors: int
    last_error: str | None
    started_at: datetime
    ended_at: datetime | None


def open_(connection: Connection, source: str, feed: str, days: tuple[date, date], route: str, now: datetime) -> int:
    """Ask for the days from first to last; one that is under way for this feed is widened. The row's id."""
    since, until = days
    mine = (catch_ups.c.source == source, catch_ups.c.feed == feed, catch_ups.c.due_at.is_not(None))
    row = connection.execute(select(catch_ups).where(*mine).with_for_update()).first()
    if row is None:
        values = {"since": since, "until": until, "route": route, "due_at": now, "started_at": now}
        made = connection.execute(insert(catch_ups).values(source=source, feed=feed, **values))
        assert made.inserted_primary_key is not None
        return int(made.inserted_primary_key[0])
    wider: dict[str, Any] = {"until": max(until, row.until)}
    if since < row.since:  # the pages so far began too late; the attempt of whoever is at it counts no more
        wider |= {"since": since, "token": None, "pages": 0, "attempt": row.attempt + 1, "lease_until": None}
    connection.execute(update(catch_ups).where(catch_ups.c.id == row.id).values(wider))
    return int(row.id)


def make_due(connection: Connection, ids: Sequence[int], now: datetime) -> None:
    """Go on with these now, whoever had them."""
    values = {"due_at": now, "lease_until": None, "lapses": 0, "errors": 0}
    connection.execute(update(catch_ups).where(catch_ups.c.id.in_(ids), catch_ups.c.due_at.is_not(None)).values(values))


def claim_due(
    connection: Connection, now: datetime, lease: timedelta, only: Sequence[int] = ()
) -> ClaimedCatchUp | None:
    """Lease the catch-up that has waited longest; those of a paused or removed source wait."""
    row = connection.execute(_due(now, only)).first()
    if row is None:
        return None
    lapses = row.lapses + (row.lease_until is not None)
    taken = {"attempt": row.attempt + 1, "lapses": lapses, "lease_until": now + lease}
    connection.execute(update(catch_ups).where(catch_ups.c.id == row.id).values(taken))
    if lapses >= LAPSES_UNTIL_STUCK:
        return claim_due(connection, now, lease, only)
    return ClaimedCatchUp(
        id=row.id,
        attempt=row.attempt + 1,
        source=row.source,
        kind=row.kind,
        options=row.options,
        feed=row.feed,
        since=row.since,
        until=row.until,
        route=row.route,
        token=row.token,
        pages=row.pages,
        errors=row.errors,
        covered_from=batches.covered_from(connection, row.source, row.feed),
        at=now,
    )


def _due(now: datetime, only: Sequence[int]) -> Select[*tuple[Any, ...]]:
    found = (
        select(catch_ups, sources.c.kind, sources.c.options)
        .join(sources, sources.c.name == catch_ups.c.source)
        .where(
            sources.c.is_paused.is_(False),
            or_(catch_ups.c.due_at <= now, catch_ups.c.due_at > now + _FURTHEST),
            catch_ups.c.lapses < LAPSES_UNTIL_STUCK,
            or_(catch_ups.c.lease_until.is_(None), catch_ups.c.lease_until <= now),
        )
        .order_by(catch_ups.c.due_at, catch_ups.c.id)
        .limit(1)
        .with_for_update(skip_locked=True, of=catch_ups)
    )
    return found.where(catch_ups.c.id.in_(only)) if only else found


def is_mine(connection: Connection, claimed: ClaimedCatchUp) -> bool:
    """Whether nobody else has claimed it since; locked while the transaction lasts."""
    row = select(catch_ups.c.attempt).where(catch_ups.c.id == claimed.id).with_for_update()
    return connection.execute(row).scalar() == claimed.attempt


def settle_page(
    connection: Connection,
    claimed: ClaimedCatchUp,
    *,
    seen: int,
    new: int,
    announced: int | None,
    token: str | None,
    now: datetime,
) -> None:
    """A page was stored; without a further token the days are caught up."""
    here = catch_ups.c.id == claimed.id
    more = {"pages": catch_ups.c.pages + 1, "seen": catch_ups.c.seen + seen, "new": catch_ups.c.new + new}
    over = {"token": token, "due_at": now if token else None, "ended_at": None if token else now}
    rest = {"errors": 0, "last_error": None, "lapses": 0, "lease_until": None}
    if announced is not None:
        rest["announced"] = announced
    connection.execute(update(catch_ups).where(here).values({**more, **over, **rest}))
    if token is None:
        until = connection.execute(select(catch_ups.c.until).where(here)).scalar_one()
        batches.mark_caught_up(connection, claimed.source, claimed.feed, weekdays(claimed.since, until), now)


def settle_error(
    connection: Connection,
    claimed: ClaimedCatchUp,
    *,
    error: str,
    due_at: datetime,
    route: str,
    is_from_start: bool,
) -> None:
    """A page could not be had: the same again at `due_at`, from the beginning where the token is worth no more."""
    values: dict[str, Any] = {
        "errors": claimed.errors + 1,
        "last_error": error,
        "due_at": due_at,
        "lease_until": None,
        "lapses": 0,
        "route": route,
    }
    if is_from_start:
        values |= {"token": None, "pages": 0, "seen": 0}
    connection.execute(update(catch_ups).where(catch_ups.c.id == claimed.id).values(values))


def list_open(connection: Connection) -> list[CatchUpRow]:
    """What is under way or stuck, oldest first."""
    rows = select(catch_ups).where(catch_ups.c.due_at.is_not(None)).order_by(catch_ups.c.id)
    return [_shown(row) for row in connection.execute(rows)]


def get(connection: Connection, ids: Sequence[int]) -> list[CatchUpRow]:
    """These, in the order of their ids."""
    rows = select(catch_ups).where(catch_ups.c.id.in_(ids)).order_by(catch_ups.c.id)
    return [_shown(row) for row in connection.execute(rows)]


def _shown(row: Row[*tuple[Any, ...]]) -> CatchUpRow:
    return CatchUpRow(
        id=row.id,
        source=row.source,
        feed=row.feed,
        since=row.since,
        until=row.until,
        route=row.route,
        pages=row.pages,
        seen=row.seen,
        new=row.new,
        announced=row.announced,
        due_at=row.due_at,
        is_stuck=row.lapses >= LAPSES_UNTIL_STUCK,
        errors=row.errors,
        last_error=row.last_error,
        started_at=row.started_at,
        ended_at=row.ended_at,
    )
