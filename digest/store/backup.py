"""Copies of an SQLite database: whole or not at all, made while others use it, checked before they replace it.

PostgreSQL has better tools of its own, which the errors name.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import Connection, make_url, text

from digest.errors import DatabaseError, DigestError, DiskFull
from digest.store.database import sqlite_path
from digest.store.migrations import known_revisions

_WAIT_SECONDS = 15.0


def backup(url: str, target: Path, *, is_replacing: bool = False) -> int:
    """Write a consistent copy of the database to `target` (readable by its owner alone); its size in bytes.

    Raises:
        DigestError: not SQLite, `target` exists, the database cannot be read, or the disk is full.
    """
    source = _file(url, f"pg_dump --format=custom --file={target} {_libpq(url)}")
    if target.exists() and not is_replacing:
        raise DigestError(f"{target} exists: choose another name, or say --force")
    partial = target.with_name(f".{target.name}.partial")
    partial.unlink(missing_ok=True)
    try:
        os.close(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        with _readable(source), closing(_connect(source)) as connection:
            connection.execute("VACUUM INTO ?", (str(partial),))
        _flush(partial)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    return target.stat().st_size


def restore(url: str, backup_file: Path, stamp: str) -> Path | None:
    """Put a checked copy of `backup_file` in the database's place; the old one's new name ends in `stamp`.

    Raises:
        DigestError: not SQLite, the backup is damaged or of an unknown revision, or a program has the database open.
    """
    target = _file(url, f"pg_restore --clean --if-exists --dbname={_libpq(url)} {backup_file}")
    check_file(backup_file)
    partial = target.with_name(f".{target.name}.partial")
    partial.unlink(missing_ok=True)
    try:
        backup(f"sqlite:///{backup_file}", partial)
        kept = _put_aside(target, target.with_name(f"{target.name}.{stamp}.old"))
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    return kept


def check_file(file: Path) -> str:
    """The revision of a sound SQLite file of ours.

    Raises:
        DatabaseError: missing, damaged, or not a database of this program.
    """
    if not file.is_file():
        raise DatabaseError(f"{file}: there is no such file")
    with _readable(file), closing(_connect(file)) as connection:
        problem = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        is_ours = "alembic_version" in tables
        rows = connection.execute("SELECT version_num FROM alembic_version").fetchall() if is_ours else []
    if problem != "ok":
        raise DatabaseError(f"{file}: damaged: {problem}")
    if not rows or rows[0][0] not in known_revisions():
        raise DatabaseError(f"{file}: a sound SQLite file, but no database of this version of digest")
    return str(rows[0][0])


def check_integrity(connection: Connection) -> list[str]:
    """What is wrong inside the connected database; nothing to say of PostgreSQL, which checks itself."""
    if connection.dialect.name != "sqlite":
        return []
    pages = [str(row[0]) for row in connection.execute(text("PRAGMA integrity_check(20)"))]
    found = connection.execute(text("PRAGMA foreign_key_check"))
    orphans = {f"a row of {row[0]} refers to nothing in {row[2]}" for row in found}
    return [line for line in pages if line != "ok"] + sorted(orphans)


def _put_aside(target: Path, aside: Path) -> Path | None:
    """Move the old database out of the way, sure that nobody has it open.

    Leaving WAL mode needs every other connection closed (sqlite.org/wal.html), and folds the log into the file.
    A file that is no database any more has no log to fold.
    """
    if not target.exists():
        return None
    try:
        with closing(_connect(target)) as connection:
            connection.execute("PRAGMA busy_timeout = 500")
            connection.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.DatabaseError as error:
        if "locked" in str(error):
            raise DatabaseError(f"{target}: a program has it open: stop the daemon first") from error
    for log in (f"{target}-wal", f"{target}-shm"):
        Path(log).unlink(missing_ok=True)
    return target.replace(aside)


def _file(url: str, instead: str) -> Path:
    found = sqlite_path(url)
    if found is None:
        raise DigestError(f"this is not an SQLite file; PostgreSQL does it by itself: {instead}")
    return found


def _libpq(url: str) -> str:
    parsed = make_url(url)
    return parsed.set(drivername=parsed.get_backend_name()).render_as_string(hide_password=True)


def _connect(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{file.absolute().as_uri()}?mode=rw", uri=True, timeout=_WAIT_SECONDS, isolation_level=None)


@contextmanager
def _readable(file: Path) -> Iterator[None]:
    """SQLite's errors about `file` as ours."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        if "full" in str(error):
            raise DiskFull(f"{file}: the disk is full: free some space and try again") from error
        raise DatabaseError(f"{file}: {error}: restore a backup with 'digest db restore'") from error


def _flush(file: Path) -> None:
    descriptor = os.open(file, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
