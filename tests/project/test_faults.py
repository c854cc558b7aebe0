"""Every fault of docs/faults.md names the tests that make it happen, and they are there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FAULTS = (ROOT / "docs" / "faults.md").read_text("utf-8")
_ROW = re.compile(r"^\*\*(\d+)\.\*\*(.*?)(?=^\*\*\d|\Z)", re.MULTILINE | re.DOTALL)
ROWS = {int(number): text for number, text in _ROW.findall(FAULTS)}

_FILE = re.compile(r"^- \[[^]]+\]\(\.\./(tests/[^)]+)\)$")
_TEST = re.compile(r"^  - `(test_\w+)`$")


def test_every_row_is_there_once() -> None:
    assert [int(number) for number, _ in _ROW.findall(FAULTS)] == list(range(1, 31))


@pytest.mark.parametrize("number", ROWS)
def test_every_named_test_exists(number: int) -> None:
    named, file = set[tuple[str, str]](), ""
    for line in ROWS[number].splitlines():
        if found := _FILE.match(line):
            file = found[1]
        elif found := _TEST.match(line):
            named.add((file, found[1]))
    assert named, "no test makes it happen"
    assert not {(file, name) for file, name in named if name not in _tests_of(ROOT / file)}


def _tests_of(file: Path) -> set[str]:
    tree = ast.parse(file.read_text("utf-8")) if file.exists() else ast.Module([], [])
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
