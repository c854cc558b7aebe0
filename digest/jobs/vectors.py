"""From the store to the ranker: the vectors that were made since it last looked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from digest.ranking.corpus import WINDOW
from digest.ranking.embeddings import Embeddings, unpacked
from digest.store import embeddings
from digest.store.database import Connection
from digest.store.embeddings import Vector

_AT_ONCE = 10_000
_OVERLAP = timedelta(minutes=1)  # a vector may be committed after one that was made later
_SLACK = 1.1  # how far over the window the ranker's memory grows before it forgets


@dataclass(frozen=True, slots=True)
class Made:
    """Vectors to learn; where there are `kept`, all others are to be forgotten."""

    vectors: Sequence[Vector]
    kept: frozenset[int] | None = None


class Feed:
    """Keeps `embeddings` what the store has of one model; `read` changes nothing, `learn` belongs to who ranks."""

    def __init__(self, model: str, embeddings: Embeddings, window: int = WINDOW) -> None:
        self._model, self._embeddings, self._window = model, embeddings, window
        self._after: tuple[datetime, int] | None = None

    def read(self, connection: Connection) -> list[Made]:
        """All that is new, in pages."""
        found, after = [], self._after
        while page := embeddings.latest(connection, self._model, after, _AT_ONCE):
            found.append(Made(page))
            after = page[-1].embedded_at, page[-1].paper_id
        if len(self._embeddings) + sum(len(made.vectors) for made in found) > self._window * _SLACK:
            found.append(Made((), embeddings.stored_ids(connection, self._model)))
        return found

    def learn(self, made: Sequence[Made]) -> None:
        """Take in what `read` found."""
        for one in made:
            if one.vectors:
                ids = [vector.paper_id for vector in one.vectors]
                self._embeddings.add(ids, unpacked([vector.packed for vector in one.vectors]))
                self._after = one.vectors[-1].embedded_at - _OVERLAP, 0
            if one.kept is not None:
                self._embeddings.keep(one.kept)
