"""The inboxes that are read for returned mail: whose turn it is, and what of them is stored but not yet put away.

claim ─(put away what was learnt, read what came)─► settle: learnt = what was read ─► claim …
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, select, update
from sqlalchemy.dialects import postgresql, sqlite

from digest.store.outbox import AnyRow
from digest.store.tables import inboxes

MAX_LAPSES = 3
_AFTER_DEATHS = timedelta(hours=1)
_DIED = "reading it died three times: look at its oldest messages"
_LONGEST_BACKOFF = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class ClaimedInbox:
    """An inbox leased to a reader. `learnt` are the keys of messages whose meaning is stored: they may be put away."""

    name: str
    attempt: int
    learnt: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InboxRow:
    """An inbox as the admin sees it."""

    name: str
    read_at: datetime
    looked_at: datetime | None
    errors: int
    last_error: str | None


def claim_due(connection: Connection, name: str, now: datetime, lease: timedelta) -> ClaimedInbox | None:
    """Lease the inbox where it is due; None where it is not, or somebody else reads it."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    fresh = {"name": name, "read_at": now, "learnt": []}
    connection.execute(dialect.insert(inboxes).values(fresh).on_conflict_do_nothing())
    mine = inboxes.c.name == name
    row = connection.execute(select(inboxes).where(mine).with_for_update(skip_locked=True)).one_or_none()
    if row is None or not _is_due(row, now):
        return None
    lapses = row.lapses + (row.lease_until is not None)
    if lapses >= MAX_LAPSES:
        later = {"lapses": 0, "lease_until": None, "read_at": now + _AFTER_DEATHS}
        connection.execute(update(inboxes).where(mine).values(**later, errors=row.errors + 1, last_error=_DIED))
        return None
    taken = {"attempt": row.attempt + 1, "lapses": lapses, "lease_until": now + lease}
    connection.execute(update(inboxes).where(mine).values(taken))
    return ClaimedInbox(name, row.attempt + 1, tuple(row.learnt))


def _is_due(row: AnyRow, now: datetime) -> bool:
    is_free = row.lease_until is None or row.lease_until <= now
    # One due far ahead was settled by a clock that ran ahead.
    return bool(is_free and (row.read_at <= now or row.read_at > now + timedelta(days=2)))


def settle(
    connection: Connection, claimed: ClaimedInbox, learnt: Sequence[str], now: datetime, next_at: datetime
) -> bool:
    """The messages of these keys are stored and may be put away; False where the claim was lost."""
    values = {"learnt": list(learnt), "read_at": next_at, "looked_at": now, "errors": 0, "last_error": None}
    return _settle(connection, claimed, values)


def settle_failure(connection: Connection, claimed: ClaimedInbox, reason: str, now: datetime) -> bool:
    """It could not be read, which is tried again after 1, 2, 4 … minutes, an hour at most."""
    mine = inboxes.c.name == claimed.name
    errors = (connection.execute(select(inboxes.c.errors).where(mine)).scalar() or 0) + 1
    delay = min(timedelta(minutes=2 ** min(errors - 1, 10)), _LONGEST_BACKOFF)
    return _settle(connection, claimed, {"read_at": now + delay, "errors": errors, "last_error": reason[:1000]})


def _settle(connection: Connection, claimed: ClaimedInbox, values: dict[str, object]) -> bool:
    mine = (inboxes.c.name == claimed.name) & (inboxes.c.attempt == claimed.attempt)
    statement = update(inboxes).where(mine).values(lapses=0, lease_until=None, **values)
    return bool(connection.execute(statement).rowcount)


def list_all(connection: Connection) -> list[InboxRow]:
    """Every inbox that was ever read."""
    rows = connection.execute(select(inboxes).order_by(inboxes.c.name))
    return [InboxRow(row.name, row.read_at, row.looked_at, row.errors, row.last_error) for row in rows]
