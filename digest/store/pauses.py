"""Who takes no mail from us for now: domains of recipients, and the relay itself. Every process reads and writes them.

A row stays beyond its `until`, when mail is tried again, and goes once mail is taken: so one trouble that lasts a day,
with a pause each hour, stays one trouble, told once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import Connection, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from digest.model import OutboxState
from digest.store.tables import outbox, pauses

Kind = Literal["domain", "relay"]

FORGOTTEN_AFTER = timedelta(days=1)
"""Beyond its end: nothing was sent there since, or the process that would have said so is gone."""


@dataclass(frozen=True, slots=True)
class Pause:
    """A domain (`name` is its name) or the relay (`name` is "") that takes nothing until then, and why."""

    kind: Kind
    name: str
    since: datetime
    until: datetime
    reason: str


def pause(connection: Connection, kind: Kind, name: str, until: datetime, reason: str, now: datetime) -> None:
    """Begin a pause or prolong the one that is there, which keeps its beginning."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    row = {"kind": kind, "name": name, "since": now, "until": until, "reason": reason[:1000]}
    statement = dialect.insert(pauses).values(row)
    later = {"until": statement.excluded.until, "reason": statement.excluded.reason}
    connection.execute(statement.on_conflict_do_update(index_elements=["kind", "name"], set_=later))


def lift(connection: Connection, kind: Kind, name: str = "") -> bool:
    """End a pause: mail is taken again, or the admin knows better; False where there was none."""
    mine = (pauses.c.kind == kind) & (pauses.c.name == name)
    return bool(connection.execute(delete(pauses).where(mine)).rowcount)


def resume(connection: Connection, kind: Kind, name: str, now: datetime) -> int | None:
    """Lift a pause and make due now what waits for its end; how many mails, None where there was no pause.

    For the relay these are mails that were put back unsent; those deferred by a reply of their own keep their time.
    """
    if not lift(connection, kind, name):
        return None
    states = [OutboxState.PENDING, *([OutboxState.DEFERRED] if kind == "domain" else [])]
    waiting = [outbox.c.state.in_(states), outbox.c.due_at > now]
    if kind == "domain":
        waiting.append(func.lower(outbox.c.recipient).endswith(f"@{name}", autoescape=True))
    return connection.execute(update(outbox).where(*waiting).values(due_at=now)).rowcount


def list_all(connection: Connection, now: datetime) -> list[Pause]:
    """The pauses that hold or were not seen to end, domains first, each by name."""
    recent = select(pauses).where(pauses.c.until > now - FORGOTTEN_AFTER).order_by(pauses.c.kind, pauses.c.name)
    return [Pause(row.kind, row.name, row.since, row.until, row.reason) for row in connection.execute(recent)]


def domains_until(found: Sequence[Pause], now: datetime) -> dict[str, datetime]:
    """The domains that are paused at this moment, and until when."""
    return {one.name: one.until for one in found if one.kind == "domain" and one.until > now}
