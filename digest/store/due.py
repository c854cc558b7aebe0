"""Whose edition is due: claimed with a lease, settled with the instant of the next one.

A lapsed lease is claimed again. The third try is made alone, so that a subscriber whose composition kills the
process takes nobody along; after the third lapse the row is stuck and stops nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, bindparam, case, or_, select, update

from digest.errors import DigestError
from digest.model import Profile, Subscriber, SubscriberState
from digest.store.drafts import chunks
from digest.store.profiles import get_profiles
from digest.store.subscribers import COLUMNS, LAPSES_UNTIL_STUCK, get_by_id, subscriber_of
from digest.store.tables import subscribers


@dataclass(frozen=True, slots=True)
class DueSubscriber:
    """A claimed subscriber. `covered_until` is when the last paper of the last edition's period was first seen."""

    subscriber: Subscriber
    profile: Profile
    edition_at: datetime
    covered_until: datetime | None
    attempt: int


@dataclass(frozen=True, slots=True)
class Advance:
    """What settles a claim: when the next edition is due, and up to where papers are covered (None: as before)."""

    subscriber_id: int
    edition_at: datetime
    covered_until: datetime | None


def next_due(connection: Connection) -> datetime | None:
    """When the next edition is due; None where nothing is."""
    waiting = select(subscribers.c.edition_at).where(
        subscribers.c.edition_at.is_not(None), subscribers.c.lapses < LAPSES_UNTIL_STUCK
    )
    return connection.execute(waiting.order_by(subscribers.c.edition_at).limit(1)).scalar()


def claim_due(connection: Connection, now: datetime, lease: timedelta, limit: int) -> list[DueSubscriber]:
    """Lease up to `limit` subscribers whose edition is due, longest waiting first; none twice before `now + lease`."""
    _give_up(connection, now)
    rows = _waiting(connection, now, limit, _LAPSED < LAPSES_UNTIL_STUCK - 1)
    rows = rows or _waiting(connection, now, 1, _LAPSED == LAPSES_UNTIL_STUCK - 1)
    return _leased(connection, rows, now + lease)


def claim_one(connection: Connection, subscriber_id: int, now: datetime, lease: timedelta) -> DueSubscriber:
    """Lease one subscriber whatever the hour; a composition that is under way elsewhere is discarded.

    Raises:
        NotFound: there is no such subscriber.
        DigestError: not an active one.
    """
    known = get_by_id(connection, subscriber_id)
    if known.state is not SubscriberState.ACTIVE:
        raise DigestError(f"{known.address} is {known.state}: only an active subscriber gets editions")
    row = select(*_CLAIMED).where(subscribers.c.id == subscriber_id).with_for_update()
    return _leased(connection, connection.execute(row).all(), now + lease)[0]


def peek(connection: Connection, subscriber_id: int, now: datetime) -> DueSubscriber:
    """One subscriber as if due at `now`, whatever the state, without a claim: nothing can be settled with it.

    Raises:
        NotFound: there is no such subscriber.
    """
    known = get_by_id(connection, subscriber_id)
    covered = select(subscribers.c.covered_until).where(subscribers.c.id == subscriber_id)
    profile = get_profiles(connection, [subscriber_id])[subscriber_id]
    return DueSubscriber(known, profile, known.edition_at or now, connection.execute(covered).scalar(), attempt=-1)


def still_mine(connection: Connection, claimed: Iterable[DueSubscriber]) -> list[DueSubscriber]:
    """Those not lost to another process, an edit or an unsubscribe meanwhile; locked while the transaction lasts."""
    held: list[DueSubscriber] = []
    for some in chunks(sorted(claimed, key=lambda due: due.subscriber.id)):
        ids = [due.subscriber.id for due in some]
        active = (subscribers.c.id.in_(ids), subscribers.c.state == SubscriberState.ACTIVE)
        rows = select(subscribers.c.id, subscribers.c.attempt).where(*active).order_by(subscribers.c.id)
        attempts = {row.id: row.attempt for row in connection.execute(rows.with_for_update())}
        held += [due for due in some if attempts.get(due.subscriber.id) == due.attempt]
    return held


def advance(connection: Connection, advances: Sequence[Advance]) -> None:
    """End claims: the lease is given back, the next edition stands in the row."""
    for is_covering in (True, False):
        rows = [
            {"of": one.subscriber_id, "at": one.edition_at, "until": one.covered_until}
            for one in advances
            if (one.covered_until is not None) is is_covering
        ]
        values: dict[str, Any] = {"edition_at": bindparam("at"), "lease_until": None, "lapses": 0}
        if is_covering:
            values["covered_until"] = bindparam("until")
        if rows:
            connection.execute(update(subscribers).where(subscribers.c.id == bindparam("of")).values(values), rows)


_CLAIMED = (*COLUMNS, subscribers.c.covered_until, subscribers.c.attempt)
_LAPSED: ColumnElement[int] = subscribers.c.lapses + case((subscribers.c.lease_until.is_(None), 0), else_=1)


def _give_up(connection: Connection, now: datetime) -> None:
    """Mark as stuck who has just lost the last try."""
    lost = (subscribers.c.lapses == LAPSES_UNTIL_STUCK - 1, subscribers.c.lease_until <= now)
    connection.execute(update(subscribers).where(*lost).values(lapses=LAPSES_UNTIL_STUCK, lease_until=None))


def _waiting(
    connection: Connection, now: datetime, limit: int, lapsed: ColumnElement[bool]
) -> Sequence[Row[*tuple[Any, ...]]]:
    due = (
        select(*_CLAIMED)
        .where(
            subscribers.c.edition_at <= now,
            subscribers.c.state == SubscriberState.ACTIVE,
            or_(subscribers.c.lease_until.is_(None), subscribers.c.lease_until <= now),
            lapsed,
        )
        .order_by(subscribers.c.edition_at, subscribers.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return connection.execute(due).all()


def _leased(connection: Connection, rows: Sequence[Row[*tuple[Any, ...]]], until: datetime) -> list[DueSubscriber]:
    values = {"attempt": subscribers.c.attempt + 1, "lapses": _LAPSED, "lease_until": until}
    for ids in chunks(row.id for row in rows):
        connection.execute(update(subscribers).where(subscribers.c.id.in_(ids)).values(values))
    profiles = get_profiles(connection, [row.id for row in rows])
    return [
        DueSubscriber(
            subscriber=subscriber_of(row),
            profile=profiles[row.id],
            edition_at=row.edition_at,
            covered_until=row.covered_until,
            attempt=row.attempt + 1,
        )
        for row in rows
    ]
