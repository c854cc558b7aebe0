"""The web application on a real server on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime

from starlette.types import ASGIApp

from digest.model import Schedule
from digest.store import subscribers
from digest.store.database import Database
from digest.web import server

NOW = datetime(2026, 4, 20, 12, tzinfo=UTC)
KEYS: Mapping[int, bytes] = {1: b"s" * 32}


@contextlib.asynccontextmanager
async def serve(application: ASGIApp) -> AsyncIterator[str]:
    """`application` on a free port of loopback; gives its address."""
    # The socket listens before the server runs, so nobody has to wait for it.
    with socket.create_server(("127.0.0.1", 0)) as listening:
        async with serve_at(application, listening):
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"


@contextlib.asynccontextmanager
async def serve_at(application: ASGIApp, listening: socket.socket) -> AsyncIterator[None]:
    """`application` on a socket that listens."""
    running = server(application, "127.0.0.1", 0)
    task = asyncio.create_task(running.serve(sockets=[listening]))
    try:
        yield
    finally:
        running.should_exit = True
        await task


def add_jane(database: Database) -> int:
    """A subscriber; the id."""
    return database.run_sync(
        subscribers.add,
        "jane.doe@example.org",
        "Jane Doe",
        consent="admin",
        schedule=Schedule(),
        limit=20,
        now=NOW,
        edition_at=NOW,
    ).id
