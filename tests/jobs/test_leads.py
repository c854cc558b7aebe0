"""What stands below a title where nobody summed the paper up."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from digest.editions.select import facts_of
from digest.jobs.leads import ABSTRACT, led
from digest.model import Paper

BACKGROUND = "Folding paper is old. Recent methods fold with robots, which remains challenging for thin sheets. " * 5
CLAIM = "In this paper, we propose Crane, a method that folds thin sheets without creases."
PAPER = Paper(
    id=1,
    key="arxiv:2604.00001",
    title="Crane: Folding Thin Sheets",
    abstract=BACKGROUND + CLAIM,
    authors=(),
    is_authors_complete=True,
    affiliations=(),
    categories=(),
    version=1,
    published_on=None,
    first_seen_at=datetime(2026, 4, 20, tzinfo=UTC),
    first_seen_day=None,
    url=None,
    pdf_url=None,
    code_url=None,
    has_code=False,
)


def test_an_abstract_that_would_be_cut_before_its_point_leads_with_it_and_says_so() -> None:
    facts = facts_of(led(PAPER))
    assert (facts.summary, facts.summary_source) == (f"… {CLAIM}", ABSTRACT)
    assert facts.abstract.startswith("Folding paper is old.")


def test_a_summary_and_a_short_abstract_stay_as_they_are() -> None:
    summed = replace(PAPER, summary="It folds.", summary_source="hugging_face")
    assert led(summed) is summed
    assert facts_of(led(summed)).summary_source == "hugging_face"
    short = replace(PAPER, abstract=CLAIM)
    assert led(short) is short
