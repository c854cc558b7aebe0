"""SMTP to one relay: aiosmtplib connects, does TLS and AUTH; MAIL, RCPT and DATA are spoken here, step by step.

    MAIL, RCPT ── refused: nothing sent ──► await start() ──► DATA ──► message ──► dot ──► reply
    └──────────── lost: provably unsent, Deferred ─────────────────────────────┘ └ lost: Ambiguous

One stated mode of security and never a weaker one: a refusal is Unavailable, and nothing has been sent.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import ssl
from dataclasses import dataclass, field
from typing import Literal

import aiosmtplib

from digest import failpoints
from digest.delivery.replies import Ambiguous, Blame, Deferred, Rejected, Reply, Stage, Unavailable, Withdrawn, classify
from digest.delivery.wire import stuffed
from digest.model import Envelope
from digest.transports import Start
from digest.transports.dialogue import Dialogue, Lost

Security = Literal["starttls", "tls", "plain"]

_BLOCK = 32 * 1024
# The kernel holds this much of a message at most, so that what a dying connection took with it is known to
# be unsent unless the very end was reached; still enough for a digest in a round trip.
_SEND_BUFFER = 64 * 1024
_AUTH_CODES = (530, 534, 535, 538)
_UNSPEAKABLE = re.compile(r"[\x00-\x20\x7f<>]")


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds to wait, RFC 5321 section 4.5.3.2; a shorter `dot` makes duplicates."""

    connect: float = 60
    mail: float = 300
    rcpt: float = 300
    data: float = 120
    block: float = 180
    dot: float = 600
    quit: float = 5


@dataclass(frozen=True, slots=True)
class Recycling:
    """When a connection is replaced: after so many messages, seconds of life, seconds of idleness."""

    messages: int = 100
    age: float = 300
    idle: float = 15


@dataclass(frozen=True, slots=True)
class Smtp:
    """A relay. `tls` is the context to verify it with, the machine's authorities where it is None.

    `name` is what we call ourselves in EHLO, the machine's own name where it is None.
    """

    host: str
    port: int
    security: Security = "starttls"
    username: str = ""
    password: str = field(default="", repr=False)
    tls: ssl.SSLContext | None = None
    name: str | None = None
    timeouts: Timeouts = field(default_factory=Timeouts)
    recycling: Recycling = field(default_factory=Recycling)

    async def connect(self) -> SmtpConnection | Unavailable:
        client = self._client()
        try:
            async with asyncio.timeout(2 * self.timeouts.connect):
                await client.connect()
                if client.is_ehlo_or_helo_needed:
                    await client.ehlo()
                # Not on connect: a refusal there closes the transport before it could be aborted.
                if self.username:
                    await client.login(self.username, self.password)
            return SmtpConnection(client, self.timeouts, self.recycling)
        except (aiosmtplib.SMTPException, OSError, UnicodeError, Lost) as error:
            _drop(client)
            return _unavailable(f"{self.host}:{self.port}", error)
        except BaseException:
            _drop(client)
            raise

    def _client(self) -> aiosmtplib.SMTP:
        return aiosmtplib.SMTP(
            hostname=self.host,
            port=self.port,
            local_hostname=self.name,
            timeout=self.timeouts.connect,
            use_tls=self.security == "tls",
            start_tls=self.security == "starttls",  # never None, which would take plain text, too
            tls_context=self.tls,
        )


class SmtpConnection:
    """An open, authenticated dialogue."""

    def __init__(self, client: aiosmtplib.SMTP, timeouts: Timeouts, recycling: Recycling) -> None:
        transport = client.transport
        if not isinstance(transport, asyncio.Transport):
            raise Lost("closed right after the greeting")
        if (sock := transport.get_extra_info("socket")) is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
        self._extensions = frozenset(client.esmtp_extensions)
        self._timeouts = timeouts
        self._recycling = recycling
        self._dialogue = Dialogue(transport)
        self._opened_at = self._used_at = asyncio.get_running_loop().time()
        self._messages = 0
        self._is_over = False

    @property
    def is_usable(self) -> bool:
        now, limits = asyncio.get_running_loop().time(), self._recycling
        is_fresh = now - self._opened_at < limits.age and now - self._used_at < limits.idle
        return not self._is_over and self._messages < limits.messages and is_fresh and self._dialogue.is_quiet

    async def send(self, envelope: Envelope, message: bytes, start: Start) -> Reply:
        self._messages += 1
        try:
            reply = await self._send(envelope, message, start)
        except Lost as lost:
            self.abort()
            return Deferred(f"lost before the message was sent: {lost}", is_dropped=True)
        except BaseException:
            self.abort()  # the dialogue is out of step, whatever the transport says
            raise
        if isinstance(reply, Deferred) and reply.is_dropped:
            self.abort()
        self._used_at = asyncio.get_running_loop().time()
        return reply

    async def _send(self, envelope: Envelope, message: bytes, start: Start) -> Reply:
        if (unspeakable := self._unspeakable(envelope)) is not None:
            return unspeakable
        refused = await self._envelope(envelope, message)
        if refused is None and not await start():
            refused = Withdrawn()
        if refused is None:
            refused = await self._command("DATA", Stage.DATA, self._timeouts.data, goal=354)
        if refused is not None:
            return await self._reset(refused)
        return await self._message(stuffed(message))

    # ── MAIL and RCPT ─────────────────────────────────────────────────────────────────────────────

    async def _envelope(self, envelope: Envelope, message: bytes) -> Reply | None:
        """Name sender and recipient; the reply that refuses one of them, None where both are taken."""
        mail, rcpt = self._mail(envelope, message), f"RCPT TO:<{envelope.recipient}>"
        if "pipelining" not in self._extensions:
            refused = await self._command(mail, Stage.MAIL, self._timeouts.mail)
            return refused or await self._command(rcpt, Stage.RCPT, self._timeouts.rcpt)
        self._dialogue.write(f"{mail}\r\n{rcpt}\r\n".encode())
        refused = await self._answered(Stage.MAIL, self._timeouts.mail)
        if isinstance(refused, Deferred) and refused.is_dropped:
            return refused
        return await self._answered(Stage.RCPT, self._timeouts.rcpt) if refused is None else await self._skip(refused)

    def _unspeakable(self, envelope: Envelope) -> Reply | None:
        if _UNSPEAKABLE.search(envelope.recipient) or not envelope.recipient:
            return Rejected("501 5.1.3 not an address: nothing was sent", Blame.RECIPIENT)
        if not (envelope.sender + envelope.recipient).isascii() and "smtputf8" not in self._extensions:
            return Rejected("553 5.6.7 the relay takes only ASCII addresses: nothing was sent", Blame.MESSAGE)
        return None

    def _mail(self, envelope: Envelope, message: bytes) -> str:
        words = [f"MAIL FROM:<{envelope.sender}>"]
        if "size" in self._extensions:
            words.append(f"SIZE={len(message)}")
        if "8bitmime" in self._extensions and not message.isascii():
            words.append("BODY=8BITMIME")
        if not (envelope.sender + envelope.recipient).isascii():
            words.append("SMTPUTF8")
        return " ".join(words)

    async def _command(self, line: str, stage: Stage, seconds: float, goal: int = 250) -> Reply | None:
        self._dialogue.write(f"{line}\r\n".encode())
        return await self._answered(stage, seconds, goal)

    async def _answered(self, stage: Stage, seconds: float, goal: int = 250) -> Reply | None:
        """The reply that refuses, None where the command was taken (251: will forward)."""
        answer = await self._dialogue.answer(seconds)
        if answer.code == goal or (stage is Stage.RCPT and answer.code == 251):
            return None
        if answer.code < 400:
            raise Lost(f"{answer.code} in reply to {stage}: out of step")
        return classify(answer.code, answer.text, stage)

    async def _skip(self, refused: Reply) -> Reply:
        await self._dialogue.answer(self._timeouts.rcpt)
        return refused

    async def _reset(self, refused: Reply) -> Reply:
        """Leave the dialogue as it was before MAIL; where that fails the connection is over, the reply stands."""
        if isinstance(refused, Deferred) and refused.is_dropped:
            return refused
        try:
            self._dialogue.write(b"RSET\r\n")
            self._is_over = (await self._dialogue.answer(self._timeouts.mail)).code != 250
        except Lost:
            self.abort()
        return refused

    # ── the message ───────────────────────────────────────────────────────────────────────────────

    async def _message(self, body: bytes) -> Reply:
        for start in range(0, len(body), _BLOCK):
            self._dialogue.write(body[start : start + _BLOCK])
            early = await self._dialogue.flushed(self._timeouts.block)
            if early is not None:
                raise Lost(f"the server cut the message short: {early.code} {early.text}")
        self._dialogue.write(b".\r\n")
        try:
            return await self._verdict()
        except Lost as lost:
            self.abort()
            return Ambiguous(f"lost after the message was sent: {lost}")

    async def _verdict(self) -> Reply:
        """The reply to the dot. It may take ten minutes: giving up earlier makes duplicates."""
        early = await self._dialogue.flushed(self._timeouts.block)
        failpoints.hit("deliver.after-dot")
        answer = early or await self._dialogue.answer(self._timeouts.dot)
        return classify(answer.code, answer.text, Stage.DOT)

    # ── the end ───────────────────────────────────────────────────────────────────────────────────

    async def close(self) -> None:
        if not self._is_over and self._dialogue.is_quiet:
            with contextlib.suppress(Lost):
                self._dialogue.write(b"QUIT\r\n")
                await self._dialogue.answer(self._timeouts.quit)
        self.abort()
        await self._dialogue.ended(self._timeouts.quit)

    def abort(self) -> None:
        self._is_over = True
        self._dialogue.abort()


def _drop(client: aiosmtplib.SMTP) -> None:
    if isinstance(client.transport, asyncio.Transport):
        client.transport.abort()
    client.close()


def _unavailable(relay: str, error: Exception) -> Unavailable:
    if isinstance(error, aiosmtplib.SMTPResponseException):
        text = " ".join(f"{error.code} {error.message}".split())
        return Unavailable(f"{relay}: {text}", is_auth=error.code in _AUTH_CODES)
    return Unavailable(f"{relay}: {str(error) or type(error).__name__}")
