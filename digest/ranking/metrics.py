"""How good a ranking is, given what turned out to be relevant: recall, nDCG and MRR, each in [0, 1]."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import numpy as np

from digest.ranking.counts import Floats

DEPTH = 200
"""How far down a ranking is looked at."""


def recall(ranking: Sequence[Hashable], relevant: AbstractSet[Hashable], k: int) -> float:
    """The part of the relevant that is among the first k."""
    return sum(item in relevant for item in ranking[:k]) / len(relevant)


def ndcg(ranking: Sequence[Hashable], relevant: AbstractSet[Hashable], k: int) -> float:
    """Binary discounted gain of the first k over that of the best possible order (Järvelin & Kekäläinen 2002)."""
    gain = sum(1 / math.log2(i + 2) for i, item in enumerate(ranking[:k]) if item in relevant)
    return gain / sum(1 / math.log2(i + 2) for i in range(min(k, len(relevant))))


def mrr(ranking: Sequence[Hashable], relevant: AbstractSet[Hashable]) -> float:
    """One over the place of the first relevant within DEPTH, 0 where there is none."""
    return next((1 / (i + 1) for i, item in enumerate(ranking[:DEPTH]) if item in relevant), 0.0)


@dataclass(frozen=True, slots=True)
class Judged:
    """One person's new papers, best first, and those that the person came to like (at least one).

    `likes` is how many likes the ranker knew of the person.
    """

    ranking: Sequence[Hashable]
    relevant: AbstractSet[Hashable]
    likes: int = 0


_Measure = Callable[[Judged], float]

_MEASURES: Mapping[str, _Measure] = {
    "recall@20": lambda one: recall(one.ranking, one.relevant, 20),
    "recall@50": lambda one: recall(one.ranking, one.relevant, 50),
    "recall@100": lambda one: recall(one.ranking, one.relevant, 100),
    "ndcg@10": lambda one: ndcg(one.ranking, one.relevant, 10),
    "ndcg@20": lambda one: ndcg(one.ranking, one.relevant, 20),
    "mrr": lambda one: mrr(one.ranking, one.relevant),
}

MEASURES = tuple(_MEASURES)
"""The names of the measures, in the order of the columns of `measured`."""


def measured(judged: Sequence[Judged]) -> Floats:
    """Every measure (columns) of everybody (rows)."""
    rows = [[measure(one) for measure in _MEASURES.values()] for one in judged]
    return np.array(rows, np.float64).reshape(len(judged), len(MEASURES))


def summary(judged: Sequence[Judged]) -> dict[str, float]:
    """The mean of each measure over people, each person counting the same; 0 for nobody."""
    return means(measured(judged))


def means(values: Floats) -> dict[str, float]:
    """The mean of each measure over rows as `measured` gives them; 0 where there is none."""
    return {
        name: math.fsum(column) / max(len(values), 1) for name, column in zip(MEASURES, values.T.tolist(), strict=True)
    }
