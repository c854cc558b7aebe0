"""Why a paper scored what it did: reasons whose shares sum to the score, and words as the paper itself writes them.

The words' points are exact: a term's points are its weight in the taste times its weight in the paper. The strongest
words are named with just their own points. What all the other words carry goes to a liked paper where that one paper
carried most of the relevance and most of this rest; otherwise it is added to the named words' share.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from digest.model import Interest, Paper, Pick, Reason, ReasonKind
from digest.ranking import blend
from digest.ranking.attention import public_at
from digest.ranking.counts import Floats, Ints
from digest.ranking.follows import authors_followed, categories_read
from digest.ranking.match import Match, Matcher
from digest.ranking.pool import Pool
from digest.ranking.profile import Tastes
from digest.ranking.trend import reading

_WORDS_NAMED = 5
_WORDS_BESIDE = 3  # where a liked paper is named as well
_LEAST_PART = 0.04  # of all matching points; a weaker word would be true and misleading
_LIKES_COMPARED = 40  # among more likes no single one carries most of a score

_Led = dict[int, tuple[str, float]]


class Explainer:
    """Explains the picks of one subscriber after the other; all share the pool and the tastes."""

    def __init__(self, pool: Pool, mean: Floats, tastes: Tastes, liked: Mapping[int, Paper]) -> None:
        self._pool, self._tastes, self._liked = pool, tastes, liked
        self._matcher = Matcher(pool, mean, tastes)

    def picks(self, row: int, interest: Interest, places: Ints) -> tuple[Pick, ...]:
        """The papers at `places` for the subscriber of taste `row`, with score and reasons, in the given order."""
        match = self._matcher.match(row, places)
        named = [match.strongest(i, _WORDS_NAMED, _LEAST_PART) for i in range(len(places))]
        fewer = [forms[:_WORDS_BESIDE] for forms in named]
        led = self._led(row, interest, match, fewer)
        picks = []
        for i, place in enumerate(places.tolist()):
            words = fewer[i] if i in led else named[i]
            reasons = (*_matches(match, i, words, led.get(i)), *_boosts(interest, place, self._pool))
            picks.append(_pick(self._pool.papers[place].id, reasons, interest.name))
        return tuple(picks)

    def term_points(self, row: int, place: int) -> tuple[tuple[str, float], ...]:
        """Every word of the paper with its points, strongest first; they sum to the relevance."""
        match = self._matcher.match(row, np.array([place]))
        forms, by_form = match.wordings[0].forms, match.by_form(0)
        return tuple((forms[form], float(by_form[form])) for form in (-by_form).argsort(kind="stable"))

    def _led(self, row: int, interest: Interest, match: Match, named: Sequence[Sequence[int]]) -> _Led:
        """For the papers that one like carried: its title, and the points of the words that are not named."""
        rows, weights = self._likes_of(row, interest)
        if not len(rows) or not named:
            return {}
        is_unnamed = match.is_unnamed(named)
        parts, unnamed_parts = self._matcher.carried(row, rows, weights, match, is_unnamed)
        leaders, papers = parts.argmax(axis=0), np.arange(len(named))
        rests = match.sums(match.points * is_unnamed)
        is_led = (match.totals > 0) & (2 * parts[leaders, papers] > match.totals)
        is_led &= (rests > 0) & (2 * unnamed_parts[leaders, papers] > rests)
        titles = ((i, self._title(int(rows[leaders[i]]))) for i in np.flatnonzero(is_led).tolist())
        return {i: (title, float(rests[i])) for i, title in titles if title is not None}

    def _likes_of(self, row: int, interest: Interest) -> tuple[Ints, Floats]:
        """The rows and weights of a subscriber's likes; none where they are too many for one to matter."""
        mixture, ids, wanted = self._tastes.mixture, self._tastes.liked_ids, set(interest.likes)
        span = slice(int(mixture.indptr[row]), int(mixture.indptr[row + 1]))
        if len(wanted) > _LIKES_COMPARED:
            span = slice(0, 0)
        parts = zip(mixture.indices[span].tolist(), mixture.data[span].tolist(), strict=True)
        kept = [(source, weight) for source, weight in parts if ids[source] in wanted]
        return np.array([source for source, _ in kept], np.int64), np.array([weight for _, weight in kept])

    def _title(self, row: int) -> str | None:
        paper_id = self._tastes.liked_ids[row]
        paper = None if paper_id is None else self._liked.get(paper_id)
        return None if paper is None else paper.title


def _pick(paper_id: int, reasons: tuple[Reason, ...], interest: str) -> Pick:
    return Pick(paper_id, math.fsum(reason.share for reason in reasons), reasons, interest)


def _matches(match: Match, i: int, named: Sequence[int], led: tuple[str, float] | None) -> Iterator[Reason]:
    total = float(match.totals[i])
    if total == 0:
        return
    words = tuple(match.wordings[i].forms[form] for form in named)
    if led is None:
        yield Reason(ReasonKind.TERMS, words, total)
        return
    title, rest = led
    yield Reason(ReasonKind.TERMS, words, total - rest)
    yield Reason(ReasonKind.LIKED, (title,), rest)


def _boosts(interest: Interest, place: int, pool: Pool) -> Iterator[Reason]:
    paper = pool.papers[place]
    if interest.authors and (names := authors_followed(paper, interest.authors)):
        yield Reason(ReasonKind.AUTHOR, names, blend.AUTHOR_BOOST)
    if interest.categories and (chosen := categories_read(paper, interest.categories)):
        yield Reason(ReasonKind.CATEGORY, chosen, blend.CATEGORY_BOOST)
    if pool.trend[place] > 0:
        yield Reason(ReasonKind.TREND, reading(paper), float(blend.TREND_BOOST * pool.trend[place]))
    elif not interest.has_taste:
        share = float(blend.RECENT_BOOST * pool.freshness[place])
        yield Reason(ReasonKind.RECENT, (public_at(paper).date().isoformat(),), share)
