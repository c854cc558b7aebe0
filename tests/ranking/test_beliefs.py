"""What the program believes of an interest, in words."""

from __future__ import annotations

from digest.model import Interest
from digest.ranking.beliefs import beliefs
from tests.support.ranking import corpus_of, paper

OTHERS = [paper(number, f"Study {number} of method", "We measure a method on data.") for number in range(10, 40)]
SPLATS = paper(1, "Gaussian Splatting of Clouds", "We splat clouds with gaussian primitives and measure data.")
PARROTS = paper(2, "Parrots that Colour Graphs", "Parrots colour graphs, and parrots do it well.")
CORPUS = corpus_of([*OTHERS, SPLATS, PARROTS])
# Enough others that the nearest ones are read beside a text.
KELP = [
    *(paper(200 + n, f"Study {n} of method", f"We measure a method on data {n}.") for n in range(1200)),
    *(paper(100 + n, f"Kelp forests {n}", f"Kelp shelters otters and urchins off shore {n % 7}.") for n in range(60)),
]
LIKED = {1: SPLATS, 2: PARROTS}


def test_each_belief_names_the_paper_that_taught_it_most() -> None:
    found = {one.words: one.taught_by for one in beliefs(Interest(likes=(1, 2)), CORPUS, LIKED)}
    assert found["Gaussian Splatting"] == 1
    assert found["Parrots"] == 2
    assert "Study" not in found


def test_own_words_teach_where_no_paper_does() -> None:
    found = beliefs(Interest(keywords=("gaussian splatting",)), CORPUS, {})
    assert [(one.words, one.taught_by) for one in found] == [("gaussian splatting", None)]


def test_nothing_is_believed_of_an_empty_interest() -> None:
    assert beliefs(Interest(categories=("cs.CV",)), CORPUS, {}) == []


def test_a_work_of_the_own_library_teaches_too() -> None:
    work = paper(-7, "Parrots and Clouds")
    found = beliefs(Interest(likes=(-7,)), CORPUS, {-7: work})
    assert {one.taught_by for one in found} == {-7}


def test_the_strongest_come_first_and_no_more_than_asked_for() -> None:
    found = beliefs(Interest(likes=(1, 2)), CORPUS, LIKED, most=2)
    assert len(found) == 2
    assert found[0].weight >= found[1].weight > 0


def test_words_that_only_papers_near_the_own_text_say_are_told_apart_from_the_own_words() -> None:
    found = beliefs(Interest(text="kelp forests"), corpus_of(KELP), {})
    origins = {word: one.is_beside for one in found for word in one.words.casefold().split()}
    assert not origins["kelp"]
    assert origins["otter"]


def test_words_that_only_papers_near_a_like_say_are_not_said_to_be_its_own() -> None:
    like = paper(1, "Kelp forests", "Kelp forests of the north.")
    for liked, known in (({1: like}, [like]), ({1: like}, [])):
        found = beliefs(Interest(likes=(1,)), corpus_of([*KELP, *known]), liked)
        origins = {word: (one.taught_by, one.is_beside) for one in found for word in one.words.casefold().split()}
        assert origins["kelp"] == (1, False)
        assert origins["otter"] == (1, True)
