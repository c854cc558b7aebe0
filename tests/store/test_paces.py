"""Turns at a service that counts all our machines as one."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from digest.jobs.turns import SharedTurns
from digest.sources.pace import Pace
from digest.store import paces
from digest.store.database import Database

NOON = datetime(2026, 4, 20, 12, tzinfo=UTC)
HOLD = timedelta(seconds=90)


def test_a_turn_is_one_processes_until_it_is_given_back(database: Database) -> None:
    assert database.run_sync(paces.take, "arxiv.org", NOON, HOLD) is None
    assert database.run_sync(paces.take, "arxiv.org", NOON, HOLD) == HOLD
    database.run_sync(paces.give_back, "arxiv.org", NOON + timedelta(seconds=3))
    assert database.run_sync(paces.take, "arxiv.org", NOON + timedelta(seconds=1), HOLD) == timedelta(seconds=2)
    assert database.run_sync(paces.take, "arxiv.org", NOON + timedelta(seconds=3), HOLD) is None


def test_who_died_holds_up_the_others_for_a_minute_and_a_half_at_most(database: Database) -> None:
    database.run_sync(paces.take, "arxiv.org", NOON, HOLD)
    assert database.run_sync(paces.take, "arxiv.org", NOON + HOLD, HOLD) is None


def test_a_clock_that_ran_ahead_holds_up_nobody(database: Database) -> None:
    database.run_sync(paces.take, "arxiv.org", NOON + timedelta(days=300), HOLD)
    assert database.run_sync(paces.take, "arxiv.org", NOON, HOLD) is None


def test_two_processes_keep_three_seconds_between_their_requests(database: Database) -> None:
    at, asked = NOON, list[datetime]()

    async def sleep(seconds: float) -> None:
        nonlocal at
        at += timedelta(seconds=seconds)

    def monotonic() -> float:
        return at.timestamp()

    def pace() -> Pace:
        return Pace(sleep, monotonic, SharedTurns(database, lambda: at))

    async def ask(one: Pace, host: str) -> None:
        async with one.turn(host):
            asked.append(at)

    async def take_turns() -> None:
        daemon, command = pace(), pace()
        for _ in range(3):
            await ask(daemon, "rss.arxiv.org")
            await ask(command, "oaipmh.arxiv.org")

    asyncio.run(take_turns())
    assert asked == [NOON + timedelta(seconds=3 * n) for n in range(6)]
