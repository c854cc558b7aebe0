"""One run of the deliver job: claim while there is room, keep the leases, end in order.

feeder ─claim ≥ 50─► backlog ─► desk ─► lane 1 … lane n        a slow server holds up its own lane only
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from datetime import datetime

from digest import failpoints
from digest.clock import Clock
from digest.jobs import Stop
from digest.jobs.deliver.lanes import Lanes
from digest.jobs.deliver.pace import Pace
from digest.jobs.deliver.pool import Pool
from digest.jobs.deliver.waves import Waves
from digest.store import outbox_claims, pauses
from digest.store.database import Connection, Database
from digest.store.outbox_claims import Claimed, Key, Load, Terms
from digest.store.pauses import Pause

log = logging.getLogger(__name__)

_Fresh = tuple[list[Claimed], list[Pause] | None]

_TICK = 0.25  # seconds between two looks at `stop`, which can only be asked
_AFTER_ABORT = 3.0  # seconds that lanes have to end once their connections are dropped


class Run:
    """From the first claim until nothing is due or `stop` is set."""

    def __init__(
        self, database: Database, pool: Pool, waves: Waves, lanes: Lanes, pace: Pace, clock: Clock, stop: Stop
    ) -> None:
        self._database, self._pool, self._waves, self._lanes = database, pool, waves, lanes
        self._pace, self._clock, self._stop = pace, clock, stop

    async def run(self, load: Load, only: tuple[int, ...]) -> int:
        """How many messages were claimed."""
        self._waves.begin()
        settling = asyncio.create_task(self._waves.run())
        renewing = asyncio.create_task(self._renew())
        try:
            return await self._feed(load, only) if await self._is_reachable() else 0
        finally:
            await self._until_drained()
            await self._lanes.drop(_AFTER_ABORT)
            await self._pool.end()
            renewing.cancel()
            await self._settle_rest(settling)
            await self._tell_of_relay()

    async def _is_reachable(self) -> bool:
        if self._pool.circuit is None:
            return True
        return await self._database.run(outbox_claims.has_due, self._clock()) and await self._pool.probe()

    # ── feeding ───────────────────────────────────────────────────────────────────────────────────

    async def _feed(self, load: Load, only: tuple[int, ...]) -> int:
        lanes, clock, count = self._lanes, asyncio.get_running_loop().time, 0
        look_at = clock()
        while not lanes.is_over:
            room = lanes.room
            if not room and lanes.is_idle:  # this minute's limit is used up
                break
            if room and (clock() >= look_at or not lanes.running):
                fresh = await self._claim(load, room, only)
                count += fresh
                look_at = clock() + (0 if fresh == room else self._pace.poll.total_seconds())
                if not fresh and lanes.is_idle:
                    break
            if not lanes.is_over:
                lanes.open()
                await self._pause()
        return count

    async def _claim(self, load: Load, limit: int, only: tuple[int, ...]) -> int:
        terms = Terms(self._pace.lease, limit, self._pace.ambiguous, only)
        fresh, known = await self._database.run(_claim, self._clock(), terms, load, self._lanes.held)
        if known is not None:
            self._pool.take_over(known)
        self._lanes.add(fresh)
        if fresh:
            failpoints.hit("deliver.after-claim")
        return len(fresh)

    async def _pause(self) -> None:
        """Until a lane ended or the queue ran low, or for a tick."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._lanes.wake.wait(), _TICK)
        self._lanes.wake.clear()

    async def _renew(self) -> None:
        """Keep the leases of what is held: a server may take its time, and a queue may wait behind it."""
        while True:
            await asyncio.sleep(self._pace.lease.total_seconds() / 3)
            until = self._clock() + self._pace.lease
            try:
                await self._database.run(outbox_claims.renew, self._lanes.held, until)
            except Exception as error:  # noqa: BLE001 - the next wave will say so, and the fence holds anyway
                log.warning("leases could not be renewed: %s", error)

    # ── the end ───────────────────────────────────────────────────────────────────────────────────

    async def _settle_rest(self, settling: asyncio.Task[None]) -> None:
        """Store the last results, give back what was not begun; then raise what kept the waves from going on."""
        self._waves.finish()
        await asyncio.wait([settling])
        failure = self._waves.failure or settling.exception()
        try:
            await self._waves.flush()
        finally:
            await self._lanes.give_back_rest()
        if failure is not None:
            raise failure

    async def _tell_of_relay(self) -> None:
        """Store that the relay takes nothing, or does again, for the admin; every process still tries for itself."""
        pool, now = self._pool, self._clock()
        if pool.circuit is not None:
            await self._database.run(pauses.pause, "relay", "", pool.circuit.until, pool.circuit.reason, now)
            pool.is_out = True
        elif pool.is_out and pool.is_reached:
            await self._database.run(pauses.lift, "relay")
            pool.is_out = False

    async def _until_drained(self) -> None:
        """Let messages in flight finish; once told to stop, for so long only."""
        now, deadline = asyncio.get_running_loop().time, None
        while self._lanes.running and not self._lanes.is_hurried and (deadline is None or now() < deadline):
            await asyncio.wait(self._lanes.running, timeout=_TICK)
            if deadline is None and self._stop.is_set():
                deadline = now() + self._pace.drain.total_seconds()


def _claim(connection: Connection, now: datetime, terms: Terms, load: Load, held: Sequence[Key]) -> _Fresh:
    fresh = outbox_claims.claim(connection, now, terms, load, held)
    known = pauses.list_all(connection, now) if fresh else None
    if fresh:
        failpoints.hit("deliver.before-claim-commit")
    return fresh, known
