"""The parts of a digest: what belongs together under one heading, in the order in which a reader wants it.

    each interest · newly trending · from outside your interests · you missed · revised

A digest of one interest without a name has no headings, as long as nothing else stands in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from digest.editions.language import ENGLISH, N_, Language
from digest.editions.plain import clean
from digest.editions.select import MISSED, REVISED, RISING
from digest.model import ShownPick

TRENDING = N_("Newly trending")
OUTSIDE = N_("From outside your interests")
YOU_MISSED = N_("You missed")
NEWER_VERSIONS = N_("Revised since you got or liked them")
MAIN = N_("Your main interest")

_NAME = 64


@dataclass(frozen=True, slots=True)
class Section:
    """Picks in the order of their places; without a heading where nothing needs to be told apart.

    `kind` is one of the constants above, "" for an interest; `heading` is as the reader's language has it.
    """

    heading: str
    picks: tuple[ShownPick, ...]
    kind: str = ""


def sections(picks: Sequence[ShownPick], language: Language = ENGLISH) -> tuple[Section, ...]:
    """The picks by heading; interests in the order of their best picks."""
    usual: dict[str, list[ShownPick]] = {}
    special: dict[str, list[ShownPick]] = {TRENDING: [], OUTSIDE: [], YOU_MISSED: [], NEWER_VERSIONS: []}
    for pick in picks:
        kind = _MARKED.get(pick.facts.marker) or (OUTSIDE if pick.is_exploration else "")
        some = special[kind] if kind else usual.setdefault(pick.interest, [])
        some.append(pick)
    main = language.gettext(MAIN) if len(usual) > 1 else ""
    found = [Section(clean(name, _NAME) or main, tuple(some)) for name, some in usual.items()]
    found += [Section(language.gettext(kind), tuple(some), kind) for kind, some in special.items() if some]
    return tuple(found)


_MARKED = {RISING: TRENDING, REVISED: NEWER_VERSIONS, MISSED: YOU_MISSED}


def summary(found: Sequence[Section], scanned: int, language: Language = ENGLISH) -> str:
    """What came in one line: "5 papers for you, from 412 scanned; 2 you missed, 1 revised"."""
    counts = {part.kind: len(part.picks) for part in found if part.kind in (YOU_MISSED, NEWER_VERSIONS)}
    missed, revised = counts.get(YOU_MISSED, 0), counts.get(NEWER_VERSIONS, 0)
    return _summary(sum(len(part.picks) for part in found) - missed - revised, missed, revised, scanned, language)


@lru_cache(maxsize=4096)
def _summary(count: int, missed: int, revised: int, scanned: int, language: Language) -> str:
    papers = language.number(scanned)
    if count == 0:
        first = language.ngettext(
            "Nothing above your bar today; one paper scanned",
            "Nothing above your bar today; %(num)s papers scanned",
            scanned,
        )
    else:
        first = language.ngettext(
            "One paper for you, from %(scanned)s scanned",
            "%(num)s papers for you, from %(scanned)s scanned",
            count,
            scanned=papers,
        )
    others = [
        language.ngettext("%(num)s you missed", "%(num)s you missed", missed) if missed else "",
        language.ngettext("%(num)s revised", "%(num)s revised", revised) if revised else "",
    ]
    beside = ", ".join(part for part in others if part)
    return f"{first}; {beside}." if beside else f"{first}."
