"""A paper's attention over time as numbers for an inline SVG: one step line for each signal, one scale for each.

A reading is stored when it changed, so between two readings the earlier one holds: a line of steps, not of slopes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from digest.editions.language import N_, Language
from digest.editions.plain import clean

WIDTH, HEIGHT = 600, 120
_TOP = 8
_MOST_POINTS = 200
_NAME = 32

# What the built-in sources count; others name their readings themselves.
_COUNTED: Mapping[str, Callable[[Language, int], str]] = {
    "upvotes": lambda language, count: language.ngettext("%(num)s upvote", "%(num)s upvotes", count),
    "comments": lambda language, count: language.ngettext("%(num)s comment", "%(num)s comments", count),
    "stars": lambda language, count: language.ngettext("%(num)s star", "%(num)s stars", count),
    "HN points": lambda language, count: language.ngettext("%(num)s HN point", "%(num)s HN points", count),
    "HN comments": lambda language, count: language.ngettext("%(num)s HN comment", "%(num)s HN comments", count),
}
_NAMES = {
    "upvotes": N_("upvotes"),
    "comments": N_("comments"),
    "stars": N_("stars"),
    "HN points": N_("HN points"),
    "HN comments": N_("HN comments"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """A signal's course: `points` for a polyline, in words first and last."""

    name: str
    points: str
    first: int
    last: int
    highest: int
    said: str  # "upvotes: 3 on 17 Apr, 120 on 20 Apr"


@dataclass(frozen=True, slots=True)
class Plot:
    """The lines, and the days at the ends of the axis."""

    lines: tuple[Line, ...]
    begin: str
    end: str
    rows: tuple[tuple[str, str, str], ...]  # for the table: when, signal, reading


def plot(readings: Sequence[tuple[str, str, datetime, int]], until: datetime, language: Language) -> Plot | None:
    """The readings (name, source, instant, value; in order of time) up to `until`; None where there is no course."""
    by_name: dict[str, list[tuple[datetime, int]]] = defaultdict(list)
    for name, _source, at, value in readings:
        by_name[clean(name, _NAME)].append((at, value))
    if not any(len(some) > 1 for some in by_name.values()):
        return None
    begin = min(some[0][0] for some in by_name.values())
    end = max(until, readings[-1][2])
    lines = tuple(
        _line(_named(name, language), some[-_MOST_POINTS:], begin, end, language)
        for name, some in sorted(by_name.items())
    )
    days = language.short_date(begin, end.year), language.short_date(end, end.year)
    return Plot(lines, *days, _rows(readings, language))


def reading(name: str, value: int, language: Language) -> str:
    """`120 upvotes`; "120 stars" of what only a source has a name for."""
    if name in _COUNTED:
        return _COUNTED[name](language, value)
    return f"{language.number(value)} {clean(name, _NAME)}"


def _named(name: str, language: Language) -> str:
    return language.gettext(_NAMES[name]) if name in _NAMES else clean(name, _NAME)


def _line(name: str, some: Sequence[tuple[datetime, int]], begin: datetime, end: datetime, language: Language) -> Line:
    span = (end - begin).total_seconds() or 1.0
    highest = max(1, *(value for _, value in some))
    points: list[str] = []
    level: float | None = None
    for at, value in some:
        x = (at - begin).total_seconds() / span * WIDTH
        y = HEIGHT - value / highest * (HEIGHT - _TOP)
        if level is not None:
            points.append(f"{x:.0f},{level:.0f}")
        points.append(f"{x:.0f},{y:.0f}")
        level = y
    points.append(f"{WIDTH},{level:.0f}")
    (began, first), (ended, last) = some[0], some[-1]
    said = language.gettext(
        "%(name)s: %(first)s on %(begin)s, %(last)s on %(end)s",
        name=name,
        first=language.number(first),
        begin=language.short_date(began, end.year),
        last=language.number(last),
        end=language.short_date(ended, end.year),
    )
    return Line(name, " ".join(points), first, last, highest, said)


def _rows(readings: Sequence[tuple[str, str, datetime, int]], language: Language) -> tuple[tuple[str, str, str], ...]:
    last = readings[-30:]
    return tuple(
        (language.timed(at), _named(name, language), language.number(value)) for name, _source, at, value in last
    )
