"""A paper's attention as a stored series: its velocity at any moment, and when it began to rise.

    velocity at t = the reading at t − the last one at least 20 hours older, else the reading per day since public
    heat at t     = Σ over signals of velocity / usual
    rising        = a paper that was known before and whose heat crosses 2, twice what is usual

These are the measures of `trend`, reading by reading. The usual rate is at least 5 a day, so a paper rises with ten
votes a day at the least.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from math import fsum
from statistics import fmean

from digest.model import Paper

A_DAY_EARLIER = timedelta(hours=20)
"""Readings come a few times a day; the last one at least this old is the nearest to "yesterday"."""

RISING = 2.0
"""The heat at which a known paper is rising: twice the usual, a trend of .8."""

_LEAST_USUAL = 5.0  # a day; below, one vote more or less would make a trend
_DAY = timedelta(days=1)
_ALIEN = frozenset({"stars"})  # what the code may have had before there was a paper: only what is gained counts


@dataclass(frozen=True, slots=True)
class Attention:
    """The readings of one paper's signals, each oldest first."""

    paper_id: int
    public_at: datetime
    readings: Mapping[str, Sequence[tuple[datetime, int]]]

    def velocities(self, at: datetime) -> dict[str, float]:
        """What each signal gained a day by its readings up to `at`, never below nothing."""
        days = max((at - self.public_at) / _DAY, 1.0)
        found = {}
        for name, readings in self.readings.items():
            upto = bisect_right(readings, at, key=_when)
            before = bisect_right(readings, at - A_DAY_EARLIER, hi=upto, key=_when)
            if upto and (before or name not in _ALIEN):
                value = readings[upto - 1][1]
                found[name] = max(0.0, value - readings[before - 1][1] if before else value / days)
        return found


def common_rate(rates: Sequence[float]) -> float:
    """What is usual a day where papers have these velocities: their mean, at least 5."""
    return max(fmean(rates), _LEAST_USUAL)


def rises(attentions: Sequence[Attention], since: datetime, at: datetime) -> dict[int, datetime]:
    """The ids of the papers that rose after `since`, and when, by what is usual for the others at `at`.

    A paper is left out of its own measure: alone, or among a few, it would be what is usual.
    """
    rates = {one.paper_id: one.velocities(at) for one in attentions}
    by_name: dict[str, list[float]] = {}
    for name, rate in ((name, rate) for some in rates.values() for name, rate in some.items()):
        by_name.setdefault(name, []).append(rate)
    totals = {name: (fsum(some), len(some)) for name, some in by_name.items()}
    found = {}
    for one in attentions:
        own = rates[one.paper_id]
        usual = {name: _beside(*totals[name], own.get(name)) for name in totals}
        if (rose := rose_at(one, usual, since)) is not None:
            found[one.paper_id] = rose
    return found


def _beside(total: float, count: int, own: float | None) -> float:
    """The mean of all but one."""
    others = count if own is None else count - 1
    return max((total - (own or 0.0)) / others, _LEAST_USUAL) if others else _LEAST_USUAL


def rose_at(one: Attention, usual: Mapping[str, float], since: datetime) -> datetime | None:
    """When, after `since`, the paper's heat last went from below `RISING` to it or above; None where it did not."""
    instants = sorted({read_at for readings in one.readings.values() for read_at, _ in readings})
    first = bisect_right(instants, since)
    found, was_hot = None, first > 0 and _is_hot(one, usual, instants[first - 1])
    for at in instants[first:]:
        is_hot = _is_hot(one, usual, at)
        if is_hot and not was_hot:
            found = at
        was_hot = is_hot
    return found


def _is_hot(one: Attention, usual: Mapping[str, float], at: datetime) -> bool:
    return sum(rate / usual.get(name, _LEAST_USUAL) for name, rate in one.velocities(at).items()) >= RISING


def _when(reading: tuple[datetime, int]) -> datetime:
    return reading[0]


def public_at(paper: Paper) -> datetime:
    """When the paper became public: its date, else the day of its listing, never after it was first seen."""
    return public_since(paper.published_on, paper.first_seen_day, paper.first_seen_at)


def public_since(published_on: date | None, first_seen_day: date | None, first_seen_at: datetime) -> datetime:
    """The same, of the three dates alone."""
    day = published_on or first_seen_day
    # Journals date issues ahead.
    return first_seen_at if day is None else min(datetime.combine(day, time(), UTC), first_seen_at)
