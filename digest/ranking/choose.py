"""Which of the papers that fit an edition takes: interests take turns, nothing twice, no topic floods it.

One place after the other is given to the paper with the highest

    score · (1 − likeness to what is chosen) / papers its interest already has

The divisor is that of John Quincy Adams for seats: every interest with a fitting paper is served before any is served
twice, then by strength. Likeness thins floods of one topic as in maximal marginal relevance (Carbonell and Goldstein,
1998): papers that share telling words push each other down, so that others get past them where the limit cuts. What is
nearly the same paper is left out. The scores themselves stay what they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from digest.ranking.alike import ALIKE
from digest.ranking.counts import Floats, Ints, selected

SAME = 0.5
"""Cosine of the telling words from which two papers are one paper told twice: a version, an erratum, a companion."""

MOST_THINNED = 0.5
"""What of a score one chosen paper that is just not the same takes off another: half."""

RISING_SHARE = 3
"""Papers known before that trend now: at most so many of one edition, which is about what is new."""

_SHORTLIST = 3  # times the limit are looked at
_LONGEST = 100  # papers beyond the limit are looked at, at most
_CELLS = 1 << 19  # pairs compared at once: 4 bytes each
_FIRST = 1e6  # before any score: what is added for an interest that has nothing yet


@dataclass(frozen=True, slots=True)
class Offer:
    """The papers that one request may get, best first by score, with the interest that each is for.

    `interests` counts from 0 within the request; `is_rising` marks those that share the few places of their kind.
    """

    places: Ints
    interests: Ints
    scores: Floats
    is_rising: Ints
    limit: int


@dataclass(frozen=True, slots=True)
class Choice:
    """Indices into an offer: those chosen, in order; which chosen one each is nearly the same as, or −1."""

    chosen: Ints
    same_as: Ints


def looked_at(limit: int, interests: int = 1) -> int:
    """How many scores of one of some interests are worth a closer look."""
    return min(max(limit, -(-_SHORTLIST * limit // interests)), limit + _LONGEST)


def shortlist(scores: Floats, limit: int, interests: int = 1) -> Ints:
    """The indices of the scores worth a closer look, for one of some interests; the earlier wins a tie."""
    count = min(looked_at(limit, interests), len(scores))
    if count <= 0:
        return np.zeros(0, np.int64)
    contenders = np.arange(len(scores))
    if count < len(scores):
        least = np.partition(scores, len(scores) - count)[len(scores) - count]
        # All that tie with the last one: which of them get in is decided by the stable sort, not by the partition.
        contenders = np.flatnonzero(scores >= least)
    return contenders[np.argsort(-scores[contenders], kind="stable")][:count]


def choose(offers: Sequence[Offer], alike: sp.csr_array) -> list[Choice]:
    """A choice for each offer; `alike` has the cosines of the pool's papers that are over `ALIKE`."""
    found: dict[int, Choice] = {}
    for block in _blocks(offers):
        found.update(zip(block, _Table([offers[i] for i in block], alike).filled(), strict=True))
    return [found[i] for i in range(len(offers))]


def _blocks(offers: Sequence[Offer]) -> Iterator[list[int]]:
    """Offers of about the same size together, so many that their table of pairs stays small."""
    block: list[int] = []
    for i in sorted(range(len(offers)), key=lambda i: -len(offers[i].places)):
        if block and (len(block) + 1) * len(offers[block[0]].places) ** 2 > _CELLS:
            yield block
            block = []
        block.append(i)
    if block:
        yield block


class _Table:
    """Some offers, a line each, filled up to the same length."""

    def __init__(self, offers: Sequence[Offer], alike: sp.csr_array) -> None:
        self._offers = offers
        self._lengths = np.array([len(offer.places) for offer in offers])
        width = int(self._lengths.max(initial=0))
        self._is_real = np.arange(width) < self._lengths[:, np.newaxis]
        self._scores = self._wide([offer.scores for offer in offers], -np.inf)
        self._places = self._wide([offer.places for offer in offers], 0).astype(np.int64)
        self._interests = self._wide([offer.interests for offer in offers], 0).astype(np.int64)
        self._is_rising = self._wide([offer.is_rising for offer in offers], 0) > 0
        self._cosines = self._pairs(alike)
        self._limits = np.minimum(np.array([offer.limit for offer in offers]), self._lengths)

    def _wide(self, parts: Sequence[Floats | Ints], filling: float) -> Floats:
        found = np.full(self._is_real.shape, filling)
        if parts:
            found[self._is_real] = np.concatenate(parts)
        return found

    def _pairs(self, alike: sp.csr_array) -> Floats:
        """The cosines of each line's papers: offers × papers × papers."""
        lines, width = self._is_real.shape
        columns = np.full((lines, alike.shape[0]), -1, np.int32)
        line, column = np.nonzero(self._is_real)
        columns[line, self._places[self._is_real]] = column
        near = selected(alike, self._places[self._is_real])
        counts = np.diff(near.indptr)
        other = columns[np.repeat(line, counts), near.indices]
        is_here = other >= 0
        found = np.zeros((lines * width, width), np.float32)
        found[np.repeat(line * width + column, counts)[is_here], other[is_here]] = near.data[is_here]
        return found.reshape(lines, width, width)

    def filled(self) -> list[Choice]:
        """Give the places, all offers' first ones at once, then the second ones, and so on."""
        lines = np.arange(len(self._offers))
        values, same_as = self._scores.copy(), np.full(self._scores.shape, -1)
        values[self._limits <= 0] = -np.inf
        turns = np.zeros((len(lines), int(self._interests.max(initial=0)) + 1), np.int64)
        rising = np.zeros(len(lines), np.int64)
        order = []
        for _ in range(int(self._limits.max(initial=0))):
            best = self._in_turn(values, turns).argmax(axis=1)
            is_given = values[lines, best] > -np.inf
            order.append(np.where(is_given, best, -1))
            here = np.flatnonzero(is_given)
            mine = best[here]
            turns[here, self._interests[here, mine]] += 1
            rising[here] += self._is_rising[here, mine]
            self._thin(values, same_as, here, mine)
            values[here, mine] = -np.inf
            values[self._is_rising & (rising >= RISING_SHARE)[:, np.newaxis]] = -np.inf
            values[len(order) >= self._limits] = -np.inf
        return [self._choice(i, order, same_as) for i in range(len(lines))]

    def _in_turn(self, values: Floats, turns: Ints) -> Floats:
        if turns.shape[1] == 1:
            return values
        had = np.take_along_axis(turns, self._interests, axis=1)
        # Less than nothing is not divided: it would become more.
        found: Floats = np.where(values > 0, values / np.maximum(had, 1), values) + _FIRST * (had == 0)
        return found

    def _thin(self, values: Floats, same_as: Ints, lines: Ints, chosen: Ints) -> None:
        cosines = self._cosines[lines, chosen]
        thinned = values[lines]
        part = MOST_THINNED * np.clip((cosines - ALIKE) / (SAME - ALIKE), 0.0, 1.0)
        # What is −∞ stays so: −∞ · 0 would be no number.
        is_open = thinned > -np.inf
        thinned[is_open] -= (part * np.abs(np.where(is_open, thinned, 0.0)))[is_open]
        is_same = (cosines >= SAME) & is_open
        thinned[is_same] = -np.inf
        values[lines] = thinned
        line, column = np.nonzero(is_same)
        same_as[lines[line], column] = chosen[line]

    def _choice(self, line: int, order: Sequence[Ints], same_as: Ints) -> Choice:
        given = np.array([step[line] for step in order], np.int64)
        others = same_as[line, : self._lengths[line]].copy()
        chosen = given[given >= 0]
        others[chosen] = -1
        return Choice(chosen, others)
