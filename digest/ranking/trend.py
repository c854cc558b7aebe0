"""How much attention a paper is getting: readings over time → a number in [0, 1).

    velocity = what a signal gained since its reading a day earlier, else its value per day since the paper is public
    heat     = Σ over signals of velocity / usual     usual = the mean of the day's papers that have the signal, ≥ 5
    trend    = heat² / (1 + heat²)

The square damps small counts: one vote a day is .04, what is usual is .5, three times the usual is .9. (Hacker News
damps by a power below one of the votes and above one of the age; here the day's own mean plays the age's part.)
The same over a stored series, reading by reading, is in `attention`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np

from digest.model import Paper
from digest.ranking.attention import common_rate, public_at
from digest.ranking.counts import Floats

_LEAST_TREND = 0.02  # below, it is noise and not worth a reason
_DAY = timedelta(days=1)


def velocities(paper: Paper, now: datetime) -> dict[str, float]:
    """What each signal gains a day, never below nothing."""
    days = max((now - public_at(paper)) / _DAY, 1.0)
    return {
        name: max(0.0, value - paper.signals_before[name] if name in paper.signals_before else value / days)
        for name, value in paper.signals.items()
    }


def trends(papers: Sequence[Paper], now: datetime) -> Floats:
    """The trend of each paper relative to the others, in [0, 1); 0 without signals. Independent of their order."""
    rates = [velocities(paper, now) for paper in papers]
    names = sorted({name for rate in rates for name in rate})
    heat = np.zeros(len(papers))
    for name in names:
        usual = common_rate([rate[name] for rate in rates if name in rate])
        heat += np.array([rate.get(name, 0.0) / usual for rate in rates])
    trend: Floats = heat**2 / (1 + heat**2)
    trend[trend < _LEAST_TREND] = 0.0
    return trend


def reading(paper: Paper) -> tuple[str, ...]:
    """The signals in words, strongest first: ("120 upvotes", "1 star")."""
    ordered = sorted(paper.signals.items(), key=lambda item: (-item[1], item[0]))
    return tuple(f"{value} {name.removesuffix('s') if value == 1 else name}" for name, value in ordered if value > 0)
