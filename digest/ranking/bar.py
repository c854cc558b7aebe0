"""The bar: how well a paper must fit to be mailed, calibrated for each taste from nothing but the words.

    bar = max(mean + k · σ, share · a liked paper's points)

where mean and σ are those of the points that a paper gets by chance which has nothing to do with the taste.

Both are known without any vote and without looking at the day's papers, so the bar stays where it is from day to day
and a day may have nothing above it: a paper says the term t with probability p = e^−idf(t), independently of its other
terms, and then with weight idf(t). So σ² = Σ weight(t)² · idf(t)² · p (1 − p), and the mean is the product with that
of all papers. A taste from few likes rests on few words, each of which is met by chance more easily: its σ is larger
and so is its bar.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from digest.model import Bar, Interest
from digest.ranking.blend import has_taste
from digest.ranking.corpus import Corpus
from digest.ranking.counts import Floats, sums
from digest.ranking.profile import Tastes

LEAST = 1e-9
"""The bar `off`, and the least of any: more than nothing."""

SIGMAS = {Bar.LOW: 1.5, Bar.NORMAL: 2.25, Bar.HIGH: 4.0}
"""How many σ above chance a paper must be."""

SHARES = {Bar.LOW: 0.015, Bar.NORMAL: 0.03, Bar.HIGH: 0.06}
"""And how much of what the liked papers themselves have: a rare word in passing is no chance, but no fit either."""

MOST = 0.65
"""Of what the liked papers themselves have on average: whoever likes a bit of everything likes what chance brings."""

FEWEST_PAPERS = 200
"""A corpus of fewer papers cannot tell what is chance: there the bar is `off`."""


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
        least = np.minimum(np.maximum(mean + sigmas * sigma, shares * likes), MOST * likes)
        found = np.where(has_bar, np.maximum(least, LEAST), LEAST)
    found[[not has_taste(interest) for interest in interests]] = -np.inf
    return found


def by_chance(tastes: Tastes, corpus: Corpus) -> tuple[Floats, Floats]:
    """The mean and the standard deviation of the points that chance gives for each taste."""
    statistics, weights = corpus.statistics, tastes.weights
    owners = np.repeat(np.arange(weights.shape[0]), np.diff(weights.indptr))
    scale = tastes.scale[owners]
    points = scale * weights.data - tastes.baseline[owners] * statistics.mean[weights.indices]
    common = statistics.mean[weights.indices]
    mean = sums(owners, scale * weights.data * common, weights.shape[0])
    mean -= tastes.baseline * statistics.mean_norm**2
    idf = statistics.idf[weights.indices]
    chance = np.exp(-idf)
    variance = sums(owners, points**2 * idf**2 * chance * (1 - chance), weights.shape[0])
    return mean, np.sqrt(variance)


def of_a_like(tastes: Tastes, corpus: Corpus) -> Floats:
    """The points that the papers of which a taste is made have on average."""
    statistics, weights = corpus.statistics, tastes.weights
    owners = np.repeat(np.arange(weights.shape[0]), np.diff(weights.indptr))
    squares = sums(owners, weights.data**2, weights.shape[0])
    common = sums(owners, weights.data * statistics.mean[weights.indices], weights.shape[0])
    found: Floats = tastes.scale * squares - tastes.baseline * common
    return found
