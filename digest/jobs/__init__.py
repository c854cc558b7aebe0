"""What the daemon does, in the order of the flow. Every job is claim · work · settle.

    sources ─poll─► catalog ─compose─► editions, outbox ─deliver─► SMTP or Maildir

poll     a source whose `poll_at` has come        HTTP, parse            diff, papers and signals, next `poll_at`
enrich   papers or authors a service may know     ask the service        what it said, gaps of the catalog filled
catch-up days of a source that no poll has seen   HTTP, parse a page     papers marked as caught up; the next page
embed    papers a language model has not read     the model              their vectors; where a ranker reads any
compose  subscribers whose `edition_at` has come  rank the whole batch   editions and outbox rows, or skips; next one
learn    an inbox whose `read_at` has come        read what came back      suppressions, goodbyes, pauses of domains
watch    a look whose `check_at` has come         the disk               alerts opened and closed, a mail to the admin
sign-up  what was asked over the web              –                      confirmations and links for the owners
deliver  outbox rows whose `due_at` has come      assemble, SMTP         sent, deferred, failed: in waves
novelty  papers that were never measured          compare with earlier   distances, percentiles of their days
index    papers stored or changed                 take their words       the words that the search looks up
prune    a look whose `check_at` has come         –                      rows whose time is over deleted, in batches

*claim* and *settle* are one transaction each; *work* never sees the database and may die at any point: its lease
lapses and the row is claimed again, three times, then it is stuck and waits for the admin. A settle of somebody
who lost the row meanwhile is discarded by the attempt's number. Doing a job twice is harmless by its unique keys.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol, TypeVar

from digest import failpoints
from digest.clock import Clock
from digest.store.database import Connection, Database

C = TypeVar("C")
R = TypeVar("R")


class Job(Protocol[C, R]):
    """Three functions. `claim` and `settle` may be retried and change nothing but the database."""

    @property
    def name(self) -> str: ...

    def claim(self, connection: Connection, now: datetime) -> C | None:
        """What is due, leased; None where nothing is."""

    async def work(self, claim: C) -> R:
        """The long part: the network or the processor, never the database."""

    def settle(self, connection: Connection, claim: C, result: R, now: datetime) -> None:
        """Store the result, unless the claim was lost to somebody else."""


class Stop(Protocol):
    """Whether to stop claiming: an `asyncio.Event` is one."""

    def is_set(self) -> bool: ...


async def run_due(job: Job[C, R], database: Database, clock: Clock, stop: Stop | None = None) -> int:
    """Claim, work and settle until nothing is due, or `stop` is set; how many claims were settled."""
    settled = 0
    while stop is None or not stop.is_set():
        claim = await database.run(_claim, job, clock())
        if claim is None:
            break
        failpoints.hit(f"{job.name}.after-claim")
        result = await job.work(claim)
        failpoints.hit(f"{job.name}.after-work")
        await database.run(_settle, job, claim, result, clock())
        failpoints.hit(f"{job.name}.after-settle")
        settled += 1
    return settled


def _claim(connection: Connection, job: Job[C, R], now: datetime) -> C | None:
    claim = job.claim(connection, now)
    if claim is not None:
        failpoints.hit(f"{job.name}.before-claim-commit")
    return claim


def _settle(connection: Connection, job: Job[C, R], claim: C, result: R, now: datetime) -> None:
    job.settle(connection, claim, result, now)
    failpoints.hit(f"{job.name}.before-settle-commit")
