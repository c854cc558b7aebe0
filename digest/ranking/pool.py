"""The papers that a batch of subscribers is offered, prepared once for all of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property

import numpy as np
import scipy.sparse as sp

from digest.model import Paper
from digest.ranking.alike import cosines
from digest.ranking.attention import public_at
from digest.ranking.corpus import Corpus
from digest.ranking.counts import Floats, Ints
from digest.ranking.index import Index, Mask
from digest.ranking.profile import paper_text
from digest.ranking.terms import is_unspaced, surfaces
from digest.ranking.trend import trends

__all__ = ["Mask", "Pool", "Wording", "pool_of"]

BESIDE_WEIGHT = 0.3
"""How much the words of the nearest papers count beside a paper's own, these being 1; see `kin`."""

BESIDE = "(papers near it)"
"""What stands for all words that only the papers near it say: a reason names just what the paper itself says."""


@dataclass(frozen=True, slots=True)
class Wording:
    """The written forms of one paper's terms.

    `beside` is the form that stands for all terms which only the papers near it say, -1 where there is none.
    """

    forms: tuple[str, ...]
    is_unspaced: bool
    beside: int = -1


@dataclass(frozen=True)
class Pool:
    """Papers in their standing order, newest first, then by id: an earlier place wins a tie."""

    papers: tuple[Paper, ...]
    own: sp.csr_array  # what each paper says, a row for each
    vectors: sp.csr_array  # the same with what the papers near it say
    by_term: sp.csr_array  # the same, a column for each paper, in single precision
    common: Floats  # the products of each term of `vectors` with the mean of all papers
    commonness: Floats  # their sum for each paper
    trend: Floats
    freshness: Floats  # 1 / (1 + days since the paper is public)
    terms: Sequence[str]
    _wordings: dict[int, Wording] = field(default_factory=dict)

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
    def index(self) -> Index:
        """Where the papers are that are by somebody, of a category, say a phrase, meet a condition."""
        return Index(self.papers)

    @cached_property
    def alike(self) -> sp.csr_array:
        """How alike two papers are, where they are; see `alike`."""
        return cosines(self.own, [paper.title for paper in self.papers])

    def is_of(self, papers: Sequence[Paper]) -> bool:
        """Was it made of just these papers?"""
        own = self._by_id
        # Almost always the same objects or none of them: a comparison is rarely made word by word.
        return len(own) == len(papers) and all(
            (known := own.get(paper.id)) is paper or known == paper for paper in papers
        )

    @cached_property
    def _by_id(self) -> dict[int, Paper]:
        return {paper.id: paper for paper in self.papers}

    def places_of(self, ids: Iterable[int]) -> list[int]:
        """The places of those of `ids` that are in the pool."""
        return [self.places[i] for i in self.ids.intersection(ids)]

    @cached_property
    def form_numbers(self) -> Ints:
        """Which form of its paper's wording each term of `vectors` is written as, for papers whose wording is known."""
        return np.zeros(self.vectors.nnz, np.int64)

    def wording(self, place: int) -> Wording:
        """How the paper writes its terms."""
        found = self._wordings.get(place)
        if found is None:
            span = slice(int(self.vectors.indptr[place]), int(self.vectors.indptr[place + 1]))
            found, self.form_numbers[span] = self.worded(place, np.ones(span.stop - span.start))
            self._wordings[place] = found
        return found

    def worded(self, place: int, points: Floats) -> tuple[Wording, Ints]:
        """How the paper writes its terms where these are their points, and which of the forms each term has."""
        columns = self.vectors.indices[self.vectors.indptr[place] : self.vectors.indptr[place + 1]]
        names = [self.terms[column] for column in columns.tolist()]
        said = set(self.own.indices[self.own.indptr[place] : self.own.indptr[place + 1]].tolist())
        is_said = [column in said for column in columns.tolist()]
        matching = zip(names, points, is_said, strict=True)
        wanted = frozenset(name for name, own, is_own in matching if own > 0 and is_own)
        written = surfaces(paper_text(self.papers[place]), wanted)
        forms: dict[str, int] = {}
        # Two terms of one compound share its form; so do "Model" and "model", shown as it is written first.
        shown = [written.get(name, name) if own else BESIDE for name, own in zip(names, is_said, strict=True)]
        numbers = np.array([forms.setdefault(form, len(forms)) for form in shown], np.int64)
        is_any_unspaced = any(is_unspaced(name[0]) for name in names if not name.isascii())
        return Wording(tuple(forms), is_any_unspaced, forms.get(BESIDE, -1)), numbers


def pool_of(papers: Iterable[Paper], corpus: Corpus, now: datetime) -> Pool:
    """Prepare `papers`, in any order, each id once; those the corpus has not learnt are weighed by what it knows."""
    ordered = sorted({paper.id: paper for paper in papers}.values(), key=_standing)
    own, beside = _vectors(ordered, corpus)
    vectors = _expanded(own, beside)
    common = corpus.statistics.mean[vectors.indices] * vectors.data
    return Pool(
        papers=tuple(ordered),
        own=own,
        vectors=vectors,
        by_term=sp.csr_array(vectors.T.astype(np.float32)),
        common=common,
        commonness=np.asarray(vectors @ corpus.statistics.mean),
        trend=trends(ordered, now),
        freshness=_freshness(ordered, now),
        terms=corpus.terms,
    )


def at(pool: Pool, now: datetime) -> Pool:
    """The same papers at another time; what was found of them is kept."""
    found = replace(pool, trend=trends(pool.papers, now), freshness=_freshness(pool.papers, now))
    # Cached properties are no fields; none of them depends on the time.
    found.__dict__.update({name: value for name, value in pool.__dict__.items() if name not in found.__dict__})
    return found


def _freshness(papers: Sequence[Paper], now: datetime) -> Floats:
    return np.array([1 / (1 + max((now - public_at(p)) / timedelta(days=1), 0.0)) for p in papers])


def _standing(paper: Paper) -> tuple[float, float, int]:
    return -public_at(paper).timestamp(), -paper.first_seen_at.timestamp(), paper.id


def _vectors(papers: Sequence[Paper], corpus: Corpus) -> tuple[sp.csr_array, sp.csr_array]:
    """What the papers say, and what those near them say."""
    texts = [paper_text(paper) for paper in papers]
    known = [corpus.knows(paper.id, text) for paper, text in zip(papers, texts, strict=True)]
    ids = [paper.id for paper, is_known in zip(papers, known, strict=True) if is_known]
    fresh = corpus.vectors_of([text for text, is_known in zip(texts, known, strict=True) if not is_known])
    # Back from "learnt first" to the given order.
    order = np.argsort(np.argsort(~np.array(known, bool), kind="stable"), kind="stable")
    own = sp.vstack([corpus.vectors(ids), fresh], format="csr").astype(np.float64)
    beside = sp.vstack([corpus.beside(ids), corpus.beside_of(fresh)], format="csr").astype(np.float64)
    return sp.csr_array(own[order]), sp.csr_array(beside[order])


def _expanded(own: sp.csr_array, beside: sp.csr_array) -> sp.csr_array:
    """Each paper with what is beside it; as it is where nothing is.

    Divided by √(1 + weight), so that papers are about as long as before: between 1 + weight, were both vectors the
    same, and √(1 + weight²), had they no word in common. To keep each one's length ranks worse.
    """
    has_any = np.diff(beside.indptr) > 0
    lengths = np.where(has_any, np.sqrt(1 + BESIDE_WEIGHT), 1.0)
    return sp.csr_array(sp.diags_array(1 / lengths) @ (own + BESIDE_WEIGHT * beside))
