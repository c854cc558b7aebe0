"""Which papers of a day are of one topic, and which are nearly the same paper."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.sparse as sp

from digest.ranking.counts import Ints, sums
from digest.ranking.terms import fold, spoken_words

ALIKE = 0.12
"""Cosine from which two papers are of one topic; one pair of a thousand is, on a day of one arXiv category."""

_TELLING = 32  # words of a paper that are compared, those of most weight: what papers share by chance is left out
_FEWEST = 12  # a paper of fewer words says too little to be like another
_WORDS_OF_TITLE = 4  # a shorter title ("Editorial") is that of many papers


def cosines(vectors: sp.csr_array, titles: Sequence[str]) -> sp.csr_array:
    """The cosine of each two papers by their telling words, where it is over `ALIKE`; 1 where the title is the same."""
    telling = _telling(vectors)
    found = sp.coo_array(telling @ sp.csr_array(telling.T))
    rows, columns = found.coords
    is_kept = (found.data >= ALIKE) & (rows != columns)
    pairs = _of_one_title(titles)
    data = np.concatenate([found.data[is_kept], np.full(len(pairs), 2.0)])
    coords = np.concatenate([rows[is_kept], pairs[:, 0]]), np.concatenate([columns[is_kept], pairs[:, 1]])
    whole = sp.csr_array((data.astype(np.float32), coords), shape=found.shape)
    np.minimum(whole.data, 1.0, out=whole.data)
    return whole


def _telling(vectors: sp.csr_array) -> sp.csr_array:
    """Each row's greatest entries, brought to length 1; those that tie with the last one are kept too."""
    count, lengths = vectors.shape[0], np.diff(vectors.indptr)
    owners = np.repeat(np.arange(count), lengths)
    descending = vectors.data[np.lexsort((-vectors.data, owners))]
    is_long = lengths >= _FEWEST
    last = vectors.indptr[:-1][is_long] + np.minimum(_TELLING, lengths[is_long]) - 1
    least = np.full(count, np.inf)
    least[is_long] = descending[last]
    is_kept = vectors.data >= least[owners]
    data, owners = vectors.data[is_kept], owners[is_kept]
    norms = np.sqrt(sums(owners, data**2, count))
    starts = np.concatenate([[0], np.cumsum(np.bincount(owners, minlength=count))]).astype(np.int32)
    arrays = (data / norms[owners]).astype(np.float32), vectors.indices[is_kept], starts
    return sp.csr_array(arrays, shape=vectors.shape)


def _of_one_title(titles: Sequence[str]) -> Ints:
    """The pairs of papers, both ways round, whose titles are the same but for signs."""
    groups: dict[tuple[str, ...], list[int]] = {}
    for i, title in enumerate(titles):
        words = tuple(spoken_words(fold(title)))
        if len(words) >= _WORDS_OF_TITLE:
            groups.setdefault(words, []).append(i)
    pairs = [(i, j) for group in groups.values() for i in group for j in group if i != j]
    return np.array(pairs, np.int64).reshape(-1, 2)
