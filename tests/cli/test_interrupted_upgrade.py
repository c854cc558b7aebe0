"""An upgrade that is killed, or made by the wrong version: the old database stays whole, and the program says so."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from alembic.config import Config

from alembic import command
from digest import assets
from digest.store import backup, migrations, subscribers
from digest.store.database import Connection, Database, sqlite_path
from tests.support.small_disk import small_disk

OLDER = "0005"
_PROJECT = Path(__file__).resolve().parents[2]
_SUBSCRIBER = (
    "INSERT INTO subscribers (id, address, address_key, name, state, consent, time_zone, hour, days, \"limit\", "
    "created_at, attempt, lapses) VALUES (1, 'ada@example.org', 'ada@example.org', 'Ada', 'active', 'admin', 'UTC', 7, "
    "'daily', 20, '2026-04-20T07:00:00.000000Z', 0, 0)"
)  # fmt: skip

Digest = Callable[..., "subprocess.CompletedProcess[str]"]


def _as_it_was(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(assets.migrations()))
    config.attributes["connection"] = connection
    command.upgrade(config, OLDER)
    connection.exec_driver_sql(_SUBSCRIBER)


@pytest.fixture
def older(database_url: str) -> Iterator[Database]:
    """A database of an older version, with a subscriber."""
    opened = Database(database_url)
    opened.run_sync(_as_it_was)
    yield opened
    opened.close()


@pytest.fixture
def digest(database_url: str, tmp_path: Path) -> Digest:
    """The program as a process on that database."""
    (tmp_path / "digest.toml").write_text(f'[database]\nurl = "{database_url}"\n[mail]\nfrom = "digest@example.org"\n')

    def run(*args: str, failpoint: str = "") -> subprocess.CompletedProcess[str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("DIGEST_")}
        env = clean | ({"DIGEST_FAILPOINT": failpoint} if failpoint else {}) | {"PYTHONPATH": str(_PROJECT)}
        words = [sys.executable, "-m", "digest", *args]
        return subprocess.run(words, cwd=tmp_path, env=env, capture_output=True, text=True, check=False, timeout=60)

    return run


@pytest.mark.parametrize("failpoint", ["upgrade.0006", "upgrade.before-commit"])
def test_an_upgrade_that_is_killed_leaves_the_old_database_and_is_made_again(
    older: Database, digest: Digest, failpoint: str
) -> None:
    """Fault 29: all revisions are one transaction, on both databases."""
    assert digest("db", "upgrade", failpoint=failpoint).returncode == -signal.SIGKILL
    assert older.run_sync(migrations.current) == OLDER
    refused = digest("run")
    assert refused.returncode == 1
    assert f"the database is at revision {OLDER}, this program needs {migrations.head()}" in refused.stderr
    assert "digest db upgrade" in refused.stderr
    assert digest("db", "upgrade").returncode == 0
    assert older.run_sync(migrations.current) == migrations.head()
    assert older.run_sync(subscribers.get, "ada@example.org").name == "Ada"
    assert older.run_sync(backup.check_integrity) == []


@pytest.mark.parametrize("words", [["run"], ["db", "upgrade"]], ids=" ".join)
def test_an_older_program_refuses_a_newer_database(database: Database, digest: Digest, words: list[str]) -> None:
    """Fault 29: it would not understand what it reads, nor keep what it writes."""
    database.run_sync(lambda c: c.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'"))
    refused = digest(*words)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert len(refused.stderr.splitlines()) == 1
    assert "revision 9999, which this program does not know: it was made by a newer version" in refused.stderr
    assert database.run_sync(migrations.current) == "9999"


# ── the copy ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_sqlite_database_is_copied_before_it_is_upgraded(older: Database, digest: Digest) -> None:
    """Fault 29: backup first; the copy can be put back."""
    copy = Path(f"{sqlite_path(older.url)}.{OLDER}.backup")
    assert digest("db", "upgrade", failpoint="upgrade.before-commit").returncode == -signal.SIGKILL
    assert backup.check_file(copy) == OLDER
    said = digest("db", "upgrade").stdout
    assert f"the old one is kept as {copy}" in said
    assert backup.check_file(copy) == OLDER
    older.close()
    assert digest("db", "restore", str(copy)).returncode == 0
    assert older.run_sync(migrations.current) == OLDER
    copy.unlink()
    assert digest("db", "upgrade", "--no-backup").returncode == 0
    assert digest("db", "upgrade").returncode == 0  # nothing to do, nothing to copy
    assert not copy.exists()


@pytest.mark.parametrize("leaving", [0, 150_000])
def test_without_room_for_the_copy_nothing_is_changed(tmp_path: Path, leaving: int) -> None:
    """Fault 29: and the error says how to go on; on a disk without any room SQLite cannot even open the file."""
    with small_disk(3) as disk:
        if disk is None:
            pytest.skip("nobody may mount here")
        opened = Database(f"sqlite:///{disk.folder / 'digest.db'}")
        opened.run_sync(_as_it_was)
        opened.close()
        disk.fill(leaving)
        words = [sys.executable, "-m", "digest", "db", "upgrade"]
        env = {**os.environ, "DIGEST_DATABASE__URL": opened.url, "PYTHONPATH": str(_PROJECT)}
        done = subprocess.run(words, cwd=tmp_path, env=env, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 1
        assert ("no room for a copy" if leaving else "the disk is full or fails") in done.stderr
        disk.free()
        assert opened.run_sync(migrations.current) == OLDER
        opened.close()
