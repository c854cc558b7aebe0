"""What a clock that ran ahead has written is brought back to its own rhythm, and nothing else is."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from digest.model import Days, OutboxState, Schedule
from digest.store import catalog, outbox_claims, sources, subscribers
from digest.store.database import Database
from digest.store.outbox_claims import Terms
from digest.store.rewind import rewind, set_back
from tests.support.delivery import Stepped, address, deliver, no_editions, relay, seed, states
from tests.support.people import announce
from tests.support.smtp_server import SmtpServer

NOW = datetime(2026, 4, 17, 6, 11, tzinfo=UTC)
BERLIN = Schedule("Europe/Berlin", 8)


def due_after(database: Database, schedule: Schedule, edition_at: datetime) -> datetime | None:
    def add_and_rewind(connection: Connection) -> datetime | None:
        added = subscribers.add(connection, "ada@example.org", "", schedule, 10, "admin", NOW, edition_at)
        rewind(connection, NOW)
        return subscribers.get_by_id(connection, added.id).edition_at

    return database.run_sync(add_and_rewind)


def test_an_edition_months_ahead_is_due_at_the_next_hour(database: Database) -> None:
    assert due_after(database, BERLIN, datetime(2026, 11, 21, 7, tzinfo=UTC)) == datetime(2026, 4, 18, 6, tzinfo=UTC)


def test_an_edition_of_the_next_week_stays_where_it_is(database: Database) -> None:
    monday = datetime(2026, 4, 20, 6, tzinfo=UTC)
    assert due_after(database, Schedule("Europe/Berlin", 8, Days.WEEKLY), monday) == monday


def test_the_hour_left_out_by_an_edition_sent_early_stays_left_out(database: Database) -> None:
    later = datetime(2026, 4, 27, 6, tzinfo=UTC)
    assert due_after(database, Schedule("Europe/Berlin", 8, Days.WEEKLY), later) == later


def test_a_source_due_beyond_any_pause_is_polled_now(database: Database) -> None:
    options = {"path": "x"}
    database.run_sync(sources.add, "far", "files", options, NOW + timedelta(days=200))
    database.run_sync(sources.add, "near", "files", options, NOW + timedelta(days=3))
    database.run_sync(rewind, NOW)
    assert database.run_sync(sources.get, "far").poll_at == NOW
    assert database.run_sync(sources.get, "near").poll_at == NOW + timedelta(days=3)


def test_what_a_wrong_clock_leased_or_put_off_is_free_within_an_hour(database: Database) -> None:
    """Fault 19: without it a mail claimed ten years ahead would wait ten years for its lease to lapse."""
    ahead = NOW + timedelta(days=3650)
    with SmtpServer({"RCPT": ["450 4.7.1 later"]}) as server:
        database.run_sync(seed, 3, ahead)
        clock = Stepped(ahead)
        job = deliver(database, relay(server.port), clock)
        asyncio.run(job.run_due())  # one was deferred
        database.run_sync(seed, 2, ahead, "another")
        database.run_sync(outbox_claims.claim, ahead, Terms(), no_editions)  # two were claimed by somebody who died
        database.run_sync(set_back, NOW)
        for minutes in (0, 61):
            asyncio.run(deliver(database, relay(server.port), Stepped(NOW + timedelta(minutes=minutes))).run_due())
        assert server.ledger == {address(0): 2, address(1): 2, address(2): 1}
    assert set(database.run_sync(states).values()) == {OutboxState.SENT}


def test_a_lease_of_the_true_time_is_left_alone(database: Database) -> None:
    with SmtpServer() as server:
        database.run_sync(seed, 2, NOW)
        database.run_sync(outbox_claims.claim, NOW, Terms(), no_editions)
        database.run_sync(set_back, NOW)
        assert asyncio.run(deliver(database, relay(server.port), Stepped(NOW)).run_due()) == 0
        assert server.mails == []


def test_papers_first_seen_by_a_wrong_clock_are_news_today(database: Database) -> None:
    """Fault 19: they would be in nobody's edition before that day comes."""
    database.run_sync(announce, NOW + timedelta(days=3650), 1)
    database.run_sync(announce, NOW, 2)
    database.run_sync(set_back, NOW)
    assert len(database.run_sync(catalog.candidates, NOW - timedelta(days=1), NOW)) == 2


def test_pauses_of_a_wrong_clock_end_with_it(database: Database) -> None:
    """Fault 19: those that are stored, and those that the process remembers."""
    clock = Stepped(NOW + timedelta(days=3650))
    database.run_sync(seed, 1, clock())
    with SmtpServer({"CONNECT": ["554 5.3.2 closed"], "RCPT": ["550 5.7.26 unauthenticated"]}) as server:
        job = deliver(database, relay(server.port), clock)
        asyncio.run(job.run_due())  # the relay takes nothing
        clock.move(minutes=5)
        asyncio.run(job.run_due())  # a domain refuses us
        assert server.mails == []
        clock.at = NOW
        database.run_sync(set_back, NOW)
        asyncio.run(job.run_due())
        assert len(server.mails) == 1
