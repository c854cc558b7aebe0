"""What a mail shows of attention over time: the course of the upvotes, and papers that are not new but rise."""

from __future__ import annotations

from dataclasses import replace

from digest.editions.reasons import because
from digest.editions.render import render_digest
from digest.editions.select import facts_of
from digest.editions.view import paper_view
from digest.model import Reason, ReasonKind, ShownPick
from tests.support.editions import DAY, PAPER, READER, edition

TERMS = Reason(ReasonKind.TERMS, ("lamps",), 0.9)
TREND = Reason(ReasonKind.TREND, ("128 upvotes",), 0.04)
LOUD = replace(PAPER, series={"upvotes": (12, 40, 85, 120, 128), "stars": (1, 2)})


def test_the_course_of_the_upvotes_stands_beside_them() -> None:
    view = paper_view(facts_of(LOUD), DAY)
    assert (view.upvotes, view.sparkline) == ("128 upvotes", "▁▂▅▇▇")
    shown = render_digest(edition(ShownPick(facts_of(LOUD), 1, ())), READER)
    assert "128 upvotes ▁▂▅▇▇\n" in shown.text
    assert 'aria-hidden="true"' in shown.html  # a screen reader would spell the blocks
    assert ">▁▂▅▇▇</span>" in shown.html


def test_without_votes_or_a_second_reading_there_is_no_course() -> None:
    assert paper_view(facts_of(PAPER), DAY).sparkline == ""
    assert paper_view(facts_of(replace(LOUD, signals={})), DAY).sparkline == ""


def test_a_rising_paper_is_marked_so_whatever_its_date_or_version() -> None:
    facts = facts_of(replace(LOUD, version=3), "rising")
    assert paper_view(facts, DAY).marker == "rising"
    assert paper_view(facts_of(replace(LOUD, version=3)), DAY).marker == "v3"


def test_a_rising_paper_says_its_trend_first() -> None:
    assert because([TERMS, TREND]) == "lamps"
    assert because([TERMS, TREND], is_rising=True) == "it is trending (128 upvotes) — and lamps"
    assert because([TERMS], is_rising=True) == "lamps"
    shown = render_digest(edition(ShownPick(facts_of(LOUD, "rising"), 0.94, (TERMS, TREND))), READER)
    assert "Because: it is trending (128 upvotes) — and lamps" in shown.text
    assert " · rising · 128 upvotes" in shown.html
