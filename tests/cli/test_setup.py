"""`digest init`, `config`, `db`: from nothing to a running installation, and back from a backup."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner

from digest.cli.app import digest
from tests.support.cli import Cli


def test_init_makes_a_configuration_that_is_right_and_its_database(tmp_path: Path) -> None:
    folder = tmp_path / "papers"
    done = CliRunner().invoke(digest, ["init", str(folder)])
    assert done.exit_code == 0, done.output
    assert "digest subscriber add you@example.org" in done.stdout
    program = Cli(folder, (folder / "digest.toml").read_text(encoding="utf-8"))
    assert "is right: 2 sources, mail by maildir" in program("config", "check")
    assert "is sound, at revision" in program("db", "check")
    assert sorted(program.json("status")["sources"]) == ["arxiv", "hf-daily"]
    again = CliRunner().invoke(digest, ["init", str(folder)])
    assert again.exit_code == 1
    assert "exists already: edit it" in again.stderr


def test_init_where_nobody_may_write_is_one_line() -> None:
    done = CliRunner().invoke(digest, ["init", "/proc/nowhere"])
    assert done.exit_code == 1
    assert done.stderr.splitlines() == ["digest: /proc/nowhere: No such file or directory"]


def test_secrets_are_never_shown(tmp_path: Path) -> None:
    text = """
    [database]
    url = "postgresql+psycopg://digest:hunter2@db.example.org/digest"
    [smtp]
    host = "mail.example.org"
    username = "digest"
    password = "hunter3"
    [fetch]
    proxy = "http://me:hunter4@proxy.example.org:3128"
    """
    program = Cli(tmp_path, text)
    for shown in (program("config", "show"), str(program.json("config", "show"))):
        assert "hunter" not in shown
        assert "postgresql+psycopg://digest:***@db.example.org/digest" in shown
        assert "http://me:***@proxy.example.org:3128" in shown


def test_what_config_show_prints_is_a_configuration_again(tmp_path: Path) -> None:
    program = Cli(tmp_path, "[sources.cv]\nkind = 'arxiv'\ncategories = ['cs.CV']\n[mail]\nmax_age = '90min'\n")
    shown = program("config", "show")
    program.file.write_text(shown, encoding="utf-8")
    assert program("config", "show") == shown


def test_config_reference_lists_the_options(cli: Cli) -> None:
    assert "`public_url`" in cli("config", "reference")


def test_upgrading_twice_is_harmless(cli: Cli) -> None:
    assert cli("db", "upgrade").endswith("already\n")
    facts = cli.json("db", "current")
    assert facts["revision"] == facts["needed"]


def test_a_backup_is_private_whole_and_can_be_restored(cli: Cli, tmp_path: Path) -> None:
    copy = tmp_path / "backup.db"
    cli("subscriber", "add", "ada@example.org")
    cli("db", "backup", str(copy))
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert "exists: choose another name, or say --force" in cli.error("db", "backup", str(copy))
    cli("db", "backup", "--force", str(copy))
    cli("subscriber", "erase", "ada@example.org", "--yes")
    assert "the old one is kept as" in cli("db", "restore", str(copy))
    assert [one["address"] for one in cli.json("subscriber", "list")] == ["ada@example.org"]
    assert len(list(tmp_path.glob("digest.db.*.old"))) == 1


def test_a_restore_heals_a_corrupt_database(cli: Cli, tmp_path: Path) -> None:
    copy = tmp_path / "backup.db"
    cli("db", "backup", str(copy))
    (tmp_path / "digest.db").write_bytes(b"x" * 8192)
    assert "corrupt" in cli.error("status")
    cli("db", "restore", str(copy))
    assert "is sound" in cli("db", "check")


def test_postgresql_is_left_to_its_own_tools(tmp_path: Path) -> None:
    program = Cli(tmp_path, "[database]\nurl = 'postgresql+psycopg://u:secret@db.example.org/d'\n")
    line = program.error("db", "backup", "x.dump")
    assert "pg_dump --format=custom --file=x.dump postgresql://u:***@db.example.org/d" in line


def test_the_environment_alone_is_a_configuration(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/digest.db"
    hidden: dict[str, str | None] = {name: None for name in os.environ if name.startswith("DIGEST_")}
    for command in ("upgrade", "check"):
        done = CliRunner().invoke(digest, ["db", command], env={**hidden, "DIGEST_DATABASE__URL": url})
        assert done.exit_code == 0, done.output


@pytest.mark.parametrize("text", ["", "[mail]\ntransport='smtp'\n[smtp]\nhost='mail.example.org'\n"])
def test_config_check_hints_at_what_is_rarely_meant(tmp_path: Path, text: str) -> None:
    told = Cli(tmp_path, text)("config", "check")
    assert "no sources yet" in told
    assert ("web.public_url is empty" in told) is bool(text)
