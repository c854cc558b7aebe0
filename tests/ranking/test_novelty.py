"""Novelty: dissimilarity to the nearest earlier papers, as a place among the day's."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from digest.ranking.distance import distances
from digest.ranking.novelty import NEAREST, Dated, percentiles

MONDAY = date(2026, 4, 20)
TOPICS = ("lighthouse lamp sea ship harbour", "parrot colour graph vertex edge", "protein folding paper crane")


def past(count: int = 12, day: date = MONDAY - timedelta(days=1)) -> list[Dated]:
    """Papers about three topics, on the days before."""
    return [Dated(i, day - timedelta(days=i % 4), f"{TOPICS[i % 3]} study number{i}") for i in range(count)]


def test_a_paper_like_those_before_is_near_and_one_of_new_words_is_far() -> None:
    usual = Dated(100, MONDAY, "lighthouse lamp sea ship harbour study again")
    strange = Dated(101, MONDAY, "cheese fermentation under moonlight by quartets")
    found = distances([*past(30), usual, strange], frozenset({100, 101}))
    assert found[100] is not None
    assert found[101] == 1.0
    assert found[100] < 0.4


def test_papers_of_the_same_day_are_not_earlier() -> None:
    twins = [Dated(100 + i, MONDAY, "cheese fermentation under moonlight") for i in range(NEAREST + 1)]
    found = distances([*past(), *twins], frozenset(twin.paper_id for twin in twins))
    assert set(found.values()) == {1.0}


def test_with_too_few_earlier_papers_there_is_no_distance() -> None:
    one = Dated(100, MONDAY, "lighthouse lamp")
    assert distances([*past(NEAREST - 1), one], frozenset({100})) == {100: None}
    assert distances([*past(NEAREST), one], frozenset({100}))[100] is not None


def test_a_text_without_words_is_far_from_everything_and_nothing_breaks() -> None:
    assert distances([*past(), Dated(100, MONDAY, "")], frozenset({100})) == {100: 1.0}
    assert distances([], frozenset()) == {}


@given(st.permutations(range(15)))
def test_the_order_of_the_papers_does_not_matter(order: list[int]) -> None:
    papers = [*past(), *(Dated(100 + i, MONDAY, f"{TOPICS[i]} and cheese{i}") for i in range(3))]
    wanted = frozenset({100, 101, 102})
    assert distances([papers[i] for i in order], wanted) == distances(papers, wanted)


def test_a_percentile_counts_what_is_below_and_half_of_what_is_equal() -> None:
    assert percentiles({1: 0.1, 2: 0.5, 3: 0.5, 4: 0.9}, [0.1, 0.5, 0.5, 0.9]) == {1: 12.5, 2: 50, 3: 50, 4: 87.5}
    assert percentiles({1: 0.3}, [0.3]) == {1: 50}


@given(st.dictionaries(st.integers(), st.floats(0, 1), min_size=1))
def test_percentiles_lie_within_0_and_100_are_50_on_average_and_keep_the_order(values: dict[int, float]) -> None:
    found = percentiles(values, list(values.values()))
    assert all(0 < one < 100 for one in found.values())
    assert abs(sum(found.values()) / len(found) - 50) < 1e-9
    ordered = sorted(values, key=lambda key: values[key])
    assert [found[key] for key in ordered] == sorted(found.values())
