"""Connections and transactions. `run` is one transaction in a worker thread; `run_sync` the same in this one.

SQLite runs in WAL mode with `BEGIN IMMEDIATE`: read-then-write transactions would otherwise lose updates
silently. Lock and serialisation failures are retried with the same arguments, so the function handed in
must have no effect but on its connection.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, OperationalError

from digest.errors import ConfigError, DatabaseError, DigestError, DiskFull

# Whoever names a transaction's function imports the connection's type from here: SQLAlchemy stays in the store.
__all__ = ["Connection", "Database", "ping", "shown", "sqlite_path"]

P = ParamSpec("P")
T = TypeVar("T")

_BUSY_SECONDS = 15.0
_RETRIES = 4
_RETRY_STATES = ("40001", "40P01", "55P03", "57P01", "57P02", "57P03", "08000", "08003", "08006", "08001")


class Database:
    """One database, SQLite or PostgreSQL, by its URL; cheap to build, connects at the first call."""

    def __init__(self, url: str, *, pool_size: int = 5) -> None:
        self.url = url
        self.engine = _engine(url, pool_size)
        self.is_sqlite = self.engine.dialect.name == "sqlite"

    async def run(self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """`function(connection, …)` as one transaction in a worker thread.

        A cancelled caller waits for the transaction to end, so that no effect outlives the task unseen.
        """
        work = asyncio.ensure_future(asyncio.to_thread(partial(self.run_sync, function, *args, **kwargs)))
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            await asyncio.wait([work])
            raise

    def run_sync(self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """`function(connection, …)` as one transaction; committed when it returns, rolled back when it raises.

        Raises:
            DatabaseError: unreachable, corrupt, without tables, or locked for longer than a minute.
            DiskFull: the disk is full; nothing of the transaction was kept.
        """
        for retry in range(_RETRIES + 1):
            try:
                with self.engine.begin() as connection:
                    return function(connection, *args, **kwargs)
            except DBAPIError as error:
                if retry == _RETRIES or not _is_transient(error):
                    raise _readable(error, self.engine.url.render_as_string()) from error
                time.sleep(0.05 * 2**retry)
        raise AssertionError("unreachable")

    def close(self) -> None:
        self.engine.dispose()


def _engine(url: str, pool_size: int) -> Engine:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise ConfigError([f"database.url: cannot be read as a database URL: {error}"]) from error
    if parsed.get_backend_name() == "sqlite":
        return _sqlite(url)
    try:
        return create_engine(url, pool_size=pool_size, max_overflow=pool_size, pool_pre_ping=True)
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        hint = "pip install 'trending-papers-digest[postgres]' and use postgresql+psycopg://…"
        raise ConfigError([f"database.url: no driver for {parsed.drivername}: {hint}"]) from error


def _sqlite(url: str) -> Engine:
    engine = create_engine(url, connect_args={"timeout": _BUSY_SECONDS, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def configure(connection: sqlite3.Connection, _record: object) -> None:
        # The driver must not open transactions by itself: BEGIN IMMEDIATE below does.
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-16000"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _is_transient(error: DBAPIError) -> bool:
    if isinstance(error.orig, sqlite3.OperationalError):
        return "locked" in str(error.orig) or "busy" in str(error.orig)
    return error.connection_invalidated or getattr(error.orig, "sqlstate", None) in _RETRY_STATES


_ADVICE: tuple[tuple[str, type[DigestError], str], ...] = (
    ("disk is full", DiskFull, "the disk is full: free some space; nothing was lost, the work is done again then"),
    ("No space left", DiskFull, "the disk is full: free some space; nothing was lost, the work is done again then"),
    ("no such table", DatabaseError, "the database has no tables yet: run 'digest db upgrade'"),
    ("UndefinedTable", DatabaseError, "the database has no tables yet: run 'digest db upgrade'"),
    ("malformed", DatabaseError, "the database file is corrupt: restore a backup with 'digest db restore'"),
    ("not a database", DatabaseError, "the database file is corrupt: restore a backup with 'digest db restore'"),
    ("unable to open", DatabaseError, "cannot be opened: does its folder exist, and may this user write there?"),
    ("readonly", DatabaseError, "this user may not write to the database file or its folder"),
    ("locked", DatabaseError, "locked by another program for too long: which one holds it?"),
)


def _readable(error: DBAPIError, url: str) -> Exception:
    """What to tell the admin; an error that only a bug can cause stays what it is."""
    text = f"{type(error.orig).__name__}: {error.orig}"
    for sign, kind, advice in _ADVICE:
        if sign in text:
            return kind(f"{url}: {advice}")
    if isinstance(error, OperationalError) or error.connection_invalidated:
        return DatabaseError(f"{url}: {str(error.orig).strip().splitlines()[0]}")
    return error


def sqlite_path(url: str) -> Path | None:
    """The file of an SQLite URL, None for any other database or one in memory."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database or parsed.database == ":memory:":
        return None
    return Path(parsed.database)


def shown(url: str) -> str:
    """The URL without its password."""
    return make_url(url).render_as_string(hide_password=True)


def ping(connection: Connection) -> None:
    """Raises where the database does not answer."""
    connection.exec_driver_sql("SELECT 1")
