"""One side of an SMTP dialogue after connect, TLS and AUTH: write bytes, await replies, know when it is over.

It takes an open transport over from whoever opened it. Everything that ends the dialogue ends up in `lost`.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import NamedTuple

_LONGEST_REPLY = 32 * 1024
_INCOMING = 4 * 1024


class Lost(Exception):
    """The dialogue is over or out of step; the text says how."""


class Answer(NamedTuple):
    code: int
    text: str  # without the codes, lines joined by newlines


class Dialogue(asyncio.BufferedProtocol):
    """Single file: one coroutine writes and awaits at a time.

    Buffered, because asyncio else allocates 256 KB for each reply. One timer serves all waits of the connection: it
    is moved on when it fires, not at each wait.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self.lost: str | None = None
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._waiter: asyncio.Future[bool] | None = None
        self._deadline = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._is_paused = False
        # A view, because asyncio's TLS transport reads into slices of it, which must not be copies.
        self._incoming = memoryview(bytearray(_INCOMING))
        self._rest = b""
        self._lines: list[str] = []
        self._answers: deque[Answer] = deque()
        transport.set_protocol(self)
        # Paused means: something has not left this process yet. Not 0: asyncio's TLS transport would
        # then pause at an empty buffer, too.
        transport.set_write_buffer_limits(high=1, low=0)

    def is_in_step(self, expected: int = 0) -> bool:
        """Alive, and the server has said nothing beyond the `expected` replies."""
        is_alive = self.lost is None and not self._transport.is_closing()
        return is_alive and len(self._answers) <= expected and (expected > 0 or not self._rest)

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
            Lost: the connection ended first, or nothing at all moved for `seconds`.
        """
        left = self._transport.get_write_buffer_size() if self._is_paused else 0
        while self._is_paused and not self._answers:
            if await self._woken(self._loop.time() + seconds):
                continue
            before, left = left, self._transport.get_write_buffer_size()
            if left >= before:
                raise Lost(f"the server reads nothing for {seconds:g} s")
        return self._answers.popleft() if self._answers else None

    async def answer(self, seconds: float) -> Answer:
        """The next reply.

        Raises:
            Lost: the connection ended first, or nothing came for `seconds`.
        """
        if not self._answers:
            deadline = self._loop.time() + seconds
            while not self._answers:
                if not await self._woken(deadline):
                    raise Lost(f"the server says nothing for {seconds:g} s")
        return self._answers.popleft()

    async def ended(self, seconds: float) -> None:
        """Wait until the transport has let go of the socket."""
        try:
            await self._woken(self._loop.time() + seconds)
        except Lost:
            return

    def abort(self) -> None:
        """Drop the connection without flushing: `close` would send the rest of the message."""
        self._transport.abort()

    # ── waiting ───────────────────────────────────────────────────────────────────────────────────

    async def _woken(self, deadline: float) -> bool:
        """Wait for the transport to call; False: it did not until `deadline`, by the loop's clock."""
        self._raise_if_lost()
        self._deadline = deadline
        if self._timer is None or self._timer.when() > self._deadline:
            self._set_timer()
        self._waiter = self._loop.create_future()
        try:
            is_woken = await self._waiter
        finally:
            self._waiter = None
        if not self._answers:
            self._raise_if_lost()
        return is_woken

    def _raise_if_lost(self) -> None:
        if self.lost is not None:
            raise Lost(self.lost)

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(self._deadline, self._tick)

    def _tick(self) -> None:
        self._timer = None
        if self._waiter is None:
            return
        if self._loop.time() < self._deadline:
            self._set_timer()
        else:
            self._wake(is_called=False)

    def _wake(self, *, is_called: bool = True) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(is_called)

    # ── what the transport calls ──────────────────────────────────────────────────────────────────

    def get_buffer(self, _sizehint: int) -> memoryview:
        return self._incoming

    def buffer_updated(self, nbytes: int) -> None:
        *lines, self._rest = (self._rest + bytes(self._incoming[:nbytes])).split(b"\n")
        for line in lines:
            self._take(line.decode("utf-8", "replace").rstrip("\r"))
        if len(self._rest) + sum(map(len, self._lines)) > _LONGEST_REPLY:
            self._end("the server's reply is too long")
        self._wake()

    def _take(self, line: str) -> None:
        if self.lost is not None:
            return
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
        self._wake()

    def eof_received(self) -> bool:
        self._end("the server closed the connection")
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = self.lost or (str(exc) if exc else "the connection was closed")
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._wake()

    def pause_writing(self) -> None:
        self._is_paused = True

    def resume_writing(self) -> None:
        self._is_paused = False
        self._wake()
