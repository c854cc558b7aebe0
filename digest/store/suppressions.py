"""Addresses that get no mail any more. What bounces and complaints make of an address: `bounces`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from digest.store.tables import bounces, suppressions


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
    """Let an address get mail again, its earlier bounces forgiven; False where it was not suppressed."""
    mine = bounces.c.address_key == address_key(address)
    conn.execute(update(bounces).where(mine, ~bounces.c.is_forgiven).values(is_forgiven=True))
    statement = delete(suppressions).where(suppressions.c.address_key == address_key(address))
    return conn.execute(statement).rowcount > 0


def list_suppressed(conn: Connection, limit: int = 1000, origin: str | None = None) -> list[Suppression]:
    """The suppressed addresses, newest first; of one origin or of all."""
    newest = select(suppressions).order_by(suppressions.c.since.desc(), suppressions.c.address_key).limit(limit)
    newest = newest if origin is None else newest.where(suppressions.c.origin == origin)
    return [Suppression(row.address_key, row.reason, row.origin, row.since) for row in conn.execute(newest)]


def find(conn: Connection, address: str) -> Suppression | None:
    """Why and since when an address is suppressed; None where it is not."""
    row = conn.execute(select(suppressions).where(suppressions.c.address_key == address_key(address))).one_or_none()
    return Suppression(row.address_key, row.reason, row.origin, row.since) if row is not None else None


def is_suppressed(conn: Connection, address: str) -> bool:
    return bool(reasons(conn, [address]))


def reasons(conn: Connection, addresses: Iterable[str]) -> dict[str, str]:
    """`address_key` → reason, for those of the addresses that are suppressed."""
    keys = {address_key(address) for address in addresses}
    return {row.address_key: row.reason for row in conn.execute(_REASONS, {"keys": list(keys)})}


_REASONS = select(suppressions.c.address_key, suppressions.c.reason).where(
    suppressions.c.address_key.in_(bindparam("keys", expanding=True))
)
