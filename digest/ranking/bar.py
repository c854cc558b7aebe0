"""The bar: how well a paper must fit to be mailed, calibrated for each taste from nothing but the words.

    bar = max(mean + k · σ, share · a liked paper's points)

where mean and σ are those of the points that a paper gets by chance which has nothing to do with the taste.

Both are known without any vote and without looking at the day's papers, so the bar stays where it is from day to day
and a day may have nothing above it: a paper says the term t with probability p = e^−idf(t), independently of its other
terms, and then with weight idf(t). So σ² = Σ weight(t)² · idf(t)² · p (1 − p), and the mean is the product with that
of all papers. What stands beside a paper (see `kin`) spreads its points about as much as the division by √1.3 draws
them together: on recorded days the lower half of the points of a reader with one like spreads by .7 to 1.1 σ.

A taste from few likes rests on few words, each of which is met by chance more easily: its σ is larger and so would be
its bar. But whoever has said little should get something to vote on: for a single like k and share are a third lower,
and less so the more likes there are. Keywords and text are words that somebody chose: with them nothing is lowered.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from digest.model import Bar, Interest
from digest.ranking.corpus import Corpus
from digest.ranking.counts import Floats, row_sums
from digest.ranking.profile import Tastes, beside_weight, has_taste

LEAST = 1e-6
"""The bar `off`, and the least of any: more than nothing."""

SIGMAS = {Bar.LOW: 1.5, Bar.NORMAL: 2.25, Bar.HIGH: 4.0}
"""How many σ above chance a paper must be."""

SHARES = {Bar.LOW: 0.015, Bar.NORMAL: 0.03, Bar.HIGH: 0.06}
"""And how much of what the liked papers themselves have: a rare word in passing is no chance, but no fit either."""

MOST = 0.65
"""Of what the liked papers themselves have on average: whoever likes a bit of everything likes what chance brings."""

FEWEST_PAPERS = 200
"""A corpus of fewer papers cannot tell what is chance: there the bar is `off`."""


LENIENCE = 1 / 3
"""How much lower k and share are for a single like and no more; in proportion to `beside_weight`, so for 20 nothing."""


def bars(
    chosen: Sequence[Bar], interests: Sequence[Interest], tastes: Tastes, corpus: Corpus, meaning: Floats | None = None
) -> Floats:
    """The least score without trend for each interest; −∞ where there is no taste to fit.

    Points for meaning have a chance of their own: they are about something only where they differ from the day's.
    """
    found = np.full(len(interests), LEAST)
    has_bar = np.array([bar is not Bar.OFF for bar in chosen], bool)
    if has_bar.any() and len(corpus) >= FEWEST_PAPERS:
        mean, sigma = by_chance(tastes, corpus)
        if meaning is not None and meaning.shape[1]:
            sigma = np.hypot(sigma, meaning.std(axis=1))
        likes = of_a_like(tastes, corpus)
        sigmas, shares = (np.array([each.get(bar, 0.0) for bar in chosen]) for each in (SIGMAS, SHARES))
        strictness = np.array([_strictness(interest) for interest in interests])
        least = np.maximum(mean + strictness * sigmas * sigma, strictness * shares * likes)
        least = np.minimum(least, MOST * likes)
        found = np.where(has_bar, np.maximum(least, LEAST), LEAST)
    found[[not has_taste(interest) for interest in interests]] = -np.inf
    return found


def _strictness(interest: Interest) -> float:
    """How much of k and share holds: all for whoever said in words what to look for."""
    likes = 0 if interest.keywords or interest.text else len(set(interest.likes))
    return 1 - LENIENCE * beside_weight(likes)


def by_chance(tastes: Tastes, corpus: Corpus) -> tuple[Floats, Floats]:
    """The mean and the standard deviation of the points that chance gives for each taste."""
    weights, statistics = tastes.weights, corpus.statistics
    lengths = np.diff(weights.indptr)
    common = statistics.mean[weights.indices]
    points = np.repeat(tastes.scale, lengths) * weights.data
    mean = row_sums(weights.indptr, points * common) - tastes.baseline * statistics.mean_norm**2
    points -= np.repeat(tastes.baseline, lengths) * common
    points *= points
    points *= statistics.variance[weights.indices]
    return mean, np.sqrt(row_sums(weights.indptr, points))


def of_a_like(tastes: Tastes, corpus: Corpus) -> Floats:
    """The points that the papers of which a taste is made have on average, by their own words."""
    weights = tastes.weights
    # As they are before levelling.
    said = np.divide(weights.data, tastes.growth, out=np.zeros_like(weights.data), where=tastes.growth > 0)
    common = row_sums(weights.indptr, said * corpus.statistics.mean[weights.indices])
    found: Floats = tastes.scale * row_sums(weights.indptr, weights.data * said) - tastes.baseline * common
    return found
