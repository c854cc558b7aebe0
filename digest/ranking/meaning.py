"""What a model that knows meanings adds to a score, beside the words.

For a taste u, the mean of the z of the likes less half that of the dislikes, where likes fade with their age, the ridge
says of a paper

    s = (z + .6 n) · A⁻¹ u        points = 1.4 · deviation of the relevance · (s − mean of s) / deviation of s

over the papers on offer; n is the direction of the ten papers nearest to it. So the sum of words and meaning orders as
.7 z-score(words) + z-score(meaning) does, in the unit of the words, and a score is still the sum of its reasons. A
paper without a vector gets no points.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from digest.model import Interest
from digest.ranking.counts import Floats, Ints
from digest.ranking.embeddings import Embeddings
from digest.ranking.pool import Pool
from digest.ranking.profile import DISLIKE_WEIGHT, like_weight
from digest.ranking.query import words

SHARE = 1.4
"""How much a deviation of meaning counts, in deviations of the words' relevance."""

_LEAST_PAPERS = 2  # fewer have no deviation
_TEXTS_REMEMBERED = 20_000


class Meaning(Protocol):
    """Points for meaning, added to those for words."""

    def points(self, interests: Sequence[Interest], relevance: Floats, pool: Pool) -> Floats:
        """Points of each paper (columns) for each interest (rows), 0 where nothing is known of either."""
        ...

    def nearest(self, interest: Interest, place: int, pool: Pool) -> int | None:
        """The liked paper that is nearest in meaning to the paper at `place`; None where nothing is known."""
        ...


class Ridge:
    """The ridge over the embeddings; it changes nothing in them.

    `encode` reads keywords and free text as one more like; without it they are passed over.
    """

    def __init__(
        self, embeddings: Embeddings, encode: Callable[[Sequence[str]], Floats] | None = None, share: float = SHARE
    ) -> None:
        self._embeddings, self._encode, self._share = embeddings, encode, share
        self._texts: dict[str, Floats] = {}
        self._offered: tuple[Pool, Ints, Floats] | None = None

    def points(self, interests: Sequence[Interest], relevance: Floats, pool: Pool) -> Floats:
        found = np.zeros_like(relevance)
        places, offered = self._of(pool)
        space = self._embeddings.space
        if space is None or len(places) < _LEAST_PAPERS:
            return found
        scores = self._tastes(interests) @ space.inverse @ offered.T
        scores -= scores.mean(axis=1, keepdims=True)
        spread = scores.std(axis=1, keepdims=True)
        unit = self._share * relevance[:, places].std(axis=1, keepdims=True)
        found[:, places] = scores * np.divide(unit, spread, out=np.zeros_like(spread), where=spread > _TINY)
        return found

    def nearest(self, interest: Interest, place: int, pool: Pool) -> int | None:
        places, offered = self._of(pool)
        row = int(np.searchsorted(places, place))
        if row == len(places) or places[row] != place:
            return None
        likes = sorted(set(interest.likes))
        known, liked = self._embeddings.found(likes)
        return likes[int(known[(liked @ offered[row]).argmax()])] if len(known) else None

    def _of(self, pool: Pool) -> tuple[Ints, Floats]:
        """The places of the papers with a vector, and z + .6 n of each; the last pool is remembered."""
        if self._offered is None or self._offered[0] is not pool:
            self._offered = (pool, *self._embeddings.offered([paper.id for paper in pool.papers]))
        return self._offered[1:]

    def _tastes(self, interests: Sequence[Interest]) -> Floats:
        self._read([text for interest in interests for text in _said(interest)])
        return np.stack([self._taste(interest) for interest in interests])

    def _taste(self, interest: Interest) -> Floats:
        weights = _like_weights(interest)
        known, liked = self._embeddings.found(weights)
        _, disliked = self._embeddings.found(sorted(set(interest.dislikes)))
        said = self._centred([self._texts[text] for text in _said(interest) if text in self._texts])
        parts = np.vstack([liked, *said])
        counts = np.concatenate([np.array(list(weights.values()))[known], np.ones(len(said))])
        taste: Floats = counts @ parts / counts.sum() if len(parts) else np.zeros(parts.shape[1])
        return taste - DISLIKE_WEIGHT * disliked.mean(axis=0) if len(disliked) else taste

    def _centred(self, said: Sequence[Floats]) -> list[Floats]:
        assert self._embeddings.space is not None, "points() looked"
        return [self._embeddings.space.centred(text[np.newaxis]) for text in said]

    def _read(self, texts: Sequence[str]) -> None:
        """Embed those texts that are new."""
        fresh = sorted({text for text in texts if text and text not in self._texts})
        if self._encode is None or not fresh:
            return
        if len(self._texts) + len(fresh) > _TEXTS_REMEMBERED:
            self._texts.clear()
            fresh = sorted({text for text in texts if text})
        self._texts.update(zip(fresh, self._encode(fresh), strict=True))


_TINY = 1e-12


def _said(interest: Interest) -> list[str]:
    """Keywords and free text, each one more like; what a condition rules out is not read."""
    asked = "\n".join(filter(None, map(words, interest.keywords))).strip()
    return [text for text in (asked, interest.text.strip()) if text]


def _like_weights(interest: Interest) -> dict[int, float]:
    """How much each like counts by its age against the latest one, in a stated order."""
    times = interest.liked_at if len(interest.liked_at) == len(interest.likes) else ()
    if not times:
        return dict.fromkeys(sorted(set(interest.likes)), 1.0)
    latest = max(times)
    found: dict[int, float] = {}
    for paper_id, at in sorted(zip(interest.likes, times, strict=True)):
        found[paper_id] = max(like_weight(at, latest), found.get(paper_id, 0.0))
    return found
