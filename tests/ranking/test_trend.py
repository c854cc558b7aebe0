from __future__ import annotations

from datetime import date, timedelta

import pytest

from digest.ranking.attention import public_at
from digest.ranking.trend import reading, trends, velocities
from tests.support.ranking import NOW, paper


def test_velocity_is_what_was_gained_since_the_day_before() -> None:
    assert velocities(paper(1, "x", signals={"upvotes": 120}, signals_before={"upvotes": 85}), NOW) == {"upvotes": 35}


def test_velocity_without_an_earlier_reading_is_the_value_per_day_of_age() -> None:
    old = paper(1, "x", published_on=NOW.date() - timedelta(days=9), signals={"stars": 93})
    new = paper(2, "x", published_on=NOW.date(), signals={"stars": 93})
    assert velocities(old, NOW)["stars"] == pytest.approx(93 / (9 + 7 / 24))
    assert velocities(new, NOW)["stars"] == 93


def test_lost_votes_are_no_negative_attention() -> None:
    assert velocities(paper(1, "x", signals={"upvotes": 3}, signals_before={"upvotes": 5}), NOW) == {"upvotes": 0}


def test_a_trend_is_bounded_grows_with_attention_and_small_counts_hardly_matter() -> None:
    papers = [paper(i, "x", signals={"upvotes": votes}) for i, votes in enumerate([0, 1, 5, 50, 5000])]
    found = list(trends(papers, NOW))
    assert found == sorted(found)
    assert found[0] == 0
    assert found[1] < 0.05
    assert found[-1] < 1


def test_a_trend_is_relative_to_what_is_usual_that_day() -> None:
    quiet = trends([paper(1, "x", signals={"upvotes": 20}), paper(2, "x", signals={"upvotes": 2})], NOW)
    busy = trends([paper(1, "x", signals={"upvotes": 20}), paper(2, "x", signals={"upvotes": 200})], NOW)
    assert quiet[0] > busy[0]


def test_papers_without_signals_have_no_trend() -> None:
    assert list(trends([paper(1, "x"), paper(2, "y")], NOW)) == [0, 0]


def test_an_issue_dated_ahead_is_public_when_it_was_seen() -> None:
    assert public_at(paper(1, "x", published_on=date(2026, 9, 1))) == NOW


def test_a_reading_names_what_was_counted() -> None:
    assert reading(paper(1, "x", signals={"stars": 1, "upvotes": 120, "comments": 0})) == ("120 upvotes", "1 star")
