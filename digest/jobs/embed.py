"""Embed: papers that the language model has not read, the latest first → their vectors.

claim    lease papers without a vector, or with one of an older text
work     the model, in a thread
settle   vectors, fenced by the attempt; a few that ranking no longer needs are deleted

Killed at any point: nothing was stored, the leases lapse, the papers are read again. A paper whose lease lapsed three
times stays without a vector and is ranked by its words. Editions never wait for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from digest.ranking.corpus import WINDOW
from digest.ranking.embeddings import Encoder, packed
from digest.store import embeddings
from digest.store.database import Connection
from digest.store.embeddings import Unread

_LEASE = timedelta(minutes=10)
_BATCH = 64  # a few seconds on one core


@dataclass(frozen=True, slots=True)
class Unembedded:
    """Papers to read."""

    papers: Sequence[Unread]


class Embed:
    """The job. `window` is how many of the latest papers have vectors, besides those that somebody voted on."""

    name = "embed"

    def __init__(self, encoder: Encoder, window: int = WINDOW, lease: timedelta = _LEASE, batch: int = _BATCH) -> None:
        self._encoder = encoder
        self._window = window
        self._lease = lease
        self._batch = batch

    def claim(self, connection: Connection, now: datetime) -> Unembedded | None:
        found = embeddings.claim(connection, self._encoder.name, self._window, now, self._lease, self._batch)
        return Unembedded(found) if found else None

    async def work(self, claim: Unembedded) -> list[bytes]:
        return await asyncio.to_thread(self._embed, claim)

    def settle(self, connection: Connection, claim: Unembedded, result: list[bytes], now: datetime) -> None:
        embeddings.settle(connection, self._encoder.name, claim.papers, result, now)
        embeddings.prune(connection, self._encoder.name, self._window)

    def _embed(self, claim: Unembedded) -> list[bytes]:
        return packed(self._encoder.encode([paper.text for paper in claim.papers]))
