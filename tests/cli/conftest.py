"""The program over an empty database, and after the demo's week."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from digest.cli.app import digest
from tests.support.cli import Cli


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    """The program over an empty database, without sources."""
    program = Cli(tmp_path)
    program("db", "upgrade")
    return program


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Cli:
    """The program after the demo's week: 15 mails to three readers. Only for reading."""
    folder = tmp_path_factory.mktemp("demo")
    done = CliRunner().invoke(digest, ["demo", "--dir", str(folder / "demo")])
    assert done.exit_code == 0, done.output
    made = folder / "demo" / "digest.toml"
    return Cli(folder / "demo", made.read_text(encoding="utf-8"))
