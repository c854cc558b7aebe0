"""The connections to the relay: as many as it bears, and none while it takes nothing."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from digest.clock import Clock
from digest.delivery.rates import is_rate
from digest.delivery.replies import Accepted, Blame, Deferred, Rejected, Reply, Unavailable
from digest.delivery.retry import Chance, Retry, decide
from digest.jobs.deliver.limits import Limits
from digest.jobs.deliver.pace import Circuit, Pace
from digest.store import pauses
from digest.store.outbox_waves import DomainPause
from digest.store.pauses import Pause
from digest.transports import Connection, Transport

log = logging.getLogger(__name__)

_WIDEN_AFTER = 100  # accepted messages
_STORED_WITHIN = timedelta(minutes=1)
_LONGEST = timedelta(days=1)  # a pause that ends later was begun by a clock that ran ahead


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
        self.limits = Limits(pace.per_minute, pace.domain_per_minute, clock)
        self._pace, self._clock, self._rng = pace, clock, rng
        self._open: set[Connection] = set()
        self._connecting = 0
        self._spare: Connection | None = None
        self._accepted = 0
        self._has_trouble = False
        self._refusing: set[str] = set()  # domains that refused us and took nothing since
        self._stored: set[str] = set()  # those of them that were stored at the last look
        self.is_out = False  # whether it is stored that the relay takes nothing
        self.is_reached = False  # whether it took the last connection, and the mail on it
        self._slowed: dict[str, int] = {}  # domain → how often in a row it wanted less

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
            self.is_reached = True
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

    def learn(self, reply: Reply, domain: str) -> DomainPause | None:
        """Take from a reply what concerns more than its own message; what of it every process shall know."""
        match reply:
            case Accepted():
                self._slowed.pop(domain, None)
                self._accepted += 1
                if self._accepted % _WIDEN_AFTER == 0:
                    self.width = min(self._pace.connections, self.width + 1)
                if domain in self._refusing and self.paused_until(domain) is None:
                    self._refusing.discard(domain)
                    return DomainPause(domain, None)
            case Deferred():
                if is_rate(reply):
                    self._slow_down(domain, reply.text)
                if reply.is_dropped:
                    self.narrow()
            case Rejected(blame=Blame.OURS, text=text):
                until = self._clock() + self._pace.domain_pause
                self.paused[domain] = until
                self._refusing.add(domain)
                log.error("%s refuses our mail, paused until %s: %s", domain, f"{until:%H:%M} UTC", text)
                return DomainPause(domain, until, text)
            case _:
                pass
        return None

    def take_over(self, known: Sequence[Pause]) -> None:
        """What is stored: pauses that others began, or that this process began before it was restarted."""
        named = {one.name for one in known if one.kind == "domain"}
        for lifted in (self._stored | set(filter(self._is_stored_by_now, self._refusing))) - named:
            self.paused.pop(lifted, None)
            self._refusing.discard(lifted)
        self._stored, self._refusing = named, self._refusing | named
        stored = pauses.domains_until(known, self._clock())
        self.paused |= {domain: max(until, self.paused.get(domain, until)) for domain, until in stored.items()}
        self.is_out = self.is_out or any(one.kind == "relay" for one in known)

    def _is_stored_by_now(self, domain: str) -> bool:
        """Whether the wave that stores a refusal of our own is surely over: then a row that is not there was lifted."""
        until = self.paused.get(domain)
        return until is None or self._clock() >= until - self._pace.domain_pause + _STORED_WITHIN

    def paused_until(self, domain: str) -> datetime | None:
        until, now = self.paused.get(domain), self._clock()
        return until if until is not None and now < until <= now + _LONGEST else None

    def _slow_down(self, domain: str, text: str) -> None:
        """Nothing more to this domain for a while, twice as long each time; the others go on."""
        times = self._slowed.get(domain, 0)
        # Replies to what was under way when the first one came say nothing new.
        if self.paused_until(domain) is None:
            self._slowed[domain] = times + 1
            pause = min(self._pace.rate_pause * 2 ** min(times, 16), self._pace.domain_pause)
            self.paused[domain] = until = self._clock() + pause
            log.warning("%s wants less mail, paused until %s: %s", domain, f"{until:%H:%M} UTC", text)

    def narrow(self) -> None:
        """Half as many connections; each hundred accepted messages bring one back, a run without trouble all.

        A server that goes down says so on all its connections: those beyond the new width say nothing new.
        """
        self._has_trouble = True
        if len(self._open) <= self.width:
            self.width = max(1, self.width // 2)

    @property
    def is_closed_for_now(self) -> bool:
        """Whether the relay took nothing and its probing time has not come."""
        now = self._clock()
        return self.circuit is not None and now < self.circuit.until <= now + _LONGEST

    def open_circuit(self, unavailable: Unavailable) -> None:
        now = self._clock()
        decision = decide(unavailable, 1, now, self._rng)
        until = decision.at if isinstance(decision, Retry) else now
        self.circuit, self.is_reached = Circuit(until, unavailable.text), False
        log.error("the relay takes nothing, tried again at %s: %s", f"{until:%H:%M} UTC", unavailable.text)
