"""Whatever goes wrong is one clear line on stderr and the right exit status."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from digest.cli.app import digest
from tests.support.cli import Cli

_PROJECT = Path(__file__).resolve().parents[2]


def program(folder: Path, *args: str, stdout: int = subprocess.PIPE) -> subprocess.CompletedProcess[str]:
    """The program as a process of its own."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("DIGEST_")}
    environment = {**clean, "PYTHONPATH": str(_PROJECT), "HOME": str(folder), "XDG_CONFIG_DIRS": str(folder)}
    command = [sys.executable, "-m", "digest", *args]
    return subprocess.run(
        command, cwd=folder, env=environment, stdout=stdout, stderr=subprocess.PIPE, text=True, check=False
    )


def test_a_real_process_ends_with_status_and_one_line(tmp_path: Path) -> None:
    done = program(tmp_path, "status")
    assert done.returncode == 2
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"digest: no configuration (looked for {tmp_path}/digest.toml, ")
    assert line.endswith("'digest init' writes one")


def test_a_full_disk_behind_stdout_is_told(tmp_path: Path) -> None:
    Cli(tmp_path)("db", "upgrade")
    with Path("/dev/full").open("w") as full:
        done = program(tmp_path, "status", stdout=full.fileno())
    assert done.returncode == 1
    assert done.stderr.splitlines() == ["digest: the disk is full: free some space and try again"]


def test_a_reader_that_stops_reading_is_no_error_to_tell(tmp_path: Path) -> None:
    Cli(tmp_path)("db", "upgrade")
    read, write = os.pipe()
    os.close(read)
    done = program(tmp_path, "status", stdout=write)
    os.close(write)
    assert (done.returncode, done.stderr) == (1, "")


def test_a_module_call_is_the_program(tmp_path: Path) -> None:
    done = program(tmp_path, "--version")
    assert done.returncode == 0
    assert done.stdout.startswith("digest ")


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (["stauts"], "No such command 'stauts'"),
        (["--verbose"], "No such option '--verbose'"),
        (["paper", "list", "--limit", "0"], "Invalid value for '--limit': 0 is not in the range"),
        (["status", "--debug"], "No such option '--debug': it goes before the command: digest --debug …"),
        (["subscriber", "add"], "Missing argument 'ADDRESS'; see 'digest subscriber add --help'"),
        (["subscriber", "add", "nobody"], "'nobody' is no mail address: write name@example.org"),
        (["subscriber", "add", "a@example.org", "--hour", "25"], "Invalid value for '--hour': 25 is not in the range"),
        (
            ["subscriber", "add", "a@example.org", "--time-zone", "berlin"],
            "no time zone 'berlin' (did you mean 'E",
        ),
        (["subscriber", "add", "a@example.org", "--category", "cs.XL"], "--category: arXiv has no category 'cs.XL'"),
        (["once", "--now", "tomorrow"], "--now tomorrow: write ISO 8601"),
        (["once", "dream"], "no job dream; known: poll, "),
        (["run", "--only", ","], "no job named; known: poll, "),
        (["source", "add", "x", "--kind", "rss"], "source x: unknown kind 'rss'"),
        (["source", "add", "x", "--kind", "feed", "--set", "url"], "--set url: write OPTION=VALUE"),
        (["import", "x", "--format", "pdf"], "Invalid value for '--format': 'pdf' is not one of"),
    ],
)
def test_wrong_usage_ends_with_2(cli: Cli, args: list[str], expected: str) -> None:
    assert cli.error(*args, status=2).startswith(expected)


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (["subscriber", "show", "a@example.org"], "no subscriber a@example.org"),
        (["profile", "a@example.org", "show"], "no subscriber a@example.org"),
        (["preview", "a@example.org"], "no subscriber a@example.org"),
        (["paper", "show", "2604.00001"], "no paper '2604.00001' in the catalog: try 'digest paper search WORDS'"),
        (["author", "show", "Ada Lovelace"], "no author 'Ada Lovelace' in the catalog: 'digest author list' shows"),
        (["source", "pause", "x"], "no source named 'x'"),
        (["poll", "x"], "no source named 'x'"),
        (["outbox", "show", "7"], "outbox 7: no such message: see 'digest outbox list'"),
        (["suppression", "remove", "a@example.org"], "a@example.org is not suppressed: see 'digest suppression list'"),
        (["import", "nowhere.xml"], "nowhere.xml: there is no such file or folder"),
        (["db", "restore", "nowhere.db"], "nowhere.db: there is no such file"),
    ],
)
def test_what_is_not_there_ends_with_1_and_says_where_to_look(cli: Cli, args: list[str], expected: str) -> None:
    assert cli.error(*args).startswith(expected)


def test_every_problem_of_a_configuration_is_a_line(tmp_path: Path) -> None:
    done = Cli(tmp_path, "[mail]\nform = 'x'\n[smtp]\nport = -1\n").run("config", "check")
    assert done.exit_code == 2
    assert [line.partition("digest.toml: ")[2].partition(";")[0] for line in done.stderr.splitlines()] == [
        "mail: unknown option 'form' (did you mean 'from'?)",
        "smtp: port: must be at least 0, not -1",
    ]


def test_a_missing_database_is_not_made_by_looking(tmp_path: Path) -> None:
    program = Cli(tmp_path)
    assert program.error("status").endswith("there is no database yet: run 'digest db upgrade'")
    assert not (tmp_path / "digest.db").exists()


def test_a_corrupt_database_is_told_with_the_way_out(tmp_path: Path) -> None:
    program = Cli(tmp_path)
    (tmp_path / "digest.db").write_bytes(b"not a database, but long enough to be read as one" * 40)
    assert "corrupt" in program.error("status")
    assert "'digest db restore'" in program.error("paper", "list")


def test_a_database_without_tables_is_told(tmp_path: Path) -> None:
    program = Cli(tmp_path)
    (tmp_path / "digest.db").touch()
    assert "no tables yet: run 'digest db upgrade'" in program.error("status")


def test_a_traceback_comes_with_debug_only(tmp_path: Path) -> None:
    quiet = CliRunner().invoke(digest, ["--config", str(tmp_path / "none.toml"), "status"])
    loud = CliRunner().invoke(digest, ["--debug", "--config", str(tmp_path / "none.toml"), "status"])
    assert quiet.exit_code == loud.exit_code == 2
    assert "Traceback" not in quiet.stderr
    assert "Traceback" in loud.stderr
    assert loud.stderr.splitlines()[-1] == quiet.stderr.strip()
