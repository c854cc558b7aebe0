"""Kills by the hundred: whatever the moment, nobody is skipped and few get a mail twice. `make torture` runs it."""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter
from datetime import timedelta

import pytest

from digest.jobs.deliver import Pace
from digest.model import OutboxState
from digest.store.database import Database
from tests.support.deliver_driver import start
from tests.support.delivery import NOW, SENDER, Stepped, address, deliver, relay, seed, states
from tests.support.smtp_server import SmtpServer

KILLS = int(os.environ.get("DIGEST_KILLS", "100"))
MAILS, CONNECTIONS = 60, 4


@pytest.mark.slow
def test_a_hundred_kills_skip_nobody_and_duplicate_only_what_was_on_the_wire(database: Database) -> None:
    chance = random.Random(20260420)
    with SmtpServer() as server:
        for kill in range(KILLS):
            clock = Stepped(NOW + timedelta(days=kill))
            database.run_sync(seed, MAILS, clock.at, f"day-{kill}")
            taken = len(server.mails)
            _deliver_and_kill(database, server, clock, taken + chance.randrange(MAILS))
            _finish(database, server, clock)
            _check(Counter(mail.recipient for mail in server.mails[taken:]), kill)
    assert set(database.run_sync(states).values()) == {OutboxState.SENT}


def _deliver_and_kill(database: Database, server: SmtpServer, clock: Stepped, at: int) -> None:
    """SIGKILL as soon as so many messages were taken, wherever the process then is."""
    process = start(database.url, server.port, clock.at, CONNECTIONS)
    if at > len(server.mails):
        server.wait_taken(at)
    process.kill()
    process.wait()
    server.wait_idle()


def _finish(database: Database, server: SmtpServer, clock: Stepped) -> None:
    """What a restart does: at once, when the leases have lapsed, and when the ambiguous are due again."""
    for minutes in (0, 16, 30, 60):
        clock.move(minutes=minutes)
        job = deliver(database, relay(server.port), clock, Pace(SENDER, connections=CONNECTIONS))
        asyncio.run(job.run_due())


def _check(received: Counter[str], kill: int) -> None:
    assert set(received) == {address(number) for number in range(MAILS)}, f"somebody was skipped at kill {kill}"
    assert max(received.values()) <= 2, f"somebody got three at kill {kill}"
    assert received.total() - MAILS <= CONNECTIONS, f"more duplicates than connections at kill {kill}"
