"""What goes wrong between us and the relay, and that nobody is skipped and nobody gets more than one mail too many."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest
from sqlalchemy import Connection

from digest.jobs.deliver import Deliver, Pace
from digest.model import OutboxState
from digest.store import outbox, suppressions
from digest.store.database import Database
from digest.store.outbox import Outcome
from digest.store.outbox_claims import Claimed
from tests.support.delivery import NOW, SENDER, Stepped, address, deliver, message, relay, seed, states
from tests.support.smtp_server import CLOSE, CUT, TAKE_AND_CLOSE, SmtpServer

ALL = {address(number): 1 for number in range(6)}


def run(job: Deliver, clock: Stepped, hours: float = 0) -> int:
    clock.move(hours=hours)
    return asyncio.run(job.run_due())


def outcomes(conn: Connection, number: int = 0) -> list[Outcome | None]:
    wanted = next(row.id for row in outbox.list_rows(conn) if row.recipient == address(number))
    return [attempt.outcome for attempt in outbox.show(conn, wanted).attempts]


def all_outcomes(conn: Connection) -> Counter[Outcome | None]:
    ids = [row.id for row in outbox.list_rows(conn)]
    return Counter(attempt.outcome for one in ids for attempt in outbox.show(conn, one).attempts)


def big(claimed: Claimed) -> bytes:
    return message(claimed) + b"one more line of a large message\r\n" * 30_000


def test_a_connection_that_dies_before_the_dot_costs_no_duplicate(database: Database) -> None:
    """Fault 1: provably unsent, so it is only deferred, even under "hold"."""
    database.run_sync(seed, 6)
    clock = Stepped()
    with SmtpServer({"DATA": [CUT]}, receive_buffer=65536) as server:
        job = deliver(database, relay(server.port), clock, Pace(SENDER, ambiguous="hold"), big)
        run(job, clock)
        assert database.run_sync(all_outcomes) == {Outcome.SENT: 5, Outcome.DEFERRED: 1}
        run(job, clock, hours=1)
        assert server.ledger == ALL
    assert set(database.run_sync(states).values()) == {OutboxState.SENT}


def test_a_connection_that_dies_at_data_costs_no_duplicate(database: Database) -> None:
    """Fault 1: the same at the DATA command itself."""
    database.run_sync(seed, 6)
    clock = Stepped()
    with SmtpServer({"DATA": [CLOSE]}) as server:
        job = deliver(database, relay(server.port), clock)
        run(job, clock)
        run(job, clock, hours=1)
        assert server.ledger == ALL


def test_a_connection_that_dies_after_the_dot_makes_one_counted_duplicate_at_most(database: Database) -> None:
    """Fault 2: the server took it, nobody told us; sent again once, and the attempt is counted as ambiguous."""
    database.run_sync(seed, 6)
    clock = Stepped()
    with SmtpServer({"DOT": [TAKE_AND_CLOSE]}) as server:
        job = deliver(database, relay(server.port), clock)
        run(job, clock)
        assert database.run_sync(outbox.counts) == {OutboxState.SENT: 5, OutboxState.AMBIGUOUS: 1}
        run(job, clock, hours=1)
        assert sorted(server.ledger.values()) == [1, 1, 1, 1, 1, 2]
    assert set(database.run_sync(states).values()) == {OutboxState.SENT}
    assert database.run_sync(all_outcomes) == {Outcome.SENT: 6, Outcome.AMBIGUOUS: 1}


def test_an_ambiguous_message_is_sent_again_once_and_then_waits_for_the_admin(database: Database) -> None:
    """Fault 2: at most one duplicate, whatever the server does."""
    database.run_sync(seed, 1)
    clock = Stepped()
    with SmtpServer({"DOT": [TAKE_AND_CLOSE] * 9}) as server:
        job = deliver(database, relay(server.port), clock)
        for _ in range(4):
            run(job, clock, hours=1)
        assert server.ledger == {address(0): 2}
    assert database.run_sync(states) == {address(0): OutboxState.AMBIGUOUS}


def test_an_ambiguous_message_that_is_held_waits_for_the_admin(database: Database) -> None:
    """Fault 2: under "hold" there is no duplicate unless the admin wants it."""
    (one,) = database.run_sync(seed, 1)
    clock = Stepped()
    with SmtpServer({"DOT": [CLOSE]}) as server:
        job = deliver(database, relay(server.port), clock, Pace(SENDER, ambiguous="hold"))
        run(job, clock)
        assert run(job, clock, hours=2) == 0
        assert database.run_sync(states) == {address(0): OutboxState.AMBIGUOUS}
        database.run_sync(outbox.retry, one, clock())
        assert run(job, clock) == 1
        assert server.ledger == {address(0): 1}


def test_421_at_the_banner_opens_no_dialogue_and_consumes_no_attempt(database: Database) -> None:
    """Fault 5: with nobody else connected the relay counts as down until the probing time."""
    database.run_sync(seed, 6)
    clock = Stepped()
    with SmtpServer({"CONNECT": ["421 4.3.2 too busy"] * 4}) as server:
        job = deliver(database, relay(server.port), clock)
        run(job, clock)
        assert job.pool.circuit is not None
        assert "too busy" in job.pool.circuit.reason
        assert database.run_sync(all_outcomes) == {}
        assert run(job, clock) == 0
        run(job, clock, hours=1)
        assert server.ledger == ALL


def test_421_at_the_banner_of_one_connection_leaves_the_work_to_the_others(database: Database) -> None:
    """Fault 5: other connections live on, the pool is one smaller."""
    database.run_sync(seed, 6)
    clock = Stepped()
    with SmtpServer({"CONNECT": ["220 hello", "421 4.7.0 too many connections"]}) as server:
        job = deliver(database, relay(server.port), clock, Pace(SENDER, connections=2))
        run(job, clock)
        assert server.ledger == ALL
    assert (job.pool.circuit, job.pool.width) == (None, 1)


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA", "DOT"])
def test_421_in_the_dialogue_drops_the_connection_and_defers_one_message(database: Database, verb: str) -> None:
    """Fault 5: also after the dot, where a 421 is an honest no."""
    database.run_sync(seed, 6)
    clock = Stepped()
    with SmtpServer({verb: ["421 4.3.2 shutting down"]}) as server:
        job = deliver(database, relay(server.port), clock, Pace(SENDER, connections=2))
        run(job, clock)
        assert database.run_sync(outbox.counts) == {OutboxState.SENT: 5, OutboxState.DEFERRED: 1}
        assert job.pool.width == 1
        run(job, clock, hours=1)
        assert server.ledger == ALL
    assert job.pool.width == 2


def test_a_greylisted_message_is_delivered_once_after_five_minutes(database: Database) -> None:
    """Fault 6: and no bounce is recorded."""
    database.run_sync(seed, 6)
    clock = Stepped()
    with SmtpServer(recipients={address(3): ["450 4.7.1 greylisted"]}) as server:
        job = deliver(database, relay(server.port), clock)
        run(job, clock)
        clock.move(minutes=4, seconds=59)
        assert run(job, clock) == 0
        clock.move(minutes=1, seconds=2)
        assert run(job, clock) == 1
        assert server.ledger == ALL
    assert database.run_sync(outcomes, 3) == [Outcome.DEFERRED, Outcome.SENT]
    assert database.run_sync(suppressions.list_suppressed) == []


def test_a_mailbox_that_does_not_exist_concerns_that_recipient_only(database: Database) -> None:
    """Fault 7: it never worked, so it is suppressed at once; the next edition is not even tried."""
    database.run_sync(seed, 6)
    clock = Stepped()
    with SmtpServer(recipients={address(2): ["550 5.1.1 no such user"]}) as server:
        job = deliver(database, relay(server.port), clock)
        run(job, clock)
        assert server.ledger == {who: 1 for who in ALL if who != address(2)}
        clock.move(days=1)
        database.run_sync(seed, 6, clock(), "2026-04-21")
        run(job, clock)
        assert server.ledger == {who: 2 for who in ALL if who != address(2)}
    (suppressed,) = database.run_sync(suppressions.list_suppressed)
    assert (suppressed.address_key, suppressed.origin) == (address(2), "bounce")
    assert database.run_sync(outbox.counts)[OutboxState.CANCELLED] == 1


def test_a_mailbox_that_worked_is_suppressed_at_the_second_edition_in_a_row(database: Database) -> None:
    """Fault 7: a provider whose directory is down for a day loses nobody."""
    clock = Stepped()
    unknown = "550 5.1.1 no such user"
    suppressed_after = []
    with SmtpServer(recipients={address(0): ["250 ok", unknown, "250 ok", unknown, unknown]}) as server:
        job = deliver(database, relay(server.port), clock)
        for day in range(5):
            database.run_sync(seed, 1, clock(), f"day {day}")
            run(job, clock)
            suppressed_after.append(database.run_sync(suppressions.is_suppressed, address(0)))
            clock.move(days=1)
    assert suppressed_after == [False, False, False, False, True]


def test_a_domain_that_refuses_us_is_paused_and_nobody_is_suppressed(database: Database) -> None:
    """Fault 8: our own DNS mistake must not lose every reader of a provider."""
    database.run_sync(seed, 6)
    clock = Stepped()
    with SmtpServer({"RCPT": ["550 5.7.26 unauthenticated"]}) as server:
        job = deliver(database, relay(server.port), clock, Pace(SENDER, connections=1))
        run(job, clock)
        assert server.mails == []
        assert len([command for command in server.commands if command.startswith("RCPT")]) == 1
        assert database.run_sync(all_outcomes) == {Outcome.DEFERRED: 1}
        assert list(job.pool.paused) == ["example.org"]
        run(job, clock, hours=1.1)
        assert server.ledger == ALL
    assert database.run_sync(suppressions.list_suppressed) == []


@pytest.mark.parametrize("reply", ["552 mailbox full", "452 4.2.2 full", "550 5.2.2 over quota"])
def test_a_full_mailbox_is_temporary(database: Database, reply: str) -> None:
    """Fault 9."""
    database.run_sync(seed, 1)
    clock = Stepped()
    with SmtpServer({"RCPT": [reply]}) as server:
        job = deliver(database, relay(server.port), clock)
        run(job, clock)
        run(job, clock, hours=1)
        assert server.ledger == {address(0): 1}
    assert database.run_sync(suppressions.list_suppressed) == []


def test_a_refused_login_opens_the_circuit_and_consumes_no_attempt(database: Database) -> None:
    """Fault 11: and it is not tried again for a quarter of an hour."""
    database.run_sync(seed, 6)
    clock = Stepped()
    with SmtpServer({"AUTH": ["535 5.7.8 wrong password"] * 16}) as server:
        transport = relay(server.port, username="u", password="p")
        job = deliver(database, transport, clock)
        run(job, clock)
        tried = server.connections
        clock.move(minutes=14)
        assert run(job, clock) == 0
        assert server.connections == tried
        assert job.pool.circuit is not None
        assert "535" in job.pool.circuit.reason
    assert database.run_sync(all_outcomes) == {}
    assert set(database.run_sync(states).values()) == {OutboxState.PENDING}


def test_a_relay_that_is_down_for_hours_keeps_the_queue_in_order(database: Database) -> None:
    """Fault 12: no attempt is consumed, what expired is dropped with its reason, the rest goes out in order."""
    clock = Stepped(NOW)
    (stale,) = database.run_sync(seed, 1)
    clock.move(hours=20)
    with SmtpServer() as server:
        port = server.port
    job = deliver(database, relay(port), clock, Pace(SENDER, connections=1))
    run(job, clock)
    database.run_sync(seed, 6, clock(), "2026-04-21")
    for _ in range(6):
        assert run(job, clock, hours=1) == 0
    with SmtpServer() as server:
        job.pool.transport = relay(server.port)
        run(job, clock, hours=1)
        assert [mail.recipient for mail in server.mails] == [address(number) for number in range(6)]
    dropped = database.run_sync(outbox.show, stale)
    assert dropped.state is OutboxState.DROPPED
    assert "expired" in (dropped.reply or "")
    assert database.run_sync(all_outcomes) == {Outcome.SENT: 6}


def test_a_refused_sender_is_an_outage_and_no_recipient_s_fault(database: Database) -> None:
    """Fault 8: at MAIL nobody but us is named yet."""
    database.run_sync(seed, 6)
    clock = Stepped()
    with SmtpServer({"MAIL": ["550 5.7.1 we do not relay for you"] * 4}) as server:
        job = deliver(database, relay(server.port), clock)
        run(job, clock)
        assert job.pool.circuit is not None
        assert database.run_sync(all_outcomes) == {}
        run(job, clock, hours=1)
        assert server.ledger == ALL
