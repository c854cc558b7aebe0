"""What a score is the sum of.

Relevance is in units where 1 is a paper that says exactly what the likes say; in practice a good match has .2, the
twentieth best of a thousand papers .1. The boosts are stated in the same unit and bounded.

An interest with likes, keywords or text has a taste: everything counts, categories are a boost. Without a taste,
categories and followed authors are what was asked for, so they are a filter (a paper needs one of them), and the order
is trend, then recency. Without any of them it is trend, then recency, over all papers.
"""

from __future__ import annotations

import numpy as np

from digest.model import Interest, Profile
from digest.ranking.counts import Floats
from digest.ranking.follows import folded_category, folded_name
from digest.ranking.pool import Mask, Pool
from digest.ranking.profile import Tastes

AUTHOR_BOOST = 0.5
"""A followed author outweighs nearly any match of words; several on one paper count once."""

CATEGORY_BOOST = 0.02
"""A chosen category decides between papers that match about equally."""

TREND_BOOST = 0.05
"""What the hottest paper gets; see `trend`."""

RECENT_BOOST = 0.0005
"""What a paper of today gets where there is no taste: less than the least trend (.02 × .05)."""


def scores_of(tastes: Tastes, pool: Pool) -> Floats:
    """The relevance of each paper (columns) to each taste (rows), one sparse product for all, and the trend boost."""
    product: Floats = (tastes.weights @ pool.by_term).toarray()
    product *= tastes.scale[:, np.newaxis]
    product -= np.outer(tastes.baseline, pool.commonness)
    product += TREND_BOOST * pool.trend
    return product


def places_by_followed(interest: Interest, pool: Pool) -> list[int]:
    return [place for name in interest.authors for place in pool.by_author.get(folded_name(name), ())]


def places_in_categories(interest: Interest, pool: Pool) -> list[int]:
    return [place for chosen in interest.categories for place in pool.by_category.get(folded_category(chosen), ())]


def add_boosts(scores: Floats, interest: Interest, pool: Pool) -> None:
    """Add an interest's boosts to the scores of the pool's papers."""
    if not interest.has_taste:
        scores += recency(pool)
    # Each place once: a paper in two chosen categories is boosted once.
    if interest.authors:
        scores[list(set(places_by_followed(interest, pool)))] += AUTHOR_BOOST
    if interest.categories:
        scores[list(set(places_in_categories(interest, pool)))] += CATEGORY_BOOST


def recency(pool: Pool) -> Floats:
    """The recency boost, for papers without a trend only: trend first, then recency."""
    return np.where(pool.trend > 0, 0.0, RECENT_BOOST * pool.freshness)


def is_asked_for(interest: Interest, pool: Pool) -> Mask | None:
    """Which papers pass the filter of an interest without taste; None where there is no filter."""
    if interest.has_taste or not (interest.categories or interest.authors):
        return None
    passed = np.zeros(len(pool), bool)
    passed[places_by_followed(interest, pool) + places_in_categories(interest, pool)] = True
    return passed


def places_ruled_out(profile: Profile, excluded: frozenset[int], pool: Pool) -> list[int]:
    """Papers that are never picked: already sent, liked or disliked (so known), or saying a muted word."""
    muted = {place for phrase in profile.muted for place in pool.saying(phrase)}
    return [*pool.places_of(excluded), *pool.places_of(profile.likes), *pool.places_of(profile.dislikes), *muted]
