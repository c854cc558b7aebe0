"""Turns at services that count all our machines as one client, shared through the database.

arXiv asks for one request in three seconds and one connection at a time "for all machines under your control": a
daemon, a second one and `digest poll` beside them take their turns here.
"""

from __future__ import annotations

import contextlib
from datetime import timedelta

from digest.clock import Clock
from digest.errors import DigestError
from digest.store import paces
from digest.store.database import Database

_HOLD = timedelta(seconds=90)  # longer than any fetch may take


class SharedTurns:
    """The turns of every process on one database; `clock` is the wall clock, also where the jobs play another day."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def take(self, family: str) -> float:
        wait = await self._database.run(paces.take, family, self._clock(), _HOLD)
        return wait.total_seconds() if wait else 0.0

    async def give_back(self, family: str, pause: float) -> None:
        with contextlib.suppress(DigestError):  # the hold ends by itself
            await self._database.run(paces.give_back, family, self._clock() + timedelta(seconds=pause))
