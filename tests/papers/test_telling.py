"""The most telling sentence of an abstract, and when it leads."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from digest.papers.telling import lead, sentences, telling
from digest.papers.text import readable
from tests.support.shared import shared

BACKGROUND = "Folding paper is old. Recent methods fold with robots, which remains challenging for thin sheets. " * 5
CLAIM = "In this paper, we propose Crane, a method that folds thin sheets without creases."
RESULTS = "Extensive experiments show that it is good. Code is available at https://github.com/org/crane."


def test_the_sentence_that_says_what_the_paper_does_is_the_telling_one() -> None:
    assert telling("Crane: Folding Thin Sheets", f"{BACKGROUND}{CLAIM} {RESULTS}") == CLAIM


def test_it_leads_where_the_beginning_would_not_reach_it() -> None:
    found = lead("Crane: Folding Thin Sheets", f"{BACKGROUND}{CLAIM} {RESULTS}", 420)
    assert found == f"{CLAIM} {RESULTS}"


def test_an_abstract_that_tells_at_once_keeps_its_own_order() -> None:
    assert lead("Crane", f"We introduce Crane, a folding robot. {BACKGROUND}{CLAIM}", 420) is None
    assert lead("Crane", f"Folding is old. {CLAIM} {RESULTS}", 420) is None


def test_without_a_cue_no_sentence_is_made_up() -> None:
    text = "The cat sat on the mat. It was raining. Nobody came."
    assert telling("Cats", text) is None
    assert lead("Cats", text, 10) is None
    assert telling("", "") is None


def test_a_link_to_the_code_or_a_complaint_about_others_does_not_tell() -> None:
    text = (
        "However, existing methods suffer from creases. We show that sheets fold. Code is available at github.com/a/b."
    )
    assert telling("Folding", text) == "We show that sheets fold."


def test_abbreviations_initials_and_decimals_end_no_sentence() -> None:
    text = "As J. Doe et al. show in Fig. 3, i.e. here, it gains 2.5 points. Next one (e.g. this). $x$ is last!"
    assert sentences(text) == [
        "As J. Doe et al. show in Fig. 3, i.e. here, it gains 2.5 points.",
        "Next one (e.g. this).",
        "$x$ is last!",
    ]


@given(st.text(max_size=400))
def test_sentences_lose_nothing_but_blanks(text: str) -> None:
    assert "".join("".join(sentences(text)).split()) == "".join(text.split())


@given(st.text(max_size=80), st.text(max_size=400), st.integers(0, 500))
def test_a_lead_is_always_a_part_of_the_abstract(title: str, text: str, room: int) -> None:
    found = lead(title, text, room)
    assert found is None or "".join(found.split()) in "".join(text.split())


def test_most_real_abstracts_have_a_telling_sentence_and_it_is_the_same_every_time() -> None:
    papers = json.loads(shared("samples/arxiv_days/2026-04-17.json").read_text())["papers"]
    texts = [(readable(one["title"]), readable(one["abstract"])) for one in papers]
    found = [telling(*text) for text in texts]
    assert found == [telling(*text) for text in texts]
    assert sum(one is not None for one in found) > 0.9 * len(found)
