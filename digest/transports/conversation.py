"""What is said over an open SMTP connection: MAIL, RCPT and DATA, step by step, and what each end of it proves.

    MAIL, RCPT ── refused: nothing sent ──► await start() ──► DATA ──► message ──► dot ──► reply
    └──────────── lost: provably unsent, Deferred ─────────────────────────────┘ └ lost: Ambiguous

Where PIPELINING is offered, the next message's MAIL and RCPT go out behind the dot (RFC 2920 section 3.1 allows a
group to begin with a message's content). That names an envelope and sends nothing: DATA still waits for `start`.
It leaves two round trips for each message, of four.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
from collections.abc import Collection
from dataclasses import dataclass

from digest import failpoints
from digest.delivery.replies import Ambiguous, Blame, Deferred, Rejected, Reply, Stage, Withdrawn, classify
from digest.delivery.wire import stuffed
from digest.model import Envelope
from digest.transports import Following, Parcel, Start, nothing_follows
from digest.transports.dialogue import Answer, Dialogue, Lost

# The kernel holds this much of a message at most, so that what a dying connection took with it is known to
# be unsent unless the very end was reached; still enough for a digest in a round trip.
_SEND_BUFFER = 64 * 1024
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


class SmtpConnection:
    """An open, authenticated dialogue.

    Raises:
        Lost: the transport has gone already.
    """

    def __init__(
        self,
        transport: asyncio.BaseTransport | None,
        extensions: Collection[str],
        timeouts: Timeouts,
        recycling: Recycling,
    ) -> None:
        if not isinstance(transport, asyncio.Transport):
            raise Lost("closed right after the greeting")
        if (sock := transport.get_extra_info("socket")) is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
        self._extensions = frozenset(extensions)
        self._is_pipelining = "pipelining" in self._extensions
        self._timeouts = timeouts
        self._recycling = recycling
        self._dialogue = Dialogue(transport)
        self._clock = asyncio.get_running_loop().time
        self._opened_at = self._used_at = self._clock()
        self._messages = 0
        self._announced: Parcel | None = None  # its MAIL and RCPT are said, their replies not yet read
        self._is_over = False

    @property
    def is_usable(self) -> bool:
        now, limits = self._clock(), self._recycling
        is_fresh = now - self._opened_at < limits.age and now - self._used_at < limits.idle
        is_open = not self._is_over and self._messages < limits.messages
        return is_open and is_fresh and self._dialogue.is_in_step(2 if self._announced else 0)

    async def send(
        self, envelope: Envelope, message: bytes, start: Start, following: Following = nothing_follows
    ) -> Reply:
        self._messages += 1
        try:
            reply = await self._send(envelope, message, start, following)
        except Lost as lost:
            self.abort()
            return Deferred(f"lost before the message was sent: {lost}", is_dropped=True)
        except BaseException:
            self.abort()  # the dialogue is out of step, whatever the transport says
            raise
        if isinstance(reply, Deferred) and reply.is_dropped:
            self.abort()
        self._used_at = self._clock()
        return reply

    async def _send(self, envelope: Envelope, message: bytes, start: Start, following: Following) -> Reply:
        if (unspeakable := self._unspeakable(envelope)) is not None:
            return unspeakable
        refused = await self._envelope(Parcel(envelope, message))
        if refused is None and not await start():
            refused = Withdrawn()
        if refused is None:
            refused = await self._command(b"DATA\r\n", Stage.DATA, self._timeouts.data, goal=354)
        if refused is not None:
            return await self._reset(refused)
        return await self._message(stuffed(message), following)

    # ── MAIL and RCPT ─────────────────────────────────────────────────────────────────────────────

    async def _envelope(self, parcel: Parcel) -> Reply | None:
        """Name sender and recipient; the reply that refuses one of them, None where both are taken."""
        announced, self._announced = self._announced, None
        if announced is not None and announced != parcel:
            await self._take_back()
        if not self._is_pipelining:
            mail, rcpt = self._commands(parcel)
            refused = await self._command(mail, Stage.MAIL, self._timeouts.mail)
            return refused or await self._command(rcpt, Stage.RCPT, self._timeouts.rcpt)
        if announced != parcel:
            self._dialogue.write(b"".join(self._commands(parcel)))
        refused = await self._answered(Stage.MAIL, self._timeouts.mail)
        if isinstance(refused, Deferred) and refused.is_dropped:
            return refused
        return await self._answered(Stage.RCPT, self._timeouts.rcpt) if refused is None else await self._skip(refused)

    def _announcement(self, following: Following) -> bytes:
        """MAIL and RCPT of what is sent next, where that is known and another message may be sent at all."""
        if not self._is_pipelining or self._messages >= self._recycling.messages:
            return b""
        parcel = following()
        if parcel is None or self._unspeakable(parcel.envelope) is not None:
            return b""
        self._announced = parcel
        return b"".join(self._commands(parcel))

    async def _take_back(self) -> None:
        """Something else comes next than what was announced."""
        self._dialogue.write(b"RSET\r\n")
        for _ in range(2):
            await self._dialogue.answer(self._timeouts.rcpt)
        answer = await self._dialogue.answer(self._timeouts.mail)
        if answer.code != 250:
            raise Lost(f"{answer.code} in reply to RSET: out of step")

    def _unspeakable(self, envelope: Envelope) -> Reply | None:
        if _UNSPEAKABLE.search(envelope.recipient) or not envelope.recipient:
            return Rejected("501 5.1.3 not an address: nothing was sent", Blame.RECIPIENT)
        if not (envelope.sender + envelope.recipient).isascii() and "smtputf8" not in self._extensions:
            return Rejected("553 5.6.7 the relay takes only ASCII addresses: nothing was sent", Blame.MESSAGE)
        return None

    def _commands(self, parcel: Parcel) -> tuple[bytes, bytes]:
        """MAIL and RCPT, in the words that the server offers."""
        sender, recipient, message = parcel.envelope.sender, parcel.envelope.recipient, parcel.message
        parameters = f" SIZE={len(message)}" if "size" in self._extensions else ""
        if "8bitmime" in self._extensions and not message.isascii():
            parameters += " BODY=8BITMIME"
        if not (sender + recipient).isascii():
            parameters += " SMTPUTF8"
        return f"MAIL FROM:<{sender}>{parameters}\r\n".encode(), f"RCPT TO:<{recipient}>\r\n".encode()

    async def _command(self, line: bytes, stage: Stage, seconds: float, goal: int = 250) -> Reply | None:
        self._dialogue.write(line)
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

    async def _message(self, body: bytes, following: Following) -> Reply:
        self._dialogue.write(body)
        early = await self._dialogue.flushed(self._timeouts.block)
        if early is not None:
            raise Lost(f"the server cut the message short: {early.code} {early.text}")
        # Not together with the body: only what was handed over after the body had left can have completed it.
        self._dialogue.write(b".\r\n" + self._announcement(following))
        try:
            answer = await self._verdict()
        except Lost as lost:
            self.abort()
            return Ambiguous(f"lost after the message was sent: {lost}")
        return classify(answer.code, answer.text, Stage.DOT)

    async def _verdict(self) -> Answer:
        """The reply to the dot. It may take ten minutes: giving up earlier makes duplicates."""
        early = await self._dialogue.flushed(self._timeouts.block)
        failpoints.hit("deliver.after-dot")
        return early or await self._dialogue.answer(self._timeouts.dot)

    # ── the end ───────────────────────────────────────────────────────────────────────────────────

    async def close(self) -> None:
        said = 3 if self._announced else 1
        if not self._is_over and self._dialogue.is_in_step(said - 1):
            with contextlib.suppress(Lost):
                self._dialogue.write(b"QUIT\r\n")
                for _ in range(said):
                    await self._dialogue.answer(self._timeouts.quit)
        self.abort()
        await self._dialogue.ended(self._timeouts.quit)

    def abort(self) -> None:
        self._is_over = True
        self._dialogue.abort()
