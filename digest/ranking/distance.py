"""The distances of papers from the nearest that were there before them; what they mean is in `novelty`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.sparse as sp

from digest.ranking.corpus import Corpus
from digest.ranking.counts import Floats, selected
from digest.ranking.novelty import NEAREST, WINDOW, Dated
from digest.ranking.vectors import unit

_BLOCK = 256  # papers compared at once: 8 bytes × 256 × 2,000 of cosines


def distances(papers: Sequence[Dated], wanted: frozenset[int]) -> dict[int, float | None]:
    """The distance of each wanted paper, all of one category; None with fewer than `NEAREST` papers of earlier days.

    Papers of the same day do not count as earlier, so the order in which they came does not matter.
    """
    if not wanted:
        return {}
    ordered = sorted(papers, key=lambda paper: (paper.day, paper.paper_id))
    corpus = Corpus(window=max(len(ordered), 1))
    corpus.add([paper.paper_id for paper in ordered], [paper.text for paper in ordered])
    vectors = unit(corpus.vectors([paper.paper_id for paper in ordered]))
    found: dict[int, float | None] = {}
    start = 0
    for end in _day_ends(ordered):
        rows = [row for row in range(start, end) if ordered[row].paper_id in wanted]
        far = _far(vectors, rows, start)
        found |= {ordered[row].paper_id: one for row, one in zip(rows, far, strict=True)}
        start = end
    return found


def _day_ends(ordered: Sequence[Dated]) -> list[int]:
    """The place after the last paper of each day."""
    days = [paper.day for paper in ordered]
    return [place for place in range(1, len(days) + 1) if place == len(days) or days[place] != days[place - 1]]


def _far(vectors: sp.csr_array, rows: Sequence[int], earlier: int) -> list[float | None]:
    """The distances of `rows` from the nearest of the `WINDOW` rows before `earlier`."""
    if earlier < NEAREST or not rows:
        return [None] * len(rows)
    before = selected(vectors, np.arange(max(0, earlier - WINDOW), earlier))
    by_term = sp.csr_array(before.T)
    found: list[float | None] = []
    for start in range(0, len(rows), _BLOCK):
        block = selected(vectors, np.array(rows[start : start + _BLOCK], np.int64))
        cosines: Floats = (block @ by_term).toarray()
        nearest = np.partition(cosines, cosines.shape[1] - NEAREST, axis=1)[:, -NEAREST:]
        # Rounded, because a sum's last digits depend on the order of its terms.
        found += np.round(np.clip(1 - nearest.mean(axis=1), 0.0, 1.0), 9).tolist()
    return found
