"""The AI Score is the stated blend of its stated parts, and never falls when a part grows."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.ranking.standing import (
    WEIGHTS,
    Standing,
    attention,
    author_standing,
    mean_standing,
    paper_standing,
)

PARTS = st.none() | st.floats(0, 1)
STANDINGS = st.builds(Standing, PARTS, PARTS, PARTS, PARTS)
SIGNALS = st.dictionaries(st.sampled_from(["upvotes", "comments", "stars", "mentions"]), st.integers(0, 10**6))


@given(STANDINGS, st.sampled_from(sorted(WEIGHTS)), st.floats(0, 1))
def test_a_score_never_falls_when_a_part_grows(standing: Standing, name: str, more: float) -> None:
    part = getattr(standing, name)
    if part is None:
        return
    better = replace(standing, **{name: max(part, more)})
    assert standing.score is not None
    assert better.score is not None
    assert better.score >= standing.score


@given(STANDINGS)
def test_a_score_lies_between_its_least_and_its_greatest_part(standing: Standing) -> None:
    if standing.score is None:
        assert standing.parts == {}
    else:
        assert (
            100 * min(standing.parts.values()) - 0.5001 <= standing.score <= 100 * max(standing.parts.values()) + 0.5001
        )


@given(SIGNALS, st.sampled_from(["upvotes", "comments", "stars"]), st.integers(0, 1000))
def test_attention_is_below_one_and_never_falls_when_a_reading_grows(
    signals: dict[str, int], name: str, more: int
) -> None:
    before, after = attention(signals), attention({**signals, name: signals.get(name, 0) + more})
    assert after is not None
    assert 0 <= after < 1
    assert before is None or before <= after


@given(st.integers(0, 300), st.integers(0, 10**6), st.integers(0, 50))
def test_an_authors_standing_never_falls_with_their_figures(h_index: int, citations: int, more: int) -> None:
    before = author_standing(h_index, citations)
    for after in (author_standing(h_index + more, citations), author_standing(h_index, citations + more)):
        assert before is not None
        assert after is not None
        assert before <= after < 1


def test_the_weights_make_a_whole() -> None:
    assert sum(WEIGHTS.values()) == pytest.approx(1)


def test_a_score_is_the_weighted_mean_of_its_parts() -> None:
    assert Standing(attention=0.5, novelty=0.8, code=1.0, standing=0.2).score == 58  # 17.5 + 20 + 15 + 5 = 57.5


def test_what_nobody_knows_is_left_out_and_the_rest_counts_for_all() -> None:
    assert Standing(novelty=0.8, code=0.0).score == 50  # .25 · .8 / (.25 + .15)
    assert Standing(attention=0.5).score == 50
    assert Standing().score is None


def test_twenty_upvotes_an_h_index_of_twenty_or_2000_citations_are_half_way() -> None:
    assert attention({"upvotes": 20}) == 0.5
    assert attention({}) is None
    assert author_standing(20, None) == author_standing(None, 2000) == author_standing(20, 2000) == 0.5
    assert author_standing(None, None) is None


def test_a_papers_standing_is_that_of_its_best_known_author() -> None:
    found = paper_standing({"upvotes": 60}, 75.0, True, [None, 0.2, 0.6])
    assert found == Standing(attention=0.75, novelty=0.75, code=1.0, standing=0.6)
    assert paper_standing({}, None, False, [None]) == Standing(code=0.0)


def test_an_authors_parts_are_the_means_of_what_is_known_of_their_papers() -> None:
    papers = [Standing(attention=0.5, code=1.0, standing=0.9), Standing(novelty=0.4, code=0.0)]
    assert mean_standing(papers, 0.3) == Standing(attention=0.5, novelty=0.4, code=0.5, standing=0.3)
    assert mean_standing([], None).score is None
