"""Where the points of some picks come from, term by term: one array for the picks of many interests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import scipy.sparse as sp

from digest.ranking.counts import Floats, Ints, selected, sums
from digest.ranking.pool import Mask, Pool, Wording
from digest.ranking.profile import Tastes


@dataclass(frozen=True, slots=True)
class Match:
    """`points` of each term of each of `papers`' rows: (scale · taste − baseline · mean) · paper, row after row.

    A paper's forms are numbered from where its terms start, so that the forms of all papers have numbers of their own;
    `forms` says which one each term is written as.
    """

    rows: Ints  # the taste of each paper
    papers: sp.csr_array
    common: Floats  # mean · paper, term by term
    growth: Floats  # what levelling multiplied each term's weight in the taste by
    points: Floats
    owners: Ints  # which paper each term (and each form) is of
    forms: Ints
    totals: Floats  # each paper's relevance
    wordings: Sequence[Wording]

    def sums(self, values: Floats) -> Floats:
        """The sum over each paper's terms."""
        return sums(self.owners, values, len(self.totals))

    def by_form(self) -> Floats:
        """The points of each written form of each paper."""
        return sums(self.forms, self.points, len(self.points))

    def strongest(self, count: int, least: float) -> list[list[int]]:
        """For each paper the forms with the most points, strongest first, each with over `least` of all matching."""
        by_form = self.by_form()
        bars = least * self.sums(np.maximum(by_form, 0.0))
        by_form[self._beside()] = 0.0
        able = np.flatnonzero(by_form > np.maximum(bars, 0.0)[self.owners])
        able = able[np.lexsort((-by_form[able], self.owners[able]))]
        owners = self.owners[able]
        place = np.arange(len(able)) - np.searchsorted(owners, owners)
        found: list[list[int]] = [[] for _ in self.wordings]
        is_among = place < count
        for owner, form in zip(owners[is_among].tolist(), able[is_among].tolist(), strict=True):
            found[owner].append(form)
        return found

    def _beside(self) -> Ints:
        """The forms that stand for words the papers themselves do not say."""
        starts = self.papers.indptr[:-1].tolist()
        found = [start + word.beside for start, word in zip(starts, self.wordings, strict=True) if word.beside >= 0]
        return np.array(found, np.int64)

    def is_named(self, named: Sequence[Sequence[int]]) -> Mask:
        """Which terms are written as one of their paper's named forms."""
        is_among = np.zeros(len(self.points), bool)
        is_among[[form for forms in named for form in forms]] = True
        found: Mask = is_among[self.forms]
        return found

    def words(self, named: Sequence[Sequence[int]]) -> list[tuple[str, ...]]:
        """The named forms of each paper as it writes them."""
        starts = self.papers.indptr.tolist()
        return [
            tuple([wording.forms[form - start] for form in forms])
            for wording, start, forms in zip(self.wordings, starts[:-1], named, strict=True)
        ]


_NONE: Ints = np.zeros(0, np.int64)


class Matcher:
    """Matches the tastes of a chunk with papers of the pool."""

    def __init__(self, pool: Pool, mean: Floats, tastes: Tastes) -> None:
        self._pool, self._mean, self._tastes = pool, mean, tastes
        self._spread: Floats = np.zeros(len(mean))  # one taste at a time, looked up by column
        self._lines: Ints = np.full(len(mean), -1, np.int64)  # the same for the lines of a table

    def match(self, rows: Ints, places: Ints) -> Match:
        """The papers at `places`, each with the taste of its row; the rows ascend."""
        papers = selected(self._pool.vectors, places)
        counts = np.diff(papers.indptr)
        owners = np.repeat(np.arange(len(places)), counts)
        common = self._mean[papers.indices] * papers.data
        weights = self._weights(rows, papers)
        growth = self._tastes.growth(rows[owners], weights)
        points = weights * papers.data
        points *= self._tastes.scale[rows][owners]
        points -= self._tastes.baseline[rows][owners] * common
        starts = papers.indptr.tolist()
        wordings = [
            self._pool.wording(place, points[starts[i] : starts[i + 1]]) for i, place in enumerate(places.tolist())
        ]
        forms = np.repeat(papers.indptr[:-1].astype(np.int64), counts)
        if wordings:
            forms += np.concatenate([wording.form_of_term for wording in wordings])
        totals = sums(owners, points, len(places))
        return Match(rows, papers, common, growth, points, owners, forms, totals, wordings)

    def leaders(
        self, match: Match, likes: Sequence[tuple[Ints, Floats]], is_named: Mask
    ) -> tuple[Ints, Floats, Floats]:
        """Of each paper the like that carried most of its relevance, as a row of the tastes' vectors, and how much.

        And how much of the points of its named terms. `likes` has for each run of papers with the same taste the rows
        of the likes, and what they count in the taste. A paper that shares no word with a like has the row −1.
        """
        leaders, carried, of_named = np.full(len(match.totals), -1), *np.zeros((2, len(match.totals)))
        sources = np.concatenate([_NONE, *(rows for rows, _ in likes)])
        if not len(sources):
            return leaders, carried, of_named
        by_like, numbers = self._numbered(match, [rows for rows, _ in likes])
        by_line = sp.csr_array(by_like.T)
        weights = np.concatenate([np.zeros(0), *(weights for _, weights in likes)])
        keys, parts = self._parts(match, numbers, np.ones(len(numbers), bool), by_line, weights)
        owners = keys // len(sources)
        starts = np.flatnonzero(np.diff(owners, prepend=-1))
        if len(parts):
            carried[owners[starts]] = np.maximum.reduceat(parts, starts)
        greatest = np.flatnonzero(parts == carried[owners])[::-1]
        best = np.full(len(leaders), -1)
        best[owners[greatest]] = keys[greatest]  # of equals the first one, written last
        leaders[best >= 0] = sources[best[best >= 0] % len(sources)]
        named_keys, named = self._parts(match, numbers, is_named, by_line, weights)
        at = np.searchsorted(named_keys, best)
        is_there = at < len(named_keys)
        is_there[is_there] = named_keys[at[is_there]] == best[is_there]
        of_named[is_there] = named[at[is_there]]
        return leaders, carried, of_named

    def _parts(
        self, match: Match, numbers: Ints, terms: Mask, by_line: sp.csr_array, weights: Floats
    ) -> tuple[Ints, Floats]:
        """What the likes carried of the points of some terms: for which paper and like (paper · likes + like)."""
        ends = np.concatenate([[0], np.cumsum(terms)])[match.papers.indptr]
        arrays = match.papers.data[terms], numbers[terms].astype(np.int32), ends.astype(np.int32)
        products = sp.csr_array(arrays, shape=(len(match.totals), by_line.shape[0])) @ by_line
        products.sort_indices()
        owners = np.repeat(np.arange(len(match.totals)), np.diff(products.indptr))
        common = self._tastes.baseline[match.rows] * match.sums(match.common * terms)
        scale = self._tastes.scale[match.rows][owners]
        parts = weights[products.indices] * (scale * products.data - common[owners])
        return owners * by_line.shape[1] + products.indices, parts

    def _numbered(self, match: Match, likes: Sequence[Ints]) -> tuple[sp.csr_array, Ints]:
        """The likes as a matrix whose columns are terms of one taste each, and the column of each term of the match.

        So the product of all likes with all papers has an entry only where both are of one taste.
        """
        numbers, total = np.empty(len(match.points), np.int64), 0
        data: list[Floats] = []
        found: list[Ints] = []
        starts: list[Ints] = [np.zeros(1, np.int64)]
        for (start, end), rows in zip(_runs(match.rows, match.papers), likes, strict=True):
            columns = match.papers.indices[start:end]
            self._lines[columns] = np.arange(start, end)  # numbered by where a term stands last
            numbers[start:end] = self._lines[columns]
            own = selected(self._tastes.vectors, rows)
            lines = self._lines[own.indices]
            shared = np.flatnonzero(lines >= 0)
            found.append(lines[shared])
            data.append(own.data[shared] * match.growth[lines[shared]])
            starts.append(total + np.searchsorted(shared, own.indptr[1:]))
            total += len(shared)
            self._lines[columns] = -1
        arrays = np.concatenate(data), np.concatenate(found).astype(np.int32), np.concatenate(starts).astype(np.int32)
        return sp.csr_array(arrays, shape=(len(arrays[2]) - 1, len(match.points))), numbers

    def _weights(self, rows: Ints, papers: sp.csr_array) -> Floats:
        """The weight in its paper's taste of each term."""
        found = np.empty(papers.nnz)
        weights = self._tastes.weights
        for row, (start, end) in zip(dict.fromkeys(rows.tolist()), _runs(rows, papers), strict=True):
            span = slice(int(weights.indptr[row]), int(weights.indptr[row + 1]))
            columns = weights.indices[span]
            self._spread[columns] = weights.data[span]
            found[start:end] = self._spread[papers.indices[start:end]]
            self._spread[columns] = 0.0
        return found


def runs_of(rows: Ints) -> list[int]:
    """Where each run of equal rows starts, and the end of the last one."""
    return [*np.flatnonzero(np.diff(rows, prepend=-1)).tolist(), len(rows)] if len(rows) else []


def _runs(rows: Ints, papers: sp.csr_array) -> list[tuple[int, int]]:
    """From where to where the terms of each run of papers with equal rows stand."""
    return list(pairwise(papers.indptr[runs_of(rows)].tolist() if len(rows) else []))
