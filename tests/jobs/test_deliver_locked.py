"""A database that somebody else holds, or that restarts: it is tried again, and nothing uncommitted is ever sent."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from digest import clock
from digest.errors import DatabaseError
from digest.jobs import run_due
from digest.jobs.compose import Compose
from digest.jobs.deliver import Deliver, Pace
from digest.model import Edition, OutboxState
from digest.store import editions, migrations, outbox, tables
from digest.store.database import Connection, Database, sqlite_path
from tests.support.delivery import NOW, SENDER, Stepped, address, deliver, message, relay, seed, states
from tests.support.lock_holder import locked
from tests.support.people import MORNING, announce, subscribe_many
from tests.support.postgres import Cluster
from tests.support.smtp_server import HOLD, SmtpServer

CONNECTIONS = 4
EVERYBODY = {address(number): 1 for number in range(20)}


@pytest.fixture
def impatient(tmp_path: Path) -> Iterator[Database]:
    """A database that waits 50 ms for a lock, where the program waits 15 s, with due mail."""
    opened = Database(f"sqlite:///{tmp_path / 'digest.db'}", busy_seconds=0.05)
    migrations.upgrade(opened)
    opened.run_sync(seed, 20)
    yield opened
    opened.close()


def file_of(database: Database) -> Path:
    file = sqlite_path(database.url)
    assert file is not None
    return file


def job(database: Database, server: SmtpServer, at: Stepped | None = None) -> Deliver:
    return deliver(database, relay(server.port), at, Pace(SENDER, connections=CONNECTIONS))


def test_a_lock_that_ends_in_time_is_waited_for(sqlite_database: Database) -> None:
    """Fault 15: other programs write, too; 15 s of patience, five times."""
    sqlite_database.run_sync(seed, 20)
    with SmtpServer() as server, locked(file_of(sqlite_database)) as let_go:
        ending = threading.Timer(0.3, let_go)
        ending.start()
        assert asyncio.run(job(sqlite_database, server).run_due()) == 20
        ending.join()
        assert server.ledger == EVERYBODY


def test_a_lock_that_lasts_is_told_and_nothing_is_sent_without_a_claim(impatient: Database) -> None:
    """Fault 15: and the next run goes on as if nothing had been."""
    with SmtpServer() as server:
        with locked(file_of(impatient)), pytest.raises(DatabaseError, match="locked by another program for too long"):
            asyncio.run(job(impatient, server).run_due())
        assert server.connections == 0
        assert impatient.run_sync(outbox.counts) == {OutboxState.PENDING: 20}
        assert asyncio.run(job(impatient, server).run_due()) == 20
        assert server.ledger == EVERYBODY


def test_a_lock_between_the_dot_and_its_result_stops_sending_and_doubles_nothing(impatient: Database) -> None:
    """Fault 15: no connection starts a message before its last result is committed."""
    at = Stepped()

    async def scenario(server: SmtpServer, sender: Deliver) -> BaseException | None:
        run = asyncio.create_task(sender.run_due())
        await asyncio.to_thread(server.wait_held, CONNECTIONS)
        with locked(file_of(impatient)):
            server.release()
            await asyncio.wait([run])
            return run.exception()

    with SmtpServer({"DOT": [HOLD] * CONNECTIONS}) as server:
        sender = job(impatient, server, at)
        assert isinstance(asyncio.run(scenario(server, sender)), DatabaseError)
        assert len(server.mails) == CONNECTIONS
        at.move(minutes=20)  # what was claimed could not be given back
        asyncio.run(sender.run_due())
        assert server.ledger == EVERYBODY
    assert set(impatient.run_sync(states).values()) == {OutboxState.SENT}


# ── PostgreSQL ───────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def database(cluster: Cluster) -> Iterator[Database]:
    """Editions for ten readers, composed as ever, and waiting."""
    opened = Database(cluster.create())
    migrations.upgrade(opened)
    opened.run_sync(announce, MORNING - timedelta(hours=1), 1, 2, 3, 4)
    opened.run_sync(subscribe_many, 10)
    asyncio.run(run_due(Compose("example.org"), opened, clock.fixed(MORNING)))
    yield opened
    opened.close()


@pytest.mark.postgres
def test_a_postgresql_that_restarts_in_the_middle_of_a_claim_is_asked_again(
    database: Database, cluster: Cluster
) -> None:
    """Fault 15: the claim is lost with its transaction, so nothing of it may have been sent."""
    sent_before: list[int] = []

    with SmtpServer() as server:

        def load(connection: Connection, ids: Sequence[int]) -> Mapping[int, Edition]:
            found = editions.Shelf().load(connection, ids)
            if not sent_before:  # the rows are taken, the commit is yet to come
                sent_before.append(len(server.mails))
                cluster.restart()
            return found

        pace = Pace(SENDER, connections=CONNECTIONS)
        sender = Deliver(database, relay(server.port), message, load, pace, clock=clock.fixed(MORNING), rng=clock.rng())
        assert asyncio.run(sender.run_due()) == 10
        assert sent_before == [0]
        assert server.ledger == {f"reader{number}@example.org": 1 for number in range(10)}
    assert database.run_sync(lambda c: set(c.execute(select(tables.outbox.c.attempt)).scalars())) == {1}
    count = select(func.count()).select_from(tables.outbox_attempts)
    assert database.run_sync(lambda c: c.execute(count).scalar_one()) == 10


@pytest.mark.postgres
def test_a_postgresql_that_stays_away_sends_nothing_and_is_one_clear_error(cluster: Cluster) -> None:
    """Fault 15: an unreachable database is told, and no message leaves without a claim."""
    nowhere = cluster.create().replace(f":{cluster.port}/", ":1/")
    database = Database(nowhere)
    with SmtpServer() as server:
        sender = deliver(database, relay(server.port), Stepped(NOW))
        with pytest.raises(DatabaseError, match="connection"):
            asyncio.run(sender.run_due())
        assert server.connections == 0
    database.close()
