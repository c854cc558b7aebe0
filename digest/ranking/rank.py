"""The batch entry point: requests × papers → picks. Pure, deterministic, independent of the order of its input.

    requests ─► tastes ─► relevance + boosts ─► − what is ruled out ─► top k ─► explained picks

Subscribers are scored by the hundred as one sparse matrix product, so memory does not grow with the batch.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from digest.model import Interest, Paper, Pick, Profile
from digest.ranking import blend
from digest.ranking.corpus import Corpus
from digest.ranking.counts import Floats, Ints
from digest.ranking.explain import Explainer
from digest.ranking.pool import Pool, pool_of
from digest.ranking.profile import Tastes, tastes_of

RISING_SHARE = 3
"""Papers known before that trend now: at most so many of one edition, which is about what is new."""

_CHUNK = 128  # subscribers scored at once: 8 bytes × 128 × papers of scores at a time
_DIGITS = 9  # scores closer than this are a tie; a sum's last digits depend on the order of its terms


@dataclass(frozen=True, slots=True)
class Request:
    """One subscriber's wish for at most `limit` papers; `excluded` are the ids that were sent before."""

    subscriber_id: int
    profile: Profile
    limit: int
    excluded: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Some requests, the interests of all of them in a row with their tastes, and the best papers of each request.

    `best_of` says which interest (a row of the tastes) each place of `places` was chosen for.
    """

    requests: Sequence[Request]
    interests: Sequence[Interest]
    tastes: Tastes
    places: tuple[Ints, ...]
    best_of: tuple[Ints, ...]


class Ranker:
    """The BM25 profile ranker over a corpus that holds at least the papers of the last weeks."""

    def __init__(self, corpus: Corpus) -> None:
        self._corpus = corpus

    def rank_batch(
        self,
        requests: Sequence[Request],
        candidates: Sequence[Paper],
        liked: Mapping[int, Paper],
        now: datetime,
        rising: Collection[int] = (),
    ) -> list[tuple[Pick, ...]]:
        """The picks of each request, best first, with reasons that sum to their scores.

        `liked` holds liked and disliked papers: those that the corpus has forgotten are read from it, and titles
        for reasons. Where there is a taste, a paper is picked only if its score is positive without its trend, or a
        followed author's paper; so an edition may be shorter than its limit. `now` is an aware instant. Of the
        candidates with an id in `rising`, each request gets at most its best `RISING_SHARE`.
        """
        picks = []
        for pool, chunk in self._chunks(requests, candidates, liked, now, rising, is_floored=True):
            explainer = Explainer(pool, self._corpus.statistics.mean, chunk.tastes, liked)
            for places, rows in zip(chunk.places, chunk.best_of, strict=True):
                picks.append(_explained(explainer, chunk.interests, places, rows))
        return picks

    def order_batch(
        self, requests: Sequence[Request], candidates: Sequence[Paper], liked: Mapping[int, Paper], now: datetime
    ) -> Iterator[list[int]]:
        """The ids of each request's best papers by the same scores, without a floor and without reasons."""
        for pool, chunk in self._chunks(requests, candidates, liked, now, (), is_floored=False):
            for places in chunk.places:
                yield [pool.papers[place].id for place in places]

    def term_points(
        self, interest: Interest, paper: Paper, liked: Mapping[int, Paper], now: datetime
    ) -> tuple[tuple[str, float], ...]:
        """Every word of `paper` with the points it has for `interest`, strongest first."""
        pool = pool_of([paper], self._corpus, now)
        tastes = tastes_of([interest], self._corpus, liked)
        return Explainer(pool, self._corpus.statistics.mean, tastes, liked).term_points(0, 0)

    def _chunks(
        self,
        requests: Sequence[Request],
        candidates: Sequence[Paper],
        liked: Mapping[int, Paper],
        now: datetime,
        rising: Collection[int],
        *,
        is_floored: bool,
    ) -> Iterator[tuple[Pool, _Chunk]]:
        pool = pool_of(candidates, self._corpus, now)
        bounded = np.array(sorted(pool.places_of(rising)), np.int64)
        for start in range(0, len(requests), _CHUNK):
            some = requests[start : start + _CHUNK]
            owned = [request.profile.interests or (Interest(),) for request in some]
            interests = [interest for mine in owned for interest in mine]
            tastes = tastes_of(interests, self._corpus, liked)
            starts = np.cumsum([0, *(len(mine) for mine in owned[:-1])])
            by_interest = _scores_of_interests(interests, tastes, pool, is_floored=is_floored)
            scores = np.maximum.reduceat(by_interest, starts, axis=0)
            _rule_out(scores, some, pool)
            _bound(scores, bounded, RISING_SHARE)
            best = _best(scores, [request.limit for request in some])
            spans = zip(starts.tolist(), (len(mine) for mine in owned), best, strict=True)
            best_of = tuple(start + by_interest[start : start + n, places].argmax(axis=0) for start, n, places in spans)
            yield pool, _Chunk(some, interests, tastes, best, best_of)


def _explained(explainer: Explainer, interests: Sequence[Interest], places: Ints, rows: Ints) -> tuple[Pick, ...]:
    """The picks at `places`, each explained by the interest it was chosen for."""
    found: dict[int, Pick] = {}
    for row in np.unique(rows).tolist():
        mine = np.flatnonzero(rows == row)
        found.update(zip(mine.tolist(), explainer.picks(row, interests[row], places[mine]), strict=True))
    return tuple(found[i] for i in range(len(places)))


_LEAST = 10.0**-_DIGITS


def _scores_of_interests(interests: Sequence[Interest], tastes: Tastes, pool: Pool, *, is_floored: bool) -> Floats:
    """The score of each paper (columns) for each interest (rows), −∞ where it must not be picked for it."""
    scores = blend.scores_of(tastes, pool)
    for row, interest in enumerate(interests):
        blend.add_boosts(scores[row], interest, pool)
    np.round(scores, _DIGITS, out=scores)
    for row, interest in enumerate(interests):
        if is_floored and interest.has_taste:
            followed = blend.places_by_followed(interest, pool)
            kept = scores[row, followed]
            # Attention lifts what fits; alone it is no reason to send a paper to somebody who said what fits.
            scores[row, scores[row] - blend.TREND_BOOST * pool.trend < _LEAST] = -np.inf
            scores[row, followed] = kept
        passed = blend.is_asked_for(interest, pool)
        if passed is not None:
            scores[row, ~passed] = -np.inf
    return scores


def _rule_out(scores: Floats, requests: Sequence[Request], pool: Pool) -> None:
    for row, request in enumerate(requests):
        scores[row, blend.places_ruled_out(request.profile, request.excluded, pool)] = -np.inf


def _bound(scores: Floats, places: Ints, share: int) -> None:
    """Rule out all but the best `share` of `places` in each row; the earlier place wins a tie."""
    if len(places) > share:
        order = np.argsort(-scores[:, places], axis=1, kind="stable")
        np.put_along_axis(scores, places[order[:, share:]], -np.inf, axis=1)


def _best(scores: Floats, limits: Sequence[int]) -> tuple[Ints, ...]:
    """For each row the places of its `limit` best finite scores, best first; the earlier place wins a tie."""
    return tuple(_best_of(row, limit) for row, limit in zip(scores, limits, strict=True))


def _best_of(scores: Floats, limit: int) -> Ints:
    limit = min(limit, len(scores))
    if limit <= 0:
        return np.zeros(0, np.int64)
    least = np.partition(scores, len(scores) - limit)[len(scores) - limit]
    # All that tie with the last one: which of them get in is decided by the stable sort, not by the partition.
    contenders = np.flatnonzero((scores >= least) & (scores > -np.inf))
    return contenders[np.argsort(-scores[contenders], kind="stable")][:limit]
