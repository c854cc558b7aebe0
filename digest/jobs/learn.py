"""Learn: what comes back to us (bounces, complaints, unsubscribe mails) takes effect.

claim    the inbox, where its time has come
work     put away what the last turn stored, read what came in, take it apart
settle   each message once: suppressions, unsubscriptions, pauses of domains; what may be put away next time

Killed at any point: a message stays in the inbox until its meaning is committed, and is read again. Twice is
harmless, since every message of ours counts once for each verdict.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from digest.delivery.bounces import Returned, read
from digest.inboxes import Inbox, Unreadable
from digest.store import bounces, inboxes
from digest.store.bounces import Learnt
from digest.store.database import Connection
from digest.store.inboxes import ClaimedInbox

_log = logging.getLogger(__name__)

_NAME = "inbox"
_LEASE = timedelta(minutes=15)
_BATCH = 500


@dataclass(frozen=True, slots=True)
class Read:
    """A message that was read: its key in the inbox, and what it means."""

    key: str
    returned: tuple[Returned, ...]


class Learn:
    """The job. `keys` verify tokens; `every` is the time between two looks at an empty inbox.

    `goodbye_from` is the domain from which one goodbye is mailed to whoever unsubscribes by mail, "" for none.
    """

    name = "learn"

    def __init__(
        self,
        inbox: Inbox,
        keys: Mapping[int, bytes],
        goodbye_from: str = "",
        every: timedelta = timedelta(minutes=1),
    ) -> None:
        self._inbox, self._keys, self._goodbye_from, self._every = inbox, keys, goodbye_from, every

    def claim(self, connection: Connection, now: datetime) -> ClaimedInbox | None:
        return inboxes.claim_due(connection, _NAME, now, _LEASE)

    async def work(self, claim: ClaimedInbox) -> tuple[Read, ...] | Unreadable:
        return await asyncio.to_thread(self._read, claim)

    def settle(
        self, connection: Connection, claim: ClaimedInbox, result: tuple[Read, ...] | Unreadable, now: datetime
    ) -> None:
        if isinstance(result, Unreadable):
            _log.warning("the inbox cannot be read: %s", result.reason)
            inboxes.settle_failure(connection, claim, result.reason, now)
            return
        next_at = now if result else now + self._every
        if not inboxes.settle(connection, claim, [one.key for one in result], now, next_at):
            return
        messages = [one.returned for one in result]
        log(bounces.apply(connection, self._keys, messages, "inbox", now, self._goodbye_from))

    def _read(self, claim: ClaimedInbox) -> tuple[Read, ...] | Unreadable:
        arrived = self._inbox.read(claim.learnt, _BATCH)
        if isinstance(arrived, Unreadable):
            return arrived
        return tuple(Read(one.key, read(one.raw)) for one in arrived)


def log(learnt: Learnt) -> None:
    """Say what came of returned mail, and nothing where none came. Addresses stay out of the log."""
    told = [f"{number} {verdict}" for verdict, number in sorted(learnt.fresh.items())]
    told += [f"{len(learnt.suppressed)} suppressed"] if learnt.suppressed else []
    told += [f"{learnt.unsubscribed} unsubscribed"] if learnt.unsubscribed else []
    told += [f"{learnt.known} known already"] if learnt.known else []
    told += [f"{learnt.ignored} ignored"] if learnt.ignored else []
    if told:
        _log.info("returned mail: %s", ", ".join(told))
    if learnt.unsigned:
        _log.warning("returned mail: %d reports without a token of ours changed nothing", learnt.unsigned)
