"""Connections and transactions. `run` is one transaction in a worker thread; `run_sync` the same in this one.

SQLite runs in WAL mode with `BEGIN IMMEDIATE`: read-then-write transactions would otherwise lose updates
silently. Lock and serialisation failures are retried with the same arguments, so the function handed in
must have no effect but on its connection.
"""

from __future__ import annotations

import asyncio
import json
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

    def __init__(self, url: str, *, pool_size: int = 5, busy_seconds: float = _BUSY_SECONDS) -> None:
        self.url = url
        self.engine = _engine(url, pool_size, busy_seconds)
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        self._reading = self.engine.execution_options(is_reading=True)
        self.lacks_space = False
        """Whether the last transaction that wrote, or tried to, found the disk full."""

    async def read(self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """As `run`, for a function that only reads: it waits for no writer, and the database refuses it a change."""
        return await asyncio.to_thread(partial(self.read_sync, function, *args, **kwargs))

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

    def read_sync(self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """As `run_sync`, for a function that only reads."""
        return self._transaction(
            self._reading, lambda connection: _reading(connection, lambda: function(connection, *args, **kwargs))
        )

    def run_sync(self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """`function(connection, …)` as one transaction; committed when it returns, rolled back when it raises.

        Raises:
            DatabaseError: unreachable, corrupt, without tables, or locked for longer than a minute.
            DiskFull: the disk is full; nothing of the transaction was kept.
        """
        return self._transaction(self.engine, lambda connection: function(connection, *args, **kwargs))

    def _transaction(self, engine: Engine, function: Callable[[Connection], T]) -> T:
        for retry in range(_RETRIES + 1):
            was_full = self.lacks_space
            try:
                with engine.begin() as connection:
                    before = _changes(connection) if was_full else None
                    result = function(connection)
                    has_written = was_full and _changes(connection) != before
            except DBAPIError as error:
                if retry < _RETRIES and _is_transient(error):
                    time.sleep(0.05 * 2**retry)
                    continue
                readable = _readable(error, self.engine.url.render_as_string())
                self.lacks_space |= isinstance(readable, DiskFull)
                raise readable from error
            self.lacks_space &= not has_written
            return result
        raise AssertionError("unreachable")

    def close(self) -> None:
        self.engine.dispose()


def _engine(url: str, pool_size: int, busy_seconds: float) -> Engine:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise ConfigError([f"database.url: cannot be read as a database URL: {error}"]) from error
    if parsed.get_backend_name() == "sqlite":
        return _sqlite(url, busy_seconds)
    try:
        return create_engine(
            url, pool_size=pool_size, max_overflow=pool_size, pool_pre_ping=True, json_deserializer=_from_json
        )
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        hint = "pip install 'trending-papers-digest[postgres]' and use postgresql+psycopg://…"
        raise ConfigError([f"database.url: no driver for {parsed.drivername}: {hint}"]) from error


def _from_json(text: str | bytes) -> object:
    """Most lists of a profile are empty, and a morning reads tens of thousands of them."""
    return [] if text in ("[]", b"[]") else json.loads(text)


def _sqlite(url: str, busy_seconds: float) -> Engine:
    connecting = {"timeout": busy_seconds, "check_same_thread": False}
    engine = create_engine(url, connect_args=connecting, json_deserializer=_from_json)

    @event.listens_for(engine, "connect")
    def configure(connection: sqlite3.Connection, _record: object) -> None:
        # The driver must not open transactions by itself: BEGIN IMMEDIATE below does.
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-16000"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # Who only reads takes no lock, so a page does not wait for a poll.
        is_reading = connection.get_execution_options().get("is_reading", False)
        connection.exec_driver_sql("BEGIN" if is_reading else "BEGIN IMMEDIATE")

    return engine


def _changes(connection: Connection) -> object:
    """Moves when the transaction writes; one that changes nothing succeeds on a full disk, too."""
    if connection.dialect.name == "sqlite":
        return connection.exec_driver_sql("SELECT total_changes()").scalar()
    return connection.exec_driver_sql("SELECT pg_current_xact_id_if_assigned()").scalar()


def _reading(connection: Connection, function: Callable[[], T]) -> T:
    """`function`, while the connection refuses to write."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET TRANSACTION READ ONLY")
        return function()
    connection.exec_driver_sql("PRAGMA query_only = ON")
    try:
        return function()
    finally:
        connection.exec_driver_sql("PRAGMA query_only = OFF")


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
    ("disk I/O error", DatabaseError, "the disk is full or fails: free some space, and look at the system's log"),
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
