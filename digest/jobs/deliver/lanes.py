"""The lanes of one run: each takes messages from the desk and sends them over one connection of its own.

Everything this run holds is in `_held`; what of it never came to `start` is given back at the end.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from digest import failpoints
from digest.clock import Clock
from digest.delivery.replies import Ambiguous, Reply, Unavailable, Unsendable, Withdrawn
from digest.delivery.retry import Chance, decide
from digest.jobs import Stop
from digest.jobs.deliver.backlog import domain_of
from digest.jobs.deliver.desk import Desk, Ready
from digest.jobs.deliver.pace import Assemble, Pace
from digest.jobs.deliver.pool import Pool
from digest.jobs.deliver.results import result_of
from digest.jobs.deliver.waves import SettlingFailed, Waves
from digest.model import Envelope
from digest.store import outbox_claims
from digest.store.database import Database
from digest.store.outbox_claims import Claimed, Key
from digest.store.outbox_waves import DomainPause
from digest.transports import Connection, Parcel

log = logging.getLogger(__name__)

_PATIENCE = 0.25  # seconds that what a lane announced waits for it alone


@dataclass(slots=True, eq=False)
class Place:
    """What one lane will send next, since when it waits, and the last that it announced to its server."""

    coming: Ready | None = None
    since: float = 0.0
    announced: Ready | None = None


class Lanes:
    """Those who serve the desk. `is_over` once nothing more is to be begun."""

    def __init__(
        self,
        database: Database,
        pool: Pool,
        waves: Waves,
        assemble: Assemble,
        pace: Pace,
        stop: Stop,
        *,
        clock: Clock,
        rng: Chance,
    ) -> None:
        self._database, self._pool, self._waves = database, pool, waves
        self._pace, self._stop, self._clock, self._rng = pace, stop, clock, rng
        self._desk = Desk(pace.domain_connections, assemble, self._broke)
        self._places: set[Place] = set()
        self._held: dict[Key, Claimed] = {}
        self._started: set[Key] = set()
        self._broken: Exception | None = None
        self.running: set[asyncio.Task[None]] = set()
        self.wake = asyncio.Event()  # something for the feeder to look at
        self.is_hurried = False

    # ── for the feeder ────────────────────────────────────────────────────────────────────────────

    @property
    def is_over(self) -> bool:
        is_told = self._stop.is_set() or self.is_hurried
        return is_told or self._waves.failure is not None or self._pool.circuit is not None or self._broken is not None

    @property
    def is_idle(self) -> bool:
        """Whether nothing is under way and nothing waits. Lanes that all made room at once leave a queue behind."""
        return not self.running and not len(self._desk)

    @property
    def room(self) -> int:
        """How many more messages are worth claiming: none until half a batch has gone, or beyond the minute's limit."""
        free = self._pace.batch - len(self._desk)
        allowed = self._pool.limits.free
        waiting = len(self._desk) + sum(place.coming is not None for place in self._places)
        most = free if allowed is None else min(free, allowed - waiting)
        return max(most, 0) if free >= self._pace.batch // 2 else 0

    @property
    def held(self) -> list[Key]:
        return list(self._held)

    def add(self, items: list[Claimed]) -> None:
        self._held |= {item.key: item for item in items}
        self._desk.add(items)

    def open(self) -> None:
        """Open as many lanes as there is work and room for."""
        self._share_out()
        for _ in range(min(self._pool.width - len(self.running), self._desk.takeable)):
            lane = asyncio.create_task(self._lane())
            self.running.add(lane)
            lane.add_done_callback(self._ended)
        self._waves.lanes = len(self.running)

    def _share_out(self) -> None:
        """Take back what waits behind a slow reply: somebody else may be free."""
        late = asyncio.get_running_loop().time() - _PATIENCE
        for place in self._places:
            if place.coming is not None and place.since <= late:
                self._put_back(place)

    def _ended(self, lane: asyncio.Task[None]) -> None:
        self.running.discard(lane)
        self._waves.lanes = len(self.running)
        self.wake.set()
        error = None if lane.cancelled() else lane.exception()
        if isinstance(error, Exception) and not isinstance(error, SettlingFailed):
            self._broken = error

    async def give_back_rest(self) -> None:
        """Release what never came to `start`; raise what broke a lane."""
        await self._desk.end()
        await self._give_back({key: item.due_at for key, item in self._held.items() if key not in self._started})
        if self._broken is not None:
            raise self._broken

    # ── a lane ────────────────────────────────────────────────────────────────────────────────────

    async def _lane(self) -> None:
        place, connection = Place(), self._pool.take_spare()
        self._places.add(place)
        try:
            while (ready := await self._next(place)) is not None:
                connection = await self._serve(ready, connection, place)
        finally:
            self._places.discard(place)
            self._put_back(place)
            await self._pool.hang_up(connection)

    async def _next(self, place: Place) -> Ready | None:
        """What this lane sends next, None where it is to end."""
        while self._goes_on():
            place.coming = place.coming or await self._desk.take(place.announced)
            if place.coming is None or not self._goes_on():
                break
            if self.room:
                self.wake.set()
            ready, place.coming = place.coming, None
            if await self._is_admitted(ready):
                return ready
        return None

    def _goes_on(self) -> bool:
        return not self.is_over and len(self.running) <= self._pool.width

    def _put_back(self, place: Place) -> None:
        if place.coming is not None:
            self._desk.put_back(place.coming)
            place.coming = None
            self.wake.set()

    async def _is_admitted(self, ready: Ready) -> bool:
        """Whether its domain takes mail now; else everything for that domain goes back, due when it does."""
        domain = domain_of(ready.item)
        until = self._pool.paused_until(domain)
        if until is None and self._pool.limits.take(domain):
            return True
        self._desk.done(ready.item)
        back = [ready.item, *self._desk.take_all(domain)]
        due = [until or self._pool.limits.opens_at(domain, ahead) for ahead in range(len(back))]
        await self._give_back({item.key: at for item, at in zip(back, due, strict=True)})
        return False

    async def _serve(self, ready: Ready, connection: Connection | None, place: Place) -> Connection | None:
        found = await self._pool.usable(connection)
        if isinstance(found, Unavailable):
            await self._without_connection(ready, found)
            return None
        reply = await self._send(found, ready, place)
        failpoints.hit("deliver.after-reply")
        await self._conclude(ready.item, reply)
        return found

    def _broke(self, item: Claimed, error: Exception) -> None:
        log.error("outbox %d cannot be assembled", item.id, exc_info=error)
        self._store(item, Unsendable(f"cannot be assembled: {type(error).__name__}: {error}"[:500]))

    async def _without_connection(self, ready: Ready, unavailable: Unavailable) -> None:
        """One connection less where others live; else the relay takes nothing at all."""
        if self._pool.is_empty:
            self._desk.put_back(ready)
            self._pool.open_circuit(unavailable)
        else:
            log.warning("one connection less: %s", unavailable.text)
            self._desk.put_back(ready)
            self._pool.narrow()

    async def _send(self, connection: Connection, ready: Ready, place: Place) -> Reply:
        item = ready.item

        async def start() -> bool:
            failpoints.hit("deliver.after-rcpt")
            granted = await self._waves.start(item.key)
            if granted:
                self._started.add(item.key)
                failpoints.hit("deliver.after-start")
            return granted

        def following() -> Parcel | None:
            coming = None if self.is_over else self._desk.take_now()
            place.coming = place.announced = coming
            place.since = asyncio.get_running_loop().time()
            return None if coming is None else Parcel(self._envelope(coming.item), coming.message)

        place.announced = None
        try:
            return await connection.send(self._envelope(item), ready.message, start, following)
        except SettlingFailed:
            raise
        except Exception as error:
            connection.abort()
            log.exception("outbox %d cannot be sent", item.id)
            text = f"{type(error).__name__}: {error}"[:500]
            return Ambiguous(text) if item.key in self._started else Unsendable(text)

    def _envelope(self, item: Claimed) -> Envelope:
        return Envelope(self._pace.sender_of(item.id), item.recipient, item.message_id)

    async def _conclude(self, item: Claimed, reply: Reply) -> None:
        self._desk.done(item)
        if isinstance(reply, Unavailable):
            await self._give_back({item.key: item.due_at})
            self._pool.open_circuit(reply)
            return
        self._store(item, reply, self._pool.learn(reply, domain_of(item)))

    def _store(self, item: Claimed, reply: Reply, pause: DomainPause | None = None) -> None:
        self._forget(item.key)
        if not isinstance(reply, Withdrawn):
            decision = decide(reply, item.attempt, self._clock(), self._rng)
            result = result_of(item, reply, decision, self._pace.ambiguous)
            self._waves.settle(replace(result, pause=pause))

    async def _give_back(self, back: Mapping[Key, datetime]) -> None:
        """Release what provably was not sent, due at the given times."""
        if back:
            await self._database.run(outbox_claims.release, back)
        for key in back:
            self._forget(key)

    def _forget(self, key: Key) -> None:
        self._held.pop(key, None)
        self._started.discard(key)

    # ── the end ───────────────────────────────────────────────────────────────────────────────────

    def hurry(self) -> None:
        """End now: drop what is in flight."""
        self.is_hurried = True
        self._pool.abort()
        self.wake.set()

    async def drop(self, patience: float) -> None:
        """Drop the connections, then, after `patience` seconds, whoever still does not end."""
        self._pool.abort()
        if self.running:
            await asyncio.wait(self.running, timeout=patience)
        for lane in self.running:
            lane.cancel()
        if self.running:
            await asyncio.wait(self.running)
