"""`digest author` and the figures of `digest paper`, as people and programs see them."""

from __future__ import annotations

import re

import pytest

from tests.support.cli import Cli
from tests.support.shared import shared


@pytest.fixture
def page(cli: Cli) -> Cli:
    """The program after the import of an author's page."""
    (file,) = shared("dumps").glob("004_*.txt")
    cli("import", str(file), "--as-of", "2026-05-01")
    return cli


def test_the_card_of_an_imported_page_is_shown_with_its_papers(page: Cli) -> None:
    told = page("author", "show", "Runxin Xu")
    lines = told.splitlines()
    assert lines[:2] == ["Runxin Xu", "cs.CL · 31 papers here"]
    assert max(map(len, lines)) <= 100
    headings = re.split(r"\s{2,}", lines[3].strip())
    assert headings[0].startswith("imported (import, ")
    assert headings[1] == "computed here"
    card = {row[0]: row[1:] for line in lines[4:14] if (row := re.split(r"\s{2,}", line))}
    assert card["h-index"] == ["33", "–"]
    assert card["papers"] == ["31", "31"]
    assert card["citations"] == ["24,036", "–"]
    assert card["Novelty"] == ["51 %", "–"]  # not measured yet
    assert card["AI Score"][0] == "49"
    assert card["· standing × 0.25"] == ["0.77"]
    assert card["· attention × 0.35"] == ["not known"]
    assert len(re.findall(r"^computed: .*AI Score \d+ \(", told, re.MULTILINE)) == 31
    assert "cs.CL  6 Mar 2022  Code\nFocus on the Target's Vocabulary" in told
    assert "\nLiang Chen, Runxin Xu, Baobao Chang · pku\n" in told
    assert "\nZiyun Xu, Chengyu Wang, Minghui Qiu et al. · cmu\n" in told


def test_novelty_is_computed_by_its_job_and_stands_beside_the_imported_one(page: Cli) -> None:
    page("once", "novelty")
    shown = page.json("author", "show", "Runxin Xu")
    assert shown["card"]["novelty"] == 51
    assert shown["computed"]["novelty_papers"] == 21  # the others have fewer than five earlier papers of their category
    assert 0 < shown["computed"]["novelty"] < 100
    assert "(of 21 papers)" in page("author", "show", "Runxin Xu")
    measured = [paper["novelty"] for paper in shown["papers"] if paper["novelty"] is not None]
    assert sum(measured) / len(measured) == pytest.approx(shown["computed"]["novelty"])


def test_every_part_of_a_score_is_in_the_json(page: Cli) -> None:
    shown = page.json("author", "show", "Runxin Xu", "--limit", "2")
    assert [one["source"] for one in shown["imported"]] == ["import"]
    assert len(shown["papers"]) == 2
    for scored in (shown["computed"], *shown["papers"]):
        parts = [part for part in scored["ai_score_parts"].values() if part["value"] is not None]
        total = sum(part["weight"] for part in parts)
        blend = 100 * sum(part["weight"] * part["value"] for part in parts) / total
        assert abs(scored["ai_score"] - blend) <= 0.5


def test_a_limit_says_how_many_are_left(page: Cli) -> None:
    assert page("author", "show", "Runxin Xu", "--limit", "30").endswith("1 paper more: --limit 31 shows all.\n")


def test_a_paper_shows_what_is_computed_of_it(page: Cli) -> None:
    paper = page.json("author", "show", "Runxin Xu", "--limit", "1")["papers"][0]
    told = page("paper", "show", paper["key"])
    assert f"AI Score {paper['ai_score']} (code 0.00, standing 0.77)" in told
    assert page.json("paper", "show", paper["key"])["ai_score_parts"] == paper["ai_score_parts"]


def test_a_subscriber_follows_an_author_as_the_catalog_spells_them(page: Cli) -> None:
    page("subscriber", "add", "ada@example.org")
    assert "Runxin Xu" in page("author", "follow", "ada@example.org", "XU, RUNXIN", "Nobody Yet")
    assert page.json("profile", "ada@example.org", "show")["authors"] == ["Runxin Xu", "Nobody Yet"]
    page("author", "follow", "ada@example.org", "runxin xu", "--undo")
    assert page.json("profile", "ada@example.org", "show")["authors"] == ["Nobody Yet"]
    assert "no subscriber" in page.error("author", "follow", "bo@example.org", "Runxin Xu")


def test_what_trends_is_listed_with_its_course(demo: Cli) -> None:
    told = demo("paper", "list", "--trending", "--day", "2026-03-13", "--limit", "5").splitlines()
    assert re.split(r"\s{2,}", told[0]) == ["PAPER", "TREND", "ATTENTION", "A DAY", "COURSE", "TITLE"]
    assert len(told) == 6
    assert max(map(len, told)) <= 100
    assert any(re.search("[▁-▇]{2,8}", line) for line in told[1:])
    found = demo.json("paper", "list", "--trending", "--day", "2026-03-13")
    assert [one["trend"] for one in found] == sorted((one["trend"] for one in found), reverse=True)
    assert demo("paper", "list", "--trending", "--day", "2025-01-01").startswith("Nothing trends")
    strongest = found[0]["key"]
    assert re.search("upvotes [▁-▇]{2,8}", demo("paper", "show", strongest))
