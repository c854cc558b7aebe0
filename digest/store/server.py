"""What the database's server says of itself."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, func, select


def server_time(connection: Connection) -> datetime | None:
    """What time it is there; None for SQLite, which has no server but this machine."""
    if connection.dialect.name == "sqlite":
        return None
    told: datetime | None = connection.execute(select(func.clock_timestamp())).scalar()
    return told
