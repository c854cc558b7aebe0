"""Why a paper scored what it did: reasons whose shares sum to the score, and words as the paper itself writes them.

The words' points are exact: a term's points are its weight in the taste times its weight in the paper. The strongest
words are named with just their own points. What all the other words carry goes to a liked paper where that one paper
carried most of the relevance and most of this rest; otherwise it is added to the named words' share.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from digest.model import Interest, Paper, Reason, ReasonKind
from digest.ranking.counts import Floats, Ints
from digest.ranking.leaders import leading
from digest.ranking.match import Match, Matcher, runs_of
from digest.ranking.pool import Mask, Pool
from digest.ranking.profile import Tastes

_WORDS_NAMED = 5
_WORDS_BESIDE = 3  # where a liked paper is named as well
_LEAST_PART = 0.04  # of all matching points; a weaker word would be true and misleading
_LIKES_COMPARED = 40  # among more likes no single one carries most of a score
_AT_ONCE = 500  # papers matched at once, of about a hundred terms each

_Led = dict[int, tuple[str, float]]


class Explainer:
    """Explains the picks of a chunk's interests, all of them together."""

    def __init__(self, pool: Pool, tastes: Tastes, interests: Sequence[Interest], liked: Mapping[int, Paper]) -> None:
        self._tastes, self._interests, self._liked = tastes, interests, liked
        self._matcher = Matcher(pool, tastes)

    def reasons(self, rows: Ints, places: Ints) -> list[tuple[Reason, ...]]:
        """What the words say for each of the papers at `places`, each for the interest of its row, in any order."""
        found: list[tuple[Reason, ...]] = [()] * len(rows)
        order = np.argsort(rows, kind="stable")
        for start in range(0, len(order), _AT_ONCE):
            some = order[start : start + _AT_ONCE]
            for i, reasons in zip(some.tolist(), self._of_some(rows[some], places[some]), strict=True):
                found[i] = reasons
        return found

    def term_points(self, row: int, place: int) -> tuple[tuple[str, float], ...]:
        """Every word of the paper with its points, strongest first; they sum to the relevance."""
        match = self._matcher.match(np.array([row]), np.array([place]))
        words, by_form = match.wordings[0].forms, match.by_form()[: len(match.wordings[0].forms)]
        return tuple((words[form], float(by_form[form])) for form in (-by_form).argsort(kind="stable"))

    def _of_some(self, rows: Ints, places: Ints) -> Iterator[tuple[Reason, ...]]:
        match = self._matcher.match(rows, places)
        named = match.strongest(_WORDS_NAMED, _LEAST_PART)
        led = self._led(match, match.is_among(named, _WORDS_BESIDE))
        for i, (total, words) in enumerate(zip(match.totals.tolist(), match.words(named), strict=True)):
            beside = led.get(i)
            if total == 0:
                yield ()
            elif beside is None:
                yield (Reason(ReasonKind.TERMS, words, total),)
            else:
                terms = Reason(ReasonKind.TERMS, words[:_WORDS_BESIDE], total - beside[1])
                yield terms, Reason(ReasonKind.LIKED, (beside[0],), beside[1])

    def _led(self, match: Match, is_named: Mask) -> _Led:
        """For the papers that one like carried: its title, and the points of the words that are not named."""
        found = leading(match, self._tastes, [self._likes_of(row) for row, _ in runs_of(match.rows)], is_named)
        rests = match.totals - match.sums(match.points * is_named)
        is_most = (match.totals > 0) & (2 * found.carried > match.totals)
        places = np.flatnonzero(is_most & (rests > 0) & (2 * (found.carried - found.of_named) > rests))
        sources, points = found.leaders[places].tolist(), rests[places].tolist()
        titles = [self._title(source) for source in sources]
        told = zip(places.tolist(), titles, points, strict=True)
        return {i: (title, rest) for i, title, rest in told if title is not None}

    def _likes_of(self, row: int) -> tuple[Ints, Floats]:
        """The rows and weights of an interest's likes; none where they are too many for one to matter."""
        mixture, ids, wanted = self._tastes.mixture, self._tastes.liked_ids, set(self._interests[row].likes)
        span = slice(int(mixture.indptr[row]), int(mixture.indptr[row + 1]))
        if len(wanted) > _LIKES_COMPARED:
            wanted = set()
        parts = zip(mixture.indices[span].tolist(), mixture.data[span].tolist(), strict=True)
        kept = [(source, weight) for source, weight in parts if ids[source] in wanted]
        return np.array([source for source, _ in kept], np.int64), np.array([weight for _, weight in kept])

    def _title(self, row: int) -> str | None:
        paper_id = self._tastes.liked_ids[row]
        paper = None if paper_id is None else self._liked.get(paper_id)
        return None if paper is None else paper.title
