"""The narrow seam between the deliver job and the ways a message leaves: SMTP, or files in a Maildir.

transport.connect() ─► Connection ─send(envelope, message, start)─► Reply
                                        └ awaits start() after everything that can be refused beforehand,
                                          and before the first byte that could count as delivered
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NamedTuple, Protocol

from digest.delivery.replies import Reply, Unavailable
from digest.model import Envelope

Start = Callable[[], Awaitable[bool]]
"""Commits that the message is about to leave; False: it must not (cancelled, or somebody else's by now)."""


class Parcel(NamedTuple):
    envelope: Envelope
    message: bytes


Following = Callable[[], Parcel | None]
"""What the same connection will be asked to send next, None where that is not known; asked once the message is out.

It is a hint, not a promise: the connection may use it to announce the next envelope, never to send the message.
"""


def nothing_follows() -> Parcel | None:
    return None


class Connection(Protocol):
    """One dialogue, one message at a time."""

    @property
    def is_usable(self) -> bool:
        """Whether another message can be sent over it; ask before each."""

    async def send(
        self, envelope: Envelope, message: bytes, start: Start, following: Following = nothing_follows, /
    ) -> Reply:
        """Send one message of canonical bytes. What `start` raises passes through; nothing has been sent then."""

    async def close(self) -> None:
        """Say goodbye, within seconds; never raises."""

    def abort(self) -> None:
        """Drop it at once: a `send` under way returns what is then known."""


class Transport(Protocol):
    async def connect(self) -> Connection | Unavailable: ...
