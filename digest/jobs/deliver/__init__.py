"""The deliver job: from due outbox rows to mail, with a pool of connections that settle in waves.

    claim ─► backlog ─► desk: assemble ─► lanes: MAIL, RCPT ─► start ─► DATA, dot, reply ─► result
                                                                 └──────► wave ◄──────────────┘   one transaction

Killed before the claim's commit: nothing happened. Before `start` is committed: provably unsent, claimed again when
the lease lapses. Between `start` and the result's commit: ambiguous, sent once more at most. So a crash duplicates
at most one message per open connection, and loses none.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from digest.clock import Clock
from digest.delivery.retry import Chance
from digest.jobs import Stop
from digest.jobs.deliver.lanes import Lanes
from digest.jobs.deliver.pace import Assemble, Circuit, Pace
from digest.jobs.deliver.pool import Pool
from digest.jobs.deliver.run import Run
from digest.jobs.deliver.waves import SettlingFailed, Waves
from digest.store.database import Database
from digest.store.outbox_claims import Load
from digest.transports import Transport

__all__ = ["Assemble", "Circuit", "Deliver", "Pace", "SettlingFailed"]


class Deliver:
    """Sends what is due. `assemble` turns a claimed row into canonical bytes; what it raises stops that row only.

    `load` reads editions inside the claim's transaction. `pool.circuit` says why the relay takes nothing and when it
    is tried again, None where it does; nothing is claimed until then.
    """

    name = "deliver"

    def __init__(
        self,
        database: Database,
        transport: Transport,
        assemble: Assemble,
        load: Load,
        pace: Pace,
        *,
        clock: Clock,
        rng: Chance,
    ) -> None:
        self._database, self._assemble, self._load, self._pace = database, assemble, load, pace
        self._clock, self._rng = clock, rng
        self.pool = Pool(transport, pace, clock, rng)
        self._waves = Waves(database, clock, pace.lease)

    async def run_due(self, stop: Stop | None = None, only: Sequence[int] = ()) -> int:
        """Send until nothing is due, or `stop` is set; how many messages were claimed. `only` names outbox ids.

        Setting `stop` lets messages in flight finish within `pace.drain` and gives the others back; cancelling
        the caller does so, too, but drops what is in flight at once.

        Raises:
            DigestError: the database is unreachable or full; results that could not be stored are kept for the
                next call, which begins with them.
        """
        await self._waves.flush()
        if self.pool.is_closed_for_now:
            return 0
        stop = stop or asyncio.Event()
        lanes = self._lanes(stop)
        run = Run(self._database, self.pool, self._waves, lanes, self._pace, self._clock, stop)
        work = asyncio.ensure_future(run.run(self._load, tuple(only)))
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            lanes.hurry()
            await asyncio.wait([work])
            raise

    def _lanes(self, stop: Stop) -> Lanes:
        return Lanes(
            self._database,
            self.pool,
            self._waves,
            self._assemble,
            self._pace,
            stop,
            clock=self._clock,
            rng=self._rng,
        )
