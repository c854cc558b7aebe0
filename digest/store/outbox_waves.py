"""How the outbox empties, second half: one transaction stores the results that came in and lets the next ones start.

No connection starts a DATA before its previous result is committed, so what a crash can leave in doubt is at most
one message per open connection, while one disk flush serves many messages.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, select, update

from digest.delivery.verdicts import Verdict
from digest.model import OutboxState
from digest.store import bounces, bulk, pauses
from digest.store.outbox import AnyRow, Outcome
from digest.store.outbox_claims import Key
from digest.store.outbox_sweep import IN_HAND, MAX_LAPSES, cancel_unwanted, end_attempts
from digest.store.tables import outbox

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DomainPause:
    """A domain takes nothing from us until then, because of this; None: it took a message again."""

    domain: str
    until: datetime | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """How an attempt ended; `due_at` says when to try again, None when never by itself.

    `is_soft_bounce`: given up for the recipient's sake, though nobody says that the mailbox is gone. `pause` is what
    the reply said of the whole domain.
    """

    key: Key
    outcome: Outcome
    reply: str
    due_at: datetime | None = None
    is_soft_bounce: bool = False
    pause: DomainPause | None = None

    @property
    def state(self) -> OutboxState:
        if self.outcome is Outcome.BROKEN and self.due_at is None:
            return OutboxState.FAILED
        return _STATES[self.outcome]


_STATES = {
    Outcome.SENT: OutboxState.SENT,
    Outcome.DEFERRED: OutboxState.DEFERRED,
    Outcome.BROKEN: OutboxState.DEFERRED,
    Outcome.FAILED: OutboxState.FAILED,
    Outcome.HARD: OutboxState.FAILED,
    Outcome.AMBIGUOUS: OutboxState.AMBIGUOUS,
}


def settle_wave(
    conn: Connection, results: Sequence[Result], starts: Collection[Key], now: datetime, lease_until: datetime
) -> set[Key]:
    """Store what came in, mark what may start its DATA; the starts that were granted.

    A result or a start counts only for the attempt it names: what lapsed and was claimed again belongs to somebody
    else. What was suppressed, unsubscribed or cancelled since the claim is cancelled and not granted. Running it
    twice with the same arguments (a commit whose answer was lost) changes nothing more.
    """
    rows = _locked(conn, {row for row, _ in (*starts, *(result.key for result in results))})
    _store(conn, rows, [one for one in results if _counts(rows.get(one.key[0]), one)], now)
    ready = [rows[row] for row, attempt in starts if _may_start(rows.get(row), attempt)]
    unwanted = cancel_unwanted(conn, ready)
    over = [(row.id, row.attempt, Outcome.CANCELLED, unwanted[row.id]) for row in ready if row.id in unwanted]
    end_attempts(conn, over, now)
    granted = {(int(row.id), int(row.attempt)) for row in ready if row.id not in unwanted}
    if granted:
        conn.execute(_ON_THE_WIRE, {"rows": [row for row, _ in granted], "until": lease_until})
    return granted


# Built once: building a statement and looking up its text costs more than what it does.
_LOCK = (
    select(*(outbox.c[name] for name in ("id", "attempt", "state", "lapses", "kind", "recipient", "subscriber_id")))
    .where(outbox.c.id.in_(bindparam("rows", expanding=True)))
    .order_by(outbox.c.id)  # so that two waves cannot wait for each other
    .with_for_update()
)
_ON_THE_WIRE = (
    update(outbox)
    .where(outbox.c.id.in_(bindparam("rows", expanding=True)))
    .values(state=OutboxState.DATA_STARTED, lease_until=bindparam("until", type_=outbox.c.lease_until.type))
)
_OVER = ("lease_until", "state", "lapses", "due_at", "sent_at", "reply", "id")


def _locked(conn: Connection, ids: Collection[int]) -> Mapping[int, AnyRow]:
    return {int(row.id): row for row in conn.execute(_LOCK, {"rows": list(ids)})}


def _counts(row: AnyRow | None, result: Result) -> bool:
    if row is None or row.attempt != result.key[1]:
        log.warning("outbox %d: a late result is discarded (%s)", result.key[0], result.outcome)
        return False
    # Its lease lapsed, but nobody sent it again yet: knowing is better than doubting.
    late = row.state == OutboxState.AMBIGUOUS and result.outcome is not Outcome.AMBIGUOUS
    return row.state in IN_HAND or late


def _may_start(row: AnyRow | None, attempt: int) -> bool:
    return row is not None and row.attempt == attempt and row.state in IN_HAND


def _store(conn: Connection, rows: Mapping[int, AnyRow], results: Sequence[Result], now: datetime) -> None:
    if not results:
        return
    bulk.update(conn, outbox, _OVER, [_values(rows[one.key[0]], one, now) for one in results])
    end_attempts(conn, [(*one.key, one.outcome, one.reply) for one in results], now)
    for one in results:
        row = rows[one.key[0]]
        if one.outcome is Outcome.HARD:
            bounces.note_at_delivery(conn, row.id, Verdict.HARD, one.reply, now)
        elif one.is_soft_bounce:
            bounces.note_at_delivery(conn, row.id, Verdict.SOFT, one.reply, now)
        if one.pause is not None:
            _note_pause(conn, one.pause, now)


def _note_pause(conn: Connection, told: DomainPause, now: datetime) -> None:
    """Every process and the admin shall see which domains take nothing, and that they take mail again."""
    if told.until is None:
        pauses.lift(conn, "domain", told.domain)
    else:
        pauses.pause(conn, "domain", told.domain, told.until, told.reason, now)


def _values(row: AnyRow, result: Result, now: datetime) -> bulk.Values:
    """In the order of `_OVER`."""
    lapses = row.lapses + (result.outcome is Outcome.BROKEN)
    is_stuck = result.outcome is Outcome.BROKEN and lapses >= MAX_LAPSES
    if is_stuck:
        log.error("outbox %d: stuck, it could not be assembled %d times: %s", row.id, lapses, result.reply)
    state = OutboxState.STUCK if is_stuck else result.state
    due_at = None if is_stuck else result.due_at
    sent_at = now if result.outcome is Outcome.SENT else None
    return None, state.value, lapses, due_at, sent_at, result.reply, row.id
