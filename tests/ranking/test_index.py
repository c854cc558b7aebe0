from __future__ import annotations

from dataclasses import replace

import pytest

from digest.ranking.index import Index
from tests.support.ranking import paper

PAPERS = [
    replace(
        paper(1, "Vision-Language Models", categories=("cs.CV", "eess.IV"), authors=("Ada Lovelace",)),
        affiliations=("CSAIL, MIT", "Google DeepMind, London"),
    ),
    replace(paper(2, "A vision language model", categories=("cs.CL", "cs.CV")), affiliations=("Smith College",)),
    replace(paper(3, "大规模视觉语言模型", authors=("Lovelace, Ada",)), affiliations=("Universität Zürich",)),
    paper(4, "Languages for vision: models", categories=("math.OC",)),
]
INDEX = Index(PAPERS)


@pytest.mark.parametrize(
    ("phrase", "places"),
    [
        ("vision-language model", [0, 1]),
        ("Vision Language Models", [0, 1]),
        ("vision‑language", [0, 1]),
        ("语言模型", [2]),
        ("model 语言", []),
        ("vision models", []),
        ("vision: model", [3]),
        ("-", []),
    ],
)
def test_hyphens_and_plurals_do_not_keep_a_phrase_from_being_found(phrase: str, places: list[int]) -> None:
    assert INDEX.saying(phrase).tolist() == places


@pytest.mark.parametrize(("word", "other"), [("news", "new"), ("dynamics", "dynamic"), ("means", "mean")])
def test_another_word_is_no_singular(word: str, other: str) -> None:
    index = Index([paper(1, f"The {word}"), paper(2, f"The {other}")])
    assert (index.saying(word).tolist(), index.saying(other).tolist()) == ([0], [1])


@pytest.mark.parametrize(
    ("name", "places"),
    [
        ("MIT", [0]),
        ("mit", [0]),
        ("Google", [0]),
        ("google deepmind", [0]),
        ("MIT Google", []),
        ("Universitat Zurich", [2]),
        ("Smith", [1]),
        ("", []),
    ],
)
def test_an_institution_is_found_by_whole_words_of_one_affiliation(name: str, places: list[int]) -> None:
    assert INDEX.at_institution(name).tolist() == places


def test_authors_and_categories_are_found_however_they_are_written() -> None:
    assert INDEX.by_author("LOVELACE, ada").tolist() == [0, 2]
    assert INDEX.in_category("cs").tolist() == [0, 1]
    assert INDEX.in_category("CS.cv").tolist() == [0, 1]
    assert INDEX.mainly_in("cs.CV").tolist() == [0]
    assert INDEX.mainly_in("cs.*").tolist() == [0, 1]
    assert INDEX.without_category.tolist() == [2]
    assert INDEX.by_author("nobody").tolist() == INDEX.in_category("cs.XX").tolist() == []


def test_more_questions_than_are_remembered_are_answered_too() -> None:
    index = Index(PAPERS)
    assert all(not len(index.saying(f"word {i}")) for i in range(2100))
    assert index.saying("models").tolist() == [0, 1, 3]


def test_a_condition_is_met_or_turned_away_where_its_words_say_so() -> None:
    met = INDEX.meeting("models AND NOT “vision-language”")
    assert met is not None
    assert (met.places.tolist(), met.turned_away.tolist(), met.only_rules_out) == ([3], [0, 1], False)
    out = INDEX.meeting("-models")
    assert out is not None
    assert (out.places.tolist(), out.turned_away.tolist(), out.only_rules_out) == ([], [0, 1, 3], True)
    assert INDEX.meeting("models") is None
