"""Index: papers that were stored or changed → their words, for the search and topic pages.

claim    some papers that are due, with their texts
work     their terms, in a thread
settle   store them; the papers are due no more

Killed at any point: the papers are still due. Twice is harmless: the same texts give the same words. A paper whose
text changes between claim and settle stays due.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime

from digest.store import search
from digest.store.database import Connection
from digest.store.search import Unindexed, Words

_BATCH = 500


class Index:
    """The job."""

    name = "index"

    def __init__(self, batch: int = _BATCH) -> None:
        self._batch = batch

    def claim(self, connection: Connection, now: datetime) -> list[Unindexed] | None:  # noqa: ARG002
        return search.claim(connection, self._batch) or None

    async def work(self, claim: Sequence[Unindexed]) -> list[Words]:
        return await asyncio.to_thread(lambda: list(map(search.words_of, claim)))

    def settle(
        self,
        connection: Connection,
        claim: Sequence[Unindexed],
        result: Sequence[Words],
        now: datetime,  # noqa: ARG002
    ) -> None:
        search.settle(connection, claim, result)
