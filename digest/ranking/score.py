"""Scores of a few requests at once, and what each of them may get.

The score of a paper is that of the interest it fits best, and a little of what it has for the others that it fits too:
an average would rank what fits everything a little above what fits one thing well.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from digest.model import Interest, Profile
from digest.ranking import blend
from digest.ranking.bar import bars
from digest.ranking.choose import RISING_SHARE, Offer, looked_at, shortlist
from digest.ranking.corpus import Corpus
from digest.ranking.counts import Floats, Ints
from digest.ranking.pool import Mask, Pool
from digest.ranking.profile import Tastes

if TYPE_CHECKING:
    from digest.ranking.meaning import Meaning

INTEREST_SHARE = 0.1
"""What counts of the points that a paper has for the other interests it fits: of equals, what fits two comes first."""

_DIGITS = 6  # scores closer than this are a tie: what the single precision of the products is good for
_STEP = 10.0**-_DIGITS
_RISING_LOOKED_AT = 3 * RISING_SHARE  # more than may be chosen, because some may be nearly the same


@dataclass(frozen=True, slots=True)
class Request:
    """One subscriber's wish for at most `limit` papers; `excluded` are the ids that were sent before."""

    subscriber_id: int
    profile: Profile
    limit: int
    excluded: frozenset[int] = frozenset()

    @property
    def interests(self) -> tuple[Interest, ...]:
        """The profile's interests; an empty profile has one that wants everything."""
        return self.profile.interests or (Interest(),)


@dataclass(frozen=True, slots=True)
class Scored:
    """The scores of some requests' interests (rows) for the pool's papers (columns), before the trend.

    `meaning` is the part of `points` that a model of meaning gave, `bars` the least points of each interest.
    """

    pool: Pool
    interests: Sequence[Interest]
    tastes: Tastes
    points: Floats
    meaning: Floats | None
    bars: Floats


@dataclass(frozen=True, slots=True)
class Fitting:
    """What one request may get: which papers (columns) fit which of its interests (rows, from `start` of the scored).

    `is_out` marks papers that are never picked, `is_wanted` those that were asked for, `is_fitting` those among them
    that are above the bar. `scores` is −∞ where nothing fits, `best` the interest that each paper fits best.
    """

    start: int
    is_out: Mask
    is_wanted: Mask
    is_fitting: Mask
    scores: Floats
    best: Ints


def scored(
    requests: Sequence[Request], tastes: Tastes, pool: Pool, corpus: Corpus, meaning: Meaning | None, *, has_bars: bool
) -> Scored:
    """The scores of all interests of the requests; `tastes` are theirs, in order."""
    interests = [interest for request in requests for interest in request.interests]
    points = blend.relevance_of(tastes, pool)
    added = meaning.points(interests, points, pool) if meaning is not None else None
    if added is not None:
        points += added
    for row, interest in enumerate(interests):
        blend.add_boosts(points[row], interest, pool)
    least = np.full(len(interests), -np.inf)
    if has_bars:
        chosen = [request.profile.options.bar for request in requests for _ in request.interests]
        least = bars(chosen, interests, tastes, corpus, added)
    return Scored(pool, interests, tastes, points, added, least)


def fittings(requests: Sequence[Request], found: Scored) -> Iterator[Fitting]:
    """What each request may get."""
    start = 0
    is_above = found.points >= (found.bars - _STEP / 2)[:, np.newaxis]
    for request in requests:
        end = start + len(request.interests)
        yield _fitting(request, found, is_above[start:end], start)
        start = end


def _fitting(request: Request, found: Scored, is_fitting: Mask, start: int) -> Fitting:
    """`is_fitting` comes as what is above the bar, and becomes what fits."""
    pool, count = found.pool, len(request.interests)
    ruled_out = blend.places_ruled_out(request.profile, request.excluded, pool)
    is_out = np.zeros(len(pool), bool)
    is_out[ruled_out] = True
    is_wanted = np.ones(is_fitting.shape, bool)
    has_cross_lists = request.profile.options.has_cross_lists
    for row, interest in enumerate(request.interests):
        if (passed := blend.is_asked_for(interest, pool)) is not None:
            is_wanted[row] = passed
        if interest.keywords or not has_cross_lists:
            unwanted = blend.places_ruled_out_of(interest, pool, has_cross_lists=has_cross_lists)
            is_wanted[row, unwanted] = False
        if interest.authors or interest.institutions:
            # Whoever follows somebody wants all of it, whatever it is about.
            is_fitting[row, blend.places_by_followed(interest, pool)] = True
    is_fitting &= is_wanted
    is_fitting[:, ruled_out] = False
    scores, best = _best_of(found.points[start : start + count], is_fitting)
    scores += blend.TREND_BOOST * pool.trend
    return Fitting(start, is_out, is_wanted, is_fitting, scores, best)


def _best_of(points: Floats, is_fitting: Mask) -> tuple[Floats, Ints]:
    """The score of each paper without trend, and which interest it fits best."""
    kept = np.where(is_fitting, points, -np.inf)
    if len(points) == 1:
        return kept[0], np.zeros(points.shape[1], np.int64)
    best = kept.argmax(axis=0)
    others = np.where(is_fitting, np.maximum(points, 0.0), 0.0)
    np.put_along_axis(others, best[np.newaxis], 0.0, axis=0)
    return kept.max(axis=0) + INTEREST_SHARE * others.sum(axis=0), best


def offer(request: Request, fitting: Fitting, rising: Mask | None) -> Offer:
    """The best of what a request may get: enough to choose an edition from."""
    count = len(fitting.is_fitting)
    is_simple = rising is None and count == 1
    places, scores = _contenders(fitting, looked_at(request.limit) if is_simple else len(fitting.scores))
    if rising is not None:
        kept = _without_surplus(scores, rising[places])
        places, scores = places[kept], scores[kept]
    listed = _listed(scores, fitting.best[places], request.limit, count)
    chosen = places[listed]
    is_rising = np.zeros(len(chosen), np.int64) if rising is None else rising[chosen].astype(np.int64)
    return Offer(chosen, fitting.best[chosen], scores[listed], is_rising, request.limit)


def _listed(scores: Floats, best: Ints, limit: int, count: int) -> Ints:
    """The shortlists of all interests, best first."""
    if count == 1:
        return shortlist(scores, limit)
    mine = [np.flatnonzero(best == row) for row in range(count)]
    listed = np.sort(np.concatenate([own[shortlist(scores[own], limit, count)] for own in mine]))
    return listed[np.argsort(-scores[listed], kind="stable")]


def ordered(request: Request, fitting: Fitting) -> Ints:
    """The places of the best papers by nothing but their scores."""
    places, scores = _contenders(fitting, request.limit)
    return places[np.argsort(-scores, kind="stable")[: request.limit]]


def _contenders(fitting: Fitting, count: int) -> tuple[Ints, Floats]:
    """The places and scores of all that may be among the `count` best of what fits, those that tie included."""
    scores, least = fitting.scores, _LOWEST
    if 0 < count < len(scores):
        least = max(least, np.partition(scores, len(scores) - count)[len(scores) - count] - _STEP)
    places = np.flatnonzero(scores >= least)
    return places, np.round(scores[places], _DIGITS)


_LOWEST = float(np.finfo(np.float64).min)  # of all that fits: −∞ is what does not


def _without_surplus(scores: Floats, is_rising: Mask) -> Ints:
    """The indices without the rising ones that are not among the best rising ones."""
    rising = np.flatnonzero(is_rising)
    kept = rising[np.argsort(-scores[rising], kind="stable")][:_RISING_LOOKED_AT]
    return np.sort(np.concatenate([np.flatnonzero(~is_rising), kept]))


def rising_mask(rising: Collection[int], pool: Pool) -> Mask | None:
    """Which papers of the pool are among `rising`; None where none is."""
    found = np.zeros(len(pool), bool)
    found[pool.places_of(rising)] = True
    return found if found.any() else None
