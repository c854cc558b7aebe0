"""What became of single papers for one request: the whole score of each, and the step that dropped it, in words."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from digest.model import Bar, Pick, Reason
from digest.ranking import blend
from digest.ranking.alike import ALIKE
from digest.ranking.choose import RISING_SHARE
from digest.ranking.picks import Worked, reasons_of


class Step(StrEnum):
    """The steps that a paper passes to be picked, in order."""

    OFFERED = "not offered"
    KNOWN = "known"
    MUTED = "muted"
    WANTED = "not asked for"
    BAR = "below the bar"
    ALIKE = "too like another"
    RISING = "too many rising"
    LIMIT = "limit"


@dataclass(frozen=True, slots=True)
class Trace:
    """One paper: its score for the interest it fits best, every reason of it, and every word with its points.

    The reasons' shares sum to `score`, the `terms` to the part of it that words have. `step` is None for a picked
    paper, `note` says in words what dropped it. `rank` is its place in the edition, else among all that fit.
    """

    paper_id: int
    score: float | None = None
    reasons: tuple[Reason, ...] = ()
    terms: tuple[tuple[str, float], ...] = ()
    step: Step | None = None
    note: str = ""
    rank: int | None = None
    interest: str = ""


def trace(worked: Worked, paper_id: int, picks: Sequence[Pick]) -> Trace:
    """The trace of one paper for the only request that was worked, whose edition has the given picks."""
    place = worked.scored.pool.places.get(paper_id)
    if place is None:
        return Trace(paper_id, step=Step.OFFERED, note="it is not among the papers of this period")
    row = _row(worked, place)
    start = worked.fittings[0].start
    (words,) = worked.explainer.reasons(np.array([start + row]), np.array([place]))
    reasons = reasons_of(worked, 0, row, place, words)
    shown = [pick.paper_id for pick in picks]
    step, note = (None, "") if paper_id in shown else next(one for one in _steps(worked, place) if one is not None)
    if paper_id in shown and picks[shown.index(paper_id)].is_exploration:
        note = "chosen from outside of your interests"
    return Trace(
        paper_id=paper_id,
        score=math.fsum(reason.share for reason in reasons),
        reasons=reasons,
        terms=worked.explainer.term_points(start + row, place),
        step=step,
        note=note,
        rank=shown.index(paper_id) + 1 if paper_id in shown else _rank(worked, place),
        interest=worked.requests[0].interests[row].name,
    )


def _row(worked: Worked, place: int) -> int:
    """The interest a paper fits best, or would if it were above the bar; those that do not want it come last."""
    fitting = worked.fittings[0]
    points = worked.scored.points[fitting.start : fitting.start + len(fitting.is_fitting), place]
    if fitting.is_fitting[:, place].any():
        return int(fitting.best[place])
    is_wanted = fitting.is_wanted[:, place]
    return int(np.where(is_wanted, points, -np.inf).argmax() if is_wanted.any() else points.argmax())


def _rank(worked: Worked, place: int) -> int | None:
    """Among all that fit, by score."""
    scores = worked.fittings[0].scores
    return int((scores > scores[place]).sum()) + 1 if scores[place] > -np.inf else None


def _steps(worked: Worked, place: int) -> Iterator[tuple[Step, str] | None]:
    """What each step says of a paper that was not chosen; the last one drops whatever passed the others."""
    fitting = worked.fittings[0]
    yield _known(worked, place)
    muted = blend.mute_of(worked.requests[0].profile, place, worked.scored.pool)
    yield None if muted is None else (Step.MUTED, f"muted: “{muted}”")
    yield None if fitting.is_wanted[:, place].any() else (Step.WANTED, _unwanted(worked, place))
    yield None if fitting.is_fitting[:, place].any() else (Step.BAR, _below(worked, place))
    yield _alike(worked, place)
    yield _rising(worked, place)
    limit, rank = worked.requests[0].limit, _rank(worked, place)
    yield Step.LIMIT, f"it is number {rank} of those that fit, for {limit} places"


def _known(worked: Worked, place: int) -> tuple[Step, str] | None:
    request, paper_id = worked.requests[0], worked.scored.pool.papers[place].id
    if paper_id in request.profile.likes:
        return Step.KNOWN, "known: you liked it"
    if paper_id in request.profile.dislikes:
        return Step.KNOWN, "known: you disliked it"
    if paper_id in request.excluded:
        return Step.KNOWN, "known: mailed before, read, saved or your own"
    return None


def _unwanted(worked: Worked, place: int) -> str:
    request, pool = worked.requests[0], worked.scored.pool
    for interest in request.interests:
        if (keyword := blend.not_of(interest, place, pool)) is not None:
            return f"your keyword “{keyword}” turns it away"
    passes = [blend.is_asked_for(interest, pool) for interest in request.interests]
    if any(mask is None or mask[place] for mask in passes):
        return "a cross-list: its first category is none of yours"
    return "not asked for: no category, author or institution of yours"


def _below(worked: Worked, place: int) -> str:
    row = worked.fittings[0].start + _row(worked, place)
    points, bar = float(worked.scored.points[row, place]), float(worked.scored.bars[row])
    if worked.requests[0].profile.options.bar is Bar.OFF or bar < 10.0**-8:
        return f"its score without trend, {_short(points)}, is not above nothing"
    return f"its score without trend, {_short(points)}, is below your bar {_short(bar)}"


def _alike(worked: Worked, place: int) -> tuple[Step, str] | None:
    given, choice, pool = worked.offers[0], worked.choices[0], worked.scored.pool
    listed = given.places.tolist()
    if place not in listed or not len(choice.chosen):
        return None
    i = listed.index(place)
    if choice.same_as[i] >= 0:
        return Step.ALIKE, f"nearly the same as “{pool.papers[listed[choice.same_as[i]]].title}”"
    mine = choice.chosen[given.interests[choice.chosen] == given.interests[i]]
    if not len(mine) or given.scores[i] <= given.scores[mine].min():
        return None
    near = pool.alike[[place]].toarray()[0, given.places[choice.chosen]]
    if near.max() < ALIKE:
        return None
    title = pool.papers[int(given.places[choice.chosen[near.argmax()]])].title
    return Step.ALIKE, f"of one topic with others that were chosen, first of all “{title}”"


def _rising(worked: Worked, place: int) -> tuple[Step, str] | None:
    given, choice = worked.offers[0], worked.choices[0]
    shown = int(given.is_rising[choice.chosen].sum())
    if worked.rising is None or not worked.rising[place] or shown < RISING_SHARE:
        return None
    return Step.RISING, f"known before, and {RISING_SHARE} others that trend now were chosen"


def _short(points: float) -> str:
    return f"{points:.3f}".replace("0.", ".", 1)
