"""Prune: rows that are kept no longer go, once a day.

claim    the look whose time has come
work     nothing
settle   delete some rows of each kind; at once again while there are more, else tomorrow

Killed at any point: what was committed is gone, the rest goes after the lease. Twice is harmless: what is gone is
not found again. What is kept for how long, and what for ever, stands in `digest.store.retention`.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from digest.store import checks, retention
from digest.store.checks import ClaimedCheck
from digest.store.database import Connection
from digest.store.retention import Retention

_log = logging.getLogger(__name__)

_NAME = "prune"
_LEASE = timedelta(minutes=5)
_EVERY = timedelta(hours=24)
_BATCH = 1000  # rows of each kind in one transaction, during which an SQLite database takes no other


class Prune:
    """The job."""

    name = "prune"

    def __init__(self, kept: Retention, batch: int = _BATCH) -> None:
        self._kept, self._batch = kept, batch

    def claim(self, connection: Connection, now: datetime) -> ClaimedCheck | None:
        return checks.claim_due(connection, _NAME, now, _LEASE)

    async def work(self, claim: ClaimedCheck) -> None:
        """Nothing takes long here but the database."""

    def settle(self, connection: Connection, claim: ClaimedCheck, result: None, now: datetime) -> None:  # noqa: ARG002
        if not checks.move_on(connection, claim, now + _EVERY):
            return
        gone = retention.prune(connection, self._kept, now, self._batch)
        if gone:
            _log.info("kept no longer: %s", ", ".join(f"{count} {name}" for name, count in gone.items()))
        if max(gone.values(), default=0) >= self._batch:
            checks.move_on(connection, claim, now)
