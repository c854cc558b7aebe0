"""The lanes of one run: each takes messages from the queue and sends them over one connection of its own.

Everything this run holds is in `_held`; what of it never came to `start` is given back at the end.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from datetime import datetime

from digest import failpoints
from digest.clock import Clock
from digest.delivery.replies import Ambiguous, Reply, Unavailable, Unsendable, Withdrawn
from digest.delivery.retry import Chance, decide
from digest.delivery.wire import is_canonical
from digest.jobs import Stop
from digest.jobs.deliver.pace import Assemble, Pace
from digest.jobs.deliver.pool import Pool
from digest.jobs.deliver.results import result_of
from digest.jobs.deliver.waves import SettlingFailed, Waves
from digest.model import Envelope
from digest.store import outbox_claims
from digest.store.database import Database
from digest.store.outbox_claims import Claimed, Key
from digest.transports import Connection

log = logging.getLogger(__name__)


class Lanes:
    """The queue and those who serve it. `is_over` once nothing more is to be begun."""

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
        self._assemble, self._pace, self._stop, self._clock, self._rng = assemble, pace, stop, clock, rng
        self._queue: deque[Claimed] = deque()
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
        return not self.running and not self._queue

    @property
    def room(self) -> int:
        """How many more messages are worth claiming: none until half a batch has gone."""
        free = self._pace.batch - len(self._queue)
        return free if free >= self._pace.batch // 2 else 0

    @property
    def held(self) -> list[Key]:
        return list(self._held)

    def add(self, items: list[Claimed]) -> None:
        self._held |= {item.key: item for item in items}
        self._queue.extend(items)

    def open(self) -> None:
        """Open as many lanes as there is work and room for."""
        for _ in range(min(self._pool.width - len(self.running), len(self._queue))):
            lane = asyncio.create_task(self._lane())
            self.running.add(lane)
            lane.add_done_callback(self._ended)

    def _ended(self, lane: asyncio.Task[None]) -> None:
        self.running.discard(lane)
        self.wake.set()
        error = None if lane.cancelled() else lane.exception()
        if isinstance(error, Exception) and not isinstance(error, SettlingFailed):
            self._broken = error

    async def give_back_rest(self) -> None:
        """Release what never came to `start`; raise what broke a lane."""
        await self._give_back([item for item in self._held.values() if item.key not in self._started])
        if self._broken is not None:
            raise self._broken

    # ── a lane ────────────────────────────────────────────────────────────────────────────────────

    async def _lane(self) -> None:
        connection = self._pool.take_spare()
        try:
            while self._queue and not self.is_over and len(self.running) <= self._pool.width:
                item = self._queue.popleft()
                if self.room:
                    self.wake.set()
                connection = await self._serve(item, connection)
        finally:
            await self._pool.hang_up(connection)

    async def _serve(self, item: Claimed, connection: Connection | None) -> Connection | None:
        if (until := self._pool.paused_until(_domain(item))) is not None:
            await self._give_back([item], until)
            return connection
        message = await self._assembled(item)
        if message is None:
            return connection
        found = await self._pool.usable(connection)
        if isinstance(found, Unavailable):
            await self._without_connection(item, found)
            return None
        reply = await self._send(found, item, message)
        failpoints.hit("deliver.after-reply")
        await self._conclude(item, reply)
        return found

    async def _assembled(self, item: Claimed) -> bytes | None:
        try:
            return await asyncio.to_thread(_canonical, self._assemble, item)
        except Exception as error:  # a template, a title: whatever breaks, it breaks this row only
            log.exception("outbox %d cannot be assembled", item.id)
            await self._conclude(item, Unsendable(f"cannot be assembled: {type(error).__name__}: {error}"[:500]))
            return None

    async def _without_connection(self, item: Claimed, unavailable: Unavailable) -> None:
        """One connection less where others live; else the relay takes nothing at all."""
        if self._pool.is_empty:
            await self._give_back([item])
            self._pool.open_circuit(unavailable)
        else:
            log.warning("one connection less: %s", unavailable.text)
            self._queue.appendleft(item)
            self._pool.narrow()

    async def _send(self, connection: Connection, item: Claimed, message: bytes) -> Reply:
        async def start() -> bool:
            failpoints.hit("deliver.after-rcpt")
            granted = await self._waves.start(item.key)
            if granted:
                self._started.add(item.key)
                failpoints.hit("deliver.after-start")
            return granted

        try:
            return await connection.send(Envelope(self._pace.sender, item.recipient, item.message_id), message, start)
        except SettlingFailed:
            raise
        except Exception as error:
            connection.abort()
            log.exception("outbox %d cannot be sent", item.id)
            text = f"{type(error).__name__}: {error}"[:500]
            return Ambiguous(text) if item.key in self._started else Unsendable(text)

    async def _conclude(self, item: Claimed, reply: Reply) -> None:
        if isinstance(reply, Unavailable):
            await self._give_back([item])
            self._pool.open_circuit(reply)
            return
        self._forget(item.key)
        self._pool.learn(reply, _domain(item))
        if not isinstance(reply, Withdrawn):
            decision = decide(reply, item.attempt, self._clock(), self._rng)
            self._waves.settle(result_of(item, reply, decision, self._pace.ambiguous))

    async def _give_back(self, items: list[Claimed], due_at: datetime | None = None) -> None:
        """Release what provably was not sent, due as it was before, or at `due_at`."""
        back = {item.key: due_at or item.due_at for item in items}
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


def _canonical(assemble: Assemble, item: Claimed) -> bytes:
    message = assemble(item)
    if not is_canonical(message):
        raise ValueError("lines must end with CRLF, and neither CR nor LF may stand alone")
    return message


def _domain(item: Claimed) -> str:
    return item.recipient.rpartition("@")[2].lower()
