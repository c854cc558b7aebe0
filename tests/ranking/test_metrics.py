from __future__ import annotations

import math

import pytest

from digest.ranking.metrics import MEASURES, Judged, measured, mrr, ndcg, recall, summary

RANKING = list("abcdefghij")


def test_recall_is_the_part_of_the_relevant_that_was_found() -> None:
    assert recall(RANKING, set("bxd"), 3) == pytest.approx(1 / 3)
    assert recall(RANKING, set("bxd"), 4) == pytest.approx(2 / 3)


def test_ndcg_is_the_gain_over_the_best_possible_gain() -> None:
    # Hits in second and fourth place of three relevant: (1/log2 3 + 1/log2 5) / (1/log2 2 + 1/log2 3 + 1/log2 4)
    expected = (1 / math.log2(3) + 1 / math.log2(5)) / (1 + 1 / math.log2(3) + 0.5)
    assert ndcg(RANKING, set("bdz"), 10) == pytest.approx(expected)
    assert ndcg(RANKING, set("ab"), 2) == 1
    assert ndcg(RANKING, set("abc"), 2) == 1
    assert ndcg(RANKING, set("z"), 10) == 0


def test_mrr_is_one_over_the_first_hit_within_200() -> None:
    assert mrr(RANKING, set("dc")) == pytest.approx(1 / 3)
    assert mrr(range(300), {200}) == 0


def test_everybody_counts_the_same() -> None:
    judged = [Judged(RANKING, {"a"}), Judged(RANKING, set("xyz"))]
    figures = summary(judged)
    assert figures["recall@20"] == pytest.approx(0.5)
    assert figures["mrr"] == pytest.approx(0.5)
    assert list(figures) == ["recall@20", "recall@50", "recall@100", "ndcg@10", "ndcg@20", "mrr"]


def test_nobody_scores_nothing() -> None:
    assert set(summary([]).values()) == {0}


def test_each_person_has_a_row_and_each_measure_a_column() -> None:
    values = measured([Judged(RANKING, {"a"}), Judged(RANKING, {"b"})])
    assert values.shape == (2, len(MEASURES))
    assert values[:, MEASURES.index("mrr")].tolist() == [1, 0.5]
    assert measured([]).shape == (0, len(MEASURES))
