"""How the deliver job works: values that the configuration decides, or nobody."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from digest.store.outbox_claims import Claimed
from digest.store.outbox_sweep import AmbiguousPolicy

Assemble = Callable[[Claimed], bytes]
"""A claimed row → its message in canonical bytes; runs in a worker thread."""


@dataclass(frozen=True, slots=True)
class Pace:
    """`sender` is the envelope's; `batch` rows are claimed at a time.

    `return_path` gives the message of an outbox id an envelope sender of its own, by which it is known when it comes
    back.

    `per_minute` and `domain_per_minute` are messages, `domain_connections` messages to one domain under way at once;
    0 is no limit. `domain_pause` is for domains that refuse us, `rate_pause` for those that want less, doubled up to
    the former.

    `lease` is renewed while the process lives, and outlives the longest reply anyway (10 minutes). `drain` is how
    long messages in flight may take after `stop`; `poll` how often new rows are looked for while some lane is slow.
    """

    sender: str
    connections: int = 4
    batch: int = 100
    lease: timedelta = timedelta(minutes=15)
    drain: timedelta = timedelta(seconds=25)
    poll: timedelta = timedelta(seconds=5)
    domain_pause: timedelta = timedelta(hours=1)
    rate_pause: timedelta = timedelta(minutes=2)
    per_minute: int = 0
    domain_per_minute: int = 0
    domain_connections: int = 0
    ambiguous: AmbiguousPolicy = "retry"
    return_path: Callable[[int], str] | None = None

    def sender_of(self, outbox_id: int) -> str:
        """The envelope sender of a message."""
        return self.return_path(outbox_id) if self.return_path else self.sender


@dataclass(frozen=True, slots=True)
class Circuit:
    """The relay takes nothing: why, and when it is tried again."""

    until: datetime
    reason: str
