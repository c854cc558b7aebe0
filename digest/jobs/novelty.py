"""Novelty: papers that were never measured → how far each is from what was there before it, as a percentile of its day.

claim    lease the waiting papers of one category; load their texts and those of earlier papers
work     compare them in a thread
settle   distances, then the percentiles of the days they belong to

Killed at any point: nothing was stored, the lease lapses, the papers are measured again. Twice is harmless: the same
texts give the same figures. Editions never wait for it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from datetime import datetime, timedelta

from digest.ranking.distance import distances
from digest.store import novelty
from digest.store.database import Connection
from digest.store.novelty import Unmeasured

_log = logging.getLogger(__name__)

_LEASE = timedelta(minutes=10)
_BATCH = 2000


class Novelty:
    """The job."""

    name = "novelty"

    def __init__(self, lease: timedelta = _LEASE, batch: int = _BATCH) -> None:
        self._lease = lease
        self._batch = batch

    def claim(self, connection: Connection, now: datetime) -> Unmeasured | None:
        return novelty.claim(connection, now, self._lease, self._batch)

    async def work(self, claim: Unmeasured) -> dict[int, float | None]:
        if claim.given_up:
            _log.error("novelty: gave up %d papers after three lapsed leases: %s", len(claim.given_up), claim.given_up)
        return await asyncio.to_thread(distances, claim.papers, claim.wanted)

    def settle(
        self,
        connection: Connection,
        claim: Unmeasured,  # noqa: ARG002
        result: Mapping[int, float | None],
        now: datetime,  # noqa: ARG002
    ) -> None:
        novelty.settle(connection, result)
