"""What an edition keeps of a paper."""

from __future__ import annotations

from dataclasses import replace

import pytest

from digest.editions.reasons import because
from digest.editions.select import facts_of
from digest.model import Reason, ReasonKind
from tests.support.editions import PAPER


def test_facts_name_the_first_three_authors_and_count_all() -> None:
    facts = facts_of(PAPER)
    assert facts.authors == ("Ada Lumen", "Björn Fyr", "Chandra Deepak")
    assert facts.author_count == 4
    assert facts_of(replace(PAPER, is_authors_complete=False)).author_count is None


def test_facts_hold_the_signals_and_the_first_category() -> None:
    facts = facts_of(PAPER)
    assert (facts.upvotes, facts.stars, facts.category) == (128, 2400, "cs.CV")
    bare = facts_of(replace(PAPER, signals={}, categories=()))
    assert (bare.upvotes, bare.stars, bare.category) == (None, None, None)


def test_an_arxiv_paper_has_its_links_even_where_no_source_gave_them() -> None:
    facts = facts_of(PAPER)
    assert facts.url == "https://arxiv.org/abs/2604.00001"
    assert facts.pdf_url == "https://arxiv.org/pdf/2604.00001"
    assert facts_of(replace(PAPER, key="doi:10.1000/x")).url == "https://doi.org/10.1000/x"
    assert facts_of(replace(PAPER, key="p:1")).url is None


def test_links_of_other_schemes_are_dropped() -> None:
    facts = facts_of(replace(PAPER, key="p:1", url="javascript:alert(1)", code_url="file:///etc/passwd"))
    assert (facts.url, facts.code_url) == (None, None)


def test_equal_papers_give_equal_facts() -> None:
    assert facts_of(PAPER) == facts_of(replace(PAPER, signals=dict(PAPER.signals)))


def test_facts_stay_small_whatever_a_source_says() -> None:
    huge = "x\x00\ud800" + "word " * 250_000
    facts = facts_of(
        replace(PAPER, title=huge, abstract=huge, summary=huge, authors=(huge,) * 9, affiliations=(huge,) * 9)
    )
    assert len(repr(facts)) < 4_000
    assert "\x00" not in facts.title
    assert facts_of(replace(PAPER, title="\x00 \n")).title == "(untitled)"


@pytest.mark.parametrize(
    ("reasons", "line"),
    [
        ([], ""),
        ([(ReasonKind.TERMS, ("grounding", "vision-language"), 2.0)], "grounding, vision-language"),
        (
            [(ReasonKind.AUTHOR, ("Jane Doe",), 1.0), (ReasonKind.TERMS, ("vision-language", "grounding"), 2.0)],
            "vision-language, grounding — and you follow Jane Doe",
        ),
        (
            [(ReasonKind.LIKED, ("On Lamps",), 2.0), (ReasonKind.CATEGORY, ("cs.CV",), 1.0)],
            "it is close to “On Lamps”, which you liked — and you read cs.CV",
        ),
        (
            [
                (ReasonKind.TERMS, ("lamps",), 3.0),
                (ReasonKind.AUTHOR, ("Jane Doe",), 2.0),
                (ReasonKind.TREND, ("120 upvotes",), 1.0),
                (ReasonKind.RECENT, ("today",), 0.9),
            ],
            "lamps; you follow Jane Doe — and it is trending (120 upvotes)",
        ),
        ([(ReasonKind.TERMS, ("lamps",), 3.0), (ReasonKind.CATEGORY, ("cs.CV",), 0.01)], "lamps"),
        ([(ReasonKind.TERMS, ("lamps",), 1.0), (ReasonKind.CATEGORY, ("cs.CV",), -4.0)], "lamps"),
        ([(ReasonKind.TERMS, ("la\x00mps\r\nBcc: x", ""), 1.0)], "lamps Bcc: x"),
        ([(ReasonKind.RECENT, (), 1.0)], ""),
        ([(ReasonKind.RECENT, ("2026-04-17",), 1.0)], "it came out on Friday, 17 April"),
        ([(ReasonKind.RECENT, ("a day",), 1.0)], "it came out on a day"),
    ],
)
def test_the_reason_says_what_carried_the_score(
    reasons: list[tuple[ReasonKind, tuple[str, ...], float]], line: str
) -> None:
    assert because([Reason(*reason) for reason in reasons]) == line
