from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.model import Bar, Interest, Options
from digest.ranking import profile
from digest.ranking.profile import HALF_LIFE, LASTING, beside_weight, keyword_text, like_weight, tastes_of
from tests.support.ranking import NOW, corpus_of, ids, paper, rank, wanting

WORDS = ["graph", "token", "depth", "mesh", "robot", "policy", "retrieval", "speech"]
SHELF = [paper(i, " ".join(WORDS[(i * k) % 8] for k in (1, 3, 5))) for i in range(30)]
CORPUS = corpus_of(SHELF)
likes_of = st.lists(st.integers(0, 29), min_size=1, max_size=6, unique=True)


def weights_of(interest: Interest, now: datetime | None = None) -> dict[str, float]:
    weights = tastes_of([interest], CORPUS, {}, now).weights
    return {CORPUS.terms[i]: float(w) for i, w in zip(weights.indices, weights.data, strict=True)}


@given(likes_of, st.integers(0, 29))
def test_a_like_never_lowers_the_weight_of_its_words_against_words_it_does_not_say(likes: list[int], more: int) -> None:
    before, after = weights_of(Interest(likes=tuple(likes))), weights_of(Interest(likes=(*likes, more)))
    said = set(SHELF[more].title.split())
    for other in before.keys() - said:
        for word in said:
            assert after[word] * before[other] >= before.get(word, 0.0) * after[other] * (1 - 1e-5)


@given(likes_of)
def test_the_order_of_likes_and_a_like_given_twice_never_matter(likes: list[int]) -> None:
    once = weights_of(Interest(likes=tuple(likes)))
    assert weights_of(Interest(likes=(*reversed(likes), likes[0]))) == once


def test_a_taste_is_the_same_whose_ever_are_made_with_it() -> None:
    papers = [paper(i, " ".join(f"w{(7 * i + 11 * j) % 3000}x" for j in range(60))) for i in range(300)]
    corpus = corpus_of(papers)
    many, few = Interest(likes=tuple(range(100))), Interest(likes=(1, 2))
    alone, beside = tastes_of([many], corpus, {}), tastes_of([few, many], corpus, {})
    kept, same = alone.weights[[0], :].toarray(), beside.weights[[1], :].toarray()
    assert same == pytest.approx(kept, rel=1e-5)


@given(likes_of, st.integers(0, 5000))
def test_likes_of_one_age_count_as_if_none_had_an_age(likes: list[int], days: int) -> None:
    aged = Interest(likes=tuple(likes), liked_at=(NOW - timedelta(days=days),) * len(likes))
    assert weights_of(aged, NOW) == pytest.approx(weights_of(Interest(likes=tuple(likes))))


def test_an_old_like_counts_less_and_never_nothing() -> None:
    assert like_weight(NOW, NOW) == 1
    assert like_weight(NOW + timedelta(days=3), NOW) == 1
    assert like_weight(NOW - HALF_LIFE, NOW) == pytest.approx(LASTING + (1 - LASTING) / 2)
    assert like_weight(NOW - 100 * HALF_LIFE, NOW) == pytest.approx(LASTING)


def test_the_newer_of_two_likes_leads() -> None:
    papers = [paper(1, "robot policy"), paper(2, "speech token"), paper(3, "robot policy"), paper(4, "speech token")]
    ages = (NOW - timedelta(days=2000), NOW)
    fresh = papers[2:]
    for likes, first in (((1, 2), 4), ((2, 1), 3)):
        picks = rank(papers, wanting(likes=likes, liked_at=ages), candidates=fresh)
        assert ids(picks)[0] == first


def test_ages_that_do_not_belong_to_the_likes_are_not_read() -> None:
    odd = Interest(likes=(1, 2), liked_at=(NOW - timedelta(days=900),))
    assert weights_of(odd, NOW) == weights_of(Interest(likes=(1, 2)))


def test_what_stands_beside_a_like_fades_with_the_number_of_likes() -> None:
    amounts = [beside_weight(count) for count in range(25)]
    assert amounts[0] == 0
    assert amounts[1] == 1
    assert amounts[1:] == sorted(amounts[1:], reverse=True)
    assert set(amounts[20:]) == {0}


def test_free_text_is_one_more_like_and_so_are_the_keywords() -> None:
    whole = tastes_of([Interest(likes=(1,), text="speech", keywords=("robot", "policy"))], CORPUS, {})
    assert whole.mixture.data.tolist() == pytest.approx([1 / 3] * 3)
    assert sorted(whole.liked_ids, key=str) == [1, None, None]


def test_what_a_condition_rules_out_is_not_read() -> None:
    assert keyword_text(Interest(keywords=("robot NOT speech", "-token"), text="mesh")) == "robot\nmesh"
    assert set(weights_of(Interest(keywords=("robot NOT speech",)))) == {"robot"}


def test_a_taste_is_its_likes_levelled_word_by_word() -> None:
    tastes = tastes_of([Interest(likes=(1, 2, 3)), Interest(likes=(4,), dislikes=(5,))], CORPUS, {})
    plain = (tastes.mixture @ tastes.vectors).toarray()
    weights, found = tastes.weights.toarray(), tastes.weights
    rows = np.repeat(np.arange(2), np.diff(found.indptr))
    assert plain[rows, found.indices] * tastes.growth == pytest.approx(found.data)
    assert np.linalg.norm(weights, axis=1) == pytest.approx(np.linalg.norm(plain, axis=1))


def test_a_work_of_the_own_library_counts_like_a_paper() -> None:
    papers = [paper(1, "robot policy"), paper(2, "speech token")]
    library = {-7: paper(-7, "speech token retrieval")}
    tastes = tastes_of([Interest(likes=(-7,))], corpus_of(papers), library)
    assert tastes.liked_ids == (-7,)
    assert tastes.scale[0] > 0


def test_a_profile_without_a_known_word_is_no_taste() -> None:
    tastes = tastes_of([Interest(keywords=("xylophone",)), Interest(likes=(12345,)), Interest()], CORPUS, {})
    assert tastes.scale.tolist() == [0, 0, 0]
    assert not tastes.growth.any()


def test_one_rare_word_and_very_many_likes_are_profiles_too() -> None:
    papers = [paper(i, f"{WORDS[i % 2]} {WORDS[2 + i % 2]} word{i}") for i in range(400)] + [paper(500, "graph zeugma")]
    assert ids(rank(papers, wanting(keywords=("zeugma",)))) == [500]
    liked = tuple(i for i in range(390) if i % 2) + tuple(range(1000, 10_800))
    profile = replace(wanting(likes=liked), options=Options(bar=Bar.OFF))
    assert {i % 2 for i in ids(rank(papers, profile, candidates=papers[390:]))} == {1}


def test_a_profile_in_chinese_finds_its_subject() -> None:
    papers = [paper(1, "深度学习 图像分割"), paper(2, "深度学习 目标检测"), paper(3, "量子计算 纠错")]
    assert ids(rank(papers, wanting(likes=(1,)), candidates=papers[1:]))[0] == 2


def test_of_very_many_words_the_strongest_are_kept_and_what_the_others_have_in_common() -> None:
    papers = [paper(i, " ".join(f"w{(7 * i + 11 * j) % 3000}x" for j in range(60))) for i in range(300)]
    corpus = corpus_of(papers)
    tastes = tastes_of([Interest(likes=tuple(range(100))), Interest(likes=(1,))], corpus, {})
    descending = np.sort(tastes.weights[[0], :].data)[::-1]
    assert descending[profile.WORDS - 1 :] == pytest.approx(descending[profile.WORDS - 1], rel=1e-5)
    few, many = tastes.baseline / tastes.scale
    assert few < many
