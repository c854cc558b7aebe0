from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.ranking.counts import Floats
from digest.ranking.intervals import Interval, compared, intervals, sign_test


def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def people(count: int, mean: float = 0.4, seed: int = 1) -> Floats:
    """Values of so many people, one measure."""
    return np.random.default_rng(seed).normal(mean, 0.2, (count, 1))


def interval(values: Floats) -> Interval:
    (found,) = intervals(values, rng())
    assert found is not None
    return found


def test_an_interval_is_that_of_the_normal_approximation_where_people_are_many() -> None:
    values = people(2000)
    found, error = interval(values), 1.96 * float(values.std()) / math.sqrt(2000)
    assert found.low == pytest.approx(float(values.mean()) - error, abs=error * 0.1)
    assert found.high == pytest.approx(float(values.mean()) + error, abs=error * 0.1)


def test_four_times_the_people_halve_the_interval() -> None:
    few, many = interval(people(400)), interval(people(1600))
    assert (many.high - many.low) / (few.high - few.low) == pytest.approx(0.5, abs=0.1)


def test_the_same_seed_gives_the_same_interval() -> None:
    assert interval(people(50)) == interval(people(50))


def test_nineteen_of_twenty_intervals_hold_the_true_mean() -> None:
    held = 0
    for seed in range(100):
        found = interval(people(60, seed=seed))
        held += found.low <= 0.4 <= found.high
    assert 88 <= held <= 99


@given(st.lists(st.floats(0, 1), min_size=2, max_size=30))
def test_an_interval_lies_within_the_values(values: list[float]) -> None:
    found = interval(np.array(values)[:, None])
    assert min(values) - 1e-9 <= found.low <= found.high <= max(values) + 1e-9


def test_nothing_is_said_of_fewer_than_two_people() -> None:
    assert intervals(np.zeros((1, 3)), rng()) == (None, None, None)
    assert intervals(np.zeros((0, 2)), rng()) == (None, None)


def test_a_small_gain_that_nearly_everybody_has_is_seen_although_people_differ() -> None:
    first = people(300)
    second = first + 0.01 + 0.001 * people(300, 0, seed=2)
    (found,) = compared(first, second, rng())
    assert found.interval is not None
    assert found.difference == pytest.approx(0.01, abs=0.001)
    assert 0 < found.interval.low < found.difference < found.interval.high
    assert (found.wins, found.ties, found.losses) == (300, 0, 0)
    assert interval(first).high > interval(second).low, "unpaired they overlap"


def test_wins_and_losses_change_places_with_the_rankers() -> None:
    first, second = np.array([[0.1], [0.5], [0.5], [0.3]]), np.array([[0.2], [0.5], [0.4], [0.9]])
    (one,), (other,) = compared(first, second, rng()), compared(second, first, rng())
    assert (one.wins, one.ties, one.losses) == (2, 1, 1) == (other.losses, other.ties, other.wins)
    assert one.difference == -other.difference
    assert one.p == other.p


@pytest.mark.parametrize(
    ("wins", "losses", "p"), [(0, 0, 1), (5, 5, 1), (9, 1, 22 / 1024), (0, 6, 2 / 64), (1, 0, 1), (3, 1, 0.625)]
)
def test_the_sign_test_is_that_of_a_fair_coin(wins: int, losses: int, p: float) -> None:
    assert sign_test(wins, losses) == pytest.approx(p)
