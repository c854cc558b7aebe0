"""The six written profiles on three recorded days: what can be checked of them without a reader."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.support.cli import Cli
from tests.support.replay_days import BEGIN, DAYS, END, PROFILES, program, tables, written
from tests.support.shared import shared

pytestmark = pytest.mark.slow

Pick = Mapping[str, Any]
ALL = [pytest.param(path, day, id=f"{path.stem} on {day}") for path in PROFILES for day in DAYS]


@pytest.fixture(scope="module")
def cli(tmp_path_factory: pytest.TempPathFactory) -> Cli:
    shared("samples/arxiv_days")
    return program(tmp_path_factory.mktemp("replayed"))


def picks(cli: Cli, path: Path, day: date) -> list[Pick]:
    (told,) = cli.json("evaluate", f"--day={day}", f"--profile={path}")["profiles"]
    found: list[Pick] = told["picks"]
    return found


def words(title: str) -> set[str]:
    return {word for word in re.findall(r"\w+", title.casefold()) if len(word) > 3}


@pytest.mark.parametrize(("path", "day"), ALL)
def test_every_word_of_a_reason_stands_in_the_paper(cli: Cli, path: Path, day: date) -> None:
    for pick in picks(cli, path, day):
        paper = cli.json("paper", "show", pick["paper"])
        text = f"{paper['title']}\n{paper['abstract']}".casefold()
        said = [word for reason in pick["reasons"] if reason["kind"] == "terms" for word in reason["words"]]
        assert [word for word in said if word.casefold() not in text] == [], pick["title"]


@pytest.mark.parametrize(("path", "day"), ALL)
def test_shares_sum_to_the_score_and_every_pick_has_a_reason(cli: Cli, path: Path, day: date) -> None:
    found = picks(cli, path, day)
    assert found, "there was something for each of them on each of the days"
    for pick in found:
        assert sum(reason["share"] for reason in pick["reasons"]) == pytest.approx(pick["score"], abs=1e-6)
        assert pick["because"]


@pytest.mark.parametrize(("path", "day"), ALL)
def test_no_two_picks_are_the_same_work_in_other_words(cli: Cli, path: Path, day: date) -> None:
    titles = [words(pick["title"]) for pick in picks(cli, path, day)]
    for place, one in enumerate(titles):
        for other in titles[:place]:
            assert len(one & other) / len(one | other) < 0.5


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_both_of_two_unrelated_interests_are_served_at_the_top(cli: Cli, day: date) -> None:
    assert {pick["interest"] for pick in picks(cli, PROFILES[5], day)[:5]} == {"remote sensing", "video generation"}


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_nothing_that_is_ruled_out_gets_in(cli: Cli, day: date) -> None:
    for path, word in ((PROFILES[3], "autonomous driving"), (PROFILES[4], "medical")):
        for pick in picks(cli, path, day):
            paper = cli.json("paper", "show", pick["paper"])
            assert word not in f"{paper['title']} {paper['abstract']}".casefold()


def test_the_tables_take_their_place_in_a_document(cli: Cli) -> None:
    made = tables(cli, "--top=1")
    assert made.count("| 1 | [") == len(PROFILES) * len(DAYS)
    document = f"before\n{BEGIN}old\n{END}after\n"
    assert written(document, made) == f"before\n{BEGIN}\n{made}\n{END}after\n"
