"""What is done to the rows of a sparse matrix: lengths, cutting to the strongest entries, levelling."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from digest.ranking.counts import Floats, row_sums


def squared_norms(vectors: sp.csr_array) -> Floats:
    """Each row's squared length."""
    return row_sums(vectors.indptr, np.square(vectors.data, dtype=np.float64))


def with_lengths(vectors: sp.csr_array, lengths: Floats) -> sp.csr_array:
    """Each row stretched to its length; an empty row stays empty."""
    norms = np.sqrt(squared_norms(vectors))
    scale = np.divide(lengths, norms, out=np.zeros_like(norms), where=norms > 0)
    data = vectors.data * np.repeat(scale, np.diff(vectors.indptr)).astype(vectors.dtype)
    return sp.csr_array((data, vectors.indices, vectors.indptr), shape=vectors.shape)


def unit(vectors: sp.csr_array) -> sp.csr_array:
    """Each row stretched to length 1."""
    return with_lengths(vectors, np.ones(vectors.shape[0]))


def levelled(vectors: sp.csr_array) -> sp.csr_array:
    """Each weight to the power 3/4, its sign kept: the strong words of a text stand out less."""
    root = np.sqrt(np.abs(vectors.data))
    # By roots alone: a general power takes twenty times as long.
    data = np.copysign(root * np.sqrt(root), vectors.data)
    return sp.csr_array((data, vectors.indices, vectors.indptr), shape=vectors.shape)


def strongest(vectors: sp.csr_array, count: int) -> sp.csr_array:
    """The `count` entries of each row with the greatest amounts; of equal ones those that stand first."""
    lengths = np.diff(vectors.indptr)
    kept = np.repeat(lengths <= count, lengths) if count else np.zeros(vectors.nnz, bool)
    # Row by row: to sort all entries at once takes four times as long.
    for row in np.flatnonzero(lengths > count).tolist() if count else ():
        span = slice(int(vectors.indptr[row]), int(vectors.indptr[row + 1]))
        values = np.abs(vectors.data[span])
        bar = np.partition(values, len(values) - count)[len(values) - count]
        is_above = values > bar
        ties = np.flatnonzero(values == bar)[: count - np.count_nonzero(is_above)]
        is_above[ties] = True
        kept[span] = is_above
    indptr = np.concatenate([[0], np.cumsum(np.minimum(lengths, count))]).astype(np.int32)
    return sp.csr_array((vectors.data[kept], vectors.indices[kept], indptr), shape=vectors.shape)
