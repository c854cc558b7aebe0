"""Which papers count as withdrawn."""

from __future__ import annotations

import json

import pytest

from digest.model import Entry
from digest.papers.forms import form
from digest.papers.withdrawal import is_withdrawn
from tests.support.shared import shared

WITHDRAWN_COMMENTS = [
    "This paper has been withdrawn by the author",
    "This paper has been withdrawn by the authors due to a crucial error in equation (3)",
    "Withdrawn",
    "withdrawn by the author.",
    "12 pages, 3 figures. This paper has been withdrawn",
    "Paper withdrawn because of an error in Lemma 2",
    "This preprint is withdrawn due to significant errors that necessitate full rewriting",
    "This submission has been withdrawn by arXiv administrators due to inappropriate text overlap",
    "This article has been temporarily withdrawn",
    "The paper has been withdrawn from arXiv",
    "We withdraw this paper as the main theorem is wrong",
    "This version (v2) has been withdrawn",
]
STANDING_COMMENTS = [
    "Withdrawn from ICLR 2026, now accepted at a workshop",
    "This paper was withdrawn from CVPR and is under review elsewhere",
    "12 pages; supersedes the withdrawn arXiv:2401.00001",
    "Accepted at ICML. Code: https://github.com/example-org/withdrawn",
    "A study of retracted articles",
    "",
]
WITHDRAWN_ABSTRACTS = [
    "This paper has been withdrawn by the author due to an error in the proof.",
    "We count apples in fog. This paper has been withdrawn by the authors.",
    "[This paper has been withdrawn.] We count apples in fog.",
    "The authors have withdrawn this manuscript because of a data error. They do not wish it to be cited.",
    "The authors have withdrawn their manuscript owing to duplicate posting.",
    "This manuscript has been withdrawn by bioRxiv following a formal request.",
]
STANDING_ABSTRACTS = [
    "We study opioid withdrawal in mice. The drug was withdrawn after ten days, and symptoms returned.",
    "The article studies papers that have been withdrawn from arXiv, and why their authors withdrew them.",
    "We present a data set of withdrawn papers and train a model that tells whether a paper has been withdrawn.",
    "The treaty from which the country has withdrawn. Troops were withdrawn by the government.",
    "Sentences such as “This paper has been withdrawn by the author” are found in 1 % of comments.",
    "The report on why the vaccine was withdrawn was retracted by nobody.",
    "The muscle is retracted and the needle withdrawn by the author's device.",
]
WITHDRAWN_TITLES = [
    "WITHDRAWN: Counting apples",
    "[Withdrawn] Counting apples",
    "RETRACTED ARTICLE: Apples",
    "Withdrawn",
]
STANDING_TITLES = [
    "Withdrawn consent: a study of clinics",
    "Retracted papers and their readers",
    "Opioid withdrawal: a review",
    "Why was it withdrawn?",
]


@pytest.mark.parametrize("comment", WITHDRAWN_COMMENTS)
def test_a_comment_that_withdraws_the_paper_is_believed(comment: str) -> None:
    assert is_withdrawn("Apples", "We count apples.", comment)


@pytest.mark.parametrize("comment", STANDING_COMMENTS)
def test_a_comment_that_speaks_of_another_withdrawal_changes_nothing(comment: str) -> None:
    assert not is_withdrawn("Apples", "We count apples.", comment)


@pytest.mark.parametrize("abstract", WITHDRAWN_ABSTRACTS)
def test_an_abstract_that_withdraws_its_paper_is_believed(abstract: str) -> None:
    assert is_withdrawn("Apples", abstract, None)


@pytest.mark.parametrize("abstract", STANDING_ABSTRACTS)
def test_an_abstract_about_withdrawal_withdraws_nothing(abstract: str) -> None:
    assert not is_withdrawn("Apples", abstract, None)


@pytest.mark.parametrize("title", WITHDRAWN_TITLES)
def test_a_title_marked_by_its_publisher_is_believed(title: str) -> None:
    assert is_withdrawn(title, "", None)


@pytest.mark.parametrize("title", STANDING_TITLES)
def test_a_title_about_withdrawal_withdraws_nothing(title: str) -> None:
    assert not is_withdrawn(title, "", None)


def test_among_a_recorded_days_papers_one_is_withdrawn() -> None:
    papers = json.loads(shared("samples/arxiv_days/2026-04-20.json").read_text())
    papers = papers if isinstance(papers, list) else next(v for v in papers.values() if isinstance(v, list))
    entries = [Entry(p["title"], p["abstract"], comment=p.get("comment")) for p in papers]
    assert len(entries) > 100
    assert sum(form(entry).is_withdrawn for entry in entries) == 1
