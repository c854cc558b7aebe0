"""What vectors add to a score: the ridge, its unit, and what is not known."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.model import Interest, Paper
from digest.ranking.counts import Floats
from digest.ranking.embeddings import BESIDE_WEIGHT, Embeddings, packed, unpacked
from digest.ranking.meaning import SHARE, Ridge
from digest.ranking.pool import Pool, pool_of
from tests.support.ranking import NOW, corpus_of, paper

WIDTH = 8
SHELF = [paper(i, f"Study {i}", "lamp ship sea" if i % 2 else "parrot graph edge") for i in range(1, 41)]


def vectors(count: int = len(SHELF), seed: int = 7) -> Floats:
    """Two heaps: odd numbers point one way, even ones another, all with a large part in common."""
    rng = np.random.default_rng(seed)
    made = rng.normal(size=(count, WIDTH)) * 0.1 + 2.0
    made[::2, 0] += 1.0
    made[1::2, 1] += 1.0
    return made


def known(*, without: tuple[int, ...] = ()) -> Embeddings:
    found = Embeddings(ridge=20.0)
    ids = [one.id for one in SHELF if one.id not in without]
    found.add(ids, vectors()[[i - 1 for i in ids]])
    return found


def pool(papers: list[Paper] = SHELF) -> Pool:
    return pool_of(papers, corpus_of(SHELF), NOW)


def relevance(rows: int, among: Pool, deviation: float = 0.05) -> Floats:
    return np.random.default_rng(3).normal(scale=deviation, size=(rows, len(among)))


def test_papers_like_the_likes_get_points_and_the_others_lose_them() -> None:
    offered = pool()
    (points,) = Ridge(known()).points([Interest(likes=(1, 3, 5))], relevance(1, offered), offered)
    odd = [points[offered.places[i]] for i in range(7, 41, 2)]
    even = [points[offered.places[i]] for i in range(8, 41, 2)]
    assert min(odd) > max(even)


def test_the_points_deviate_by_a_stated_multiple_of_the_relevance() -> None:
    offered = pool()
    words = relevance(1, offered, deviation=0.02)
    points = Ridge(known()).points([Interest(likes=(1, 3))], words, offered)
    assert points.std() == pytest.approx(SHARE * words.std())
    assert points.mean() == pytest.approx(0.0, abs=1e-12)


def test_the_sum_orders_as_words_and_meaning_in_deviations() -> None:
    offered = pool()
    words = relevance(1, offered)
    points = Ridge(known()).points([Interest(likes=(1, 3))], words, offered)

    def z(values: Floats) -> Floats:
        found: Floats = (values - values.mean()) / values.std()
        return found

    assert np.array_equal(np.argsort(words + points), np.argsort(z(words) / SHARE + z(points)))


def heaps(count: int = 300, width: int = 12) -> Embeddings:
    """Three heaps of a third each, by the remainder of the id; far more papers than are read beside one."""
    rng = np.random.default_rng(11)
    made = rng.normal(size=(count, width)) * 0.3
    made[np.arange(count), np.arange(count) % 3] += 1.0
    found = Embeddings()
    found.add(range(count), made)
    return found


def test_beside_a_paper_on_offer_stands_the_direction_of_its_ten_nearest() -> None:
    known_papers = heaps()
    _, every = known_papers.found(range(300))
    for paper_id in (0, 7, 299):
        _, (offered,) = known_papers.offered([paper_id])
        cosines = every @ every[paper_id]
        cosines[paper_id] = -1.0
        nearest = np.argsort(cosines)[-6:]  # one in fifty of 300
        told = cosines[nearest] @ every[nearest]
        assert offered == pytest.approx(every[paper_id] + BESIDE_WEIGHT * told / np.linalg.norm(told), abs=1e-5)


def test_what_is_offered_does_not_depend_on_what_else_is() -> None:
    alone, together = heaps(), heaps()
    together.offered(range(0, 300, 2))
    positions, many = together.offered([5, 900, 4, 6])
    assert positions.tolist() == [0, 2, 3]
    for row, paper_id in zip(many, (5, 4, 6), strict=True):
        assert alone.offered([paper_id])[1][0] == pytest.approx(row, abs=1e-6)


def test_a_new_vector_changes_what_stands_beside_the_others() -> None:
    papers = heaps()
    before = papers.offered([0])[1][0]
    papers.add([300], papers.found([0])[1] * 3.0)
    assert np.abs(papers.offered([0])[1][0] - before).max() > 1e-3


def test_beside_a_paper_of_a_small_catalog_stands_nothing() -> None:
    assert np.array_equal(known().offered([1, 2])[1], known().found([1, 2])[1])


def test_a_paper_without_a_vector_gets_no_points() -> None:
    offered = pool()
    (points,) = Ridge(known(without=(9, 10))).points([Interest(likes=(1,))], relevance(1, offered), offered)
    assert (points[offered.places[9]], points[offered.places[10]]) == (0.0, 0.0)
    assert np.count_nonzero(points) == len(SHELF) - 2


def test_an_interest_of_which_nothing_is_known_gets_no_points() -> None:
    offered = pool()
    wishes = [Interest(categories=("cs.CV",)), Interest(likes=(999,)), Interest(keywords=("lamp",))]
    assert not Ridge(known()).points(wishes, relevance(3, offered), offered).any()


def test_without_any_vectors_there_are_no_points() -> None:
    offered = pool()
    ridge = Ridge(Embeddings())
    assert not ridge.points([Interest(likes=(1,))], relevance(1, offered), offered).any()
    assert ridge.nearest(Interest(likes=(1,)), 0, offered) is None


def test_a_single_paper_on_offer_gets_no_points() -> None:
    offered = pool(SHELF[:1])
    assert not Ridge(known()).points([Interest(likes=(2,))], relevance(1, offered), offered).any()


def test_a_disliked_paper_takes_points_from_those_like_it() -> None:
    offered, words = pool(), relevance(1, pool())
    liking = Ridge(known()).points([Interest(likes=(1, 2))], words, offered)[0]
    disliking = Ridge(known()).points([Interest(likes=(1, 2), dislikes=(4,))], words, offered)[0]
    even = [offered.places[i] for i in range(8, 41, 2)]
    assert disliking[even].mean() < liking[even].mean()


def test_words_are_read_as_one_more_like_where_a_model_is_at_hand() -> None:
    offered = pool()
    asked: list[str] = []

    def encode(texts: list[str] | tuple[str, ...] | object) -> Floats:
        assert isinstance(texts, list)
        asked.extend(texts)
        return np.stack([vectors()[0] for _ in texts])

    ridge = Ridge(known(), encode)
    wish = Interest(keywords=("lamps",), text="ships at sea")
    points = ridge.points([wish, wish], relevance(2, offered), offered)
    assert points[0][offered.places[7]] > 0 > points[0][offered.places[8]]
    ridge.points([wish], relevance(1, offered), offered)
    assert asked == ["lamps", "ships at sea"]  # once, however often it is ranked


def test_an_old_like_counts_less_than_a_new_one() -> None:
    offered, words = pool(), relevance(1, pool())
    times = (NOW - timedelta(days=3000), NOW)
    aged = Ridge(known()).points([Interest(likes=(1, 2), liked_at=times)], words, offered)[0]
    ageless = Ridge(known()).points([Interest(likes=(1, 2))], words, offered)[0]
    even = [offered.places[i] for i in range(8, 41, 2)]
    assert aged[even].mean() > ageless[even].mean()


def test_the_reason_names_the_liked_paper_that_is_nearest() -> None:
    offered = pool([one for one in SHELF if one.id > 10])
    wish = Interest(likes=(1, 2))
    ridge = Ridge(known())
    nearest = {i: ridge.nearest(wish, offered.places[i], offered) for i in range(11, 41)}
    assert sum(nearest[i] == 1 for i in range(11, 41, 2)) >= 13
    assert sum(nearest[i] == 2 for i in range(12, 41, 2)) >= 13


def test_a_paper_or_like_without_a_vector_has_no_nearest_like() -> None:
    offered = pool()
    ridge = Ridge(known(without=(7, 9)))
    assert ridge.nearest(Interest(likes=(1,)), offered.places[9], offered) is None
    assert ridge.nearest(Interest(likes=(7,)), offered.places[1], offered) is None


@given(st.permutations(list(range(1, 11))), st.permutations(list(range(len(SHELF)))))
def test_neither_the_order_of_likes_nor_that_of_papers_matters(likes: list[int], order: list[int]) -> None:
    offered = pool([SHELF[i] for i in order])
    words = relevance(1, offered)
    there = Ridge(known()).points([Interest(likes=tuple(range(1, 11)))], words, pool())
    assert np.array_equal(Ridge(known()).points([Interest(likes=tuple(likes))], words, offered), there)


def test_a_subscriber_gets_the_same_points_alone_and_among_others() -> None:
    offered = pool()
    words = relevance(5, offered)
    wishes = [Interest(likes=(i, i + 2)) for i in range(1, 6)]
    together = Ridge(known()).points(wishes, words, offered)
    for row, wish in enumerate(wishes):
        alone = Ridge(known()).points([wish], words[row : row + 1], offered)
        np.testing.assert_allclose(alone[0], together[row], atol=1e-12)


@given(st.integers(1, 30), st.integers(0, 2**16))
def test_what_is_packed_is_unpacked_to_half_precision(count: int, seed: int) -> None:
    made = vectors(count, seed)
    back = unpacked(packed(made))
    assert back.dtype == np.float16
    np.testing.assert_allclose(back, made / np.linalg.norm(made, axis=1, keepdims=True), atol=5e-4)
    assert len(packed(made)[0]) == 2 * WIDTH


def test_the_ridge_is_the_textbook_formula() -> None:
    learnt = known()
    raw = unpacked(packed(vectors()))
    learnt.add([one.id for one in SHELF], raw)
    z = raw.astype(np.float64) - raw.astype(np.float64).mean(axis=0)
    z /= np.linalg.norm(z, axis=1, keepdims=True)
    assert learnt.space is not None
    np.testing.assert_allclose(learnt.space.inverse, np.linalg.inv(z.T @ z + 20 * np.eye(WIDTH)), rtol=1e-6)
    np.testing.assert_allclose(learnt.found([4, 999, 1])[1], z[[3, 0]], rtol=1e-6)
    assert learnt.found([4, 999, 1])[0].tolist() == [0, 2]


def test_a_revised_paper_gets_its_new_vector_and_an_equal_one_changes_nothing() -> None:
    learnt = known()
    space = learnt.space
    learnt.add([1], vectors()[:1])
    assert learnt.space is space
    learnt.add([1], vectors()[1:2])
    assert (len(learnt), learnt.space is space) == (len(SHELF), False)


def test_vectors_of_another_model_begin_anew() -> None:
    learnt = known()
    learnt.add([1, 2], np.ones((2, WIDTH + 1)))
    assert (len(learnt), 3 in learnt) == (2, False)


def test_only_what_is_kept_is_remembered() -> None:
    learnt = known()
    learnt.keep([2, 3, 999])
    assert (len(learnt), 2 in learnt, 4 in learnt) == (2, True, False)
