"""Messages through a local mail system's `sendmail` program: one process for each, the message on its standard input.

    start() ─► sendmail -i -f SENDER -- RECIPIENT ◄─ message, LF ends its lines ─► end of input ─► exit status
               └ died before the end of input: provably not taken ────────────────┘ └ no status: Ambiguous

The program takes a message only once its input has ended, and says by its exit status whether it did (sysexits.h).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import signal
from dataclasses import dataclass

from digest import failpoints
from digest.delivery.replies import Accepted, Ambiguous, Blame, Deferred, Rejected, Reply, Unavailable, Withdrawn
from digest.model import Envelope
from digest.transports import Following, Start, nothing_follows

# What could be read as more than one address, or as none.
_UNSPEAKABLE = re.compile(r"[\x00-\x20\x7f<>(),;\"]")
_NAMES = {
    64: "EX_USAGE",
    65: "EX_DATAERR",
    66: "EX_NOINPUT",
    67: "EX_NOUSER",
    68: "EX_NOHOST",
    69: "EX_UNAVAILABLE",
    70: "EX_SOFTWARE",
    71: "EX_OSERR",
    72: "EX_OSFILE",
    73: "EX_CANTCREAT",
    74: "EX_IOERR",
    75: "EX_TEMPFAIL",
    76: "EX_PROTOCOL",
    77: "EX_NOPERM",
    78: "EX_CONFIG",
    126: "not executable",
    127: "not found",
}
_NO_RECIPIENT = (67, 68)
_BAD_MESSAGE = (65,)
_BAD_SETUP = (64, 77, 78, 126, 127)  # every message would end so
_LAST_WORDS = 4096
_REAPING = 5.0  # seconds


def read_status(status: int, words: str) -> Reply:
    """What the exit status of a program that read its whole input says. `words` is what it wrote to stderr."""
    name = _NAMES.get(status, "exit status")
    text = f"sendmail: {status} {name}{': ' if words else ''}{words}"
    if status == 0:
        return Accepted("250 taken by sendmail")
    if status in _NO_RECIPIENT:
        return Rejected(text, Blame.RECIPIENT)
    if status in _BAD_MESSAGE:
        return Rejected(text, Blame.MESSAGE)
    if status in _BAD_SETUP:
        return Unavailable(text)
    return Deferred(text)


@dataclass(frozen=True, slots=True)
class Sendmail:
    """The program and its first arguments; `timeout` in seconds is for one message, from its start to the status."""

    command: tuple[str, ...] = ("/usr/sbin/sendmail",)
    timeout: float = 600

    async def connect(self) -> SendmailConnection | Unavailable:
        if not self.command or shutil.which(self.command[0]) is None:
            named = self.command[0] if self.command else "sendmail"
            return Unavailable(f"{named}: there is no such program, or this user may not run it")
        return SendmailConnection(self.command, self.timeout)


class SendmailConnection:
    """Not a connection at all: a place in which one message at a time is handed over."""

    def __init__(self, command: tuple[str, ...], timeout: float) -> None:
        self._command, self._timeout = command, timeout
        self._process: asyncio.subprocess.Process | None = None
        self.is_usable = True

    async def send(
        self, envelope: Envelope, message: bytes, start: Start, _following: Following = nothing_follows
    ) -> Reply:
        if _UNSPEAKABLE.search(envelope.recipient) or "@" not in envelope.recipient:
            return Rejected("501 5.1.3 not an address: nothing was sent", Blame.RECIPIENT)
        if not await start():
            return Withdrawn()
        words = [*self._command, "-i", "-f", envelope.sender, "--", envelope.recipient]
        try:
            # A group of its own, so that a script is killed with what it started.
            self._process = await asyncio.create_subprocess_exec(
                *words,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            return Unavailable(f"{self._command[0]}: cannot be started: {error.strerror or error}")
        try:
            return await self._hand_over(self._process, message.replace(b"\r\n", b"\n"))
        finally:
            self.abort()
            await _reaped(self._process)
            self._process = None

    async def _hand_over(self, process: asyncio.subprocess.Process, message: bytes) -> Reply:
        is_whole = False
        try:
            async with asyncio.timeout(self._timeout):
                is_whole = await _written(process, message)
                words = await _last_words(process)
                status = await process.wait()
        except TimeoutError:
            return _unknown(f"sendmail: no exit status within {self._timeout:g} s", is_whole=is_whole)
        if status < 0:
            return _unknown(f"sendmail: killed by {signal.Signals(-status).name}", is_whole=is_whole)
        failpoints.hit("deliver.after-dot")
        if status == 0 and not is_whole:
            return Unavailable("sendmail: ended well without reading the message: is it the right program?")
        return read_status(status, words)

    async def close(self) -> None:
        self.is_usable = False

    def abort(self) -> None:
        """Kill the program, where one is running: the message under way is then in doubt, or provably not taken."""
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)


async def _written(process: asyncio.subprocess.Process, message: bytes) -> bool:
    """Whether all of the message went into the pipe, whose end the program then sees."""
    assert process.stdin is not None
    process.stdin.transport.set_write_buffer_limits(high=0)
    process.stdin.write(message)
    try:
        await process.stdin.drain()
    except (BrokenPipeError, ConnectionResetError):
        return False
    process.stdin.close()
    return True


async def _reaped(process: asyncio.subprocess.Process) -> None:
    """Wait for the end of a program that has ended or been killed, and of its pipes."""
    if process.stdin is not None and not process.stdin.is_closing():
        process.stdin.transport.abort()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_REAPING):
            await _last_words(process)
            await process.wait()


async def _last_words(process: asyncio.subprocess.Process) -> str:
    assert process.stderr is not None
    said = b""
    while piece := await process.stderr.read(_LAST_WORDS):
        said = (said + piece)[-_LAST_WORDS:]
    return " ".join(said.decode("utf-8", "replace").split())[-500:]


def _unknown(text: str, *, is_whole: bool) -> Reply:
    return Ambiguous(text) if is_whole else Deferred(f"{text}, before the whole message was handed over")
