from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pytest

from digest.model import Interest, Profile
from digest.ranking.metrics import MEASURES, Judged
from digest.ranking.replay import Case, by_person, group_of, instants, liked_of, of_interest, profile_before


def at(day: int) -> datetime:
    return datetime(2026, 4, day, 9, tzinfo=UTC)


START = datetime(2026, 4, 20, tzinfo=UTC)
ROBOTS = Interest("robots", likes=(1, 2, 3), liked_at=(at(17), at(20), at(21)), dislikes=(4, 5))
BIRDS = Interest("birds", keywords=("parrots",), likes=(6,))
READER = Profile((ROBOTS, BIRDS), muted=("survey",))
GIVEN = instants(READER, {4: at(18), 5: at(22), 6: at(19)})


def test_a_profile_of_the_past_knows_no_vote_of_the_future() -> None:
    robots, birds = profile_before(READER, GIVEN, START, set()).interests
    assert (robots.likes, robots.liked_at, robots.dislikes) == ((1,), (at(17),), (4,))
    assert birds == BIRDS


def test_a_vote_on_a_paper_of_the_day_is_not_known_whenever_it_was_given() -> None:
    robots, birds = profile_before(READER, GIVEN, START, {1, 6}).interests
    assert robots.likes == birds.likes == ()
    assert robots.liked_at == ()


def test_what_is_muted_stays_muted() -> None:
    assert profile_before(READER, GIVEN, START, set()).muted == ("survey",)


def test_a_day_is_judged_by_the_likes_given_from_its_beginning_on() -> None:
    assert liked_of(READER, GIVEN, START, frozenset({1, 2, 3, 5, 6})) == {"robots": {2, 3}}
    assert liked_of(READER, GIVEN, START, frozenset({4, 5})) == {}


def test_a_vote_of_unknown_time_was_given_before() -> None:
    reader = Profile((Interest(likes=(1,)),))
    assert profile_before(reader, {}, START, set()) == reader
    assert liked_of(reader, {}, START, frozenset({1})) == {}


@pytest.mark.parametrize(
    ("likes", "group"),
    [(0, "0"), (1, "1"), (2, "2–4"), (4, "2–4"), (5, "5–9"), (10, "10–19"), (19, "10–19"), (20, "20+"), (999, "20+")],
)
def test_people_are_grouped_by_how_many_likes_they_have(likes: int, group: str) -> None:
    assert group_of(likes) == group


def case(subscriber_id: int, day: int) -> Case:
    by_interest = {"robots": frozenset({2}), "birds": frozenset({6})}
    return Case(subscriber_id, date(2026, 4, day), Judged([6, 2], {2, 6}), by_interest)


def test_whoever_votes_every_day_counts_as_much_as_whoever_does_once() -> None:
    values = np.array([[1.0], [0.0], [0.5]]) * np.ones(len(MEASURES))
    found = by_person([case(1, 17), case(2, 17), case(1, 20)], values)
    assert found[:, 0].tolist() == [0.75, 0]
    assert by_person([], np.zeros((0, len(MEASURES)))).shape == (0, len(MEASURES))


def test_an_interest_is_judged_by_its_own_likes() -> None:
    assert of_interest(case(1, 17), "birds").relevant == {6}
