"""How good a ranking is, given what turned out to be relevant: recall, nDCG and MRR, each in [0, 1]."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

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
    """One person's new papers, best first, and those that the person came to like (at least one)."""

    ranking: Sequence[Hashable]
    relevant: AbstractSet[Hashable]


def summary(judged: Sequence[Judged]) -> dict[str, float]:
    """The mean of each measure over people, each person counting the same; 0 for nobody."""
    measures = {
        **{f"recall@{k}": [recall(one.ranking, one.relevant, k) for one in judged] for k in (20, 50, 100)},
        **{f"ndcg@{k}": [ndcg(one.ranking, one.relevant, k) for one in judged] for k in (10, 20)},
        "mrr": [mrr(one.ranking, one.relevant) for one in judged],
    }
    return {name: math.fsum(values) / max(len(values), 1) for name, values in measures.items()}
