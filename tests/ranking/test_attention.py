"""Attention over time, on series that are invented and stated here."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.ranking.attention import Attention, rises, rose_at

START = datetime(2026, 4, 20, tzinfo=UTC)
BEFORE = START - timedelta(days=30)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
USUAL = {"upvotes": 5.0}

# Hours after the paper was public, and its upvotes then.
FLAT = [(0, 3), (24, 5), (48, 6), (72, 6)]
LATE = [(0, 1), (24, 3), (48, 5), (72, 6), (96, 8), (120, 22), (144, 61), (168, 70)]  # found by readers on day six


def series(readings: list[tuple[int, int]], name: str = "upvotes", age: timedelta = timedelta(0)) -> Attention:
    return Attention(1, START - age, {name: [(START + hours * HOUR, value) for hours, value in readings]})


def test_velocity_is_the_gain_of_a_day_at_every_moment_of_a_series() -> None:
    one = series(LATE)
    assert [one.velocities(START + days * DAY)["upvotes"] for days in range(1, 8)] == [2, 2, 1, 2, 14, 39, 9]


def test_a_first_reading_is_spread_over_the_days_since_the_paper_was_public() -> None:
    assert series([(0, 40)], age=4 * DAY).velocities(START) == {"upvotes": 10}


def test_stars_of_a_known_repository_are_no_velocity_until_they_grow() -> None:
    one = series([(0, 20_000), (24, 20_030)], name="stars")
    assert one.velocities(START) == {}
    assert one.velocities(START + DAY) == {"stars": 30}


def test_a_paper_is_measured_by_the_others_and_by_five_a_day_at_the_least() -> None:
    late = series(LATE)
    others = [Attention(number, START, {"upvotes": [(START, 0), (START + 6 * DAY, 15)]}) for number in (2, 3)]
    assert rises([late], BEFORE, START + 6 * DAY) == {1: START + 5 * DAY}
    assert rises([late, *others], BEFORE, START + 6 * DAY) == {1: START + 6 * DAY}
    assert rises([], BEFORE, START) == {}


@given(st.permutations(range(6)))
def test_who_rose_does_not_depend_on_the_order(order: list[int]) -> None:
    papers = [Attention(n, START, {"upvotes": [(START, 0), (START + DAY, n * n * 4)]}) for n in range(6)]
    assert rises([papers[i] for i in order], BEFORE, START + DAY) == rises(papers, BEFORE, START + DAY)


def test_a_paper_that_readers_find_on_its_sixth_day_rose_then() -> None:
    assert rose_at(series(LATE), USUAL, BEFORE) == START + 5 * DAY
    assert rose_at(series(FLAT), USUAL, BEFORE) is None


def test_what_is_twice_the_usual_depends_on_the_usual() -> None:
    assert rose_at(series(LATE), {"upvotes": 15.0}, BEFORE) == START + 6 * DAY
    assert rose_at(series(LATE), {"upvotes": 50.0}, BEFORE) is None


def test_what_rose_before_the_period_does_not_rise_again_while_it_stays_hot() -> None:
    one = series([(0, 0), (24, 30), (48, 60), (72, 90), (96, 91), (120, 130)])
    assert rose_at(one, USUAL, START) == START + 5 * DAY
    assert rose_at(one, USUAL, START + DAY) == START + 5 * DAY
    assert rose_at(series([(0, 0), (24, 30), (48, 60)]), USUAL, START + DAY) is None


def test_of_two_rises_the_later_counts() -> None:
    twice = [(0, 0), (24, 30), (48, 31), (72, 32), (96, 60)]
    assert rose_at(series(twice), USUAL, BEFORE) == START + 4 * DAY


def test_a_paper_listed_late_with_many_votes_rose_when_it_was_listed() -> None:
    assert rose_at(series([(0, 60)], age=4 * DAY), USUAL, BEFORE) == START
    assert rose_at(series([(0, 30)], age=4 * DAY), USUAL, BEFORE) is None


@pytest.mark.parametrize("readings", [[], [(0, 0)], [(0, 9), (24, 2)]])
def test_silence_and_lost_votes_are_no_rise(readings: list[tuple[int, int]]) -> None:
    assert rose_at(series(readings), USUAL, BEFORE) is None
