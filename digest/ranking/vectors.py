"""What is done to the rows of a sparse matrix: lengths, cutting to the strongest entries, levelling."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from scipy.sparse import _sparsetools

from digest.ranking.counts import Floats, Ints, row_sums


def product(left: sp.csr_array, right: sp.csr_array) -> sp.csr_array:
    """left @ right, in the precision of both.

    SciPy's own operator first counts the entries of the result, which takes a third of the time; here as many as there
    can be at most are allocated.
    """
    rows, columns = left.shape[0], right.shape[1]
    most = min(int(np.diff(right.indptr)[left.indices].sum()), rows * columns)
    kind = np.result_type(left.data, right.data)
    starts, places, data = np.empty(rows + 1, np.int32), np.empty(most, np.int32), np.empty(most, kind)
    _sparsetools.csr_matmat(rows, columns, *_arrays(left, kind), *_arrays(right, kind), starts, places, data)
    count = int(starts[-1])
    return sp.csr_array((data[:count], places[:count], starts), shape=(rows, columns))


_Numbers = npt.NDArray[np.int32]


def _arrays(matrix: sp.csr_array, kind: np.dtype[Any]) -> tuple[_Numbers, _Numbers, npt.NDArray[Any]]:
    starts, places = (part.astype(np.int32, copy=False) for part in (matrix.indptr, matrix.indices))
    return starts, places, matrix.data.astype(kind, copy=False)


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


def strongest(vectors: sp.csr_array, count: int, *, has_ties: bool = False) -> sp.csr_array:
    """The `count` entries of each row with the greatest amounts; of equal ones those that stand first, or all."""
    lengths = np.diff(vectors.indptr)
    amounts = np.abs(vectors.data)
    bars = np.zeros(len(lengths), amounts.dtype) if count else np.full(len(lengths), np.inf, amounts.dtype)
    for row in np.flatnonzero(lengths > count).tolist() if count else ():
        own = amounts[vectors.indptr[row] : vectors.indptr[row + 1]]
        bars[row] = np.partition(own, len(own) - count)[len(own) - count]
    # Places, not a mask: to select by a mask of which half is set takes four times as long.
    kept = np.flatnonzero(amounts >= np.repeat(bars, lengths))
    if not has_ties:
        kept = np.delete(kept, _surplus(amounts, bars, kept, np.searchsorted(kept, vectors.indptr), count))
    starts = np.searchsorted(kept, vectors.indptr).astype(np.int32)
    return sp.csr_array((vectors.data[kept], vectors.indices[kept], starts), shape=vectors.shape)


def _surplus(amounts: Floats, bars: Floats, kept: Ints, starts: Ints, count: int) -> list[int]:
    """Which of those kept are too many of a row: the last of those that are just as strong as its bar."""
    found: list[int] = []
    for row in np.flatnonzero(np.diff(starts) > count).tolist():
        start, end = int(starts[row]), int(starts[row + 1])
        ties = start + np.flatnonzero(amounts[kept[start:end]] == bars[row])
        found += ties[len(ties) - (end - start - count) :].tolist()
    return found
