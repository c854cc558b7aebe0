"""Backups are whole or not there; a restore never replaces a database by something unsound, or under a daemon."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from digest.errors import DatabaseError, DigestError
from digest.model import Schedule
from digest.store import backup, subscribers
from digest.store.database import Database

NOW = datetime(2026, 4, 17, 6, tzinfo=UTC)


def add(database: Database, address: str) -> None:
    database.run_sync(subscribers.add, address, "", Schedule(), 10, "admin", NOW, NOW)


def test_a_backup_while_somebody_writes_is_consistent(sqlite_database: Database, tmp_path: Path) -> None:
    def write() -> None:
        for number in range(40):
            add(sqlite_database, f"reader{number}@example.org")

    writer = threading.Thread(target=write)
    writer.start()
    backup.backup(sqlite_database.url, tmp_path / "copy.db")
    writer.join()
    assert backup.check_file(tmp_path / "copy.db")
    assert not list(tmp_path.glob("*.partial"))


def test_a_backup_of_a_corrupt_database_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "digest.db").write_bytes(b"x" * 8192)
    with pytest.raises(DatabaseError, match="not a database"):
        backup.backup(f"sqlite:///{tmp_path / 'digest.db'}", tmp_path / "copy.db")
    assert [path.name for path in tmp_path.iterdir()] == ["digest.db"]


def test_a_backup_where_there_is_no_room_is_told(tmp_path: Path, sqlite_database: Database) -> None:
    with pytest.raises(OSError, match="No such file or directory"):
        backup.backup(sqlite_database.url, tmp_path / "nowhere" / "copy.db")


@pytest.mark.parametrize("content", [b"", b"x" * 8192])
def test_what_is_no_database_is_never_restored(sqlite_database: Database, tmp_path: Path, content: bytes) -> None:
    add(sqlite_database, "ada@example.org")
    (tmp_path / "copy.db").write_bytes(content)
    with pytest.raises(DatabaseError):
        backup.restore(sqlite_database.url, tmp_path / "copy.db", "stamp")
    assert len(sqlite_database.run_sync(subscribers.list_all)) == 1


def test_a_foreign_database_is_never_restored(sqlite_database: Database, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "other.db")) as other:
        other.execute("CREATE TABLE bookmarks (url TEXT)")
    with pytest.raises(DatabaseError, match="no database of this version of digest"):
        backup.restore(sqlite_database.url, tmp_path / "other.db", "stamp")


def test_nothing_is_restored_under_a_running_program(sqlite_database: Database, tmp_path: Path) -> None:
    add(sqlite_database, "ada@example.org")
    backup.backup(sqlite_database.url, tmp_path / "copy.db")
    with sqlite_database.engine.connect(), pytest.raises(DatabaseError, match="stop the daemon first"):
        backup.restore(sqlite_database.url, tmp_path / "copy.db", "stamp")


def test_a_restore_brings_back_what_was_and_keeps_what_is(sqlite_database: Database, tmp_path: Path) -> None:
    add(sqlite_database, "ada@example.org")
    backup.backup(sqlite_database.url, tmp_path / "copy.db")
    add(sqlite_database, "bob@example.org")
    sqlite_database.close()
    kept = backup.restore(sqlite_database.url, tmp_path / "copy.db", "stamp")
    assert kept == tmp_path / "digest.db.stamp.old"
    assert [one.address for one in sqlite_database.run_sync(subscribers.list_all)] == ["ada@example.org"]
    assert backup.check_file(kept)


def test_postgresql_is_named_its_own_tool(tmp_path: Path) -> None:
    with pytest.raises(DigestError, match=r"pg_restore .*postgresql://u:\*\*\*@h/d"):
        backup.restore("postgresql+psycopg://u:p@h/d", tmp_path / "x", "stamp")


def test_broken_references_are_found(sqlite_database: Database, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "digest.db")) as raw, raw:
        raw.execute("INSERT INTO paper_authors (paper_id, position, name, folded) VALUES (7, 0, 'A', 'a')")
    problems = sqlite_database.run_sync(backup.check_integrity)
    assert problems == ["a row of paper_authors refers to nothing in papers"]
