"""One side of an SMTP dialogue after connect, TLS and AUTH: write bytes, await replies, know when it is over.

It takes an open transport over from whoever opened it. Everything that ends the dialogue ends up in `lost`.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

_LONGEST_REPLY = 32 * 1024


class Lost(Exception):
    """The dialogue is over or out of step; the text says how."""


class Answer(NamedTuple):
    code: int
    text: str  # without the codes, lines joined by newlines


class Dialogue(asyncio.Protocol):
    """Single file: one coroutine writes and awaits at a time."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self.lost: str | None = None
        self._transport = transport
        self._changed = asyncio.Event()
        self._is_paused = False
        self._buffer = bytearray()
        self._lines: list[str] = []
        self._answers: deque[Answer] = deque()
        transport.set_protocol(self)
        # Paused means: something has not left this process yet. Not 0: asyncio's TLS transport would
        # then pause at an empty buffer, too.
        transport.set_write_buffer_limits(high=1, low=0)

    @property
    def is_quiet(self) -> bool:
        """Alive, and the server has said nothing out of turn."""
        return self.lost is None and not self._answers and not self._buffer and not self._transport.is_closing()

    def write(self, data: bytes) -> None:
        """Hand bytes to the transport.

        Raises:
            Lost: it is over already; nothing of `data` has left.
        """
        if self.lost is not None or self._transport.is_closing():
            raise Lost(self.lost or "closed")
        self._transport.write(data)

    async def flushed(self, seconds: float) -> Answer | None:
        """Wait until what was written has left this process; a reply that comes meanwhile cuts the wait short.

        Raises:
            Lost: the connection ended first, or nothing moved for `seconds`.
        """
        await self._until(lambda: bool(not self._is_paused or self._answers), seconds, "the server reads nothing")
        return self._answers.popleft() if self._answers else None

    async def answer(self, seconds: float) -> Answer:
        """The next reply.

        Raises:
            Lost: the connection ended first, or nothing came for `seconds`.
        """
        await self._until(lambda: bool(self._answers), seconds, "the server says nothing")
        return self._answers.popleft()

    async def ended(self, seconds: float) -> None:
        """Wait until the transport has let go of the socket."""
        try:
            await self._until(lambda: False, seconds, "")
        except Lost:
            return

    def abort(self) -> None:
        """Drop the connection without flushing: `close` would send the rest of the message."""
        self._transport.abort()

    async def _until(self, is_so: Callable[[], bool], seconds: float, otherwise: str) -> None:
        try:
            async with asyncio.timeout(seconds):
                while not is_so():
                    if self.lost is not None:
                        raise Lost(self.lost)
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise Lost(f"{otherwise} for {seconds:g} s") from None

    # ── what the transport calls ──────────────────────────────────────────────────────────────────

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while self.lost is None and (end := self._buffer.find(b"\n")) >= 0:
            line = self._buffer[:end].rstrip(b"\r").decode("utf-8", "replace")
            del self._buffer[: end + 1]
            self._take(line)
        if len(self._buffer) + sum(map(len, self._lines)) > _LONGEST_REPLY:
            self._end("the server's reply is too long")
        self._changed.set()

    def _take(self, line: str) -> None:
        code, mark, text = line[:3], line[3:4], line[4:]
        if not (code.isascii() and code.isdigit() and mark in ("", " ", "-")):
            self._end(f"not an SMTP reply: {line[:80]!r}")
            return
        self._lines.append(text.strip())
        if mark != "-":
            self._answers.append(Answer(int(code), "\n".join(self._lines)))
            self._lines = []

    def _end(self, reason: str) -> None:
        self.lost = self.lost or reason
        self._transport.abort()
        self._changed.set()

    def eof_received(self) -> bool:
        self._end("the server closed the connection")
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = self.lost or (str(exc) if exc else "the connection was closed")
        self._changed.set()

    def pause_writing(self) -> None:
        self._is_paused = True

    def resume_writing(self) -> None:
        self._is_paused = False
        self._changed.set()
