"""Two rankers taking turns, and which of them wins."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.model import Pick
from digest.ranking.interleave import Votes, team_draft, winner
from digest.ranking.intervals import sign_test

DAY = date(2026, 4, 20)
LISTS = st.lists(st.integers(1, 12), unique=True, max_size=10)


def picks(*ids: int) -> list[Pick]:
    return [Pick(paper_id, 1.0 / place, ()) for place, paper_id in enumerate(ids, start=1)]


def draft(first: list[int], second: list[int], limit: int = 20, subscriber: int = 1, day: date = DAY) -> list[Pick]:
    return list(team_draft([("a", picks(*first)), ("b", picks(*second))], limit, subscriber, day))


@given(LISTS, LISTS, st.integers(0, 12), st.integers(1, 99))
def test_a_draft_has_every_paper_once_up_to_the_limit(
    first: list[int], second: list[int], limit: int, who: int
) -> None:
    drafted = [pick.paper_id for pick in draft(first, second, limit, who)]
    assert len(drafted) == len(set(drafted)) == min(limit, len({*first, *second}))
    assert set(drafted) <= {*first, *second}


@given(LISTS, LISTS, st.integers(1, 99))
def test_each_ranker_names_its_best_paper_that_is_left(first: list[int], second: list[int], who: int) -> None:
    taken: set[int] = set()
    for pick in draft(first, second, subscriber=who):
        own = first if pick.ranker == "a" else second
        assert pick.paper_id == next(paper for paper in own if paper not in taken)
        taken.add(pick.paper_id)


@given(st.integers(1, 500))
def test_two_rankers_of_different_papers_get_half_of_the_places_each(who: int) -> None:
    drafted = draft(list(range(1, 11)), list(range(11, 21)), 10, who)
    assert sum(pick.ranker == "a" for pick in drafted) == 5


def test_the_draw_is_the_same_again_and_another_one_for_others_and_on_other_days() -> None:
    lists = list(range(1, 9)), list(range(11, 19))
    assert draft(*lists) == draft(*lists)
    by_reader = {tuple(draft(*lists, subscriber=who)) for who in range(1, 30)}
    by_day = {tuple(draft(*lists, day=DAY + timedelta(days=n))) for n in range(30)}
    assert (len(by_reader) > 5, len(by_day) > 5) == (True, True)


def test_who_goes_first_is_drawn_evenly() -> None:
    first = sum(draft([1], [2], 1, who)[0].ranker == "a" for who in range(2000))
    assert 900 < first < 1100


def test_what_both_rankers_name_goes_to_either_as_often() -> None:
    owner = [draft([1, 2], [1, 2], 1, who)[0].ranker for who in range(2000)]
    assert 900 < owner.count("a") < 1100


def test_a_pick_keeps_its_score_and_reasons() -> None:
    (pick,) = draft([3], [])
    assert pick == Pick(3, 1.0, (), ranker="a")


def test_readers_are_counted_and_not_their_votes() -> None:
    votes = [Votes(1, "a", likes=50), Votes(2, "b", likes=1), Votes(3, "b", likes=2), Votes(3, "a", likes=1)]
    found = winner(votes, "a", "b")
    assert (found.prefer_first, found.prefer_second, found.ties, found.winner) == (1, 2, 0, None)


def test_a_dislike_counts_against_the_ranker_that_named_the_paper() -> None:
    found = winner([Votes(1, "a", likes=1, dislikes=2), Votes(2, "b", likes=1, dislikes=1)], "a", "b")
    assert (found.prefer_first, found.prefer_second, found.ties) == (0, 1, 1)


def test_votes_of_other_rankers_do_not_count() -> None:
    found = winner([Votes(1, "c", likes=9)], "a", "b")
    assert (found.prefer_first, found.prefer_second, found.ties, found.chance) == (0, 0, 0, 1.0)


def test_a_clear_preference_has_a_winner() -> None:
    votes = [Votes(who, "b", likes=1) for who in range(9)] + [Votes(9, "a", likes=1)]
    found = winner(votes, "a", "b")
    assert found.winner == "b"
    assert found.chance == pytest.approx(2 * (1 + 10) / 2**10)


@given(st.integers(0, 3000), st.integers(0, 40))
def test_the_sign_test_is_a_probability_and_knows_no_sides(ahead: int, behind: int) -> None:
    assert 0.0 <= sign_test(ahead, behind) == sign_test(behind, ahead) <= 1.0


@given(st.integers(0, 20))
def test_an_even_split_is_what_chance_would_do(each: int) -> None:
    assert sign_test(each, each) == 1.0
