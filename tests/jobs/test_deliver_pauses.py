"""What every process shall know of a relay and of domains is stored, and goes once mail is taken again."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from digest.delivery import verp
from digest.delivery.retry import DELAYS, JITTER
from digest.jobs.deliver import Pace
from digest.store import bounces, pauses
from digest.store.database import Database
from tests.support.delivery import NOW, SENDER, Stepped, deliver, relay, seed
from tests.support.smtp_server import SmtpServer

ONE = Pace(SENDER, connections=1)


def test_a_domain_that_refuses_us_is_paused_for_every_process_until_it_takes_mail(database: Database) -> None:
    database.run_sync(seed, 2)
    now = Stepped()
    with SmtpServer({"RCPT": ["550 5.7.26 unauthenticated"]}) as server:
        asyncio.run(deliver(database, relay(server.port), now, ONE).run_due())
        (pause,) = database.run_sync(pauses.list_all, now())
        assert (pause.name, pause.since, pause.until) == ("example.org", NOW, NOW + timedelta(hours=1))
        now.move(minutes=10)
        other = deliver(database, relay(server.port), now, ONE)
        asyncio.run(other.run_due())
        assert server.mails == []
        now.move(hours=1)
        asyncio.run(other.run_due())
        assert len(server.mails) == 2
    assert database.run_sync(pauses.list_all, now()) == []


def test_an_admin_who_lifts_a_pause_need_not_wait(database: Database) -> None:
    database.run_sync(seed, 1)
    now = Stepped()
    database.run_sync(pauses.pause, "domain", "example.org", NOW + timedelta(hours=1), "told so", NOW)
    with SmtpServer() as server:
        job = deliver(database, relay(server.port), now, ONE)
        asyncio.run(job.run_due())
        assert server.mails == []
        assert database.run_sync(pauses.lift, "domain", "example.org")
        now.move(hours=1)
        asyncio.run(job.run_due())
        assert len(server.mails) == 1


@pytest.mark.parametrize("is_same", [True, False])
def test_every_process_sends_at_once_to_a_domain_that_the_admin_resumed(database: Database, is_same: bool) -> None:
    database.run_sync(seed, 3)
    now = Stepped()
    with SmtpServer({"RCPT": ["550 5.7.26 unauthenticated"]}) as server:
        refused = deliver(database, relay(server.port), now, ONE)
        asyncio.run(refused.run_due())
        now.move(minutes=1)
        asyncio.run(refused.run_due())
        assert database.run_sync(pauses.resume, "domain", "example.org", now()) == 3
        asyncio.run((refused if is_same else deliver(database, relay(server.port), now, ONE)).run_due())
        assert len(server.mails) == 3


def test_a_relay_that_takes_nothing_is_stored_until_it_is_back(database: Database) -> None:
    database.run_sync(seed, 1)
    now = Stepped()
    with SmtpServer() as server:
        port = server.port
    asyncio.run(deliver(database, relay(port), now, ONE).run_due())
    (pause,) = database.run_sync(pauses.list_all, now())
    assert (pause.kind, pause.since) == ("relay", NOW)
    now.move(minutes=5)
    with SmtpServer() as server:
        asyncio.run(deliver(database, relay(server.port), now, ONE).run_due())
        assert len(server.mails) == 1
    assert database.run_sync(pauses.list_all, now()) == []


def test_a_message_that_is_given_up_after_all_attempts_is_one_soft_bounce(database: Database) -> None:
    """Fault 6 and 9: one that is only deferred is none."""
    database.run_sync(seed, 1, NOW, "2026-04-20")
    now = Stepped()
    with SmtpServer({"RCPT": ["452 4.2.2 mailbox full"] * 8}) as server:
        job = deliver(database, relay(server.port), now, ONE)
        for attempt, delay in enumerate((*DELAYS, timedelta())):
            assert database.run_sync(bounces.score_of, "r0@example.org", now()) == 0, attempt
            asyncio.run(job.run_due())
            now.at += delay * (1 + JITTER)
    assert database.run_sync(bounces.score_of, "r0@example.org", now()) == 1


def test_each_message_has_a_return_path_of_its_own(database: Database) -> None:
    keys = {1: b"k" * 32}
    numbers = database.run_sync(seed, 2)

    def path(message: int) -> str:
        return verp.address("b@example.org", verp.sign(keys, verp.RETURN, message))

    pace = Pace(SENDER, connections=1, return_path=path)
    with SmtpServer() as server:
        asyncio.run(deliver(database, relay(server.port), pace=pace).run_due())
        senders = [line.partition("<")[2].partition(">")[0] for line in server.commands if line.startswith("MAIL")]
    tokens = [sender.partition("+")[2].partition("@")[0] for sender in senders]
    assert [verp.verify(keys, verp.RETURN, token) for token in tokens] == numbers
