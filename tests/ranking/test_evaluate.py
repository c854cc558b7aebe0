from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from digest.cli.evaluate import evaluate
from tests.support.shared import shared

PAPERS = [
    {"id": "a", "title": "protein folding", "abstract": "structure prediction", "new": False},
    {"id": "b", "title": "speech dialects", "abstract": "recognition of rare dialects", "new": False},
    {"id": "c", "title": "protein design", "abstract": "structure from sequence", "new": True},
    {"id": "d", "title": "dialect speech corpora", "abstract": "", "new": True},
    {"id": "e", "title": "graph kernels", "abstract": "message passing", "new": True},
]
LIKES = [
    {"user": "biologist", "paper": "a"},
    {"user": "biologist", "paper": "c"},
    {"user": "linguist", "paper": "b"},
    {"user": "linguist", "paper": "d"},
    {"user": "newcomer", "paper": "d"},
    {"user": "silent", "paper": "a"},
]


def write(folder: Path, papers: list[object], likes: list[object]) -> list[str]:
    for name, rows in (("papers", papers), ("likes", likes)):
        lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
        (folder / f"{name}.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    return ["--papers", str(folder / "papers.jsonl"), "--likes", str(folder / "likes.jsonl")]


def run(arguments: list[str]) -> Result:
    return CliRunner().invoke(evaluate, arguments)


def test_people_who_can_be_judged_are_measured_by_what_they_liked_later(tmp_path: Path) -> None:
    result = run([*write(tmp_path, [*PAPERS], [*LIKES]), "--json"])
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    figures = {"people": 2, "recall@20": 1, "recall@50": 1, "recall@100": 1, "ndcg@10": 1, "ndcg@20": 1, "mrr": 1}
    assert list(told.items())[:7] == list(figures.items())
    assert told["ranker"] == "bm25"
    assert told["intervals"]["mrr"] == [1, 1]
    (group,) = told["by_likes"]
    assert (group["likes"], group["count"], group["ndcg@10"]) == ("1", 2, 1)


def test_rankings_hold_every_new_paper_of_everyone_who_was_judged(tmp_path: Path) -> None:
    out = tmp_path / "rankings.jsonl"
    result = run([*write(tmp_path, [*PAPERS], [*LIKES]), "--rankings", str(out)])
    assert "2 people, 3 new papers of 5" in result.output
    rows = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert [row["user"] for row in rows] == ["biologist", "linguist"]
    assert [row["ranking"][0] for row in rows] == ["c", "d"]
    assert all(sorted(row["ranking"]) == ["c", "d", "e"] for row in rows)


@pytest.mark.parametrize(
    ("papers", "likes", "expected"),
    [
        (["{"], [], "papers.jsonl:1: this line is not JSON"),
        ([PAPERS[0], "[]"], [], "papers.jsonl:2: this line is not a JSON object"),
        ([{"id": "a", "title": "x", "new": True}], [], "papers.jsonl:1: 'abstract' is missing or not a text"),
        ([{"id": 7, "title": "x", "abstract": "", "new": True}], [], "papers.jsonl:1: 'id' is missing or not a text"),
        ([{"id": "a", "title": "x", "abstract": "", "new": 1}], [], "papers.jsonl:1: 'new' is missing or not true"),
        ([PAPERS[0], PAPERS[0]], [], "papers.jsonl:2: the paper 'a' is here a second time"),
        (PAPERS, [LIKES[0], {"user": "u"}], "likes.jsonl:2: 'paper' is missing or not a text"),
        (PAPERS, [{"user": "u", "paper": "zz"}], "likes.jsonl:1: the liked paper 'zz' is not among the papers"),
        (PAPERS, [{"user": "u", "paper": "a"}], "likes.jsonl: nobody likes both a paper that is new and one that is"),
    ],
)
def test_bad_input_is_one_line_with_file_and_line(
    tmp_path: Path, papers: list[object], likes: list[object], expected: str
) -> None:
    result = run(write(tmp_path, papers, likes))
    assert result.exit_code != 0
    assert expected in str(result.exception)
    assert "\n" not in str(result.exception)


def test_bytes_that_are_no_text_are_named(tmp_path: Path) -> None:
    arguments = write(tmp_path, [*PAPERS], [*LIKES])
    with (tmp_path / "likes.jsonl").open("ab") as likes:
        likes.write(b'{"user": "\xff", "paper": "a"}\n')
    assert "likes.jsonl:7: this line is not UTF-8" in str(run(arguments).exception)


@pytest.mark.slow
def test_the_daemons_ranker_reaches_its_figures_by_the_referee(tmp_path: Path) -> None:
    bench = shared("bench")
    subprocess.run([sys.executable, bench / "to_jsonl.py", "0", tmp_path], check=True, capture_output=True)
    files = ["--papers", str(tmp_path / "papers.jsonl"), "--likes", str(tmp_path / "likes.jsonl")]
    rankings = tmp_path / "rankings.jsonl"
    result = run([*files, "--rankings", str(rankings), "--json"])
    assert result.exit_code == 0, result.output
    referee = subprocess.run(
        [sys.executable, bench / "evaluate.py", tmp_path, rankings], check=True, capture_output=True, text=True
    )
    figures = json.loads(referee.stdout)
    assert figures["ndcg@10"] >= 0.195
    assert figures["recall@20"] >= 0.335
    told = json.loads(result.stdout)
    assert figures.items() <= told.items()
    low, high = told["intervals"]["ndcg@10"]
    assert low < figures["ndcg@10"] < high < low + 0.02
    assert sum(group["count"] for group in told["by_likes"]) == figures["people"]


def test_a_second_ranker_is_compared_on_the_same_people(tmp_path: Path) -> None:
    likes = [{"user": f"{one['user']} {number}", "paper": one["paper"]} for number in range(8) for one in LIKES]
    files = write(tmp_path, [*PAPERS], [*likes])
    shown = run([*files, "--against", "tests.support.rankers:Backwards"]).output
    assert "bm25 against tests.support.rankers:Backwards, the same 16 people:" in shown
    assert "By nDCG@10 bm25 is better: the interval of the difference lies above 0." in shown
    told = json.loads(run([*files, "--against", "tests.support.rankers:Backwards", "--json"]).output)
    found = told["against"]["differences"]["mrr"]
    assert (found["wins"], found["ties"], found["losses"]) == (8, 8, 0), "protein comes late in the alphabet"
    backwards = run([*files, "--ranker", "tests.support.rankers:Backwards", "--against", "bm25"]).output
    assert "By nDCG@10 bm25 is better: the interval of the difference lies below 0." in backwards


def test_rankings_are_those_of_the_first_ranker(tmp_path: Path) -> None:
    out = tmp_path / "rankings.jsonl"
    run([*write(tmp_path, [*PAPERS], [*LIKES]), "--rankings", str(out), "--against", "tests.support.rankers:Backwards"])
    rows = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert [row["ranking"][0] for row in rows] == ["c", "d"]
