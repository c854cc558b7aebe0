"""What to poll and when: `poll_at` says what is due, a lease says who is at it.

    seeded by the config file or `source add` ─► claim_due ─(work)─► settle_poll ─► poll_at moves on

A claim moves `poll_at` first, so a source that kills its poller is not polled again at once; after three
lapsed leases the source is stuck: shown by `status`, polled again only after `resume`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, or_, select, update

from digest.errors import DigestError, NotFound
from digest.model import DiffCounts
from digest.store.tables import sources

LAPSES_UNTIL_STUCK = 3


@dataclass(frozen=True, slots=True)
class ClaimedSource:
    """A source leased to a poller; `attempt` fences its settlement."""

    name: str
    kind: str
    options: Mapping[str, Any]
    state: Mapping[str, Any]
    attempt: int
    errors: int  # consecutive ones before this poll
    lease_until: datetime


@dataclass(frozen=True, slots=True)
class SourceRow:
    """What `digest source list` shows of a source."""

    name: str
    kind: str
    options: Mapping[str, Any]
    origin: str
    is_paused: bool
    is_stuck: bool
    poll_at: datetime | None
    polled_at: datetime | None
    changed_at: datetime | None
    errors: int
    last_error: str | None
    last_counts: Mapping[str, int] | None
    state: Mapping[str, Any]

    @property
    def idle(self) -> str | None:
        """Why the last poll asked for nothing; None where it did ask."""
        return next((str(feed["idle"]) for feed in self.state.values() if feed.get("idle")), None)


def sync_config(connection: Connection, wanted: Mapping[str, tuple[str, Mapping[str, Any]]], now: datetime) -> None:
    """Make the sources of the config file what the file says; those it no longer names are removed, not their papers.

    The file wins for the names it holds, also over a source of that name made by `source add`.
    """
    known = {row.name: row for row in connection.execute(select(sources))}
    for name, (kind, options) in wanted.items():
        row = known.get(name)
        if row is None:
            _insert(connection, name, kind, options, "config", now)
        elif (row.kind, row.options, row.origin) != (kind, dict(options), "config"):
            values = {"kind": kind, "options": dict(options), "origin": "config", "poll_at": now}
            connection.execute(update(sources).where(sources.c.name == name).values(values))
    gone = [name for name, row in known.items() if row.origin == "config" and name not in wanted]
    connection.execute(delete(sources).where(sources.c.name.in_(gone)))


def add(connection: Connection, name: str, kind: str, options: Mapping[str, Any], now: datetime) -> None:
    """A source of the admin's; DigestError where the name is taken."""
    row = connection.execute(select(sources.c.origin).where(sources.c.name == name)).one_or_none()
    if row is not None:
        where = "the config file" if row.origin == "config" else "the database"
        raise DigestError(f"a source named {name!r} is already in {where}: choose another name or remove that one")
    _insert(connection, name, kind, options, "database", now)


def _insert(
    connection: Connection, name: str, kind: str, options: Mapping[str, Any], origin: str, now: datetime
) -> None:
    connection.execute(
        insert(sources).values(name=name, kind=kind, options=dict(options), origin=origin, state={}, poll_at=now)
    )


def remove(connection: Connection, name: str) -> None:
    """Forget a source; its papers stay. NotFound, or DigestError where the config file holds it."""
    row = get(connection, name)
    if row.origin == "config":
        raise DigestError(f"source {name!r} is in the config file: remove [sources.{name}] there")
    connection.execute(delete(sources).where(sources.c.name == name))


def pause(connection: Connection, name: str) -> None:
    get(connection, name)
    connection.execute(update(sources).where(sources.c.name == name).values(is_paused=True))


def resume(connection: Connection, name: str, now: datetime) -> None:
    """Poll it again, from now on; also frees a stuck source."""
    get(connection, name)
    values = {"is_paused": False, "lapses": 0, "lease_until": None, "poll_at": now}
    connection.execute(update(sources).where(sources.c.name == name).values(values))


def make_due(connection: Connection, names: list[str], now: datetime) -> list[str]:
    """Poll these now (all that are not paused, where none is named); the names made due."""
    for name in names:
        if get(connection, name).is_paused:
            raise DigestError(f"source {name!r} is paused: 'digest source resume {name}' first")
    wanted = sources.c.name.in_(names) if names else sources.c.is_paused.is_(False)
    found = connection.execute(select(sources.c.name).where(wanted).order_by(sources.c.name)).scalars().all()
    values = {"poll_at": now, "lapses": 0, "lease_until": None}
    connection.execute(update(sources).where(sources.c.name.in_(found)).values(values))
    return list(found)


def get(connection: Connection, name: str) -> SourceRow:
    row = connection.execute(select(sources).where(sources.c.name == name)).one_or_none()
    if row is None:
        known = ", ".join(connection.execute(select(sources.c.name).order_by(sources.c.name)).scalars())
        raise NotFound(f"no source named {name!r}; known: {known or 'none yet, see digest source add --help'}")
    return _shown(row)


def list_all(connection: Connection) -> list[SourceRow]:
    return [_shown(row) for row in connection.execute(select(sources).order_by(sources.c.name))]


def next_due(connection: Connection) -> datetime | None:
    """When the next poll is due; None where there is nothing to poll."""
    waiting = select(sources.c.poll_at).where(sources.c.is_paused.is_(False), sources.c.lapses < LAPSES_UNTIL_STUCK)
    return connection.execute(waiting.order_by(sources.c.poll_at).limit(1)).scalar()


def claim_due(connection: Connection, now: datetime, lease: timedelta) -> ClaimedSource | None:
    """Lease the source that has waited longest, or None. The next time is moved before the fetch."""
    row = connection.execute(
        select(sources)
        .where(
            sources.c.is_paused.is_(False),
            sources.c.poll_at <= now,
            sources.c.lapses < LAPSES_UNTIL_STUCK,
            or_(sources.c.lease_until.is_(None), sources.c.lease_until <= now),
        )
        .order_by(sources.c.poll_at, sources.c.name)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).one_or_none()
    if row is None:
        return None
    lapses = row.lapses + (row.lease_until is not None)
    until = now + lease
    values = {"attempt": row.attempt + 1, "lapses": lapses, "lease_until": until, "poll_at": until}
    connection.execute(update(sources).where(sources.c.name == row.name).values(values))
    if lapses >= LAPSES_UNTIL_STUCK:
        return claim_due(connection, now, lease)
    return ClaimedSource(row.name, row.kind, row.options, row.state, row.attempt + 1, row.errors, until)


def settle_poll(
    connection: Connection,
    claimed: ClaimedSource,
    *,
    state: Mapping[str, Any],
    counts: DiffCounts,
    next_poll_at: datetime,
    error: str | None,
    now: datetime,
    rejected: int = 0,
) -> bool:
    """Store how a poll ended and when the next is due; False where another poller has taken over.

    What the loser has stored of papers in the same transaction is harmless: the same upsert, done twice.
    """
    changed = counts.seen > counts.unchanged
    values: dict[str, Any] = {
        "state": dict(state),
        "lease_until": None,
        "lapses": 0,
        "poll_at": next_poll_at,
        "polled_at": now,
        "errors": claimed.errors + 1 if error else 0,
        "last_error": error,
    }
    if counts.seen or rejected:
        values["last_counts"] = {**asdict(counts), "rejected": rejected}
    if changed:
        values["changed_at"] = now
    done = connection.execute(
        update(sources).where(sources.c.name == claimed.name, sources.c.attempt == claimed.attempt).values(values)
    )
    return done.rowcount == 1


def _shown(row: Row[Any]) -> SourceRow:
    return SourceRow(
        name=row.name,
        kind=row.kind,
        options=row.options,
        origin=row.origin,
        is_paused=row.is_paused,
        is_stuck=row.lapses >= LAPSES_UNTIL_STUCK,
        poll_at=row.poll_at,
        polled_at=row.polled_at,
        changed_at=row.changed_at,
        errors=row.errors,
        last_error=row.last_error,
        last_counts=row.last_counts,
        state=row.state,
    )
