"""Where returned mail comes in. An inbox gives messages and puts away those whose meaning is stored.

    Maildir   a folder that the mail server delivers to
    Imap      a mailbox on a server

A mail server may also pipe each message into `digest bounce ingest -`, which needs no inbox.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

After = Literal["keep", "delete"]
"""What becomes of messages that were read: marked as read, or gone."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """One message. `key` names it in its inbox for as long as it is there; `raw` may be cut off at the end."""

    key: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class Unreadable:
    """The inbox could not be read: why, in one line without secrets."""

    reason: str


class Inbox(Protocol):
    """Blocking, for a worker thread; bounded in time by its own timeouts. It never raises for what may happen."""

    def read(self, learnt: Sequence[str], limit: int) -> list[Arrived] | Unreadable:
        """Put away the messages of the keys `learnt`, where they still are; then the oldest others, up to `limit`."""
