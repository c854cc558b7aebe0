"""The deliver job on its sunny days, and with messages that cannot be built."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from sqlalchemy import Connection, event

from digest.jobs.deliver import Pace
from digest.model import OutboxState
from digest.store import outbox
from digest.store.database import Database
from digest.store.outbox_claims import Claimed
from digest.transports.maildir import Maildir
from tests.support.delivery import NOW, SENDER, Stepped, address, deliver, draft, message, relay, seed, states
from tests.support.smtp_server import HOLD, SmtpServer


def test_every_due_message_is_sent_once_over_few_connections(database: Database) -> None:
    database.run_sync(seed, 60)
    with SmtpServer() as server:
        assert asyncio.run(deliver(database, relay(server.port)).run_due()) == 60
        assert server.ledger == {address(number): 1 for number in range(60)}
        assert server.connections <= 4
    assert set(database.run_sync(states).values()) == {OutboxState.SENT}


def test_a_second_run_finds_nothing(database: Database) -> None:
    database.run_sync(seed, 3)
    with SmtpServer() as server:
        job = deliver(database, relay(server.port))
        assert [asyncio.run(job.run_due()), asyncio.run(job.run_due())] == [3, 0]
        assert sum(server.ledger.values()) == 3


def test_what_is_sent_is_what_was_assembled(sqlite_database: Database) -> None:
    sqlite_database.run_sync(seed, 1)
    sent: list[bytes] = []

    def assemble(claimed: Claimed) -> bytes:
        sent.append(message(claimed))
        return sent[-1]

    with SmtpServer() as server:
        asyncio.run(deliver(sqlite_database, relay(server.port), assemble=assemble).run_due())
        assert [mail.message for mail in server.mails] == sent
        assert server.mails[0].sender == SENDER


def test_only_the_named_messages_are_sent(sqlite_database: Database) -> None:
    first, *_ = sqlite_database.run_sync(seed, 3)
    with SmtpServer() as server:
        assert asyncio.run(deliver(sqlite_database, relay(server.port)).run_due(only=[first])) == 1
        assert list(server.ledger) == [address(0)]


def test_many_results_share_one_transaction(sqlite_database: Database) -> None:
    sqlite_database.run_sync(seed, 100)
    commits = 0

    def count(_connection: Connection) -> None:
        nonlocal commits
        commits += 1

    event.listen(sqlite_database.engine, "commit", count)
    with SmtpServer() as server:
        pace = Pace(SENDER, connections=10, batch=100)
        asyncio.run(deliver(sqlite_database, relay(server.port), pace=pace).run_due())
        assert sum(server.ledger.values()) == 100
    assert commits < 100


def test_a_slow_server_holds_up_its_own_connection_only(sqlite_database: Database) -> None:
    """Faults 3 and 4: a reply that takes its time is waited for, and the others go on."""
    sqlite_database.run_sync(seed, 20)

    async def scenario(server: SmtpServer) -> None:
        run = asyncio.create_task(
            deliver(sqlite_database, relay(server.port), pace=Pace(SENDER, connections=2)).run_due()
        )
        await asyncio.to_thread(server.wait_held, 1)
        await asyncio.to_thread(server.wait_taken, 19)
        server.release()
        await run

    with SmtpServer({"DOT": [HOLD]}) as server:
        asyncio.run(scenario(server))
        assert server.ledger == {address(number): 1 for number in range(20)}


def test_a_message_that_cannot_be_assembled_is_stuck_after_three_and_stops_no_other(database: Database) -> None:
    """Fault 21: only that row is stuck, all others are sent."""
    database.run_sync(seed, 5)
    clock = Stepped()

    def assemble(claimed: Claimed) -> bytes:
        if claimed.recipient == address(2):
            raise KeyError("undefined in the template")
        return message(claimed)

    with SmtpServer() as server:
        job = deliver(database, relay(server.port), clock, assemble=assemble)
        for _ in range(4):
            asyncio.run(job.run_due())
            clock.move(hours=2)
        assert server.ledger == {address(number): 1 for number in (0, 1, 3, 4)}
    assert database.run_sync(states)[address(2)] is OutboxState.STUCK
    (stuck,) = database.run_sync(outbox.list_rows, OutboxState.STUCK)
    assert "undefined in the template" in (stuck.reply or "")
    assert stuck.attempt == 3


@pytest.mark.parametrize("wrong", [b"a\nb\r\n", b"a\rb\r\n", b"no line end", b"\r\n.\n.\r\n"])
def test_bytes_that_could_end_a_message_early_are_never_sent(sqlite_database: Database, wrong: bytes) -> None:
    sqlite_database.run_sync(seed, 1)
    with SmtpServer() as server:
        asyncio.run(deliver(sqlite_database, relay(server.port), assemble=lambda _: wrong).run_due())
        assert server.mails == []
    assert sqlite_database.run_sync(states) == {address(0): OutboxState.DEFERRED}


def test_an_unsubscription_between_claim_and_start_keeps_the_mail_back(sqlite_database: Database) -> None:
    (one,) = sqlite_database.run_sync(seed, 1)

    def assemble(claimed: Claimed) -> bytes:
        sqlite_database.run_sync(outbox.cancel, one, NOW)  # between the claim and the first byte
        return message(claimed)

    with SmtpServer() as server:
        asyncio.run(deliver(sqlite_database, relay(server.port), assemble=assemble).run_due())
        assert server.mails == []
    assert sqlite_database.run_sync(states) == {address(0): OutboxState.CANCELLED}


def test_a_maildir_is_a_transport_like_any_other(database: Database, tmp_path_factory: pytest.TempPathFactory) -> None:
    database.run_sync(seed, 10)
    folder = tmp_path_factory.mktemp("mail")
    assert asyncio.run(deliver(database, Maildir(folder)).run_due()) == 10
    assert len(list((folder / "new").iterdir())) == 10
    assert not list((folder / "tmp").iterdir())


def _enqueue(conn: Connection, kinds: Sequence[str]) -> None:
    outbox.enqueue_many(conn, [draft(conn, 0, kind=kind) for kind in kinds])


def test_every_kind_of_mail_takes_the_same_way(sqlite_database: Database) -> None:
    sqlite_database.run_sync(_enqueue, ["digest", "welcome", "note", "alert"])
    with SmtpServer() as server:
        assert asyncio.run(deliver(sqlite_database, relay(server.port)).run_due()) == 4
