"""Whose turn it is at a service that counts all our machines as one: a row says from when on it is free.

    take ─► yours, and nobody else's for `hold` ─(request)─► give_back ─► free again after the pause

A holder that dies keeps the others waiting until `hold` is over, and no longer.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from digest.store.tables import paces

_FURTHEST = timedelta(minutes=10)  # further ahead was written by a clock that ran ahead


def take(connection: Connection, family: str, now: datetime, hold: timedelta) -> timedelta | None:
    """None: it is yours. Otherwise how long to wait before asking again."""
    here = paces.c.family == family
    free_at: datetime | None = connection.execute(select(paces.c.free_at).where(here).with_for_update()).scalar()
    if free_at is not None and now < free_at <= now + _FURTHEST:
        return free_at - now
    if free_at is not None:
        connection.execute(update(paces).where(here).values(free_at=now + hold))
        return None
    try:
        with connection.begin_nested():
            connection.execute(insert(paces).values(family=family, free_at=now + hold))
    except IntegrityError:  # somebody's very first request was faster
        return timedelta(milliseconds=100)
    return None


def give_back(connection: Connection, family: str, free_at: datetime) -> None:
    """The request is over; the next may begin at `free_at`."""
    connection.execute(update(paces).where(paces.c.family == family).values(free_at=free_at))
