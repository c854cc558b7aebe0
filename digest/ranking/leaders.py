"""Which like carried most of each pick: its share of the taste, word by word, times what the paper says.

All tastes of a match are worked out as one sparse product: each taste has columns of its own for its words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from digest.ranking.counts import Floats, Ints, entries_of
from digest.ranking.match import Match, runs_of
from digest.ranking.pool import Mask
from digest.ranking.profile import Tastes
from digest.ranking.vectors import product

Likes = tuple[Ints, Floats]
"""The likes of a taste as rows of the tastes' vectors, and the weight of each."""


@dataclass(frozen=True, slots=True)
class Led:
    """Of each paper the like that carried most of it, as a row of the tastes' vectors (−1: none), and how much.

    `of_named` is how much of the points of its named terms.
    """

    leaders: Ints
    carried: Floats
    of_named: Floats


def leading(match: Match, tastes: Tastes, likes: Sequence[Likes], is_named: Mask) -> Led:
    """The leading like of each paper; `likes` are those of each run of papers of one taste."""
    runs = list(runs_of(match.rows))
    counts = np.array([len(sources) for sources, _ in likes], np.int64)
    run = np.repeat(np.arange(len(runs)), [papers.stop - papers.start for _, papers in runs])
    if not counts.sum():
        return Led(np.full(len(run), -1), *np.zeros((2, len(run))))
    firsts = np.concatenate([[0], np.cumsum(counts)])[run]
    words = _Words(tastes, [row for row, _ in runs])
    by_word = words.of_likes([sources for sources, _ in likes])
    said, named = (words.of_papers(match, run, match.at >= 0), words.of_papers(match, run, is_named & (match.at >= 0)))
    scale, baseline = tastes.scale[match.rows], tastes.baseline[match.rows]
    # A place beyond a taste's likes carries nothing, and is never the best.
    is_like = np.arange(counts.max(initial=0)) < counts[run][:, np.newaxis]
    shares = np.zeros((len(runs), is_like.shape[1]))
    shares[np.arange(is_like.shape[1]) < counts[:, np.newaxis]] = np.concatenate([weights for _, weights in likes])
    points = _aligned(product(said, by_word), firsts, is_like) * scale[:, np.newaxis]
    points -= (baseline * match.sums(match.common))[:, np.newaxis]
    parts = np.where(is_like, shares[run] * points, -np.inf)
    lines, best = np.arange(len(run)), parts.argmax(axis=1)
    of_named = _aligned(product(named, by_word), firsts, is_like)[lines, best] * scale
    of_named -= baseline * match.sums(match.common * is_named)
    has_any = counts[run] > 0
    sources = np.append(np.concatenate([sources for sources, _ in likes]), -1)
    return Led(
        np.where(has_any, sources[np.where(has_any, firsts + best, -1)], -1),
        np.where(has_any, parts[lines, best], 0.0),
        shares[run, best] * of_named,
    )


def _aligned(products: sp.csr_array, firsts: Ints, is_like: Mask) -> Floats:
    """Papers × the likes of their taste, from papers × all likes."""
    found = np.zeros(is_like.shape)
    lines = np.repeat(np.arange(len(firsts)), np.diff(products.indptr))
    found[lines, products.indices - firsts[lines]] = products.data
    return found


class _Words:
    """The words of some tastes, numbered one taste after the other."""

    def __init__(self, tastes: Tastes, rows: Sequence[int]) -> None:
        self._tastes = tastes
        self._entries, self._starts = entries_of(tastes.weights, np.array(rows, np.int64))

    def of_papers(self, match: Match, run: Ints, is_kept: Mask) -> sp.csr_array:
        """What each paper says of its taste's words."""
        kept = np.flatnonzero(is_kept)
        places = match.at[kept] + self._starts[run][match.owners[kept]]
        starts = np.searchsorted(kept, match.starts)
        arrays = match.weights[kept].astype(np.float32), places.astype(np.int32), starts.astype(np.int32)
        return sp.csr_array(arrays, shape=(len(run), len(self._entries)))

    def of_likes(self, likes: Sequence[Ints]) -> sp.csr_array:
        """Words × likes: what each like says of the words of its taste, levelled as that was."""
        vectors, weights = self._tastes.vectors, self._tastes.weights
        entries, starts = entries_of(vectors, np.concatenate(likes))
        ends = starts[np.cumsum([0, *map(len, likes)])].tolist()
        said, columns = vectors.indices[entries], weights.indices[self._entries]
        places = np.empty(len(entries), np.int32)
        lines = np.full(vectors.shape[1], -1, np.int32)
        for i in range(len(likes)):
            words = columns[self._starts[i] : self._starts[i + 1]]
            lines[words] = np.arange(self._starts[i], self._starts[i + 1])
            places[ends[i] : ends[i + 1]] = lines[said[ends[i] : ends[i + 1]]]
            lines[words] = -1
        kept = np.flatnonzero(places >= 0)
        data = vectors.data[entries[kept]] * self._tastes.growth[self._entries[places[kept]]]
        arrays = data.astype(np.float32), places[kept], np.searchsorted(kept, starts).astype(np.int32)
        return sp.csr_array(sp.csr_array(arrays, shape=(len(starts) - 1, len(self._entries))).T)
