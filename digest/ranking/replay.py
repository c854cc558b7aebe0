"""A past day as it was: what a subscriber had said by then, and what they came to like of its papers.

─ likes given before ──┤ day begins ├── likes given on the day's papers, then or later ──►
  = the profile                         = what a good ranking has on top
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import date, datetime

import numpy as np

from digest.model import Interest, Profile
from digest.ranking.counts import Floats
from digest.ranking.metrics import MEASURES, Judged

_GROUPS = ((0, "0"), (1, "1"), (4, "2–4"), (9, "5–9"), (19, "10–19"))
_MOST = "20+"

LIKES = (*(name for _, name in _GROUPS), _MOST)
"""The groups of people by how many likes are known of them, in order."""


@dataclass(frozen=True, slots=True)
class Case:
    """One person on one day. `by_interest` are the relevant papers by the name of the interest they were liked for."""

    subscriber_id: int
    day: date
    judged: Judged
    by_interest: Mapping[str, AbstractSet[int]]


def group_of(likes: int) -> str:
    """The group of `LIKES` that so many likes belong to."""
    return next((name for most, name in _GROUPS if likes <= most), _MOST)


def profile_before(
    profile: Profile, given_at: Mapping[int, datetime], start: datetime, papers: Collection[int]
) -> Profile:
    """The profile without the votes given from `start` on, and without those on `papers`.

    `given_at` has the instant of each vote; one whose instant nobody knows was given before. Words, names and what is
    muted are those of today: only votes have a time.
    """
    gone = {*papers, *(paper for paper, at in given_at.items() if at >= start)}
    return replace(profile, interests=tuple(_without(interest, gone) for interest in profile.interests))


def liked_of(
    profile: Profile, given_at: Mapping[int, datetime], start: datetime, papers: AbstractSet[int]
) -> dict[str, frozenset[int]]:
    """The likes among `papers` that were given from `start` on, by the name of their interest."""
    found = {
        interest.name: frozenset(i for i in interest.likes if i in papers and i in given_at and given_at[i] >= start)
        for interest in profile.interests
    }
    return {name: ids for name, ids in found.items() if ids}


def instants(profile: Profile, votes: Mapping[int, datetime]) -> dict[int, datetime]:
    """When each vote was given: what the profile says of its likes goes before `votes`."""
    found = dict(votes)
    for interest in profile.interests:
        if interest.liked_at:
            found.update(zip(interest.likes, interest.liked_at, strict=True))
    return found


def of_interest(case: Case, name: str) -> Judged:
    """The case judged by the likes of one interest alone."""
    return replace(case.judged, relevant=case.by_interest[name])


def by_person(cases: Sequence[Case], values: Floats) -> Floats:
    """The mean over each person's days: whoever votes every day counts as much as whoever does once."""
    of_person: dict[int, list[int]] = {}
    for row, case in enumerate(cases):
        of_person.setdefault(case.subscriber_id, []).append(row)
    rows = [values[mine].mean(axis=0) for mine in of_person.values()]
    return np.array(rows, np.float64).reshape(len(of_person), len(MEASURES))


def _without(interest: Interest, gone: AbstractSet[int]) -> Interest:
    kept = [place for place, paper in enumerate(interest.likes) if paper not in gone]
    return replace(
        interest,
        likes=tuple(interest.likes[place] for place in kept),
        liked_at=tuple(interest.liked_at[place] for place in kept) if interest.liked_at else (),
        dislikes=tuple(paper for paper in interest.dislikes if paper not in gone),
    )
