"""Where the points of one subscriber's picks come from, term by term; one array for all picks of the subscriber."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from digest.ranking.counts import Floats, Ints, selected, sums
from digest.ranking.pool import Mask, Pool, Wording
from digest.ranking.profile import Tastes


@dataclass(frozen=True, slots=True)
class Match:
    """`points` of each term of each of `papers`' rows: (scale · taste − baseline · mean) · paper, row after row."""

    papers: sp.csr_array
    common: Floats  # mean · paper, term by term
    points: Floats
    owners: Ints  # which row each term is of
    totals: Floats  # each row's relevance
    wordings: tuple[Wording, ...]

    def sums(self, values: Floats) -> Floats:
        """The sum over each paper's terms."""
        return sums(self.owners, values, len(self.totals))

    def terms_of(self, i: int) -> slice:
        return slice(int(self.papers.indptr[i]), int(self.papers.indptr[i + 1]))

    def by_form(self, i: int) -> Floats:
        """The points of each written form of the i-th paper."""
        wording = self.wordings[i]
        return sums(wording.form_of_term, self.points[self.terms_of(i)], len(wording.forms))

    def strongest(self, i: int, count: int, least: float) -> list[int]:
        """The forms with the most points, strongest first, each with over `least` of all matching points."""
        by_form = self.by_form(i)
        order = (-by_form).argsort(kind="stable")[:count]
        bar = least * float(by_form[by_form > 0].sum())
        return [form for form in order.tolist() if by_form[form] > bar]

    def is_unnamed(self, named: Sequence[Sequence[int]]) -> Mask:
        """Which terms are not written as one of their paper's named forms."""
        found = np.ones(len(self.points), bool)
        for i, forms in enumerate(named):
            is_other = np.ones(len(self.wordings[i].forms), bool)
            is_other[list(forms)] = False
            found[self.terms_of(i)] = is_other[self.wordings[i].form_of_term]
        return found


class Matcher:
    """Matches the tastes of a chunk with papers of the pool."""

    def __init__(self, pool: Pool, mean: Floats, tastes: Tastes) -> None:
        self._pool, self._mean, self._tastes = pool, mean, tastes
        self._spread: Floats = np.zeros(len(mean))  # one vector at a time, looked up by column
        self._lines: Ints = np.full(len(mean), -1, np.int64)  # the same for the lines of a table

    def match(self, row: int, places: Ints) -> Match:
        """The papers at `places` with the taste of a row."""
        papers = selected(self._pool.vectors, places)
        common = self._mean[papers.indices] * papers.data
        points = self._points(self._tastes.weights, row, self._tastes.scale[row], papers)
        points -= self._tastes.baseline[row] * common
        owners = np.repeat(np.arange(len(places)), np.diff(papers.indptr))
        totals = sums(owners, points, len(places))
        ends = papers.indptr.tolist()
        wordings = tuple(
            self._pool.wording(place, points[ends[i] : ends[i + 1]]) for i, place in enumerate(places.tolist())
        )
        return Match(papers, common, points, owners, totals, wordings)

    def carried(self, row: int, rows: Ints, weights: Floats, match: Match, terms: Mask) -> tuple[Floats, Floats]:
        """What each of some likes (rows) carried of each paper's relevance (columns), and of the points of some terms.

        `rows` are the likes' rows of the tastes' vectors, `weights` what they count in the taste.
        """
        count = len(match.totals)
        # Two columns for each paper, all terms and some. The lines are numbered by where a term stands last.
        lines = np.arange(len(match.points))
        self._lines[match.papers.indices] = lines
        lines = self._lines[match.papers.indices]
        table = np.zeros((len(lines), 2 * count))
        table[lines, match.owners] = match.papers.data
        table[lines, match.owners + count] = match.papers.data * terms
        products = self._products(selected(self._tastes.vectors, rows), table)
        self._lines[match.papers.indices] = -1
        common = np.concatenate([match.sums(match.common), match.sums(match.common * terms)])
        parts = weights[:, np.newaxis] * (self._tastes.scale[row] * products - self._tastes.baseline[row] * common)
        return parts[:, :count], parts[:, count:]

    def _products(self, likes: sp.csr_array, table: Floats) -> Floats:
        """Each like's product with each column of the table, whose lines `_lines` tells for the terms."""
        lines = self._lines[likes.indices]
        shared = np.flatnonzero(lines >= 0)
        counts = np.searchsorted(shared, likes.indptr).astype(np.int32)
        arrays = likes.data[shared], lines[shared].astype(np.int32), counts
        found: Floats = sp.csr_array(arrays, shape=(likes.shape[0], len(table))) @ table
        return found

    def _points(self, vectors: sp.csr_array, row: int, scale: float, papers: sp.csr_array) -> Floats:
        span = slice(int(vectors.indptr[row]), int(vectors.indptr[row + 1]))
        columns = vectors.indices[span]
        self._spread[columns] = vectors.data[span]
        found: Floats = self._spread[papers.indices]
        self._spread[columns] = 0.0
        found *= papers.data
        found *= scale
        return found
