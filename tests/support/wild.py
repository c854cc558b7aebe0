"""Requests as nobody's browser sends them, spoken to an application directly, and a look at whether it wrote."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

from starlette.types import ASGIApp, Message, Scope

Fields = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Wild:
    """A request; `target` is what stands in its first line, as bytes on the wire."""

    method: str
    target: bytes
    headers: Fields = field(default_factory=list)
    body: bytes = b""
    client: tuple[str, int] | None = ("198.51.100.7", 4711)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    fields: Fields
    body: bytes

    def header(self, name: str) -> str:
        """The values of a header, "" where it is not there."""
        return ", ".join(value.decode("latin-1") for key, value in self.fields if key.decode().lower() == name)


async def spoken(application: ASGIApp, wild: Wild) -> Answer:
    """The answer; an exception that leaves the application leaves this function, too."""
    raw_path, _, query = wild.target.partition(b"?")
    scope: Scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "server": ("127.0.0.1", 80),
        "client": wild.client,
        "scheme": "http",
        "method": wild.method,
        "root_path": "",
        "path": unquote(raw_path.decode("ascii")),  # as uvicorn does it: what is no UTF-8 becomes U+FFFD
        "raw_path": raw_path,
        "query_string": query,
        "headers": [(name.lower(), value) for name, value in wild.headers],
    }
    chunks = _chunks(wild.body)
    sent: list[Message] = []

    async def receive() -> Message:
        return next(chunks, {"type": "http.disconnect"})

    async def send(message: Message) -> None:
        sent.append(message)

    await application(scope, receive, send)
    (start,) = [one for one in sent if one["type"] == "http.response.start"]
    return Answer(start["status"], list(start["headers"]), b"".join(one.get("body", b"") for one in sent))


def _chunks(body: bytes) -> Iterator[Message]:
    size = 65_536
    for at in range(0, len(body), size):
        yield {"type": "http.request", "body": body[at : at + size], "more_body": True}
    yield {"type": "http.request", "body": b"", "more_body": False}


class Rows:
    """Every row of an SQLite database: whether anybody changed one, and all of them as they were at first."""

    def __init__(self, path: Path) -> None:
        self._now = sqlite3.connect(path, isolation_level=None)
        self._first = sqlite3.connect(":memory:")
        self._now.backup(self._first)
        self._version = self._read_version()
        self._dump = self._all()

    def have_changed(self) -> bool:
        """Since they were `restored`. SQLite counts the commits of others, so that most answers are one number."""
        return self._read_version() != self._version and self._all() != self._dump

    def restore(self) -> None:
        """Every row as it was at first."""
        if self._read_version() != self._version:
            self._first.backup(self._now)
            self._version = self._read_version()

    def close(self) -> None:
        self._now.close()
        self._first.close()

    def _read_version(self) -> int:
        return int(self._now.execute("PRAGMA data_version").fetchone()[0])

    def _all(self) -> list[str]:
        return list(self._now.iterdump())
