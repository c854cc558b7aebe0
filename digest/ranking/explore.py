"""One paper from outside of a subscriber's interests, chosen by attention and by lot, the same each time for a day.

It comes from the papers that fit no interest, and of these from the half that is nearer to one of them: what is known
to be disliked and what has not a word in common is no discovery. The most discussed ten of them are drawn from, or all
where nothing is discussed. Mutes and what is known already hold as for any other pick.
"""

from __future__ import annotations

from datetime import date
from hashlib import blake2b

import numpy as np

from digest.model import Paper, Pick, Reason, ReasonKind
from digest.ranking import blend
from digest.ranking.attention import public_at
from digest.ranking.counts import Floats, Ints
from digest.ranking.pool import Mask, Pool
from digest.ranking.score import Fitting
from digest.ranking.trend import reading

_DRAWN_FROM = 10


def outside(points: Floats, fitting: Fitting) -> Mask:
    """The papers that fit no interest, but are not far from one."""
    found: Mask = ~fitting.is_fitting.any(axis=0) & ~fitting.is_out
    nearest = points.max(axis=0)
    if found.any():
        found &= nearest >= np.median(nearest[found])
    return found


def place(subscriber_id: int, day: date, is_outside: Mask, shown: Ints, pool: Pool) -> int | None:
    """The place of the paper to explore, not of a topic that is shown; None where there is none."""
    able = is_outside.copy()
    able[shown] = False
    for one in shown.tolist():
        able[pool.alike.indices[pool.alike.indptr[one] : pool.alike.indptr[one + 1]]] = False
    found = np.flatnonzero(able)
    discussed = found[pool.trend[found] > 0]
    drawn = discussed[np.argsort(-pool.trend[discussed], kind="stable")][:_DRAWN_FROM] if len(discussed) else found
    lots = {_lot(subscriber_id, day, pool.papers[one]): one for one in drawn.tolist()}
    return lots[min(lots)] if lots else None


def pick(place: int, pool: Pool) -> Pick:
    """The explored paper; its score is its attention, or its recency, and says nothing of its fit."""
    paper = pool.papers[place]
    share = float(blend.TREND_BOOST * pool.trend[place])
    reason = Reason(ReasonKind.TREND, reading(paper), share)
    if share == 0:
        share = float(blend.RECENT_BOOST * pool.freshness[place])
        reason = Reason(ReasonKind.RECENT, (public_at(paper).date().isoformat(),), share)
    return Pick(paper.id, share, (reason,), is_exploration=True)


def _lot(subscriber_id: int, day: date, paper: Paper) -> tuple[bytes, int]:
    return blake2b(f"{subscriber_id} {day} {paper.id}".encode(), digest_size=8).digest(), paper.id
