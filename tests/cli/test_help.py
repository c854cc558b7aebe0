"""`--help` is fast and complete, and the reference in docs/ says what the program says."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest

from digest.cli.app import SECTIONS
from digest.cli.reference import commands_markdown, configuration_markdown, walk
from digest.config import options

_PROJECT = Path(__file__).resolve().parents[2]
_HEAVY = (
    "numpy",
    "scipy",
    "sqlalchemy",
    "pydantic",
    "jinja2",
    "httpx",
    "importlib.metadata",
    "asyncio",
    "digest.config",
)


def commands() -> Iterator[tuple[str, click.Command]]:
    for section in SECTIONS.values():
        for name, lazy in section.items():
            yield from walk(name, lazy.load())


def test_help_imports_nothing_heavy() -> None:
    probe = (
        "import sys\n"
        "sys.argv = ['digest', '--help']\n"
        "from digest.__main__ import main\n"
        "try:\n    main()\n"
        "except SystemExit as end:\n    assert not end.code\n"
        f"print([name for name in {_HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True, cwd=_PROJECT)
    assert done.stderr.strip() == "[]"
    assert "subscriber" in done.stdout


def test_every_command_says_what_it_does_and_every_option_too() -> None:
    for path, command in commands():
        assert command.help, path
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert parameter.help, f"{path} {parameter.opts[0]}"


@pytest.mark.parametrize("path", ["list", "show", "search", "status", "why", "preview", "evaluate", "check", "current"])
def test_every_reading_command_takes_json(path: str) -> None:
    reading = [(name, command) for name, command in commands() if name.split()[-1] == path]
    assert reading
    for name, command in reading:
        if name != "config check":
            assert any("--json" in parameter.opts for parameter in command.params), name


@pytest.mark.parametrize(
    ("page", "render"), [("commands", commands_markdown), ("configuration", configuration_markdown)]
)
def test_the_reference_in_docs_is_what_the_program_says(page: str, render: Callable[[], str]) -> None:
    told = (_PROJECT / "docs" / f"{page}.md").read_text(encoding="utf-8")
    assert told == render(), "python -m digest.cli.reference docs"


def test_every_option_and_command_is_documented() -> None:
    configuration, told = configuration_markdown(), commands_markdown()
    for option in options():
        assert f"- `{option.name}` (" in configuration
        assert option.variable in configuration
    for path, _command in commands():
        assert f"### `digest {path}`" in told
