"""Killed at every boundary, told to stop, run twice at once: real processes, real signals, both databases."""

from __future__ import annotations

import asyncio
import signal
from datetime import timedelta

import pytest

from digest.jobs.deliver import Pace
from digest.model import OutboxState
from digest.store import outbox
from digest.store.database import Database
from tests.support.deliver_driver import start
from tests.support.delivery import NOW, SENDER, Stepped, address, deliver, relay, seed, states
from tests.support.smtp_server import HOLD, SmtpServer

CONNECTIONS = 4
AFTER_THE_LEASE = NOW + timedelta(minutes=20)


@pytest.mark.parametrize(
    ("failpoint", "duplicates"),
    [
        ("deliver.before-claim-commit", 0),
        ("deliver.after-claim", 0),
        ("deliver.after-rcpt", 0),
        ("deliver.after-start", CONNECTIONS),
        ("deliver.after-dot:6", CONNECTIONS),
        ("deliver.after-reply:6", CONNECTIONS),
        ("deliver.before-settle-commit:3", CONNECTIONS),
        ("deliver.after-settle:3", CONNECTIONS),
    ],
)
def test_a_kill_at_any_boundary_loses_nothing_and_duplicates_at_most_what_was_on_the_wire(
    database: Database, failpoint: str, duplicates: int
) -> None:
    """Fault 13: `kill -9`, then another process after the lease."""
    database.run_sync(seed, 20)
    with SmtpServer() as server:
        assert start(database.url, server.port, NOW, CONNECTIONS, failpoint).wait(60) == -signal.SIGKILL
        server.wait_idle()
        assert start(database.url, server.port, AFTER_THE_LEASE, CONNECTIONS).wait(60) == 0
        ledger = server.ledger
    assert ledger.keys() == {address(number) for number in range(20)}
    assert max(ledger.values()) <= 2
    assert sum(ledger.values()) - 20 <= duplicates
    assert set(database.run_sync(states).values()) == {OutboxState.SENT}


@pytest.mark.parametrize(
    ("failpoint", "mails"), [("deliver.after-start", 1), ("deliver.after-dot", 2), ("deliver.after-reply", 2)]
)
def test_a_kill_on_one_connection_duplicates_one_message_at_most(
    database: Database, failpoint: str, mails: int
) -> None:
    """Fault 13: the window is the open connections, here one."""
    database.run_sync(seed, 3)
    with SmtpServer() as server:
        assert start(database.url, server.port, NOW, 1, failpoint).wait(60) == -signal.SIGKILL
        server.wait_idle()
        asyncio.run(deliver(database, relay(server.port), Stepped(AFTER_THE_LEASE)).run_due())
        assert server.ledger == {address(0): mails, address(1): 1, address(2): 1}


def test_a_killed_process_under_hold_makes_no_duplicate_and_shows_what_is_in_doubt(database: Database) -> None:
    """Fault 13: what the admin asked never to be sent twice is not."""
    database.run_sync(seed, 3)
    with SmtpServer() as server:
        assert start(database.url, server.port, NOW, 1, "deliver.after-dot").wait(60) == -signal.SIGKILL
        server.wait_idle()
        pace = Pace(SENDER, ambiguous="hold")
        asyncio.run(deliver(database, relay(server.port), Stepped(AFTER_THE_LEASE), pace).run_due())
        assert server.ledger == {address(0): 1, address(1): 1, address(2): 1}
    assert database.run_sync(outbox.counts) == {OutboxState.AMBIGUOUS: 1, OutboxState.SENT: 2}


def test_nothing_is_claimed_from_the_dead_before_the_lease_lapses(database: Database) -> None:
    """Fault 13: until then nobody can know that it is dead."""
    database.run_sync(seed, 3)
    with SmtpServer() as server:
        assert start(database.url, server.port, NOW, 1, "deliver.after-claim").wait(60) == -signal.SIGKILL
        clock = Stepped(NOW + timedelta(minutes=14))
        job = deliver(database, relay(server.port), clock)
        assert asyncio.run(job.run_due()) == 0
        clock.move(minutes=1)
        assert asyncio.run(job.run_due()) == 3


def test_a_message_whose_process_dies_three_times_is_stuck_and_the_others_are_sent(database: Database) -> None:
    """Fault 13: a row that kills is not tried for ever."""
    database.run_sync(seed, 1)
    clock = Stepped()
    with SmtpServer() as server:
        for _ in range(3):
            assert start(database.url, server.port, clock(), 1, "deliver.after-claim").wait(60) == -signal.SIGKILL
            clock.move(minutes=20)
        database.run_sync(seed, 3, clock())
        asyncio.run(deliver(database, relay(server.port), clock).run_due())
        assert server.ledger == {address(1): 1, address(2): 1}
    assert database.run_sync(states)[address(0)] is OutboxState.STUCK


def test_sigterm_drains_what_is_in_flight_and_gives_the_rest_back(database: Database) -> None:
    """Fault 14: ten in flight are finished, exit 0, nothing ambiguous, and a restart resumes."""
    database.run_sync(seed, 40)
    with SmtpServer({"DOT": [HOLD] * 10}) as server:
        process = start(database.url, server.port, NOW, 10)
        server.wait_held(10)
        process.send_signal(signal.SIGTERM)
        server.release()
        assert process.wait(60) == 0
        sent = sum(server.ledger.values())
        assert sent >= 10
        found = database.run_sync(outbox.counts)
        assert found.pop(OutboxState.PENDING, 0) == 40 - sent
        assert found == {OutboxState.SENT: sent}
        assert start(database.url, server.port, NOW, 10).wait(60) == 0
        assert server.ledger == {address(number): 1 for number in range(40)}


def test_two_processes_on_one_database_mail_everybody_once(database: Database) -> None:
    """Fault 17."""
    database.run_sync(seed, 200)
    with SmtpServer() as server:
        both = [start(database.url, server.port, NOW) for _ in range(2)]
        assert [process.wait(60) for process in both] == [0, 0]
        assert server.ledger == {address(number): 1 for number in range(200)}
    assert set(database.run_sync(states).values()) == {OutboxState.SENT}


def test_a_drain_that_takes_too_long_drops_what_is_in_flight_and_says_so(sqlite_database: Database) -> None:
    """Fault 14: past the deadline nothing is left half known: after the dot means ambiguous."""
    sqlite_database.run_sync(seed, 10)

    async def scenario(server: SmtpServer) -> None:
        stop = asyncio.Event()
        pace = Pace(SENDER, connections=2, drain=timedelta(0), ambiguous="hold")
        run = asyncio.create_task(deliver(sqlite_database, relay(server.port), pace=pace).run_due(stop))
        await asyncio.to_thread(server.wait_held, 2)
        stop.set()
        await run

    with SmtpServer({"DOT": [HOLD] * 10}) as server:
        asyncio.run(scenario(server))
    assert sqlite_database.run_sync(outbox.counts) == {OutboxState.AMBIGUOUS: 2, OutboxState.PENDING: 8}


def test_a_cancelled_job_leaves_nothing_claimed(sqlite_database: Database) -> None:
    """Fault 14: the daemon cancels what does not end in time."""
    sqlite_database.run_sync(seed, 10)

    async def scenario(server: SmtpServer) -> None:
        run = asyncio.create_task(deliver(sqlite_database, relay(server.port)).run_due())
        await asyncio.to_thread(server.wait_held, 4)
        run.cancel()
        await asyncio.wait([run])
        assert run.cancelled()

    with SmtpServer({"RCPT": [HOLD] * 10}) as server:
        asyncio.run(scenario(server))
        assert server.mails == []
    counts = sqlite_database.run_sync(outbox.counts)
    assert counts == {OutboxState.DEFERRED: 4, OutboxState.PENDING: 6}
