"""The papers that a batch of subscribers is offered, prepared once for all of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from digest.model import Paper
from digest.ranking.attention import public_at
from digest.ranking.corpus import Corpus
from digest.ranking.counts import Floats, Ints
from digest.ranking.follows import index_by_author, index_by_category
from digest.ranking.mutes import Wordings
from digest.ranking.profile import paper_text
from digest.ranking.terms import is_unspaced, surfaces
from digest.ranking.trend import trends

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Wording:
    """How one paper writes its terms: the written form of its i-th term is `forms[form_of_term[i]]`."""

    forms: tuple[str, ...]
    form_of_term: Ints
    is_unspaced: bool


@dataclass(frozen=True)
class Pool:
    """Papers in their standing order, newest first, then by id: an earlier place wins a tie."""

    papers: tuple[Paper, ...]
    vectors: sp.csr_array  # a row for each paper
    by_term: sp.csr_array  # the same, a column for each paper
    commonness: Floats  # each paper's product with the mean of all papers
    trend: Floats
    freshness: Floats  # 1 / (1 + days since the paper is public)
    terms: Sequence[str]
    _wordings: dict[int, Wording] = field(default_factory=dict)
    _saying: dict[str, frozenset[int]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.papers)

    @cached_property
    def places(self) -> dict[int, int]:
        """The place of each paper id."""
        return {paper.id: place for place, paper in enumerate(self.papers)}

    @cached_property
    def ids(self) -> frozenset[int]:
        return frozenset(self.places)

    @cached_property
    def by_author(self) -> dict[str, list[int]]:
        return index_by_author(self.papers)

    @cached_property
    def by_category(self) -> dict[str, list[int]]:
        return index_by_category(self.papers)

    @cached_property
    def _texts(self) -> Wordings:
        return Wordings([paper_text(paper) for paper in self.papers])

    def saying(self, phrase: str) -> frozenset[int]:
        """The places of the papers that say `phrase`; found when first asked for."""
        found = self._saying.get(phrase)
        if found is None:
            found = self._saying[phrase] = self._texts.saying(phrase)
        return found

    def places_of(self, ids: Iterable[int]) -> list[int]:
        """The places of those of `ids` that are in the pool."""
        return [self.places[i] for i in self.ids.intersection(ids)]

    def wording(self, place: int, points: Floats) -> Wording:
        """How the paper writes its terms; `points` are theirs in a match."""
        found = self._wordings.get(place)
        if found is None:
            found = self._wordings[place] = self._worded(place, np.ones_like(points))
        # Without blanks there are no words to show but the runs of pairs that match.
        return self._worded(place, points) if found.is_unspaced else found

    def _worded(self, place: int, points: Floats) -> Wording:
        columns = self.vectors.indices[self.vectors.indptr[place] : self.vectors.indptr[place + 1]]
        names = [self.terms[column] for column in columns.tolist()]
        wanted = frozenset(name for name, own in zip(names, points, strict=True) if own > 0)
        written = surfaces(paper_text(self.papers[place]), wanted)
        forms: dict[str, int] = {}
        # Two terms of one compound share its form; so do "Model" and "model", shown as it is written first.
        numbers = [forms.setdefault(written.get(name, name), len(forms)) for name in names]
        return Wording(tuple(forms), np.array(numbers, np.int64), any(is_unspaced(name[0]) for name in names))


def pool_of(papers: Iterable[Paper], corpus: Corpus, now: datetime) -> Pool:
    """Prepare `papers`, in any order, each id once; those the corpus has not learnt are weighed by what it knows."""
    ordered = sorted({paper.id: paper for paper in papers}.values(), key=_standing)
    vectors = _vectors(ordered, corpus)
    return Pool(
        papers=tuple(ordered),
        vectors=vectors,
        by_term=sp.csr_array(vectors.T),
        commonness=np.asarray(vectors @ corpus.statistics.mean),
        trend=trends(ordered, now),
        freshness=np.array([1 / (1 + max((now - public_at(p)) / timedelta(days=1), 0.0)) for p in ordered]),
        terms=corpus.terms,
    )


def _standing(paper: Paper) -> tuple[float, float, int]:
    return -public_at(paper).timestamp(), -paper.first_seen_at.timestamp(), paper.id


def _vectors(papers: Sequence[Paper], corpus: Corpus) -> sp.csr_array:
    texts = [paper_text(paper) for paper in papers]
    known = [corpus.knows(paper.id, text) for paper, text in zip(papers, texts, strict=True)]
    learnt = corpus.vectors([paper.id for paper, is_known in zip(papers, known, strict=True) if is_known])
    fresh = corpus.vectors_of([text for text, is_known in zip(texts, known, strict=True) if not is_known])
    # Back from "learnt first" to the given order.
    order = np.argsort(np.argsort(~np.array(known, bool), kind="stable"), kind="stable")
    return sp.csr_array(sp.vstack([learnt, fresh], format="csr").astype(np.float64)[order])
