"""The parts of a digest: what belongs together under one heading, in the order in which a reader wants it.

    each interest · from outside your interests · you missed · revised

A digest of one interest without a name has no headings, as long as nothing else stands in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from digest.editions.plain import clean
from digest.editions.select import MISSED, REVISED
from digest.model import ShownPick

OUTSIDE = "From outside your interests"
YOU_MISSED = "You missed"
NEWER_VERSIONS = "Revised since you got or liked them"
MAIN = "Your main interest"

_NAME = 64


@dataclass(frozen=True, slots=True)
class Section:
    """Picks in the order of their places; without a heading where nothing needs to be told apart."""

    heading: str
    picks: tuple[ShownPick, ...]


def sections(picks: Sequence[ShownPick]) -> tuple[Section, ...]:
    """The picks by heading; interests in the order of their best picks."""
    usual = [pick for pick in picks if not _special(pick)]
    names = list(dict.fromkeys(pick.interest for pick in usual))
    main = MAIN if len(names) > 1 else ""
    found = [_named(clean(name, _NAME) or main, [pick for pick in usual if pick.interest == name]) for name in names]
    special = (OUTSIDE, YOU_MISSED, NEWER_VERSIONS)
    found += [_named(heading, [pick for pick in picks if _special(pick) == heading]) for heading in special]
    return tuple(section for section in found if section.picks)


def _special(pick: ShownPick) -> str:
    if pick.facts.marker == REVISED:
        return NEWER_VERSIONS
    if pick.facts.marker == MISSED:
        return YOU_MISSED
    return OUTSIDE if pick.is_exploration else ""


def _named(heading: str, picks: Sequence[ShownPick]) -> Section:
    return Section(heading, tuple(picks))


def summary(found: Sequence[Section], scanned: int) -> str:
    """What came in one line: "5 papers for you, from 412 scanned; 2 you missed, 1 revised"."""
    beside = (YOU_MISSED, NEWER_VERSIONS)
    special = {section.heading: len(section.picks) for section in found if section.heading in beside}
    count = sum(len(section.picks) for section in found) - sum(special.values())
    if count == 0:
        first = f"Nothing above your bar today; {scanned:,} papers scanned"
    else:
        first = f"{'One paper' if count == 1 else f'{count} papers'} for you, from {scanned:,} scanned"
    others = [
        f"{special[heading]} {words}"
        for heading, words in zip(beside, ("you missed", "revised"), strict=True)
        if heading in special
    ]
    return "; ".join([first, *([", ".join(others)] if others else [])]) + "."
