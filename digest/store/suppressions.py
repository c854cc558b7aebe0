"""Addresses that get no mail any more, and the rule by which a refused mailbox becomes one of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, exists, select
from sqlalchemy.dialects import postgresql, sqlite

from digest.model import OutboxKind, OutboxState
from digest.store.tables import outbox, outbox_attempts, suppressions


@dataclass(frozen=True, slots=True)
class Suppression:
    """Why and since when an address gets no mail; `origin` is bounce, complaint or admin."""

    address_key: str
    reason: str
    origin: str
    since: datetime


def address_key(address: str) -> str:
    """The form under which an address is compared: case does not make another reader."""
    return address.strip().casefold()


def suppress(conn: Connection, address: str, reason: str, origin: str, now: datetime) -> bool:
    """Suppress an address; False where it is suppressed already (the first reason stays)."""
    dialect = postgresql if conn.dialect.name == "postgresql" else sqlite
    values = {"address_key": address_key(address), "reason": reason, "origin": origin, "since": now}
    statement = dialect.insert(suppressions).values(values).on_conflict_do_nothing()
    return conn.execute(statement.returning(suppressions.c.address_key)).first() is not None


def unsuppress(conn: Connection, address: str) -> bool:
    """Let an address get mail again; False where it was not suppressed."""
    statement = delete(suppressions).where(suppressions.c.address_key == address_key(address))
    return conn.execute(statement).rowcount > 0


def list_suppressed(conn: Connection, limit: int = 1000) -> list[Suppression]:
    """The suppressed addresses, newest first."""
    newest = select(suppressions).order_by(suppressions.c.since.desc(), suppressions.c.address_key).limit(limit)
    return [Suppression(row.address_key, row.reason, row.origin, row.since) for row in conn.execute(newest)]


def is_suppressed(conn: Connection, address: str) -> bool:
    return bool(reasons(conn, [address]))


def reasons(conn: Connection, addresses: Iterable[str]) -> dict[str, str]:
    """`address_key` → reason, for those of the addresses that are suppressed."""
    keys = {address_key(address) for address in addresses}
    found = select(suppressions.c.address_key, suppressions.c.reason).where(suppressions.c.address_key.in_(keys))
    return {row.address_key: row.reason for row in conn.execute(found)}


def note_hard_bounce(conn: Connection, outbox_id: int, recipient: str, reply: str, now: datetime) -> bool:
    """A relay said that the mailbox of message `outbox_id` does not exist; whether that suppressed the address.

    At once where the address never worked, else at the second edition in a row: providers do answer
    "no such user" for an hour when their directory is down.
    """
    if _ever_worked(conn, recipient) and not _bounced_before(conn, outbox_id, recipient):
        return False
    return suppress(conn, recipient, f"hard bounce: {reply}", "bounce", now)


def _ever_worked(conn: Connection, recipient: str) -> bool:
    mine = outbox.c.kind.in_([kind.value for kind in OutboxKind]) & (outbox.c.recipient == recipient)
    return bool(conn.execute(select(exists().where(mine, outbox.c.state == OutboxState.SENT))).scalar())


def _bounced_before(conn: Connection, outbox_id: int, recipient: str) -> bool:
    """Whether the edition before this message ended as a hard bounce."""
    earlier = (
        select(outbox.c.id)
        .where(outbox.c.kind == OutboxKind.DIGEST, outbox.c.recipient == recipient, outbox.c.id < outbox_id)
        .where(outbox.c.state.in_([OutboxState.SENT, OutboxState.FAILED]))
        .order_by(outbox.c.id.desc())
        .limit(1)
    )
    last = conn.execute(earlier).scalar()
    hard = exists().where(outbox_attempts.c.outbox_id == last, outbox_attempts.c.outcome == "hard")
    return last is not None and bool(conn.execute(select(hard)).scalar())
