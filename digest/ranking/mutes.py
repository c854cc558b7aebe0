"""Which papers say a word or phrase: whole words, whatever the case, accents, hyphens or plural `s`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from digest.ranking.counts import Ints
from digest.ranking.terms import sign_of, signs

_END = "\n"  # no sign, so no phrase goes on from one text to the next


class Wordings:
    """Some texts, read once: where each word stands. A phrase is then sought only where its rarest word is."""

    def __init__(self, texts: Sequence[str]) -> None:
        spoken: defaultdict[str, int] = defaultdict()
        spoken.default_factory = spoken.__len__
        said: list[int] = []
        ends: list[int] = []
        for text in texts:
            said.extend(map(spoken.__getitem__, signs(text)))
            ends.append(len(said))
            said.append(spoken[_END])
        self._numbers: dict[str, int] = {}
        folded = [self._numbers.setdefault(sign_of(sign), len(self._numbers)) for sign in spoken]
        # The smallest type: 16 bits are sorted several times faster than 32.
        self._said = np.array(folded, np.min_scalar_type(len(folded)))[np.array(said, np.int64)]
        self._ends = np.array(ends, np.int64)
        self._order = np.argsort(self._said, kind="stable").astype(np.int32)
        self._starts = np.concatenate([[0], np.cumsum(np.bincount(self._said, minlength=len(self._numbers)))])

    def saying(self, phrase: str) -> Ints:
        """The indices of the texts that say `phrase`, ascending; none for an empty one."""
        wanted = [self._numbers.get(sign_of(sign), -1) for sign in signs(phrase)]
        if not wanted or -1 in wanted:
            return np.zeros(0, np.int64)
        spans = [(int(self._starts[number]), int(self._starts[number + 1])) for number in wanted]
        rarest = min(range(len(wanted)), key=lambda i: spans[i][1] - spans[i][0])
        at = self._order[slice(*spans[rarest])].astype(np.int64) - rarest
        at = at[(at >= 0) & (at + len(wanted) <= len(self._said))]
        for i, number in enumerate(wanted):
            at = at[self._said[at + i] == number]
        return np.unique(np.searchsorted(self._ends, at))
