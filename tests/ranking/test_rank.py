from __future__ import annotations

import math
import random
from dataclasses import replace
from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.model import Bar, Options, Paper, Pick, Profile, ReasonKind
from digest.ranking.rank import Ranker, Request
from tests.support.ranking import NOW, changed, corpus_of, ids, paper, rank, wanting

TOPICS = [
    "vision-language grounding of captions in images",
    "diffusion sampling with fewer denoising steps",
    "grasping robots learn policies from touch",
    "protein structure from sequence alignment",
    "speech recognition for rare dialects",
    "graph kernels and message passing",
]


def shelf() -> list[Paper]:
    """Thirty papers, five on each topic, with signals, authors and categories of their own."""
    return [
        paper(
            i,
            f"{TOPICS[i % 6]} {i}",
            f"We study {TOPICS[i % 6]}. {TOPICS[(i // 6) % 6]}",
            authors=(f"Author {'ABCDE'[i % 5]}",),
            categories=(("cs.CV", "cs.RO", "q-bio.BM")[i % 3],),
            published_on=date(2026, 4, 1 + i % 19),
            signals={"upvotes": i * 3} if i % 4 == 0 else {},
        )
        for i in range(1, 31)
    ]


SHELF = shelf()
KEYWORDS = ["protein", "vision-language", "denoising steps", "nothing at all"]
numbers = st.integers(1, 30)
profiles = st.builds(
    wanting,
    categories=st.lists(st.sampled_from(["cs.CV", "cs", "q-bio.BM", "math"]), max_size=2).map(tuple),
    keywords=st.lists(st.sampled_from(KEYWORDS), max_size=2).map(tuple),
    authors=st.lists(st.sampled_from(["Author A", "B, Author", "Nobody"]), max_size=2).map(tuple),
    likes=st.lists(numbers, max_size=5, unique=True).map(tuple),
    dislikes=st.lists(numbers, max_size=3, unique=True).map(tuple),
    muted=st.lists(st.sampled_from(["protein", "Message  passing", "grasp"]), max_size=2).map(tuple),
)


@given(profiles, st.integers(0, 40), st.frozensets(numbers, max_size=10))
def test_picks_are_candidates_once_each_and_none_that_was_sent_voted_on_or_muted(
    profile: Profile, limit: int, excluded: frozenset[int]
) -> None:
    picked = ids(rank(SHELF, profile, limit=limit, excluded=excluded))
    assert len(picked) == len(set(picked)) <= limit
    assert set(picked) <= {one.id for one in SHELF} - excluded - set(profile.likes) - set(profile.dislikes)
    texts = {one.id: f"{one.title} {one.abstract}".casefold() for one in SHELF}
    assert not any("protein" in texts[i] for i in picked if "protein" in profile.muted)
    assert not any("message passing" in texts[i] for i in picked if "Message  passing" in profile.muted)


@given(profiles)
def test_the_shares_of_the_reasons_sum_to_the_score_and_scores_fall(profile: Profile) -> None:
    picks = rank(SHELF, profile)
    for pick in picks:
        assert math.fsum(reason.share for reason in pick.reasons) == pytest.approx(pick.score, abs=1e-9)
    scores = [pick.score for pick in picks]
    # What is less than a millionth apart in single precision is a tie, and the told scores are in double precision.
    assert all(first >= second - 1.5e-6 for first, second in pairwise(scores))


@given(profiles)
def test_every_word_of_a_reason_stands_in_the_paper(profile: Profile) -> None:
    by_id = {one.id: one for one in SHELF}
    for pick in rank(SHELF, profile):
        one = by_id[pick.paper_id]
        for reason in pick.reasons:
            if reason.kind is ReasonKind.TERMS:
                assert all(word in f"{one.title}\n{one.abstract}" for word in reason.words)


@given(profiles, st.randoms(use_true_random=False))
def test_the_order_of_the_input_never_matters(profile: Profile, chance: random.Random) -> None:
    shuffled = SHELF.copy()
    chance.shuffle(shuffled)
    turned = changed(profile, likes=profile.likes[::-1], dislikes=profile.dislikes[::-1])
    turned = changed(turned, keywords=profile.interests[0].keywords[::-1])
    assert rank(SHELF, profile) == rank(SHELF, turned, candidates=shuffled)


@given(st.lists(profiles, min_size=1, max_size=6))
def test_a_subscriber_gets_the_same_alone_and_in_a_batch(some: list[Profile]) -> None:
    ranker, known = Ranker(corpus_of(SHELF)), {one.id: one for one in SHELF}
    requests = [Request(i, profile, 5, frozenset({i})) for i, profile in enumerate(some)]
    together = ranker.rank_batch(requests, SHELF, known, NOW)
    alone = [ranker.rank_batch([request], SHELF, known, NOW)[0] for request in requests]
    assert [ids(picks) for picks in together] == [ids(picks) for picks in alone]


@given(profiles.filter(lambda profile: bool(profile.likes)), numbers)
def test_a_like_never_takes_words_in_common_off_the_liked_paper(profile: Profile, number: int) -> None:
    """Before the baseline: adding a vector to a sum never turns the sum away from it."""
    ranker, known = Ranker(corpus_of(SHELF)), {one.id: one for one in SHELF}
    calm = changed(profile, dislikes=(), keywords=())
    more = changed(calm, likes=tuple(dict.fromkeys((*calm.likes, number))))

    def relevance(of: Profile) -> float:
        return math.fsum(points for _, points in ranker.term_points(of.interests[0], known[number], known, NOW))

    assert relevance(more) >= relevance(calm) - 1e-9


def test_likes_bring_their_topic_to_the_top() -> None:
    by_id = {one.id: one for one in SHELF}
    picks = rank(SHELF, wanting(likes=(6, 12)), limit=3)  # both are of the first topic
    assert all("captions" in f"{by_id[i].title} {by_id[i].abstract}" for i in ids(picks))


def test_a_dislike_pushes_its_topic_down() -> None:
    both = wanting(likes=(6, 7))
    calm, cross = rank(SHELF, both), rank(SHELF, changed(both, dislikes=(13,)))
    of_topic = [next(pick.score for pick in picks if pick.paper_id % 6 == 1) for picks in (calm, cross)]
    assert of_topic[0] > of_topic[1]


def test_keywords_are_one_more_like() -> None:
    (first, *_) = rank(SHELF, wanting(keywords=("protein structure",)))
    assert first.paper_id % 6 == 3
    assert first.reasons[0].kind is ReasonKind.TERMS
    assert {"protein", "structure"} <= set(first.reasons[0].words)


def test_a_followed_author_is_picked_without_a_word_in_common() -> None:
    papers = [paper(1, "protein folding"), paper(2, "graph kernels", authors=("Ada Lovelace",)), paper(3, "speech")]
    (pick, *_) = rank(papers, wanting(likes=(1,), authors=("Lovelace, Ada",)))
    assert pick.paper_id == 2
    assert ("Ada Lovelace",) in [reason.words for reason in pick.reasons if reason.kind is ReasonKind.AUTHOR]


def test_what_matches_nothing_and_has_no_boost_is_not_padded_in() -> None:
    papers = [paper(1, "protein folding"), paper(2, "protein design"), paper(3, "speech"), paper(4, "graph kernels")]
    assert ids(rank(papers, wanting(likes=(1,)))) == [2]


def test_the_one_like_that_carried_a_score_is_named_by_its_title() -> None:
    words = " ".join(f"term{'abcdefghijklmnop'[i]}" for i in range(16))
    papers = [paper(1, "The liked one", words), paper(2, "The new one", words), *SHELF[5:10]]
    (pick, *_) = rank(papers, wanting(likes=(1,)), candidates=papers[1:])
    assert [reason.kind for reason in pick.reasons] == [ReasonKind.TERMS, ReasonKind.LIKED]
    assert pick.reasons[1].words == ("The liked one",)
    assert all(reason.share > 0 for reason in pick.reasons)


def test_an_empty_profile_gets_trend_then_recency() -> None:
    papers = [
        paper(1, "older", published_on=date(2026, 4, 18)),
        paper(2, "warm", published_on=date(2026, 4, 20), signals={"upvotes": 10}),
        paper(3, "hot", published_on=date(2026, 4, 20), signals={"upvotes": 90}),
        paper(4, "newer", published_on=date(2026, 4, 19)),
        paper(5, "newer too", published_on=date(2026, 4, 19)),
    ]
    picks = rank(papers, wanting())
    assert ids(picks) == [3, 2, 4, 5, 1]
    kinds = [pick.reasons[0].kind for pick in picks]
    assert kinds == [ReasonKind.TREND] * 2 + [ReasonKind.RECENT] * 3
    assert picks[0].reasons[0].words == ("90 upvotes",)


def test_categories_alone_are_a_filter() -> None:
    picks = rank(SHELF, wanting(categories=("q-bio.BM",)), limit=30)
    assert {pick.paper_id % 3 for pick in picks} == {2}
    assert len(picks) == 10
    assert all(ReasonKind.CATEGORY in [reason.kind for reason in pick.reasons] for pick in picks)


def test_categories_beside_likes_are_a_boost() -> None:
    likes = wanting(likes=(6, 12))
    plain, boosted = (
        {pick.paper_id: pick.score for pick in rank(SHELF, profile, limit=30)}
        for profile in (likes, changed(likes, categories=("cs.CV",)))
    )
    assert all(boosted[i] - plain[i] == pytest.approx(0.02 if i % 3 == 0 else 0) for i in plain)
    assert set(boosted) > {i for i in plain if i % 3}


def test_authors_alone_give_their_papers_only() -> None:
    assert {pick.paper_id % 5 for pick in rank(SHELF, wanting(authors=("Author A",)), limit=30)} == {0}


def test_one_rare_word_finds_its_papers_and_nothing_else() -> None:
    papers = [*(paper(i, one.title) for i, one in enumerate(SHELF, 100)), paper(1, "Kolmogorov turbulence")]
    assert ids(rank(papers, wanting(keywords=("kolmogorov",)))) == [1]
    assert rank(papers, wanting(keywords=("unheard-of",))) == ()


def test_a_profile_in_chinese_finds_chinese_papers_and_says_why() -> None:
    papers = [
        paper(1, "基于深度学习的医学图像分割"),
        paper(2, "机器人抓取的强化学习方法"),
        paper(3, "图像分割综述", "深度学习用于医学图像"),
        *SHELF[4:7],
    ]
    by_like = rank(papers, wanting(likes=(1,)))
    assert by_like[0].paper_id == 3
    by_word = rank(papers, wanting(keywords=("医学图像",)))
    assert set(ids(by_word)) == {1, 3}
    assert any("医学图像" in word for word in by_word[0].reasons[0].words)


@pytest.mark.parametrize("bar", Bar)
def test_ten_thousand_likes_are_ranked_like_any_other_profile(bar: Bar) -> None:
    chance = random.Random(1)
    words = [f"w{i}x" for i in range(500)]
    known = [paper(i, " ".join(chance.choices(words[:50], k=8))) for i in range(10_000)]
    new = [paper(20_000 + i, " ".join(chance.choices(words[:50] if i < 5 else words[50:], k=8))) for i in range(50)]
    ranker, everything = Ranker(corpus_of([*known, *new])), {one.id: one for one in known}
    request = Request(1, replace(wanting(likes=tuple(everything)), options=Options(bar=bar)), 5)
    (picks,) = ranker.rank_batch([request], new, everything, NOW)
    assert set(ids(picks)) == {20_000 + i for i in range(5)}


def test_a_like_that_the_corpus_has_forgotten_still_counts() -> None:
    remembered = [one for one in SHELF if one.id != 6]
    ranker = Ranker(corpus_of(remembered))
    request = Request(1, wanting(likes=(6, 999)), 3)
    (picks,) = ranker.rank_batch([request], remembered, {6: SHELF[5]}, NOW)
    assert all("vision-language" in pick.reasons[0].words for pick in picks)


def test_a_revised_candidate_is_explained_by_the_words_it_has_now() -> None:
    ranker = Ranker(corpus_of(SHELF))
    revised = replace(SHELF[2], title="Speech recognition, revised", abstract="")
    (picks,) = ranker.rank_batch([Request(1, wanting(keywords=("protein", "speech")), 3)], [revised], {}, NOW)
    assert picks[0].reasons[0].words == ("Speech",)


def test_equal_papers_keep_the_order_of_their_ids_also_where_the_limit_cuts() -> None:
    same = [paper(i, "protein folding") for i in (5, 3, 9, 7, 1)]
    papers = [*same, paper(100, "protein"), *SHELF]
    assert ids(rank(papers, wanting(likes=(100,)), limit=3, candidates=same)) == [1, 3, 5]


def test_nothing_to_rank_is_no_error() -> None:
    ranker = Ranker(corpus_of([]))
    empty: list[tuple[Pick, ...]] = [()]
    assert ranker.rank_batch([Request(1, wanting(keywords=("x",)), 3)], [], {}, NOW) == empty
    assert ranker.rank_batch([], SHELF, {}, NOW) == []


def test_the_points_of_the_words_sum_to_the_relevance() -> None:
    profile, known = wanting(likes=(6, 7), keywords=("denoising",)), {one.id: one for one in SHELF}
    (pick,) = rank(SHELF, profile, limit=1)
    points = Ranker(corpus_of(SHELF)).term_points(profile.interests[0], known[pick.paper_id], known, NOW)
    share = math.fsum(r.share for r in pick.reasons if r.kind in (ReasonKind.TERMS, ReasonKind.LIKED))
    assert math.fsum(value for _, value in points) == pytest.approx(share, abs=1e-9)


def test_an_order_has_the_best_by_score_and_no_more_than_asked_for() -> None:
    ranker = Ranker(corpus_of(SHELF))
    orders = [
        next(ranker.order_batch([Request(1, wanting(likes=(1,)), limit)], SHELF, {}, NOW)) for limit in (0, 1, 2, 29)
    ]
    assert [len(order) for order in orders] == [0, 1, 2, 29]
    assert orders[1] == orders[3][:1]
    assert orders[2] == orders[3][:2]
