"""Where among some papers is what subscribers ask for: names, categories, institutions, phrases, conditions.

Each question is answered once, however many subscribers ask it; an answer is an array of places, ascending.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from digest.model import Paper
from digest.ranking.counts import Ints
from digest.ranking.follows import folded_category, folded_name, index_by_author, index_by_category
from digest.ranking.mutes import Wordings
from digest.ranking.profile import paper_text
from digest.ranking.query import met, only_rules_out, parse, turned_away

Mask = npt.NDArray[np.bool_]
_T = TypeVar("_T")

_REMEMBERED = 2000  # answers of a kind, so that memory does not grow with the subscribers

_NOWHERE: Ints = np.zeros(0, np.int64)
_BETWEEN_WORDS = re.compile(r"[\s–-]+")
_APART = "\n|\n"  # no institution's name goes on in the next


@dataclass(frozen=True, slots=True)
class Met:
    """Where a condition is met, and where only its NOT keeps it from being met.

    One that only rules out is met by papers about anything else, which is no merit of theirs: it has no `places`.
    """

    places: Ints
    turned_away: Ints
    only_rules_out: bool


class Index:
    """The places of papers in a sequence, by what is asked for."""

    def __init__(self, papers: Sequence[Paper]) -> None:
        self._papers = papers
        self._saying: dict[str, Ints] = {}
        self._met: dict[str, Met | None] = {}
        self._at: dict[str, Ints] = {}

    def by_author(self, name: str) -> Ints:
        return self._by_author.get(folded_name(name), _NOWHERE)

    def in_category(self, category: str) -> Ints:
        """Papers of a category or archive, cross-listed ones too."""
        return self._by_category.get(folded_category(category), _NOWHERE)

    def mainly_in(self, category: str) -> Ints:
        """Papers whose first category it is, or is of this archive."""
        return self._by_main_category.get(folded_category(category), _NOWHERE)

    @cached_property
    def without_category(self) -> Ints:
        return np.array([place for place, paper in enumerate(self._papers) if not paper.categories], np.int64)

    def at_institution(self, name: str) -> Ints:
        """Papers with an affiliation that has the name's words, whole and in this order."""
        return _remembered(self._at, name, self._affiliations.saying)

    def saying(self, phrase: str) -> Ints:
        """Papers that say a phrase in title or abstract."""
        return _remembered(self._saying, phrase, self._texts.saying)

    def meeting(self, keyword: str) -> Met | None:
        """Where a keyword's condition is met; None for plain words."""
        return _remembered(self._met, keyword, self._meeting)

    def side_by_side(self, keyword: str) -> Ints:
        """Papers that say several plain words one after the other; nowhere for a single word or a condition."""
        query = parse(keyword)
        is_several = query.condition is None and len(_BETWEEN_WORDS.split(query.words)) > 1
        return self.saying(query.words) if is_several else _NOWHERE

    def mask_saying(self, phrase: str) -> Mask:
        return self.mask([self.saying(phrase)])

    def mask(self, places: Iterable[Ints]) -> Mask:
        """All of the places, marked."""
        found = np.zeros(len(self._papers), bool)
        for some in places:
            found[some] = True
        return found

    def _meeting(self, keyword: str) -> Met | None:
        condition = parse(keyword).condition
        if condition is None:
            return None
        only = only_rules_out(condition)
        places = _NOWHERE if only else np.flatnonzero(met(condition, self.mask_saying))
        return Met(places, np.flatnonzero(turned_away(condition, self.mask_saying)), only)

    @cached_property
    def _by_author(self) -> dict[str, Ints]:
        return _arrays(index_by_author(self._papers))

    @cached_property
    def _by_category(self) -> dict[str, Ints]:
        return _arrays(index_by_category([paper.categories for paper in self._papers]))

    @cached_property
    def _by_main_category(self) -> dict[str, Ints]:
        return _arrays(index_by_category([paper.categories[:1] for paper in self._papers]))

    @cached_property
    def _texts(self) -> Wordings:
        return Wordings([paper_text(paper) for paper in self._papers])

    @cached_property
    def _affiliations(self) -> Wordings:
        return Wordings([_APART.join(paper.affiliations) for paper in self._papers])


def _remembered(known: dict[str, _T], question: str, answer: Callable[[str], _T]) -> _T:
    if question not in known:
        if len(known) == _REMEMBERED:
            known.clear()
        known[question] = answer(question)
    return known[question]


def _arrays(lists: dict[str, list[int]]) -> dict[str, Ints]:
    # A paper in two categories of an archive stands twice in the archive's list.
    return {name: np.unique(np.array(places, np.int64)) for name, places in lists.items()}
