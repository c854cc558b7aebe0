"""What the catalog says beside a paper: the words of the papers nearest to it.

An abstract is a small sample of what could be said of its subject. So a like is read with what is beside it
(pseudo-relevance feedback: Rocchio, "Relevance Feedback in Information Retrieval", 1971), and so is a candidate
(document expansion: Singhal & Pereira, "Document Expansion for Speech Retrieval", 1999). Each paper is its own query,
so unrelated interests stay apart and no other reader's data is needed.

    paper ─► its 32 strongest words ─► the 20 nearest papers by cosine ─► their mean, cut to 60 words
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.sparse as sp

from digest.ranking.counts import Floats, Ints, selected
from digest.ranking.vectors import levelled, squared_norms, strongest, unit, with_lengths

NEAREST = 20
"""Papers that are read beside a paper, at most; of a small catalog one in fifty."""

TOLD = 60
"""Words that the nearest papers say together, at most."""

_ONE_IN = 50  # in a catalog of a hundred papers the twenty nearest are about anything
_LEAST = 0.1  # a cosine; below, two papers share a word by chance
_INDEXED = 32  # words of each paper that are looked up
_AT_ONCE = 32  # papers looked up at once: at most 12 bytes × 32 × papers


class Kin:
    """An index of the papers of a corpus by their strongest words, and what was found beside them.

    `vectors` has a row for each paper. What is beside a paper of the corpus is kept once it was asked for, 8 bytes for
    each word: 24 MB where that is all of 50,000.
    """

    def __init__(self, vectors: sp.csr_array) -> None:
        self._vectors = vectors
        self._count = min(NEAREST, vectors.shape[0] // _ONE_IN)
        self._by_term = sp.csr_array(unit(levelled(strongest(vectors, _INDEXED))).T)
        self._is_single = np.bincount(vectors.indices, minlength=vectors.shape[1]) == 1
        self._slots: Ints = np.full(vectors.shape[0], -1, np.int64)  # where a paper's words are kept
        self._used = 0
        self._words = np.zeros((0, TOLD), np.int32)
        self._weights = np.zeros((0, TOLD), np.float32)
        self._lengths = np.zeros(0, np.int32)

    def beside(self, rows: Sequence[int]) -> sp.csr_array:
        """For each paper (a row of the corpus) what the papers nearest to it say, as a vector of the paper's length.

        Where fewer papers are near, the vector is shorter in proportion; it is empty where none is.
        """
        wanted = np.array(rows, np.int64)
        unknown = np.unique(wanted[self._slots[wanted] < 0])
        for start in range(0, len(unknown), _AT_ONCE):
            some = unknown[start : start + _AT_ONCE]
            self._keep(some, self._found(selected(self._vectors, some), some))
        slots = self._slots[wanted]
        lengths = self._lengths[slots]
        is_word = np.arange(TOLD) < lengths[:, np.newaxis]
        indptr = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
        arrays = self._weights[slots][is_word], self._words[slots][is_word], indptr
        return sp.csr_array(arrays, shape=(len(rows), self._vectors.shape[1]))

    def beside_others(self, vectors: sp.csr_array) -> sp.csr_array:
        """The same for texts that are no papers of the corpus, given by their vectors."""
        count = vectors.shape[0]
        blocks = [np.arange(start, min(start + _AT_ONCE, count)) for start in range(0, count, _AT_ONCE)]
        found = [self._found(selected(vectors, some), np.full(len(some), -1)) for some in blocks]
        return sp.csr_array(sp.vstack(found, format="csr")) if found else vectors

    def _keep(self, rows: Ints, found: sp.csr_array) -> None:
        lengths = np.diff(found.indptr)
        needed = self._used + len(rows)
        if needed > len(self._lengths):
            self._grow(min(max(needed, 2 * len(self._lengths)), len(self._slots)))
        slots = np.arange(self._used, needed)
        places = np.repeat(slots, lengths), np.arange(found.nnz) - np.repeat(found.indptr[:-1], lengths)
        self._words[places], self._weights[places] = found.indices, found.data
        self._lengths[slots] = lengths
        self._slots[rows] = slots
        self._used = needed

    def _grow(self, count: int) -> None:
        more = count - len(self._lengths)
        self._words = np.pad(self._words, ((0, more), (0, 0)))
        self._weights = np.pad(self._weights, ((0, more), (0, 0)))
        self._lengths = np.pad(self._lengths, (0, more))

    def _found(self, papers: sp.csr_array, rows: Ints) -> sp.csr_array:
        near = self._nearest(papers, rows)
        read, places = np.unique(near.indices, return_inverse=True)
        near_read = sp.csr_array((near.data, places, near.indptr), shape=(len(rows), len(read)))
        said = sp.csr_array(near_read @ levelled(selected(self._vectors, read.astype(np.int64))))
        # A word of a single paper says nothing together with others, and would only find that very paper again.
        said.data[self._is_single[said.indices]] = 0.0
        said.eliminate_zeros()
        said.sort_indices()
        lengths: Floats = np.sqrt(squared_norms(papers)) * np.diff(near.indptr) / max(self._count, 1)
        return with_lengths(strongest(said, TOLD), lengths)

    def _nearest(self, papers: sp.csr_array, rows: Ints) -> sp.csr_array:
        """The cosines of the nearest papers; a paper (its row, or -1) is not near itself."""
        cosines = sp.csr_array(unit(levelled(strongest(papers, _INDEXED))) @ self._by_term)
        own = np.repeat(rows, np.diff(cosines.indptr))
        cosines.data[(cosines.indices == own) | (cosines.data < _LEAST)] = 0.0
        cosines.eliminate_zeros()
        cosines.sort_indices()
        return strongest(cosines, self._count)
