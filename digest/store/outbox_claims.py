"""How the outbox empties, first half: claim what is due, keep its lease, give it back, recover what others dropped.

    pending ──claim──► claimed ──wave──► data_started ──wave──► sent | deferred | failed | ambiguous
       ▲                  │ lease lapsed: provably unsent          │ lease lapsed: nobody can know (RFC 1047)
       └──────────────────┴─ three times: stuck                    └─► ambiguous: due again once, or held for the admin

A claim owns a row by its attempt number: whatever somebody else has claimed since is no longer his to settle.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, select, tuple_, update
from sqlalchemy.exc import SQLAlchemyError

from digest.model import Edition, OutboxKind, OutboxState
from digest.store import bulk
from digest.store.outbox import AnyRow
from digest.store.outbox_sweep import IN_HAND, AmbiguousPolicy, ambiguities, cancel_unwanted, drop_expired, recover
from digest.store.tables import outbox, outbox_attempts

log = logging.getLogger(__name__)

_SENDABLE = (OutboxState.PENDING, OutboxState.DEFERRED, OutboxState.AMBIGUOUS)

Key = tuple[int, int]
"""(outbox id, attempt): what a claim owns."""

Load = Callable[[Connection, Sequence[int]], Mapping[int, Edition]]
"""Edition ids → editions; runs inside the claim's transaction."""


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms rows are claimed; `only` names the rows to look at, all where it is empty."""

    lease: timedelta = timedelta(minutes=15)
    limit: int = 100
    ambiguous: AmbiguousPolicy = "retry"
    only: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message to be sent by whoever holds it. `attempt` counts this one; `ambiguities` those lost after the dot."""

    id: int
    attempt: int
    kind: OutboxKind
    recipient: str
    occasion: str
    message_id: str
    subscriber_id: int | None
    edition: Edition | None
    composed_at: datetime
    due_at: datetime
    ambiguities: int = 0
    content: Mapping[str, Any] | None = None

    @property
    def key(self) -> Key:
        return self.id, self.attempt


def has_due(conn: Connection, now: datetime) -> bool:
    """Whether a claim would find anything to send."""
    return conn.execute(select(outbox.c.id).where(_is_due(now)).limit(1)).first() is not None


def claim(conn: Connection, now: datetime, terms: Terms, load: Load, held: Collection[Key] = ()) -> list[Claimed]:
    """Take up to `terms.limit` due messages, oldest first, after clearing away what lapsed, expired or is unwanted.

    The attempt and the time of the next one are committed with it, before the first byte. `held` is what the caller
    still works on: its leases are prolonged first, so that a clock that leaps does not take them from him.
    """
    renew(conn, held, now + terms.lease)
    recover(conn, now, terms.ambiguous)
    rows: list[AnyRow] = []
    while len(rows) < terms.limit:
        wanted = terms.limit - len(rows)
        page = conn.execute(_due(now, terms, wanted)).all()
        over = drop_expired(conn, page, now)
        over |= cancel_unwanted(conn, [row for row in page if row.id not in over]).keys()
        fresh = [row for row in page if row.id not in over]
        _take(conn, fresh, now, terms.lease)
        rows += fresh
        if len(page) < wanted:
            break
    return _claimed(conn, rows, load)


def renew(conn: Connection, held: Collection[Key], lease_until: datetime) -> None:
    """Prolong the leases of what the caller still works on; what was taken from him stays taken."""
    if held:
        mine = tuple_(outbox.c.id, outbox.c.attempt).in_(list(held))
        conn.execute(update(outbox).where(mine, outbox.c.state.in_(IN_HAND)).values(lease_until=lease_until))


def release(conn: Connection, back: Mapping[Key, datetime]) -> None:
    """Give back what provably was not sent, due at the given times: no attempt is consumed and no trace left."""
    for (row, attempt), due_at in sorted(back.items()):
        mine = (outbox.c.id == row) & (outbox.c.attempt == attempt) & outbox.c.state.in_(IN_HAND)
        again = {"state": OutboxState.PENDING, "attempt": attempt - 1, "due_at": due_at, "lease_until": None}
        if conn.execute(update(outbox).where(mine).values(again)).rowcount:
            traces = outbox_attempts.c
            conn.execute(outbox_attempts.delete().where(traces.outbox_id == row, traces.attempt == attempt))


# ── taking ───────────────────────────────────────────────────────────────────────────────────────


def _is_due(now: datetime) -> ColumnElement[bool]:
    # Said by what it is not, so that SQLite takes the index on `due_at`, which gives the order, too.
    return (outbox.c.due_at <= now) & outbox.c.state.not_in([state for state in OutboxState if state not in _SENDABLE])


def _due(now: datetime, terms: Terms, limit: int) -> Select[*tuple[Any, ...]]:
    due = select(outbox).where(_is_due(now)).order_by(outbox.c.due_at, outbox.c.id).limit(limit)
    if terms.only:
        due = due.where(outbox.c.id.in_(terms.only))
    return due.with_for_update(skip_locked=True)


def _take(conn: Connection, rows: Sequence[AnyRow], now: datetime, lease: timedelta) -> None:
    if not rows:
        return
    # Until a result is stored, the next attempt is due when the lease has lapsed.
    ours = {"state": OutboxState.CLAIMED, "lease_until": now + lease, "due_at": now + lease}
    ids = [row.id for row in rows]
    conn.execute(update(outbox).where(outbox.c.id.in_(ids)).values(attempt=outbox.c.attempt + 1, **ours))
    begun = [(row.id, row.attempt + 1, now) for row in rows]
    bulk.insert(conn, outbox_attempts, ("outbox_id", "attempt", "started_at"), begun)


def _claimed(conn: Connection, rows: Sequence[AnyRow], load: Load) -> list[Claimed]:
    editions = _load_each(conn, load, sorted({row.edition_id for row in rows if row.edition_id is not None}))
    before = ambiguities(conn, [row.id for row in rows]) if rows else Counter[int]()
    return [
        Claimed(
            id=row.id,
            attempt=row.attempt + 1,
            kind=OutboxKind(row.kind),
            recipient=row.recipient,
            occasion=row.occasion,
            message_id=row.message_id,
            subscriber_id=row.subscriber_id,
            edition=editions.get(row.edition_id),
            composed_at=row.composed_at,
            due_at=row.due_at,
            ambiguities=before[row.id],
            content=row.content,
        )
        for row in rows
    ]


def _load_each(conn: Connection, load: Load, ids: Sequence[int]) -> Mapping[int, Edition]:
    """All editions at once; where one cannot be read, one by one, so that it alone goes without."""
    if not ids:
        return {}
    try:
        return load(conn, ids)
    except SQLAlchemyError:
        raise
    except Exception:  # whatever a damaged row makes of itself
        log.exception("an edition cannot be read: trying them one by one")
        return _load_readable(conn, load, ids)


def _load_readable(conn: Connection, load: Load, ids: Sequence[int]) -> Mapping[int, Edition]:
    found: dict[int, Edition] = {}
    for edition in ids:
        try:
            found |= load(conn, [edition])
        except SQLAlchemyError:
            raise
        except Exception:
            log.exception("edition %d cannot be read", edition)
    return found
