"""How sure a mean is: 95 % intervals by the bootstrap, and two rankers compared on the same people.

The people are drawn anew, with replacement, `DRAWS` times (Efron 1979); an interval holds the middle 95 % of the means.
All measures are taken of the same draws, so a draw costs one sum of products.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from digest.ranking.counts import Floats

DRAWS = 2000
"""How often the people are drawn: the ends of an interval then move by about 1/40 of its width from seed to seed."""

_CELLS = 2_000_000  # people × draws counted at once: 16 MB
_TIE = 1e-12  # two rankings with the same hits can differ by the rounding of their sums


@dataclass(frozen=True, slots=True)
class Interval:
    """The middle 95 % of what the mean could have been; for fewer than two people nothing can be said."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """The second ranker less the first on the same people. `p` is that of the two-sided sign test, ties left out."""

    difference: float
    interval: Interval | None
    wins: int
    ties: int
    losses: int
    p: float


def intervals(values: Floats, rng: np.random.Generator) -> tuple[Interval | None, ...]:
    """The interval of the mean of each column; rows are people."""
    if len(values) < 2:
        return tuple(None for _ in values.T)
    ends: Floats = np.quantile(_drawn_means(values, rng), (0.025, 0.975), axis=0)
    return tuple(Interval(float(low), float(high)) for low, high in ends.T)


def compared(first: Floats, second: Floats, rng: np.random.Generator) -> tuple[Comparison, ...]:
    """The two rankers' values of the same people (rows), measure by measure (columns).

    The interval is that of the mean of the differences: how people differ from each other cancels out.
    """
    differences = second - first
    found = intervals(differences, rng)
    return tuple(_compared(column, one) for column, one in zip(differences.T, found, strict=True))


def sign_test(wins: int, losses: int) -> float:
    """How likely so uneven a count is, or a more uneven one, if either were as likely to win; 1 where nobody did."""
    if wins == losses:
        return 1.0
    from scipy.special import bdtr  # 5 MB, and a daemon that compares nothing has no use for it

    return min(1.0, 2 * float(bdtr(min(wins, losses), wins + losses, 0.5)))


def _compared(differences: Floats, interval: Interval | None) -> Comparison:
    wins, losses = int((differences > _TIE).sum()), int((differences < -_TIE).sum())
    mean = float(differences.mean()) if len(differences) else 0.0
    return Comparison(mean, interval, wins, len(differences) - wins - losses, losses, sign_test(wins, losses))


def _drawn_means(values: Floats, rng: np.random.Generator) -> Floats:
    people = len(values)
    at_once = max(1, _CELLS // people)
    parts: Sequence[Floats] = [
        _some_means(values, min(at_once, DRAWS - start), rng) for start in range(0, DRAWS, at_once)
    ]
    return np.concatenate(parts)


def _some_means(values: Floats, draws: int, rng: np.random.Generator) -> Floats:
    people = len(values)
    drawn = rng.integers(people, size=(draws, people)) + people * np.arange(draws)[:, None]
    counts = np.bincount(drawn.ravel(), minlength=draws * people).reshape(draws, people)
    means: Floats = counts @ values / people
    return means
