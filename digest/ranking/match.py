"""Where the points of some picks come from, term by term: one array for the picks of many interests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from digest.ranking.counts import Floats, Ints, entries_of, row_sums, sums
from digest.ranking.pool import Mask, Pool, Wording
from digest.ranking.profile import Tastes


@dataclass(frozen=True, slots=True)
class Match:
    """`points` of each term of some papers: (scale · taste − baseline · mean) · paper, one paper after the other.

    A paper's forms are numbered from where its terms start, so that the forms of all papers have numbers of their own;
    `forms` says which one each term is written as.
    """

    rows: Ints  # the taste of each paper
    starts: Ints  # where each paper's terms start, and the end of the last one
    weights: Floats  # of each term in its paper
    common: Floats  # mean · paper, term by term
    at: Ints  # which word of its taste each term is, -1 where it is none
    points: Floats
    owners: Ints  # which paper each term (and each form) is of
    forms: Ints
    totals: Floats  # each paper's relevance
    wordings: Sequence[Wording]

    def sums(self, values: Floats) -> Floats:
        """The sum over each paper's terms."""
        return row_sums(self.starts, values)

    def by_form(self) -> Floats:
        """The points of each written form of each paper."""
        return sums(self.forms, self.points, len(self.points))

    def strongest(self, count: int, least: float) -> Named:
        """Of each paper the forms with the most points, strongest first, each with over `least` of all matching."""
        by_form = self.by_form()
        gains = np.maximum(by_form, 0.0)
        by_form[self._beside()] = 0.0
        able = np.flatnonzero(by_form > np.repeat(least * self.sums(gains), np.diff(self.starts)))
        able = able[np.lexsort((-by_form[able], self.owners[able]))]
        owners = self.owners[able]
        places = np.arange(len(able)) - np.searchsorted(owners, owners)
        is_among = places < count
        return Named(able[is_among], owners[is_among], places[is_among])

    def words(self, named: Named) -> list[tuple[str, ...]]:
        """The named forms of each paper as it writes them, strongest first."""
        within = (named.forms - self.starts[named.owners]).tolist()
        words = [self.wordings[owner].forms[form] for owner, form in zip(named.owners.tolist(), within, strict=True)]
        ends = np.searchsorted(named.owners, np.arange(len(self.totals) + 1)).tolist()
        return [tuple(words[start:end]) for start, end in pairwise(ends)]

    def is_among(self, named: Named, count: int) -> Mask:
        """Which terms are written as one of the first `count` named forms of their paper."""
        is_form = np.zeros(len(self.points), bool)
        is_form[named.forms[named.places < count]] = True
        found: Mask = is_form[self.forms]
        return found

    def _beside(self) -> Ints:
        """The forms that stand for words the papers themselves do not say."""
        beside = np.array([wording.beside for wording in self.wordings], np.int64)
        found: Ints = (self.starts[:-1] + beside)[beside >= 0]
        return found


@dataclass(frozen=True, slots=True)
class Named:
    """Forms that are named, of which paper each is, and at which place in its reason."""

    forms: Ints
    owners: Ints
    places: Ints


class Matcher:
    """Matches the tastes of a chunk with papers of the pool."""

    def __init__(self, pool: Pool, tastes: Tastes) -> None:
        self._pool, self._tastes = pool, tastes
        self._lines: Ints = np.full(pool.vectors.shape[1], -1, np.int64)  # one taste at a time: the place of a column

    def match(self, rows: Ints, places: Ints) -> Match:
        """The papers at `places`, each with the taste of its row; the rows ascend."""
        pool, tastes = self._pool, self._tastes
        entries, starts = entries_of(pool.vectors, places)
        columns, weights, common = pool.vectors.indices[entries], pool.vectors.data[entries], pool.common[entries]
        counts = np.diff(starts)
        owners = np.repeat(np.arange(len(places)), counts)
        at, points = np.empty(len(entries), np.int64), np.empty(len(entries))
        for row, papers in runs_of(rows):
            span = slice(int(starts[papers.start]), int(starts[papers.stop]))
            words, own = _row(tastes.weights, row)
            self._lines[words] = np.arange(len(words))
            at[span] = self._lines[columns[span]]
            self._lines[words] = -1
            points[span] = np.append(own, 0.0)[at[span]]  # -1 is the nought at the end
        points *= weights
        points *= np.repeat(tastes.scale[rows], counts)
        points -= np.repeat(tastes.baseline[rows], counts) * common
        wordings, forms = self._worded(places, entries, starts, points)
        totals = row_sums(starts, points)
        return Match(rows, starts, weights, common, at, points, owners, forms, totals, wordings)

    def _worded(self, places: Ints, entries: Ints, starts: Ints, points: Floats) -> tuple[list[Wording], Ints]:
        pool = self._pool
        wordings = [pool.wording(place) for place in places.tolist()]
        forms = pool.form_numbers[entries] + np.repeat(starts[:-1], np.diff(starts))
        for i, wording in enumerate(wordings):
            if wording.is_unspaced:
                # Without blanks there are no words to show but the runs of pairs that match.
                span = slice(int(starts[i]), int(starts[i + 1]))
                wordings[i], numbers = pool.worded(int(places[i]), points[span])
                forms[span] = starts[i] + numbers
        return wordings, forms


def runs_of(rows: Ints) -> Iterator[tuple[int, slice]]:
    """Each row with the run of places that have it."""
    starts = np.flatnonzero(np.diff(rows, prepend=-1)).tolist()
    for start, end in zip(starts, [*starts[1:], len(rows)], strict=True):
        yield int(rows[start]), slice(start, end)


def _row(matrix: sp.csr_array, row: int) -> tuple[npt.NDArray[np.int32], Floats]:
    """The columns and the weights of one row."""
    span = slice(int(matrix.indptr[row]), int(matrix.indptr[row + 1]))
    return matrix.indices[span], matrix.data[span]
