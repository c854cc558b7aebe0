"""The connections to the relay: as many as it bears, and none while it takes nothing."""

from __future__ import annotations

import logging
from datetime import datetime

from digest.clock import Clock
from digest.delivery.replies import Accepted, Blame, Deferred, Rejected, Reply, Unavailable
from digest.delivery.retry import Chance, Retry, decide
from digest.jobs.deliver.pace import Circuit, Pace
from digest.transports import Connection, Transport

log = logging.getLogger(__name__)

_WIDEN_AFTER = 100  # accepted messages


class Pool:
    """What the replies so far say about the relay and the domains behind it.

    `width` is how many connections may be open, fewer after 421. `circuit` says since when and why the relay takes
    nothing. `paused` are recipients' domains that refuse us as senders, and until when.
    """

    def __init__(self, transport: Transport, pace: Pace, clock: Clock, rng: Chance) -> None:
        self.transport = transport
        self.width = pace.connections
        self.circuit: Circuit | None = None
        self.paused: dict[str, datetime] = {}
        self._pace, self._clock, self._rng = pace, clock, rng
        self._open: set[Connection] = set()
        self._connecting = 0
        self._spare: Connection | None = None
        self._accepted = 0
        self._has_trouble = False

    # ── connections ───────────────────────────────────────────────────────────────────────────────

    @property
    def is_empty(self) -> bool:
        return not self._open and not self._connecting

    async def usable(self, connection: Connection | None) -> Connection | Unavailable:
        """The connection itself while it can be used, else a fresh one."""
        if connection is not None and connection.is_usable:
            return connection
        await self.hang_up(connection)
        self._connecting += 1
        try:
            fresh = await self.transport.connect()
        finally:
            self._connecting -= 1
        if not isinstance(fresh, Unavailable):
            self._open.add(fresh)
        return fresh

    async def probe(self) -> bool:
        """After an outage: try the relay before anything is claimed, so that trying costs no message an attempt."""
        fresh = await self.usable(None)
        if isinstance(fresh, Unavailable):
            self.open_circuit(fresh)
            return False
        log.info("the relay is back")
        self.circuit, self._spare = None, fresh
        return True

    def take_spare(self) -> Connection | None:
        """The connection that `probe` made, for whoever asks first."""
        spare, self._spare = self._spare, None
        return spare

    async def hang_up(self, connection: Connection | None) -> None:
        if connection is not None:
            self._open.discard(connection)
            await connection.close()

    def abort(self) -> None:
        """Drop every connection; messages under way return what is then known of them."""
        for connection in self._open:
            connection.abort()

    async def end(self) -> None:
        """After a run: nothing stays open, and one without trouble restores the width."""
        await self.hang_up(self.take_spare())
        if self._accepted and not self._has_trouble:
            self.width = self._pace.connections
        self._accepted, self._has_trouble = 0, False

    # ── what replies say ──────────────────────────────────────────────────────────────────────────

    def learn(self, reply: Reply, domain: str) -> None:
        """Take from a reply what concerns more than its own message."""
        match reply:
            case Accepted():
                self._accepted += 1
                if self._accepted % _WIDEN_AFTER == 0:
                    self.width = min(self._pace.connections, self.width + 1)
            case Deferred(is_dropped=True):
                self.narrow()
            case Rejected(blame=Blame.OURS, text=text):
                until = self._clock() + self._pace.domain_pause
                self.paused[domain] = until
                log.error("%s refuses our mail, paused until %s: %s", domain, f"{until:%H:%M} UTC", text)
            case _:
                pass

    def paused_until(self, domain: str) -> datetime | None:
        until = self.paused.get(domain)
        return until if until is not None and until > self._clock() else None

    def narrow(self) -> None:
        """One connection less; a hundred accepted messages, or a run without trouble, bring it back."""
        self._has_trouble = True
        self.width = max(1, self.width - 1)

    @property
    def is_closed_for_now(self) -> bool:
        """Whether the relay took nothing and its probing time has not come."""
        return self.circuit is not None and self._clock() < self.circuit.until

    def open_circuit(self, unavailable: Unavailable) -> None:
        now = self._clock()
        decision = decide(unavailable, 1, now, self._rng)
        until = decision.at if isinstance(decision, Retry) else now
        self.circuit = Circuit(until, unavailable.text)
        log.error("the relay takes nothing, tried again at %s: %s", f"{until:%H:%M} UTC", unavailable.text)
