"""What was chosen for some requests → picks, each with the reasons that sum to its score."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from digest.model import Paper, Pick, Reason, ReasonKind
from digest.ranking import blend, explore
from digest.ranking.choose import Choice, Offer
from digest.ranking.counts import Ints
from digest.ranking.explain import Explainer
from digest.ranking.pool import Mask
from digest.ranking.score import INTEREST_SHARE, Fitting, Request, Scored

if TYPE_CHECKING:
    from digest.ranking.meaning import Meaning


@dataclass(frozen=True, slots=True)
class Worked:
    """Some requests with all that was found for them: what an explanation needs."""

    requests: Sequence[Request]
    scored: Scored
    fittings: Sequence[Fitting]
    offers: Sequence[Offer]
    choices: Sequence[Choice]
    explainer: Explainer
    rising: Mask | None
    liked: Mapping[int, Paper]
    meaning: Meaning | None


_NONE: Ints = np.zeros(0, np.int64)


def picks_of(worked: Worked, now: datetime) -> list[tuple[Pick, ...]]:
    """The picks of each request, in the order they were chosen."""
    rows: list[Ints] = [_NONE]
    places: list[Ints] = [_NONE]
    for given, choice, fitting in zip(worked.offers, worked.choices, worked.fittings, strict=True):
        rows.append(given.interests[choice.chosen] + fitting.start)
        places.append(given.places[choice.chosen])
    said = iter(worked.explainer.reasons(np.concatenate(rows), np.concatenate(places)))
    picks = [
        _picks(worked, i, (some - worked.fittings[i].start).tolist(), at.tolist(), said)
        for i, (some, at) in enumerate(zip(rows[1:], places[1:], strict=True))
    ]
    return [_explored(worked, i, some, now) for i, some in enumerate(picks)]


def _picks(
    worked: Worked, i: int, rows: list[int], places: list[int], said: Iterator[tuple[Reason, ...]]
) -> list[Pick]:
    """The picks of one request, given what the words say for each."""
    pool, interests = worked.scored.pool, worked.requests[i].interests
    papers, earned = pool.papers, [blend.Earned(interest, pool) for interest in interests]
    # Most subscribers have likes and no more: then words are all there is to tell.
    is_simple = len(interests) == 1 and worked.meaning is None and earned[0].is_trend_alone
    is_calm = is_simple and not pool.trend[places].any()
    found = []
    for row, place in zip(rows, places, strict=True):
        words = next(said)
        reasons = words if is_calm else _reasons(worked, i, row, place, words, earned[row])
        score = reasons[0].share if len(reasons) == 1 else math.fsum([reason.share for reason in reasons])
        found.append(Pick(papers[place].id, score, reasons, interests[row].name))
    return found


def reasons_of(worked: Worked, i: int, row: int, place: int, words: tuple[Reason, ...]) -> tuple[Reason, ...]:
    """All reasons of the paper at a place for the `row`-th interest of the `i`-th request: they sum to its score."""
    interest = worked.requests[i].interests[row]
    return _reasons(worked, i, row, place, words, blend.Earned(interest, worked.scored.pool))


def _reasons(  # what a score is the sum of
    worked: Worked, i: int, row: int, place: int, words: tuple[Reason, ...], earned: blend.Earned
) -> tuple[Reason, ...]:
    beside = _beside(worked, i, row, place) if len(worked.requests[i].interests) > 1 else ()
    return (*words, *_meaning(worked, i, row, place), *earned.reasons(place), *beside)


def _meaning(worked: Worked, i: int, row: int, place: int) -> Iterator[Reason]:
    found = worked.scored
    if found.meaning is None or worked.meaning is None:
        return
    points = float(found.meaning[worked.fittings[i].start + row, place])
    if points != 0:
        nearest = worked.meaning.nearest(worked.requests[i].interests[row], place, found.pool)
        paper = None if nearest is None else worked.liked.get(nearest)
        yield Reason(ReasonKind.MEANING, () if paper is None else (paper.title,), points)


def _beside(worked: Worked, i: int, row: int, place: int) -> Iterator[Reason]:
    """The other interests that the paper fits."""
    fitting = worked.fittings[i]
    others = [
        (interest.name, float(worked.scored.points[fitting.start + other, place]))
        for other, interest in enumerate(worked.requests[i].interests)
        if other != row and fitting.is_fitting[other, place]
    ]
    fits = [(name, points) for name, points in others if points > 0]
    if fits:
        share = INTEREST_SHARE * math.fsum(points for _, points in fits)
        yield Reason(ReasonKind.INTEREST, tuple(name for name, _ in fits), share)


def _explored(worked: Worked, i: int, picks: list[Pick], now: datetime) -> tuple[Pick, ...]:
    """The edition, its last place given to a paper from outside of the interests where the subscriber explores."""
    request, fitting = worked.requests[i], worked.fittings[i]
    if not (request.profile.options.explores and picks and request.limit > 1):
        return tuple(picks)
    kept = picks[: request.limit - 1]
    pool = worked.scored.pool
    shown: Ints = np.array([pool.places[pick.paper_id] for pick in kept], np.int64)
    points = worked.scored.points[fitting.start : fitting.start + len(fitting.is_fitting)]
    place = explore.place(request.subscriber_id, now.date(), explore.outside(points, fitting), shown, pool)
    return tuple(picks) if place is None else (*kept, explore.pick(place, pool))
