"""What all papers have in common: how rare a word is, how long and repetitive a text is, what the average paper says.

A paper's vector is Okapi BM25 (Robertson & Zaragoza, "The Probabilistic Relevance Framework", 2009):

    idf(t) · tf (k1 + 1) / (tf + k1 (1 − b + b · length / mean length))      idf = ln(1 + (N − df + ½) / (df + ½))
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import scipy.sparse as sp

from digest.ranking.counts import Floats, Vocabulary, selected
from digest.ranking.kin import Kin
from digest.ranking.vectors import squared_norms

WINDOW = 50_000
"""Papers that a corpus remembers unless told otherwise, the latest ones."""

_UNSEEN = 1000
"""Papers that say nothing, counted into the mean: the mean of a handful would only tell which papers those are."""

_SLACK = 1.1  # how far over the window a corpus grows before it forgets, so that forgetting is rare
_BLOCK = 4096  # papers weighed at once


@dataclass(frozen=True, slots=True)
class Saturation:
    """BM25's two parameters: how fast repeats stop counting (k1) and how much length is held against a text (b)."""

    k1: float
    b: float


def saturation(repeats: float) -> Saturation:
    """The parameters for texts that say each of their terms `repeats` times more than once, on average.

    Titles hardly repeat (.01), abstracts without stop words do (.3), texts reduced to their telling words most (.65).
    Without repeats the textbook's k1 = 1.2, b = .75 are best: a long text then says more things (the "scope"
    of Robertson & Walker 1994). Where texts repeat, the count tells how much a paper is about a word, so it should
    saturate later, and a long text is long because it says things again ("verbosity"), so all its length should count.
    The lines through the two ends were measured; they level off where nothing was.
    """
    amount = min(max(repeats, 0.0), 0.65)
    return Saturation(k1=1.2 + 2.8 * amount, b=min(0.75 + 0.4 * amount, 1.0))


@dataclass(frozen=True, slots=True)
class Statistics:
    """What the papers of a corpus have in common.

    `variance` is that of each word's weight where papers say it or not by chance. `mean_length` is in terms, `mean` the
    mean of their vectors and `mean_norm` its length, `norm` their mean length.
    """

    idf: Floats
    variance: Floats
    mean_length: float
    saturation: Saturation
    mean: Floats
    mean_norm: float
    norm: float


class Corpus:
    """The papers' words. One owner at a time: `add` must not run beside a reader.

    Columns are numbered as terms are met, and anew when papers beyond the window are forgotten: vectors are only
    comparable as long as nothing is added. Adding costs a copy of the counts, so add in batches.
    """

    def __init__(self, window: int = WINDOW) -> None:
        self._window = window
        self._vocabulary = Vocabulary()
        self._counts: sp.csr_array = sp.csr_array(np.zeros((0, 0), np.uint16))
        self._lengths: Floats = np.zeros(0)
        self._ids: list[int] = []
        self._rows: dict[int, int] = {}
        self._marks: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._ids)

    def __contains__(self, paper_id: int) -> bool:
        return paper_id in self._rows

    def add(self, ids: Sequence[int], texts: Iterable[str]) -> None:
        """Learn papers, oldest first. A known id with the same text changes nothing, with another text replaces it."""
        fresh = {paper_id: text for paper_id, text in zip(ids, texts, strict=True) if not self.knows(paper_id, text)}
        if not fresh:
            return
        self._forget({paper_id for paper_id in fresh if paper_id in self._rows})
        counts, lengths = self._vocabulary.count(fresh.values(), grow=True)
        widened = sp.csr_array(
            (self._counts.data, self._counts.indices, self._counts.indptr), shape=(len(self), len(self._vocabulary))
        )
        self._counts = sp.csr_array(sp.vstack([widened, counts], format="csr"))
        self._lengths = np.concatenate([self._lengths, lengths])
        self._marks.update((paper_id, _mark(text)) for paper_id, text in fresh.items())
        self._number([*self._ids, *fresh])
        if len(self) > self._window * _SLACK:
            self._forget(set(self._ids[: len(self) - self._window]))
            self._drop_unused_terms()

    def knows(self, paper_id: int, text: str) -> bool:
        """Was this very text of the paper learnt?"""
        return self._marks.get(paper_id) == _mark(text)

    @property
    def terms(self) -> list[str]:
        """All terms, by column."""
        return self._vocabulary.terms()

    @cached_property
    def statistics(self) -> Statistics:
        """Counted anew after papers were added: about a quarter of a second for 50,000 abstracts."""
        frequencies = np.bincount(self._counts.indices, minlength=self._counts.shape[1])
        idf = np.log1p((len(self) - frequencies + 0.5) / (frequencies + 0.5))
        mean_length = float(self._lengths.mean()) if len(self) else 1.0
        distinct = self._counts.nnz or 1
        found = saturation(float(self._lengths.sum()) / distinct - 1)
        chance = np.exp(-idf)
        variance = idf**2 * chance * (1 - chance)
        draft = Statistics(idf, variance, mean_length or 1.0, found, np.zeros(0), 0.0, 1.0)
        mean, norm = self._average(draft)
        return replace(draft, mean=mean, mean_norm=float(np.linalg.norm(mean)), norm=norm)

    @cached_property
    def _weights(self) -> sp.csr_array:
        blocks = [self._block(self.statistics, start).data for start in range(0, len(self), _BLOCK)]
        data = np.concatenate(blocks) if blocks else np.zeros(0, np.float32)
        return sp.csr_array((data, self._counts.indices, self._counts.indptr), shape=self._counts.shape)

    @cached_property
    def _kin(self) -> Kin:
        return Kin(self._weights)

    def vectors(self, ids: Sequence[int]) -> sp.csr_array:
        """The BM25 vectors of known papers, one row each; KeyError for an unknown one."""
        return selected(self._weights, np.array([self._rows[paper_id] for paper_id in ids], np.int64))

    def beside(self, ids: Sequence[int]) -> sp.csr_array:
        """What the papers nearest to known papers say, one row each, see `kin`; KeyError for an unknown one."""
        return self._kin.beside([self._rows[paper_id] for paper_id in ids])

    def beside_of(self, vectors: sp.csr_array) -> sp.csr_array:
        """The same for the vectors of texts that need not be known."""
        return self._kin.beside_others(vectors)

    def vectors_of(self, texts: Iterable[str]) -> sp.csr_array:
        """The vectors of texts that need not be known; words that no known paper uses count as length only."""
        counts, lengths = self._vocabulary.count(texts, grow=False)
        return _weigh(counts, lengths, self.statistics)

    def query_vectors(self, texts: Iterable[str]) -> sp.csr_array:
        """The vectors of a few words each, weighed as if they stood in a paper of the usual length."""
        counts, lengths = self._vocabulary.count(texts, grow=False)
        return _weigh(counts, np.full_like(lengths, self.statistics.mean_length), self.statistics)

    def _average(self, statistics: Statistics) -> tuple[Floats, float]:
        total, norms = np.zeros(self._counts.shape[1]), 0.0
        for start in range(0, len(self), _BLOCK):
            block = self._block(statistics, start)
            total += np.bincount(block.indices, weights=block.data, minlength=len(total))
            norms += float(np.sqrt(squared_norms(block)).sum())
        return total / (len(self) + _UNSEEN), norms / max(len(self), 1) or 1.0

    def _block(self, statistics: Statistics, start: int) -> sp.csr_array:
        rows = np.arange(start, min(start + _BLOCK, len(self)))
        return _weigh(selected(self._counts, rows), self._lengths[rows], statistics)

    def _forget(self, ids: set[int]) -> None:
        if not ids:
            return
        kept = np.array([row for row, paper_id in enumerate(self._ids) if paper_id not in ids], np.int64)
        self._counts, self._lengths = selected(self._counts, kept), self._lengths[kept]
        for paper_id in ids:
            self._marks.pop(paper_id, None)
        self._number([paper_id for paper_id in self._ids if paper_id not in ids])

    def _drop_unused_terms(self) -> None:
        used, columns = np.unique(self._counts.indices, return_inverse=True)
        arrays = self._counts.data, columns.astype(np.int32), self._counts.indptr
        self._counts = sp.csr_array(arrays, shape=(len(self), len(used)))
        self._vocabulary.keep(used.astype(np.int64))

    def _number(self, ids: list[int]) -> None:
        self._ids = ids
        self._rows = {paper_id: row for row, paper_id in enumerate(ids)}
        for stale in ("statistics", "_weights", "_kin"):
            self.__dict__.pop(stale, None)


def _mark(text: str) -> int:
    return zlib.crc32(text.encode("utf-8", "replace"))


def _weigh(counts: sp.csr_array, lengths: Floats, statistics: Statistics) -> sp.csr_array:
    k1, b = statistics.saturation.k1, statistics.saturation.b
    dampers = k1 * (1 - b + b * lengths / statistics.mean_length)
    tf = counts.data.astype(np.float64)
    data = tf * (k1 + 1) / (tf + np.repeat(dampers, np.diff(counts.indptr))) * statistics.idf[counts.indices]
    return sp.csr_array((data.astype(np.float32), counts.indices, counts.indptr), shape=counts.shape)
