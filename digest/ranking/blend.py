"""What a score is the sum of.

Relevance is in units where 1 is a paper that says exactly what the likes say; in practice a good match has .2, the
twentieth best of a thousand papers .1. The boosts are stated in the same unit and bounded.

An interest with likes, keywords or text has a taste: everything counts, categories are a boost. Without a taste,
categories, followed authors and institutions are what was asked for, so they are a filter (a paper needs one of them),
and the order is trend, then recency. Without any of them it is trend, then recency, over all papers.

Each kind of boost counts once for a paper, however many names or conditions earn it, so the boosts are bounded. A mute
is no boost below nothing but a rule: what it hits is never picked, whatever else the paper has.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from digest.model import Interest, Profile, Reason, ReasonKind
from digest.ranking.attention import public_at
from digest.ranking.counts import Floats, Ints
from digest.ranking.follows import authors_followed, categories_read
from digest.ranking.index import Met
from digest.ranking.pool import Mask, Pool
from digest.ranking.profile import Tastes, has_taste
from digest.ranking.trend import reading
from digest.ranking.vectors import product

AUTHOR_BOOST = 0.5
"""A followed author outweighs nearly any match of words; several on one paper count once."""

INSTITUTION_BOOST = 0.1
"""A followed institution counts as a fair match of words: it has many papers, and words choose among them."""

KEYWORD_BOOST = 0.1
"""A phrase said or a condition met counts as a fair match; its words count in the relevance besides."""

SIDE_BY_SIDE_BOOST = 0.05
"""Plain words of a keyword that stand together in a paper: half of a phrase, because nobody said they must."""

CATEGORY_BOOST = 0.02
"""A chosen category decides between papers that match about equally."""

TREND_BOOST = 0.05
"""What the hottest paper gets; see `trend`."""

RECENT_BOOST = 0.0005
"""What a paper of today gets where there is no taste: less than the least trend (.02 × .05)."""


def relevance_of(tastes: Tastes, pool: Pool) -> Floats:
    """The relevance of each paper (columns) to each taste (rows), one sparse product for all.

    In single precision, which takes three quarters of the time: right to six digits, enough to choose by. What is told
    of a choice is worked out anew, in double precision.
    """
    found: Floats = product(tastes.weights, pool.by_term).toarray().astype(np.float64)
    found *= tastes.scale[:, np.newaxis]
    found -= tastes.baseline[:, np.newaxis] * pool.commonness
    return found


def places_by_followed(interest: Interest, pool: Pool) -> Ints:
    """The papers by followed authors and from followed institutions."""
    return np.concatenate([_NOWHERE, *_by_authors(interest, pool), *_at_institutions(interest, pool)])


def add_boosts(scores: Floats, interest: Interest, pool: Pool) -> None:
    """Add an interest's boosts to the scores of the pool's papers."""
    if not has_taste(interest):
        scores += recency(pool)
    _lift(scores, _by_authors(interest, pool), AUTHOR_BOOST, pool)
    _lift(scores, _at_institutions(interest, pool), INSTITUTION_BOOST, pool)
    _lift_keywords(scores, interest, pool)
    _lift(scores, _in_categories(interest, pool), CATEGORY_BOOST, pool)


def recency(pool: Pool) -> Floats:
    """The recency boost, for papers without a trend only: trend first, then recency."""
    return np.where(pool.trend > 0, 0.0, RECENT_BOOST * pool.freshness)


def is_asked_for(interest: Interest, pool: Pool) -> Mask | None:
    """Which papers pass the filter of an interest without taste; None where there is no filter."""
    if has_taste(interest) or not (interest.categories or interest.authors or interest.institutions):
        return None
    return pool.index.mask([places_by_followed(interest, pool), *_in_categories(interest, pool)])


def places_ruled_out(profile: Profile, excluded: frozenset[int], pool: Pool) -> Ints:
    """Papers that are never picked: already sent, liked or disliked (so known), or muted."""
    known = [place for ids in (excluded, profile.likes, profile.dislikes) for place in pool.places_of(ids)]
    found = np.array(known, np.int64)
    muted = [places for _, places in _mutes(profile, pool)]
    return np.concatenate([found, *muted]) if muted else found


def mute_of(profile: Profile, place: int, pool: Pool) -> str | None:
    """The first muted phrase, author or category that hits the paper at a place, as the subscriber wrote it."""
    return next((muted for muted, places in _mutes(profile, pool) if _has(places, place)), None)


def places_ruled_out_of(interest: Interest, pool: Pool, *, has_cross_lists: bool = True) -> Ints:
    """Papers that are not picked for this interest: what its NOTs turn away, and cross-lists where they are unwanted.

    A keyword that only rules out (`-medical`) always does. What is turned away by the NOT of another condition
    (`segmentation AND NOT medical`) stays where the interest asks for it otherwise: by a condition that is met or by
    a followed author or institution. A cross-list is a paper whose first category is none of the chosen ones.
    """
    index, conditions = pool.index, _conditions(interest, pool)
    if not conditions and (has_cross_lists or not interest.categories):
        return _NOWHERE
    ruled_out = index.mask([])
    if conditions:
        ruled_out |= index.mask(met.turned_away for met in conditions)
        ruled_out[places_by_followed(interest, pool)] = False
        ruled_out[index.mask(met.places for met in conditions)] = False
        ruled_out |= index.mask(met.turned_away for met in conditions if met.only_rules_out)
    if interest.categories and not has_cross_lists:
        ruled_out |= ~index.mask([index.without_category, *map(index.mainly_in, interest.categories)])
    return np.flatnonzero(ruled_out)


def not_of(interest: Interest, place: int, pool: Pool) -> str | None:
    """The keyword whose NOT turns the paper at a place away; those that only rule out come first."""
    found = [
        (not met.only_rules_out, keyword)
        for keyword in interest.keywords
        if (met := pool.index.meeting(keyword)) is not None and _has(met.turned_away, place)
    ]
    return min(found, default=(True, None))[1]


class Earned:
    """The boosts that papers have for one interest, each with what gave it. What it asks for is looked up once."""

    def __init__(self, interest: Interest, pool: Pool) -> None:
        self._interest, self._pool, self._has_taste = interest, pool, has_taste(interest)
        self._at = [(name, pool.index.at_institution(name)) for name in sorted(set(interest.institutions))]
        keywords = sorted(set(interest.keywords))
        self._met = [(keyword, met.places) for keyword in keywords if (met := pool.index.meeting(keyword))]
        self._said = [(keyword, said) for keyword in keywords if len(said := pool.index.side_by_side(keyword))]

    @property
    def is_trend_alone(self) -> bool:
        """Can no paper have another boost than the trend?"""
        asked = self._met or self._said or self._at or self._interest.authors or self._interest.categories
        return self._has_taste and not asked

    def reasons(self, place: int) -> Iterator[Reason]:
        """The boosts of the paper at a place; the order of the profile does not matter."""
        interest, pool, paper = self._interest, self._pool, self._pool.papers[place]
        if interest.authors and (names := authors_followed(paper, interest.authors)):
            yield Reason(ReasonKind.AUTHOR, names, AUTHOR_BOOST)
        if self._at and (at := tuple(name for name, places in self._at if _has(places, place))):
            yield Reason(ReasonKind.INSTITUTION, at, INSTITUTION_BOOST)
        if self._met and (met := tuple(word for word, places in self._met if _has(places, place))):
            yield Reason(ReasonKind.KEYWORD, met, KEYWORD_BOOST)
        elif self._said and (said := tuple(f'"{word}"' for word, places in self._said if _has(places, place))):
            yield Reason(ReasonKind.KEYWORD, said, SIDE_BY_SIDE_BOOST)
        if interest.categories and (chosen := categories_read(paper, interest.categories)):
            yield Reason(ReasonKind.CATEGORY, chosen, CATEGORY_BOOST)
        if pool.trend[place] > 0:
            yield trend_of(place, pool)
        elif not self._has_taste:
            share = float(RECENT_BOOST * pool.freshness[place])
            yield Reason(ReasonKind.RECENT, (public_at(paper).date().isoformat(),), share)


def trend_of(place: int, pool: Pool) -> Reason:
    """The trend of the paper at a place."""
    return Reason(ReasonKind.TREND, reading(pool.papers[place]), float(TREND_BOOST * pool.trend[place]))


def _mutes(profile: Profile, pool: Pool) -> Iterator[tuple[str, Ints]]:
    for phrase in profile.muted:
        yield phrase, pool.index.saying(phrase)
    for name in profile.muted_authors:
        yield name, pool.index.by_author(name)
    for category in profile.muted_categories:
        yield category, pool.index.in_category(category)


_NOWHERE: Ints = np.zeros(0, np.int64)


def _by_authors(interest: Interest, pool: Pool) -> list[Ints]:
    return [pool.index.by_author(name) for name in interest.authors]


def _at_institutions(interest: Interest, pool: Pool) -> list[Ints]:
    return [pool.index.at_institution(name) for name in interest.institutions]


def _in_categories(interest: Interest, pool: Pool) -> list[Ints]:
    return [pool.index.in_category(category) for category in interest.categories]


def _conditions(interest: Interest, pool: Pool) -> list[Met]:
    return [met for keyword in interest.keywords if (met := pool.index.meeting(keyword)) is not None]


def _lift(scores: Floats, places: list[Ints], boost: float, pool: Pool) -> None:
    """Add a boost to all of the places, once each."""
    if places:
        scores += boost * pool.index.mask(places)


def _lift_keywords(scores: Floats, interest: Interest, pool: Pool) -> None:
    """A condition that is met counts more than words side by side, and a paper gets the one or the other."""
    conditions = [met.places for met in _conditions(interest, pool)]
    _lift(scores, conditions, KEYWORD_BOOST, pool)
    said = [places for keyword in interest.keywords if len(places := pool.index.side_by_side(keyword))]
    if said:
        scores += SIDE_BY_SIDE_BOOST * (pool.index.mask(said) & ~pool.index.mask(conditions))


def _has(places: Ints, place: int) -> bool:
    at = int(places.searchsorted(place))
    return at < len(places) and int(places[at]) == place
