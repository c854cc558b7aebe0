from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.ranking.corpus import Corpus, saturation

WORDS = ["graph", "token", "depth", "mesh", "robot", "policy", "retrieval", "speech"]
texts = st.lists(st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join), min_size=1, max_size=12)


def vectors_by_term(corpus: Corpus, ids: list[int]) -> list[dict[str, float]]:
    dense = corpus.vectors(ids).toarray()
    return [{term: round(float(w), 4) for term, w in zip(corpus.terms, row, strict=True) if w} for row in dense]


def test_a_weight_is_what_the_formula_says() -> None:
    corpus = Corpus()
    corpus.add([1, 2], ["graph graph token", "token"])
    # Four words of three distinct terms: a third more than once each; lengths 3 and 1, mean 2.
    k1, b = 1.2 + 2.8 / 3, 0.75 + 0.4 / 3
    assert (corpus.statistics.saturation.k1, corpus.statistics.saturation.b) == pytest.approx((k1, b))
    idf = float(np.log(1 + (2 - 1 + 0.5) / (1 + 0.5)))
    expected = idf * 2 * (k1 + 1) / (2 + k1 * (1 - b + b * 3 / 2))
    assert vectors_by_term(corpus, [1])[0]["graph"] == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(("repeats", "k1", "b"), [(0.0, 1.2, 0.75), (0.65, 3.02, 1.0), (5.0, 3.02, 1.0)])
def test_repetitive_texts_saturate_later_and_pay_for_all_their_length(repeats: float, k1: float, b: float) -> None:
    assert saturation(repeats).k1 == pytest.approx(k1)
    assert saturation(repeats).b == pytest.approx(b)


@given(texts)
def test_adding_in_parts_is_adding_at_once(some: list[str]) -> None:
    whole, parts = Corpus(), Corpus()
    numbers = list(range(len(some)))
    whole.add(numbers, some)
    for number, text in enumerate(some):
        parts.add([number], [text])
        _ = parts.statistics
    assert vectors_by_term(whole, numbers) == vectors_by_term(parts, numbers)
    assert whole.statistics.norm == pytest.approx(parts.statistics.norm)


@given(texts)
def test_adding_twice_changes_nothing(some: list[str]) -> None:
    once, twice = Corpus(), Corpus()
    numbers = list(range(len(some)))
    once.add(numbers, some)
    twice.add(numbers, some)
    twice.add(numbers, some)
    assert len(twice) == len(some)
    assert vectors_by_term(once, numbers) == vectors_by_term(twice, numbers)


def test_a_revised_text_replaces_the_old_one() -> None:
    revised, fresh = Corpus(), Corpus()
    revised.add([1, 2], ["graph token", "mesh depth"])
    revised.add([1], ["robot policy"])
    fresh.add([2, 1], ["mesh depth", "robot policy"])
    assert vectors_by_term(revised, [1, 2]) == vectors_by_term(fresh, [1, 2])
    assert not revised.knows(1, "graph token")


def test_papers_beyond_the_window_are_forgotten_with_their_words() -> None:
    small, tail = Corpus(window=20), Corpus()
    everything = [f"paper{i} graph {WORDS[i % 8]}" for i in range(100)]
    for i, text in enumerate(everything):
        small.add([i], [text])
    kept = [i for i in range(100) if i in small]
    tail.add(kept, [everything[i] for i in kept])
    assert 20 <= len(small) <= 22
    assert kept == list(range(100 - len(kept), 100))
    assert set(small.terms) - set(tail.terms) <= {f"paper{i}" for i in range(78, 100)}
    assert vectors_by_term(small, kept) == vectors_by_term(tail, kept)


def test_an_empty_corpus_can_be_asked() -> None:
    corpus = Corpus()
    assert corpus.vectors_of(["anything"]).nnz == 0
    assert corpus.vectors([]).shape[0] == 0


def test_a_text_that_is_not_known_is_weighed_as_if_it_were() -> None:
    corpus = Corpus()
    corpus.add([1, 2, 3], ["graph token", "mesh mesh depth", "robot"])
    assert np.allclose(corpus.vectors([2]).toarray(), corpus.vectors_of(["mesh mesh depth"]).toarray())


def test_an_unknown_paper_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        Corpus().vectors([7])
