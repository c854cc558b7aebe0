"""How far a paper is from what was there before it, and how that compares with its day.

    nearness  = mean cosine of its BM25 vector with its 5 nearest earlier papers of its category
    distance  = 1 − nearness
    novelty   = percentile of the distance among the papers of its category of the same day, 0–100, ties in the middle

This is dissimilarity to the past (Kelly, Papanikolaou, Seru & Taddy, "Measuring Technological Innovation over the Long
Run", 2021, first half: backward similarity of tf-idf vectors), with the nearest papers instead of all: a day has many
topics, and a paper that repeats one of them is not new because the others are far. It needs no citations, which a paper
of the week has none of. It is about words: a new idea in the usual words looks old, odd words look new.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

NEAREST = 5
"""Earlier papers that a paper is compared with; with fewer of them there is no distance."""

WINDOW = 2000
"""The latest earlier papers of the category among which the nearest are looked for."""

LEAST_PEERS = 30
"""A day with fewer papers of a category is compared with the category's latest `FEW_PEERS` instead."""

FEW_PEERS = 100


@dataclass(frozen=True, slots=True)
class Dated:
    """What is read of a paper, and the day on which it was public."""

    paper_id: int
    day: date
    text: str


def percentiles(distances: Mapping[int, float], peers: Sequence[float]) -> dict[int, float]:
    """Where each distance stands among the peers', 0–100: what is below, and half of what is equal."""
    ranked = sorted(peers)
    return {
        paper_id: 50 * (bisect_left(ranked, distance) + bisect_right(ranked, distance)) / max(len(ranked), 1)
        for paper_id, distance in distances.items()
    }
