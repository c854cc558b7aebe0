"""Clearing the outbox: what its owner dropped, what is too old, what nobody wants any more. Runs inside a claim."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, bindparam, func, select, update

from digest.model import OutboxKind, OutboxState, SubscriberState
from digest.store import bulk, suppressions
from digest.store.outbox import AnyRow, Outcome
from digest.store.tables import outbox, outbox_attempts, subscribers

log = logging.getLogger(__name__)

MAX_LAPSES = 3
IN_HAND = (OutboxState.CLAIMED, OutboxState.DATA_STARTED)
_SWEEP = 1000  # rows recovered per claim at most, so that no transaction grows without bound
_LAPSED = "the lease lapsed: the process that held it died or stood still"

AmbiguousPolicy = Literal["retry", "hold"]

# ── lapsed leases ────────────────────────────────────────────────────────────────────────────────


def recover(conn: Connection, now: datetime, policy: AmbiguousPolicy) -> None:
    """Rows whose owner died or froze past his lease: due again, stuck, or ambiguous."""
    lapsed = (
        select(outbox.c.id, outbox.c.attempt, outbox.c.state, outbox.c.lapses)
        .where(outbox.c.state.in_(IN_HAND), outbox.c.lease_until <= now)
        .order_by(outbox.c.id)
        .limit(_SWEEP)
        .with_for_update(skip_locked=True)
    )
    rows = conn.execute(lapsed).all()
    if not rows:
        return
    before = ambiguities(conn, [row.id for row in rows])
    conn.execute(
        update(outbox).where(outbox.c.id == bindparam("row")).values(lease_until=None, reply=_LAPSED),
        [{"row": row.id, **_recovered(row, now, policy, before[row.id])} for row in rows],
    )
    end_attempts(conn, [(row.id, row.attempt, _lost(row), _LAPSED) for row in rows], now)


def _recovered(row: AnyRow, now: datetime, policy: AmbiguousPolicy, before: int) -> dict[str, object]:
    if row.state == OutboxState.DATA_STARTED:
        again = next_after_ambiguous(now, policy, before)
        log.warning("outbox %d: ambiguous, its owner died while sending; %s", row.id, "again" if again else "held")
        return {"state": OutboxState.AMBIGUOUS, "due_at": again, "lapses": row.lapses}
    lapses = row.lapses + 1
    if lapses < MAX_LAPSES:
        return {"state": OutboxState.PENDING, "due_at": now, "lapses": lapses}
    log.error("outbox %d: stuck after %d lapses", row.id, lapses)
    return {"state": OutboxState.STUCK, "due_at": None, "lapses": lapses}


def _lost(row: AnyRow) -> Outcome:
    return Outcome.AMBIGUOUS if row.state == OutboxState.DATA_STARTED else Outcome.LAPSED


def next_after_ambiguous(at: datetime, policy: AmbiguousPolicy, before: int) -> datetime | None:
    """When an ambiguous message is sent again: once under "retry", so that there is at most one duplicate."""
    return at if policy == "retry" and before == 0 else None


def ambiguities(conn: Connection, ids: Collection[int]) -> Counter[int]:
    """How many attempts of each message were lost between the final dot and the reply."""
    grouped = (
        select(outbox_attempts.c.outbox_id, func.count().label("n"))
        .where(outbox_attempts.c.outbox_id.in_(ids), outbox_attempts.c.outcome == Outcome.AMBIGUOUS)
        .group_by(outbox_attempts.c.outbox_id)
    )
    return Counter({int(row.outbox_id): int(row.n) for row in conn.execute(grouped)})


def end_attempts(conn: Connection, ended: Sequence[tuple[int, int, Outcome, str]], now: datetime) -> None:
    """Store how attempts ended: (outbox id, attempt, outcome, reply)."""
    if ended:
        rows = [(now, outcome.value, reply, row, attempt) for row, attempt, outcome, reply in ended]
        bulk.update(conn, outbox_attempts, ("ended_at", "outcome", "reply", "outbox_id", "attempt"), rows, keys=2)


# ── too old ──────────────────────────────────────────────────────────────────────────────────────


def drop_expired(conn: Connection, rows: Sequence[AnyRow], now: datetime) -> set[int]:
    """Drop, with the reason, what is too old to be worth sending: the outbox ids. What is ambiguous stays so."""
    old = [row for row in rows if row.expires_at <= now]
    if old:
        statement = update(outbox).where(outbox.c.id == bindparam("row")).values(due_at=None)
        conn.execute(statement, [{"row": row.id, **_expired(row)} for row in old])
    return {row.id for row in old}


def _expired(row: AnyRow) -> dict[str, object]:
    reason = f"expired at {row.expires_at:%Y-%m-%d %H:%M} UTC before it could be sent: a stale digest has no value"
    log.warning("outbox %d: %s", row.id, reason)
    is_ambiguous = row.state == OutboxState.AMBIGUOUS
    return {"state": OutboxState.AMBIGUOUS if is_ambiguous else OutboxState.DROPPED, "reply": reason}


# ── unwanted ─────────────────────────────────────────────────────────────────────────────────────


def cancel_unwanted(conn: Connection, rows: Sequence[AnyRow]) -> dict[int, str]:
    """Cancel, with the reason, what its recipient does not want (any more): outbox id → reason."""
    unwanted = _unwanted(conn, rows)
    if unwanted:
        over = {"state": OutboxState.CANCELLED, "due_at": None, "lease_until": None}
        statement = update(outbox).where(outbox.c.id == bindparam("row")).values(over)
        conn.execute(statement, [{"row": row, "reply": reason} for row, reason in unwanted.items()])
        log.info("%d messages cancelled: %s", len(unwanted), dict(Counter(unwanted.values())))
    return unwanted


def _unwanted(conn: Connection, rows: Sequence[AnyRow]) -> dict[int, str]:
    if not rows:
        return {}
    suppressed = suppressions.reasons(conn, [str(row.recipient) for row in rows])
    ids = {row.subscriber_id for row in rows if row.subscriber_id is not None}
    states = {row.id: SubscriberState(row.state) for row in conn.execute(_STATES, {"ids": list(ids)})}
    found_reasons = {
        int(row.id): _reason(
            OutboxKind(row.kind),
            suppressed.get(suppressions.address_key(row.recipient)),
            states.get(row.subscriber_id),
        )
        for row in rows
    }
    return {row: reason for row, reason in found_reasons.items() if reason is not None}


_STATES = select(subscribers.c.id, subscribers.c.state).where(subscribers.c.id.in_(bindparam("ids", expanding=True)))


def _reason(kind: OutboxKind, suppressed: str | None, state: SubscriberState | None) -> str | None:
    """Why a message is not sent, None where it is. Alerts go to the admin, test messages to whom he names."""
    if kind is OutboxKind.ALERT:
        return None
    if suppressed is not None:
        return f"suppressed: {suppressed}"
    return None if state in _WANTED_IN[kind] else f"the subscriber is {state or 'erased'}"


_ANY = frozenset([None, *SubscriberState])
_WANTED_IN: Mapping[OutboxKind, Collection[SubscriberState | None]] = {
    OutboxKind.DIGEST: {SubscriberState.ACTIVE},
    OutboxKind.NOTE: {SubscriberState.ACTIVE},
    OutboxKind.WELCOME: {SubscriberState.PENDING, SubscriberState.ACTIVE, SubscriberState.PAUSED},
    # Whoever left may come back; leaving cancels those that were on their way.
    OutboxKind.CONFIRMATION: {SubscriberState.PENDING, SubscriberState.UNSUBSCRIBED},
    OutboxKind.GOODBYE: {SubscriberState.UNSUBSCRIBED},
    # Whoever left may still look at what is kept, and erase it.
    OutboxKind.ACCESS: {SubscriberState.ACTIVE, SubscriberState.PAUSED, SubscriberState.UNSUBSCRIBED},
    OutboxKind.MOVE: {SubscriberState.ACTIVE, SubscriberState.PAUSED},
    OutboxKind.MOVED: {SubscriberState.ACTIVE, SubscriberState.PAUSED},
    OutboxKind.ALERT: _ANY,
    OutboxKind.TEST: _ANY,
}
