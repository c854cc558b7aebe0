from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.model import Interest, Paper, Profile, ReasonKind
from digest.ranking import blend
from digest.ranking.counts import Floats
from digest.ranking.pool import Pool, pool_of
from digest.ranking.profile import has_taste
from digest.ranking.query import parse
from digest.ranking.rank import Ranker, Request
from tests.support.ranking import NOW, corpus_of, paper, rank, wanting

INSTITUTIONS = ("MIT, Cambridge", "Google DeepMind", "ETH Zürich")
SUBJECTS = ("medical image segmentation", "robots that walk", "vision-language models", "protein design")


def shelf() -> list[Paper]:
    """Two dozen papers: every subject with every institution and two authors and categories in turn."""
    return [
        replace(
            paper(
                i,
                f"On {SUBJECTS[i % 4]}",
                f"We consider {SUBJECTS[i % 4]} and {SUBJECTS[i // 4 % 4]}.",
                authors=(f"Author {'AB'[i % 2]}",),
                categories=(("cs.CV", "cs.RO"), ("cs.RO",), ("cs.CV",), ())[i // 6 % 4],
                signals={"upvotes": 9 * i} if i % 5 == 0 else {},
            ),
            affiliations=(INSTITUTIONS[i % 3],),
        )
        for i in range(1, 25)
    ]


SHELF = shelf()
POOL = pool_of(SHELF, corpus_of(SHELF), NOW)
RANKER = Ranker(corpus_of(SHELF))
KEYWORDS = (
    "protein",
    '"image segmentation"',
    "segmentation AND NOT robots",
    "robots OR protein",
    "models -medical",
    "-protein",
    "NOT (robots OR medical)",
    "(unreadable",
)


def some_of(*values: str) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(values), max_size=3, unique=True).map(tuple)


interests = st.builds(
    Interest,
    categories=some_of("cs.CV", "cs.RO", "math"),
    keywords=some_of(*KEYWORDS),
    text=st.sampled_from(["", "legged robots"]),
    authors=some_of("Author A", "B, Author", "Nobody"),
    institutions=some_of("MIT", "Google", "ETH Zurich", "Oxford"),
    likes=st.lists(st.integers(1, 24), max_size=2, unique=True).map(tuple),
)
profiles = st.builds(
    Profile,
    st.tuples(interests),
    muted=some_of("robot", "protein design", "image-segmentation"),
    muted_authors=some_of("Author A", "B, Author"),
    muted_categories=some_of("cs.CV", "cs"),
)


def boosts(interest: Interest, pool: Pool = POOL) -> Floats:
    found = np.zeros(len(pool))
    blend.add_boosts(found, interest, pool)
    return found


def numbers(places: Sequence[int] | Floats, pool: Pool = POOL) -> set[int]:
    return {pool.papers[int(place)].id for place in places}


def out_of(pool: Pool = POOL, *, has_cross_lists: bool = True, **interest: Any) -> set[int]:
    places = blend.places_ruled_out_of(Interest(**interest), pool, has_cross_lists=has_cross_lists)
    return numbers(places.tolist(), pool)


def is_muted(one: Paper, profile: Profile) -> bool:
    text = f"{one.title} {one.abstract}".lower().replace("-", " ")
    names = {"Author A" if name == "Author A" else "Author B" for name in profile.muted_authors}
    return (
        any(phrase.replace("-", " ") in text for phrase in profile.muted)
        or not names.isdisjoint(one.authors)
        or any(category in of for category in profile.muted_categories for of in one.categories)
    )


@given(profiles)
def test_a_mute_wins_over_every_boost(profile: Profile) -> None:
    expected = {one.id for one in SHELF if is_muted(one, profile)}
    places = blend.places_ruled_out(profile, frozenset(), POOL)
    assert numbers(places.tolist()) == expected | set(profile.likes)
    for place, one in enumerate(POOL.papers):
        assert (blend.mute_of(profile, place, POOL) is not None) == (one.id in expected)
    (picks,) = RANKER.rank_batch([Request(1, profile, 30)], SHELF, {one.id: one for one in SHELF}, NOW)
    assert not expected & {pick.paper_id for pick in picks}


@given(interests)
def test_the_reasons_are_the_boosts(interest: Interest) -> None:
    found = boosts(interest) + blend.TREND_BOOST * POOL.trend
    for place in range(len(POOL)):
        shares = [reason.share for reason in blend.Earned(interest, POOL).reasons(place)]
        assert math.fsum(shares) == pytest.approx(found[place], abs=1e-12)


@given(interests, st.randoms(use_true_random=False))
def test_the_order_of_the_profile_does_not_matter(interest: Interest, chance: Random) -> None:
    def turned(values: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(chance.sample(values, len(values)))

    other = replace(
        interest,
        categories=turned(interest.categories),
        keywords=turned(interest.keywords),
        authors=turned(interest.authors),
        institutions=turned(interest.institutions),
    )
    assert boosts(other) == pytest.approx(boosts(interest))
    assert list(blend.places_ruled_out_of(other, POOL)) == list(blend.places_ruled_out_of(interest, POOL))
    for place in range(len(POOL)):
        assert list(blend.Earned(other, POOL).reasons(place)) == list(blend.Earned(interest, POOL).reasons(place))


@given(interests)
def test_a_keyword_that_only_rules_out_always_does_and_is_named(interest: Interest) -> None:
    ruled_out = set(blend.places_ruled_out_of(interest, POOL).tolist())
    for keyword in set(interest.keywords) & {"-protein", "NOT (robots OR medical)"}:
        assert set(POOL.index.saying("protein" if "protein" in keyword else "robots").tolist()) <= ruled_out
    for place in ruled_out:
        assert blend.not_of(interest, place, POOL) in interest.keywords


@given(interests)
def test_what_meets_a_condition_or_is_followed_is_ruled_out_only_by_a_not_alone(interest: Interest) -> None:
    lone = tuple(keyword for keyword in interest.keywords if keyword.startswith(("-", "NOT")))
    met = [parse(keyword).places(POOL) or frozenset() for keyword in interest.keywords if keyword not in lone]
    wanted = frozenset(blend.places_by_followed(interest, POOL).tolist()).union(*met)
    by_lone = set(blend.places_ruled_out_of(replace(interest, keywords=lone), POOL).tolist())
    assert wanted & set(blend.places_ruled_out_of(interest, POOL).tolist()) <= by_lone


def test_a_not_rules_out_of_its_own_interest_only() -> None:
    papers = [paper(1, "Walking robots"), paper(2, "Medical robots"), paper(3, "Speech")]
    strict, open_minded = Interest(keywords=("robots", "-medical")), Interest(name="health", keywords=("medical",))
    assert {pick.paper_id for pick in rank(papers, Profile((strict,)))} == {1}
    picks = rank(papers, Profile((strict, open_minded)))
    assert {pick.paper_id: pick.interest for pick in picks} == {1: "", 2: "health"}


def test_a_condition_turns_away_what_its_not_names() -> None:
    papers = [paper(1, "Image segmentation"), paper(2, "Segmentation of medical images"), paper(3, "Speech")]
    condition = "segmentation AND NOT medical"
    assert [pick.paper_id for pick in rank(papers, wanting(keywords=(condition,)))] == [1]
    both = wanting(keywords=(condition, '"medical images"'))
    assert {pick.paper_id for pick in rank(papers, both)} == {1, 2}


def test_a_phrase_is_worth_a_stated_boost_and_is_its_reason() -> None:
    papers = [paper(1, "A world model of robots"), paper(2, "A model of the world of robots"), paper(3, "Speech")]
    first, second = rank(papers, wanting(keywords=("“world models”",)))
    assert (first.paper_id, second.paper_id) == (1, 2)
    (reason,) = [reason for reason in first.reasons if reason.kind is ReasonKind.KEYWORD]
    assert (reason.words, reason.share) == (("“world models”",), blend.KEYWORD_BOOST)
    assert ReasonKind.KEYWORD not in [reason.kind for reason in second.reasons]


def test_plain_words_side_by_side_are_worth_half_a_phrase() -> None:
    papers = [
        paper(1, "Video generation"),
        paper(2, "Generation of video"),
        paper(3, "Text-to-video"),
        paper(4, "Lamps"),
    ]
    pool = pool_of(papers, corpus_of(papers), NOW)
    interest = Interest(keywords=("video generation", "text-to-video", "lamps"))
    half = blend.SIDE_BY_SIDE_BOOST
    assert half == blend.KEYWORD_BOOST / 2
    assert boosts(interest, pool).tolist() == [half, 0.0, half, 0.0]  # a single word is beside nothing
    (reason,) = blend.Earned(interest, pool).reasons(0)
    assert (reason.kind, reason.words, reason.share) == (ReasonKind.KEYWORD, ('"video generation"',), half)


def test_words_side_by_side_add_nothing_to_a_phrase_that_is_said() -> None:
    papers = [paper(1, "Video generation by diffusion models")]
    pool = pool_of(papers, corpus_of(papers), NOW)
    interest = Interest(keywords=('"video generation"', "diffusion models"))
    assert boosts(interest, pool).tolist() == [blend.KEYWORD_BOOST]
    (reason,) = blend.Earned(interest, pool).reasons(0)
    assert (reason.words, reason.share) == (('"video generation"',), blend.KEYWORD_BOOST)


def test_two_conditions_met_count_once_and_are_both_named() -> None:
    papers = [paper(1, "Speech of robots")]
    pool = pool_of(papers, corpus_of(papers), NOW)
    interest = Interest(keywords=("speech AND robots", "robots OR arms"))
    assert boosts(interest, pool).tolist() == [blend.KEYWORD_BOOST]
    (reason,) = blend.Earned(interest, pool).reasons(0)
    assert reason.words == ("robots OR arms", "speech AND robots")


def test_a_phrase_is_found_in_a_script_without_blanks() -> None:
    papers = [paper(1, "面向机器人的世界模型"), paper(2, "模型世界"), paper(3, "语音识别")]
    (first, *_) = rank(papers, wanting(keywords=("「世界模型」",)))
    assert first.paper_id == 1
    assert ("「世界模型」",) in [reason.words for reason in first.reasons]


def test_institutions_are_a_filter_without_taste_and_a_boost_beside_one() -> None:
    assert {pick.paper_id % 3 for pick in rank(SHELF, wanting(institutions=("mit",)), limit=30)} == {0}
    interest = Interest(keywords=("protein",), institutions=("MIT", "DeepMind"))
    found = boosts(interest)
    assert {POOL.papers[place].id % 3 for place in np.flatnonzero(found)} == {0, 1}
    assert set(found[found > 0]) == {blend.INSTITUTION_BOOST}
    place = next(place for place, one in enumerate(POOL.papers) if one.id % 3 == 0)
    assert ("MIT",) in [reason.words for reason in blend.Earned(interest, POOL).reasons(place)]


def test_keywords_that_only_rule_out_are_no_taste() -> None:
    assert not has_taste(Interest(keywords=("-medical", "NOT survey"), text=" "))
    assert has_taste(Interest(keywords=("-medical", "robots")))
    picks = rank(SHELF, wanting(keywords=("-medical",), categories=("cs.RO",)), limit=30)
    expected = {one.id for one in SHELF if "cs.RO" in one.categories and "medical" not in one.abstract}
    assert picks
    assert {pick.paper_id for pick in picks} <= expected


def test_cross_lists_are_left_out_where_they_are_unwanted() -> None:
    crossed = {one.id for one in SHELF if one.categories[:1] != ("cs.RO",) and one.categories}
    assert out_of(categories=("cs.RO",), has_cross_lists=False) == crossed
    assert out_of(categories=("cs",), has_cross_lists=False) == set()
    assert out_of(categories=("cs.RO",)) == set()
    assert out_of(keywords=("robots",), has_cross_lists=False) == set()
