from __future__ import annotations

import numpy as np
import pytest

from digest.ranking.corpus import Corpus
from digest.ranking.kin import NEAREST, TOLD
from digest.ranking.pool import BESIDE, pool_of
from digest.ranking.rank import Ranker, Request
from digest.ranking.vectors import squared_norms
from tests.support.ranking import NOW, corpus_of, ids, paper, wanting

# Two subjects of sixty papers each. Cars and automobiles are one subject, but no paper says both words with `quasar`.
ROADS = [paper(i, f"car engine road road{i}", f"automobile motor wheel car engine road{i}") for i in range(60)]
STARS = [paper(100 + i, f"quasar galaxy star{i}", f"telescope redshift quasar galaxy star{i}") for i in range(60)]
CATALOG = ROADS + STARS


def words_of(corpus: Corpus, row: int, ids: list[int]) -> set[str]:
    beside = corpus.beside(ids)
    columns = beside.indices[beside.indptr[row] : beside.indptr[row + 1]]
    return {corpus.terms[column] for column in columns.tolist()}


def test_beside_a_paper_stands_what_the_papers_near_it_say() -> None:
    corpus = corpus_of(CATALOG)
    assert {"automobile", "motor", "wheel"} <= words_of(corpus, 0, [0, 100])
    assert {"telescope", "redshift"} <= words_of(corpus, 1, [0, 100])
    assert not words_of(corpus, 0, [0, 100]) & words_of(corpus, 1, [0, 100])


def test_a_paper_is_not_read_beside_itself() -> None:
    corpus = corpus_of(CATALOG)
    assert "road7" not in words_of(corpus, 0, [7])


def test_a_word_of_a_single_paper_stands_beside_none() -> None:
    corpus = corpus_of(CATALOG)
    every = words_of(corpus, 0, [0])
    assert not {word for word in every if word.startswith("road") and word != "road"}


def test_what_is_beside_is_no_longer_than_the_paper_and_has_few_words() -> None:
    corpus = corpus_of(CATALOG)
    every = [one.id for one in CATALOG]
    own, beside = squared_norms(corpus.vectors(every)), squared_norms(corpus.beside(every))
    assert (beside <= own * (1 + 1e-4)).all()
    assert (np.diff(corpus.beside(every).indptr) <= TOLD).all()


def test_what_is_beside_a_paper_does_not_depend_on_what_was_asked_before() -> None:
    at_once, one_by_one = corpus_of(CATALOG), corpus_of(CATALOG)
    every = [one.id for one in CATALOG]
    parts = [one_by_one.beside([i]).toarray() for i in reversed(every)]
    assert np.allclose(at_once.beside(every).toarray(), np.concatenate(parts[::-1]))


def test_a_text_that_is_no_paper_is_read_like_one() -> None:
    corpus = corpus_of(CATALOG)
    unknown = corpus.beside_of(corpus.vectors_of(["automobile motor"]))
    assert "wheel" in {corpus.terms[column] for column in unknown.indices.tolist()}


def test_a_small_catalog_and_an_odd_paper_have_nothing_beside() -> None:
    assert corpus_of(CATALOG[:40]).beside([0]).nnz == 0
    odd = paper(999, "zeugma", "zeugma syllepsis")
    assert corpus_of([*CATALOG, odd]).beside([999]).nnz == 0
    assert Corpus().beside_of(Corpus().vectors_of(["anything"])).nnz == 0


def test_learning_more_papers_changes_what_is_beside() -> None:
    corpus = corpus_of(CATALOG)
    assert "gearbox" not in words_of(corpus, 0, [0])
    corpus.add(range(1000, 1000 + NEAREST), ["car engine road road0 automobile gearbox"] * NEAREST)
    assert "gearbox" in words_of(corpus, 0, [0])


def test_one_like_finds_a_paper_of_its_subject_in_other_words() -> None:
    new = [paper(500, "automobile motor"), paper(501, "telescope redshift")]
    known = {one.id: one for one in [*CATALOG, *new]}
    like = paper(600, "car engine road")
    ranker = Ranker(corpus_of([*CATALOG, like, *new]))
    (picks,) = ranker.rank_batch([Request(1, wanting(likes=(600,)), 5)], new, {**known, 600: like}, NOW)
    assert ids(picks) == [500]


def test_a_reason_names_only_words_that_the_paper_itself_says() -> None:
    new = paper(500, "automobile motor")
    ranker = Ranker(corpus_of([*CATALOG, new]))
    (picks,) = ranker.rank_batch(
        [Request(1, wanting(likes=(0, 1, 2)), 5)], [new], {one.id: one for one in CATALOG}, NOW
    )
    (pick,) = picks
    assert sum(reason.share for reason in pick.reasons) == pytest.approx(pick.score)
    assert BESIDE not in {word for reason in pick.reasons for word in reason.words}
    points = dict(ranker.term_points(wanting(likes=(0, 1, 2)).interests[0], new, {}, NOW))
    assert points[BESIDE] > 0


def test_papers_are_compared_with_each_other_by_their_own_words() -> None:
    some = [paper(i, "car engine", " ".join(f"part{(i + k) % 30}" for k in range(5))) for i in range(60)]
    pool = pool_of([*some, *STARS], corpus_of([*some, *STARS]), NOW)
    assert pool.own.nnz < pool.vectors.nnz
