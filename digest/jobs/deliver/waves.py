"""The settling queue: what came in while one transaction ran is the next one, so a disk flush serves many messages."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from digest import failpoints
from digest.clock import Clock
from digest.store.database import Connection, Database
from digest.store.outbox_claims import Key
from digest.store.outbox_waves import Result, settle_wave

log = logging.getLogger(__name__)

_GATHER = 0.01  # seconds that a wave waits for most of the lanes; less than a disk flush with its thread takes


class SettlingFailed(Exception):
    """The database did not take a wave: nothing may be sent that is not committed."""


class Waves:
    """Results and starts of one process. Results that could not be stored are kept and tried again first."""

    def __init__(self, database: Database, clock: Clock, lease: timedelta) -> None:
        self._database, self._clock, self._lease = database, clock, lease
        self._results: list[Result] = []
        self._starts: dict[Key, asyncio.Future[bool]] = {}
        self._wake = asyncio.Event()
        self._is_finishing = False
        self.failure: Exception | None = None
        self.lanes = 0  # how many there are

    def settle(self, result: Result) -> None:
        """Store a result with the next wave."""
        self._results.append(result)
        self._wake.set()

    async def start(self, key: Key) -> bool:
        """Commit that a message's DATA begins, and every result that came in before; False: it must not begin.

        Raises:
            SettlingFailed: it could not be committed.
        """
        if self.failure is not None:
            raise SettlingFailed(str(self.failure))
        granted: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._starts[key] = granted
        self._wake.set()
        return await granted

    def begin(self) -> None:
        """Before each `run`; apart from it, because `finish` may come before the task takes its first step."""
        self._is_finishing = False
        self._wake = asyncio.Event()  # an event belongs to one loop, and `digest once` may come with another

    async def run(self) -> None:
        """Wave after wave, until `finish` or until the database fails: then `failure` says why."""
        try:
            while self.failure is None and not self._is_finishing:
                await self._wake.wait()
                await self._gather()
                self._wake.clear()
                await self._wave()
        except BaseException as error:
            self._refuse({}, error)  # a bug here must not leave the lanes waiting for ever
            raise

    def finish(self) -> None:
        """Let `run` end with the wave under way."""
        self._is_finishing = True
        self._wake.set()

    async def flush(self) -> None:
        """Store what is left.

        Raises:
            DigestError: the database does not take it; it is kept.
        """
        self.failure = None
        while self._results or self._starts:
            await self._wave()
            if self.failure is not None:
                raise self.failure

    async def _gather(self) -> None:
        """Wait a moment for most of the lanes, so that a flush serves many even where the network is the slow part."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_GATHER):
                while 4 * max(len(self._starts), len(self._results)) < 3 * self.lanes and not self._is_finishing:
                    self._wake.clear()
                    await self._wake.wait()

    async def _wave(self) -> None:
        if not self._results and not self._starts:
            return
        results, self._results = self._results, []
        starts, self._starts = self._starts, {}
        now = self._clock()
        try:
            granted = await self._database.run(_settle, results, list(starts), now, now + self._lease)
        except BaseException as error:
            self._results = results + self._results
            self._refuse(starts, error)
            if not isinstance(error, Exception):
                raise
            return
        failpoints.hit("deliver.after-settle")
        for key, future in starts.items():
            if not future.done():
                future.set_result(key in granted)

    def _refuse(self, starts: dict[Key, asyncio.Future[bool]], error: BaseException) -> None:
        self.failure = error if isinstance(error, Exception) else None
        log.error("a wave could not be stored, %d results are kept: %s", len(self._results), error)
        for future in (*starts.values(), *self._starts.values()):
            if not future.done():
                future.set_exception(SettlingFailed(str(error)))
        self._starts = {}


def _settle(
    connection: Connection, results: Sequence[Result], starts: Collection[Key], now: datetime, lease_until: datetime
) -> set[Key]:
    granted = settle_wave(connection, results, starts, now, lease_until)
    failpoints.hit("deliver.before-settle-commit")
    return granted
