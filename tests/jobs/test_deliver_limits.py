"""Not faster than allowed, not all lanes for one domain, and slower where a server asks for it; the clock stands."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, update

from digest.jobs.deliver import Deliver, Pace
from digest.jobs.deliver.backlog import Backlog, domain_of
from digest.jobs.deliver.limits import MINUTE, Limits, Window
from digest.model import OutboxKind, OutboxState
from digest.store import outbox, suppressions
from digest.store.database import Database
from digest.store.outbox_claims import Claimed
from digest.store.tables import outbox as rows
from tests.support.delivery import NOW, SENDER, Stepped, address, deliver, message, relay, seed, states
from tests.support.smtp_server import CLOSE, HOLD, SmtpServer


def seed_domains(conn: Connection, domains: Sequence[str]) -> None:
    """A due message for a reader of each of these domains."""
    for number, (one, domain) in enumerate(zip(seed(conn, len(domains)), domains, strict=True)):
        conn.execute(update(rows).where(rows.c.id == one).values(recipient=f"r{number}@{domain}"))


def run(job: Deliver, clock: Stepped, **later: float) -> int:
    clock.move(**later)
    return asyncio.run(job.run_due())


def claimed(number: int, domain: str) -> Claimed:
    who = f"r{number}@{domain}"
    return Claimed(number, 1, OutboxKind.DIGEST, who, "today", f"<{number}>", number, None, NOW, NOW)


# ── limits ───────────────────────────────────────────────────────────────────────────────────────


@given(st.integers(1, 5), st.lists(st.floats(0, 40), max_size=60))
def test_no_minute_ever_holds_more_than_its_limit(most: int, steps: list[float]) -> None:
    window, now, taken = Window(most), NOW, []
    for step in steps:
        now += timedelta(seconds=step)
        if window.free(now) > 0:
            window.take(now)
            taken.append(now)
        assert len([one for one in taken if one > now - MINUTE]) <= most


@given(st.integers(1, 5), st.integers(0, 5), st.integers(0, 20))
def test_a_window_opens_when_it_says(most: int, used: int, ahead: int) -> None:
    window = Window(most)
    for second in range(min(used, most)):
        window.take(NOW + timedelta(seconds=second))
    now = NOW + timedelta(seconds=10)
    opens_at = window.opens_at(now, ahead)
    assert opens_at >= now
    assert opens_at <= now + (1 + (ahead + used) // most) * MINUTE


def test_a_clock_that_was_set_back_does_not_close_a_window() -> None:
    clock = Stepped()
    limits = Limits(1, 0, clock)
    assert limits.take("a")
    clock.move(hours=-1)
    assert limits.take("a")


def test_no_more_leave_in_a_minute_than_allowed_and_no_attempt_is_used_up(database: Database) -> None:
    database.run_sync(seed, 12)
    clock = Stepped()
    with SmtpServer() as server:
        job = deliver(database, relay(server.port), clock, Pace(SENDER, per_minute=5))
        sent = []
        for seconds in (0, 59, 1, 60):
            run(job, clock, seconds=seconds)
            sent.append(len(server.mails))
        assert sent == [5, 5, 10, 12]
        assert {row.attempt for row in database.run_sync(outbox.list_rows)} == {1}
        assert server.ledger == {address(number): 1 for number in range(12)}


def test_a_domain_s_limit_leaves_the_others_alone(database: Database) -> None:
    database.run_sync(seed_domains, ["slow.example"] * 6 + ["b.example"] * 4)
    clock = Stepped()
    with SmtpServer() as server:
        job = deliver(database, relay(server.port), clock, Pace(SENDER, domain_per_minute=4))
        run(job, clock)
        assert Counter(who.partition("@")[2] for who in server.ledger) == {"slow.example": 4, "b.example": 4}
        assert run(job, clock, seconds=59) == 0
        assert run(job, clock, seconds=1) == 2
        assert max(server.ledger.values()) == 1


# ── domains in turn ──────────────────────────────────────────────────────────────────────────────


def test_domains_take_turns_and_each_keeps_its_order() -> None:
    backlog = Backlog(share=0)
    backlog.add([claimed(number, domain) for number, domain in enumerate(["a", "a", "a", "b", "c", "b"])])
    assert [domain_of(item) for item in backlog.take(6)] == ["a", "b", "c", "a", "b", "a"]


@given(st.lists(st.sampled_from("abc"), max_size=30), st.integers(0, 3), st.integers(1, 8))
def test_whatever_waits_is_taken_once_in_the_order_of_its_domain(domains: list[str], share: int, most: int) -> None:
    backlog, taken = Backlog(share), []
    backlog.add([claimed(number, domain) for number, domain in enumerate(domains)])
    while len(backlog):
        before = backlog.takeable
        chunk = backlog.take(most)
        assert len(chunk) == min(most, before)
        assert not share or max(Counter(map(domain_of, chunk)).values()) <= share
        taken += chunk
        for item in chunk:
            backlog.done(item)
    for domain in "abc":
        ours = [item.id for item in taken if domain_of(item) == domain]
        assert ours == [number for number, one in enumerate(domains) if one == domain]


def test_a_slow_domain_holds_no_more_lanes_than_its_share(sqlite_database: Database) -> None:
    """Fault 4: the others are all sent while it takes its time."""
    sqlite_database.run_sync(seed_domains, ["slow.example"] * 8 + ["b.example"] * 8)
    slow = {f"r{number}@slow.example": [HOLD] for number in range(8)}

    async def scenario(server: SmtpServer) -> None:
        pace = Pace(SENDER, connections=3, domain_connections=2)
        work = asyncio.create_task(deliver(sqlite_database, relay(server.port), pace=pace).run_due())
        await asyncio.to_thread(server.wait_taken, 8)
        assert {mail.recipient.partition("@")[2] for mail in server.mails} == {"b.example"}
        server.release()
        await work

    with SmtpServer(recipients=slow) as server:
        asyncio.run(scenario(server))
        assert len(server.ledger) == 16
        assert max(server.ledger.values()) == 1


@pytest.mark.slow
def test_a_server_that_reads_a_kilobyte_a_second_gets_one_copy_while_all_others_are_served(
    sqlite_database: Database,
) -> None:
    """Fault 4, at its own rate: four kilobytes take four seconds, and what is told is the order of events."""
    sqlite_database.run_sync(seed, 12)
    body = b"a line of a mail, one of sixty-four, with its end it is 64 long\r\n"

    def four_kilobytes(item: Claimed) -> bytes:
        return message(item) + body * 64

    slow = address(0)
    with SmtpServer(reading=(1024, 1.0), slow_for=[slow]) as server:
        pace = Pace(SENDER, connections=2)
        asyncio.run(deliver(sqlite_database, relay(server.port), pace=pace, assemble=four_kilobytes).run_due())
        assert server.pauses == 4
        assert [mail.recipient for mail in server.mails].index(slow) == 11
        assert server.ledger == {address(number): 1 for number in range(12)}
        assert next(mail.message for mail in server.mails if mail.recipient == slow).endswith(body)
    assert set(sqlite_database.run_sync(states).values()) == {OutboxState.SENT}


# ── servers that want less ───────────────────────────────────────────────────────────────────────


def test_a_domain_that_wants_less_waits_ever_longer_and_the_others_go_on(database: Database) -> None:
    database.run_sync(seed_domains, ["busy.example"] * 3 + ["b.example"] * 3)
    clock = Stepped()
    busy = {f"r{number}@busy.example": ["451 4.7.28 unusual rate"] * 2 for number in range(3)}
    with SmtpServer(recipients=busy) as server:
        job = deliver(database, relay(server.port), clock, Pace(SENDER, connections=1))
        run(job, clock)
        assert {who.partition("@")[2] for who in server.ledger} == {"b.example"}
        assert job.pool.paused["busy.example"] == NOW + timedelta(minutes=2)
        assert job.pool.width == 1
        run(job, clock, minutes=2)
        assert job.pool.paused["busy.example"] == clock() + timedelta(minutes=4)
        for _ in range(9):
            run(job, clock, hours=1)
        assert sorted(server.ledger.values()) == [1] * 6
    assert database.run_sync(suppressions.list_suppressed) == []


def test_what_waits_for_a_busy_domain_uses_up_no_attempt(database: Database) -> None:
    database.run_sync(seed_domains, ["busy.example"] * 4)
    clock = Stepped()
    with SmtpServer({"RCPT": ["451 4.7.28 unusual rate"]}) as server:
        run(deliver(database, relay(server.port), clock, Pace(SENDER, connections=1)), clock)
    assert sorted(row.attempt for row in database.run_sync(outbox.list_rows)) == [0, 0, 0, 1]


def test_a_421_halves_the_connections_once_and_accepted_mail_brings_them_back(sqlite_database: Database) -> None:
    """Fault 5."""
    sqlite_database.run_sync(seed, 8)
    clock = Stepped()
    with SmtpServer({"DATA": ["421 4.3.2 too many"]}) as server:
        job = deliver(sqlite_database, relay(server.port), clock, Pace(SENDER, connections=8))
        run(job, clock)
        assert job.pool.width == 4
        sqlite_database.run_sync(seed, 3, clock(), "another")
        run(job, clock, hours=1)
        assert job.pool.width == 8


# ── envelopes announced ahead ────────────────────────────────────────────────────────────────────


def test_what_was_announced_behind_a_slow_reply_is_sent_by_somebody_else(sqlite_database: Database) -> None:
    """Fault 3: the lane that waits for a reply keeps no other message from leaving."""
    sqlite_database.run_sync(seed, 10)

    async def scenario(server: SmtpServer) -> None:
        job = deliver(sqlite_database, relay(server.port), pace=Pace(SENDER, connections=2))
        work = asyncio.create_task(job.run_due())
        await asyncio.to_thread(server.wait_taken, 9)
        server.release()
        await work

    with SmtpServer({"DOT": [HOLD]}) as server:
        asyncio.run(scenario(server))
        assert server.ledger == {address(number): 1 for number in range(10)}


@pytest.mark.parametrize("how", [CLOSE, "421 4.3.2 going down"])
def test_an_announced_message_is_not_touched_by_the_end_of_the_connection(sqlite_database: Database, how: str) -> None:
    """Faults 2 and 5: only the message whose reply it was is in doubt, or deferred."""
    sqlite_database.run_sync(seed, 6)
    with SmtpServer({"DOT": [how]}) as server:
        run(deliver(sqlite_database, relay(server.port), pace=Pace(SENDER, connections=1, ambiguous="hold")), Stepped())
        assert len(server.ledger) == 5
    assert Counter(sqlite_database.run_sync(states).values())[OutboxState.SENT] == 5
