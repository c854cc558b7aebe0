"""Papers as vectors of a language model: what they have in common, and the one factorisation that serves everybody.

    X  the model's vectors, one row a paper        z = (x − mean of X) / its length        A = ZᵀZ + λ I

Centring takes out what all papers share, which is most of a vector; A⁻¹ weighs down the directions in which papers
differ anyway. Both need the papers only, no likes. A vector of 384 numbers takes 768 bytes (half precision): 50,000
papers are 38 MB, here and in the database.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
import numpy.typing as npt

from digest.ranking.counts import Floats, Ints

RIDGE = 30.0
"""λ. In units of papers: directions that fewer than so many unit vectors fill are not weighed up."""

NEAREST = 10
"""Papers that are read beside a paper on offer, at most; of few papers one in fifty."""

BESIDE_WEIGHT = 0.6
"""How much their direction counts beside the paper's own, both of length 1."""

Halves = npt.NDArray[np.float16]

_PACKED = np.dtype("<f2")
_BLOCK = 4096  # papers looked at once: 8 bytes × 384 × 4,096 = 13 MB
_LEAST_PAPERS = 2  # one paper is its own mean
_ONE_IN = 50  # of a hundred papers the ten nearest are about anything
_AT_ONCE = 512  # papers compared with a block at once: 4 bytes × 512 × 4,096 = 8 MB


class Encoder(Protocol):
    """A language model: texts → vectors. `name` tells its vectors from those of others."""

    @property
    def name(self) -> str: ...

    def encode(self, texts: Sequence[str]) -> Floats:
        """One row for each text."""
        ...


def packed(vectors: Floats) -> list[bytes]:
    """Each row as it is stored: of length 1, in half precision, the low byte first."""
    return [row.tobytes() for row in normalised(vectors).astype(_PACKED)]


def unpacked(rows: Sequence[bytes]) -> Halves:
    """What `packed` wrote, all of one width.

    Raises:
        ValueError: vectors of different widths, so of different models.
    """
    if not rows:
        return np.zeros((0, 0), np.float16)
    return np.frombuffer(b"".join(rows), _PACKED).reshape(len(rows), len(rows[0]) // _PACKED.itemsize)


def normalised(vectors: Floats) -> Floats:
    """Rows of length 1; rows of nothing stay so."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    found: Floats = np.divide(vectors, lengths, out=np.zeros(vectors.shape), where=lengths > 0)
    return found


@dataclass(frozen=True, slots=True)
class Space:
    """What the papers have in common: their mean vector, and A⁻¹."""

    mean: Floats
    inverse: Floats

    def centred(self, vectors: npt.NDArray[np.floating]) -> Floats:
        """z of each row."""
        return normalised(vectors.astype(np.float64) - self.mean)


class Embeddings:
    """The vectors of papers by id. One owner at a time: `add` must not run beside a reader.

    Adding costs a copy of all, so add in batches.
    """

    def __init__(self, ridge: float = RIDGE) -> None:
        self._ridge = ridge
        self._vectors: Halves = np.zeros((0, 0), np.float16)
        self._rows: dict[int, int] = {}
        self._offered: dict[int, Floats] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, paper_id: int) -> bool:
        return paper_id in self._rows

    def add(self, ids: Sequence[int], vectors: npt.NDArray[np.floating]) -> None:
        """Learn papers; a known id gets its new vector. Vectors of another width begin anew: the model changed."""
        if len(self) and vectors.shape[1] != self._vectors.shape[1]:
            self.keep(())
        latest = {paper_id: row for row, paper_id in enumerate(ids) if not self._knows(paper_id, vectors[row])}
        if not latest:
            return
        kept = {paper_id: row for paper_id, row in self._rows.items() if paper_id not in latest}
        old = self._vectors[list(kept.values())].reshape(len(kept), vectors.shape[1])
        self._number([*kept, *latest], np.concatenate([old, vectors[list(latest.values())].astype(np.float16)]))

    def keep(self, ids: Collection[int]) -> None:
        """Forget all others."""
        wanted = set(ids)
        kept = {paper_id: row for paper_id, row in self._rows.items() if paper_id in wanted}
        self._number(list(kept), self._vectors[list(kept.values())])

    @cached_property
    def space(self) -> Space | None:
        """Measured anew after papers were added: a third of a second for 50,000. None for less than two papers."""
        if len(self) < _LEAST_PAPERS:
            return None
        mean = self._vectors.mean(axis=0, dtype=np.float64)
        width = self._vectors.shape[1]
        draft = Space(mean, np.zeros((width, width)))
        gram = np.zeros((width, width))
        for start in range(0, len(self), _BLOCK):
            block = draft.centred(self._vectors[start : start + _BLOCK])
            gram += block.T @ block
        inverse = np.linalg.inv(gram + self._ridge * np.eye(width)).astype(np.float64)
        return Space(mean, inverse)

    def found(self, ids: Iterable[int]) -> tuple[Ints, Floats]:
        """Which of `ids` are known, by their position, and the z of each of these."""
        rows = [(position, self._rows[i]) for position, i in enumerate(ids) if i in self._rows]
        if self.space is None or not rows:
            return np.zeros(0, np.int64), np.zeros((0, self._vectors.shape[1]))
        positions, places = np.array(rows, np.int64).T
        return positions, self.space.centred(self._vectors[places])

    def offered(self, ids: Sequence[int]) -> tuple[Ints, Floats]:
        """As `found`, but each row is z + .6 · n, where n is the direction of Σ cosine · z of the papers nearest to it.

        A text is a small sample of what could be said of its subject; its neighbours level that out, as `kin` does for
        words. Those of the last call are kept: comparing 1,000 papers with 50,000 takes a second and a half.
        """
        positions, own = self.found(ids)
        known = [ids[position] for position in positions.tolist()]
        missing = [place for place, paper_id in enumerate(known) if paper_id not in self._offered]
        fresh = own[missing] + BESIDE_WEIGHT * self._beside(own[missing], [self._rows[known[i]] for i in missing])
        made = self._offered | {known[place]: row for place, row in zip(missing, fresh, strict=True)}
        self._offered = {paper_id: made[paper_id] for paper_id in known}
        return positions, np.stack([made[paper_id] for paper_id in known]) if known else own

    def _beside(self, vectors: Floats, rows: Sequence[int]) -> Floats:
        """The direction of the nearest papers of each, which is at its row itself; 0 where the catalog is small."""
        count = min(NEAREST, len(self) // _ONE_IN)
        found = np.zeros(vectors.shape)
        for start in range(0, len(rows) if count else 0, _AT_ONCE):
            some = slice(start, start + _AT_ONCE)
            places, cosines = self._nearest(vectors[some].astype(np.float32), np.array(rows[some]), count)
            for place, (near, weights) in enumerate(zip(places, cosines, strict=True), start):
                found[place] = weights @ self._centred(near)
        return normalised(found)

    def _nearest(
        self, vectors: npt.NDArray[np.float32], rows: Ints, count: int
    ) -> tuple[Ints, npt.NDArray[np.float32]]:
        """The rows of the `count` papers that are nearest to each, and their cosines, at least 0; none is itself."""
        best = np.zeros((len(rows), count), np.float32)
        places: Ints = np.zeros((len(rows), count), np.int64)
        for start in range(0, len(self), _BLOCK):
            block = self._centred(slice(start, start + _BLOCK)).astype(np.float32)
            cosines = vectors @ block.T
            is_own = (rows >= start) & (rows < start + len(block))
            cosines[is_own, rows[is_own] - start] = 0.0
            both = np.hstack([best, cosines])
            top = np.argpartition(both, -count, axis=1)[:, -count:]
            numbers = np.hstack([places, np.broadcast_to(np.arange(start, start + len(block)), cosines.shape)])
            best, places = np.take_along_axis(both, top, 1), np.take_along_axis(numbers, top, 1)
        return places, np.maximum(best, 0.0)

    def _centred(self, rows: slice | Ints) -> Floats:
        assert self.space is not None, "found() looked"
        return self.space.centred(self._vectors[rows])

    def _knows(self, paper_id: int, vector: npt.NDArray[np.floating]) -> bool:
        row = self._rows.get(paper_id)
        return row is not None and np.array_equal(self._vectors[row], vector.astype(np.float16))

    def _number(self, ids: Sequence[int], vectors: Halves) -> None:
        self._vectors = vectors
        self._rows = {paper_id: row for row, paper_id in enumerate(ids)}
        self._offered = {}
        self.__dict__.pop("space", None)
