"""Texts → a growing vocabulary and a matrix of how often each text says each term."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from digest.ranking.terms import spoken_words, term_of

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_UNKNOWN = -1  # the column of terms that no learnt text uses
_IGNORED = -2  # the column of words that are no terms
_MOST = np.iinfo(np.uint16).max


def sums(places: Ints, values: Floats, count: int) -> Floats:
    """The sum of the values at each of `count` places."""
    return np.bincount(places, weights=values, minlength=count).astype(np.float64, copy=False)


def row_sums(starts: npt.NDArray[np.integer], values: Floats) -> Floats:
    """The sum of the values from each start to the next, as in the rows of a matrix."""
    found = np.zeros(len(starts) - 1)
    is_any = starts[1:] > starts[:-1]
    if is_any.any():
        found[is_any] = np.add.reduceat(values, starts[:-1][is_any])
    return found


def entries_of(matrix: sp.csr_array, rows: Ints) -> tuple[Ints, Ints]:
    """Where the entries of the given rows stand, row after row, and where each row of them starts; then the end."""
    firsts = matrix.indptr[rows].astype(np.int64)
    lengths = matrix.indptr[rows + 1] - firsts
    starts = np.zeros(len(rows) + 1, np.int64)
    np.cumsum(lengths, out=starts[1:])
    return np.arange(starts[-1]) + np.repeat(firsts - starts[:-1], lengths), starts


def selected(matrix: sp.csr_array, rows: Ints) -> sp.csr_array:
    """The given rows of a matrix, in the given order."""
    entries, starts = entries_of(matrix, rows)
    arrays = matrix.data[entries], matrix.indices[entries], starts.astype(np.int32)
    return sp.csr_array(arrays, shape=(len(rows), matrix.shape[1]))


class Vocabulary:
    """The column of each term. Words as spoken are remembered too, so that a word is folded only once."""

    def __init__(self) -> None:
        self._columns: dict[str, int] = {}
        self._spoken: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._columns)

    def terms(self) -> list[str]:
        """All terms, by column."""
        return list(self._columns)

    def count(self, texts: Iterable[str], *, grow: bool) -> tuple[sp.csr_array, Floats]:
        """Counts of the known terms and the lengths (in terms, unknown ones too) of `texts`.

        With `grow` unknown terms get new columns; otherwise they only lengthen their text.
        """
        columns: list[int] = []
        counts: list[int] = []
        starts = [0]
        lengths: list[int] = []
        for text in texts:
            found = self._columns_of(text, grow=grow)
            lengths.append(sum(found.values()))
            found.pop(_UNKNOWN, None)
            ordered = sorted(found)
            columns.extend(ordered)
            counts.extend(min(found[column], _MOST) for column in ordered)
            starts.append(len(columns))
        arrays = np.array(counts, np.uint16), np.array(columns, np.int32), np.array(starts, np.int32)
        return sp.csr_array(arrays, shape=(len(lengths), len(self))), np.array(lengths, np.float64)

    def keep(self, kept: Ints) -> None:
        """Renumber to the columns in `kept` (ascending); the other terms are forgotten."""
        place = np.full(len(self), _UNKNOWN)
        place[kept] = np.arange(len(kept))
        self._columns = {term: int(place[column]) for term, column in self._columns.items() if place[column] >= 0}
        self._spoken = {
            word: int(place[column]) if column >= 0 else column
            for word, column in self._spoken.items()
            if column < 0 or place[column] >= 0
        }

    def _columns_of(self, text: str, *, grow: bool) -> Counter[int]:
        found: Counter[int] = Counter()
        for word, times in Counter(spoken_words(text)).items():
            column = self._spoken.get(word)
            if column is None:
                column = self._learn(word) if grow else self._look_up(word)
            if column != _IGNORED:
                found[column] += times
        return found

    def _learn(self, word: str) -> int:
        term = term_of(word)
        column = _IGNORED if term is None else self._columns.setdefault(term, len(self._columns))
        self._spoken[word] = column
        return column

    def _look_up(self, word: str) -> int:
        term = term_of(word)
        return _IGNORED if term is None else self._columns.get(term, _UNKNOWN)
