"""The batch entry point: requests × papers → picks. Pure, deterministic, independent of the order of its input.

    requests ─► tastes ─► points ─► what fits each interest ─► a shortlist ─► a choice ─► explained picks

Subscribers are scored by the dozen as one sparse matrix product, so memory does not grow with the batch.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from digest.model import Interest, Paper, Pick
from digest.ranking.choose import RISING_SHARE, choose
from digest.ranking.corpus import Corpus, Statistics
from digest.ranking.explain import Explainer
from digest.ranking.picks import Worked, picks_of
from digest.ranking.pool import Pool, at, pool_of
from digest.ranking.profile import tastes_of
from digest.ranking.score import Request, Scored, fittings, offer, ordered, rising_mask, scored
from digest.ranking.trace import Trace, trace

if TYPE_CHECKING:
    from digest.ranking.meaning import Meaning

__all__ = ["RISING_SHARE", "Ranker", "Request", "Trace"]

_CELLS = 1 << 18  # scores worked on at once, 8 bytes each
_FEWEST, _MOST = 32, 256  # interests scored at once


class Ranker:
    """The BM25 profile ranker over a corpus that holds at least the papers of the last weeks.

    `meaning` adds points for what a model of meaning knows, beside those for words. One owner at a time: the papers
    of the last call are kept prepared for the next one.
    """

    def __init__(self, corpus: Corpus, meaning: Meaning | None = None) -> None:
        self._corpus = corpus
        self._meaning = meaning
        self._prepared: tuple[Pool, Statistics, datetime] | None = None

    def rank_batch(
        self,
        requests: Sequence[Request],
        candidates: Sequence[Paper],
        liked: Mapping[int, Paper],
        now: datetime,
        rising: Collection[int] = (),
    ) -> list[tuple[Pick, ...]]:
        """The picks of each request in the order they were chosen, with reasons that sum to their scores.

        `liked` holds liked and disliked papers: those that the corpus has forgotten are read from it, and titles
        for reasons. An edition may be shorter than its limit: see `bar` and `choose`. `now` is an aware instant. Of the
        candidates with an id in `rising`, each request gets at most its best `RISING_SHARE`.
        """
        picks: list[tuple[Pick, ...]] = []
        for worked in self.worked(requests, candidates, liked, now, rising):
            picks += picks_of(worked, now)
        return picks

    def order_batch(
        self, requests: Sequence[Request], candidates: Sequence[Paper], liked: Mapping[int, Paper], now: datetime
    ) -> Iterator[list[int]]:
        """The ids of each request's best papers by the same scores: no bar, no diversity, no reasons."""
        pool = self._pool(candidates, now)
        for some in _chunks(requests, len(pool)):
            found = self._scored(some, pool, liked, now, has_bars=False)
            for request, fitting in zip(some, fittings(some, found), strict=True):
                yield [pool.papers[place].id for place in ordered(request, fitting).tolist()]

    def term_points(
        self, interest: Interest, paper: Paper, liked: Mapping[int, Paper], now: datetime
    ) -> tuple[tuple[str, float], ...]:
        """Every word of `paper` with the points it has for `interest`, strongest first."""
        pool = pool_of([paper], self._corpus, now)
        tastes = tastes_of([interest], self._corpus, liked, now)
        return Explainer(pool, tastes, [interest], liked).term_points(0, 0)

    def trace(
        self,
        request: Request,
        paper_ids: Sequence[int],
        candidates: Sequence[Paper],
        liked: Mapping[int, Paper],
        now: datetime,
        rising: Collection[int] = (),
    ) -> list[Trace]:
        """What became of each of `paper_ids` among the candidates: its whole score, and the step that dropped it."""
        (worked,) = self.worked([request], candidates, liked, now, rising)
        (picks,) = picks_of(worked, now)
        return [trace(worked, paper_id, picks) for paper_id in paper_ids]

    def worked(
        self,
        requests: Sequence[Request],
        candidates: Sequence[Paper],
        liked: Mapping[int, Paper],
        now: datetime,
        rising: Collection[int] = (),
    ) -> Iterator[Worked]:
        """Everything but the words, a few requests at a time."""
        pool = self._pool(candidates, now)
        marks = rising_mask(rising, pool)
        for some in _chunks(requests, len(pool)):
            found = self._scored(some, pool, liked, now, has_bars=True)
            fitting = list(fittings(some, found))
            offers = [offer(request, one, marks) for request, one in zip(some, fitting, strict=True)]
            explainer = Explainer(pool, found.tastes, found.interests, liked)
            choices = choose(offers, pool.alike)
            yield Worked(some, found, fitting, offers, choices, explainer, marks, liked, self._meaning)

    def _scored(
        self,
        requests: Sequence[Request],
        pool: Pool,
        liked: Mapping[int, Paper],
        now: datetime,
        *,
        has_bars: bool,
    ) -> Scored:
        interests = [interest for request in requests for interest in request.interests]
        tastes = tastes_of(interests, self._corpus, liked, now)
        return scored(requests, tastes, pool, self._corpus, self._meaning, has_bars=has_bars)

    def _pool(self, candidates: Sequence[Paper], now: datetime) -> Pool:
        """The candidates prepared, as they were for the last call where they and the corpus are the same."""
        statistics = self._corpus.statistics
        if self._prepared is not None:
            pool, learnt, then = self._prepared
            if learnt is statistics and pool.is_of(candidates):
                if then != now:
                    pool = at(pool, now)
                    self._prepared = pool, statistics, now
                return pool
        self._prepared = pool_of(candidates, self._corpus, now), statistics, now
        return self._prepared[0]


def _chunks(requests: Sequence[Request], papers: int) -> Iterator[list[Request]]:
    most = min(max(_CELLS // max(papers, 1), _FEWEST), _MOST)
    some: list[Request] = []
    count = 0
    for request in requests:
        if some and count + len(request.interests) > most:
            yield some
            some, count = [], 0
        some.append(request)
        count += len(request.interests)
    if some:
        yield some
