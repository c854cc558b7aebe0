"""The installation's own secrets, made once in the database so that every process signs alike."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, insert, select

from digest.store.tables import keys


def signing_keys(connection: Connection, now: datetime) -> Mapping[int, bytes]:
    """Key id → secret of 32 bytes, newest id last; the first one is made at the first call."""
    found = {row.id: row.secret for row in connection.execute(select(keys.c.id, keys.c.secret).order_by(keys.c.id))}
    if not found:
        found = {1: secrets.token_bytes(32)}
        connection.execute(insert(keys).values(id=1, secret=found[1], created_at=now))
    return found
