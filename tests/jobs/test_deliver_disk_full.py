"""Mail on a disk that is really full: nothing is sent that is not committed, and it goes on when there is room."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import httpx
import pytest
from sqlalchemy import Connection, event, text

from digest.errors import DiskFull
from digest.jobs.deliver import Deliver, Pace
from digest.model import OutboxState
from digest.store import migrations, outbox
from digest.store.database import Database
from digest.web import health
from tests.support.deliver_driver import start
from tests.support.delivery import NOW, SENDER, Stepped, address, deliver, relay, seed, states
from tests.support.postgres import Cluster
from tests.support.small_disk import SmallDisk, small_disk
from tests.support.smtp_server import HOLD, SmtpServer

CONNECTIONS = 4
READERS = 300  # their claim does not fit into the pages that are there
EVERYBODY = {address(number): 1 for number in range(READERS)}


@pytest.fixture
def disk() -> Iterator[SmallDisk]:
    with small_disk(24) as mounted:
        if mounted is None:
            pytest.skip("nobody may mount here")
        yield mounted


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest, disk: SmallDisk) -> Iterator[Database]:
    """On the small disk, as compact as can be, with due mail."""
    with ExitStack() as stack:
        if request.param == "sqlite":
            url = f"sqlite:///{disk.folder / 'digest.db'}"
        else:
            cluster: Cluster = request.getfixturevalue("cluster")
            url = cluster.create(disk.folder / "postgresql")
            stack.callback(cluster.drop, url)
        opened = Database(url)
        stack.callback(opened.close)
        migrations.upgrade(opened)
        opened.run_sync(seed, READERS)
        if opened.is_sqlite:
            with sqlite3.connect(disk.folder / "digest.db") as connection:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.close()
        yield opened


def job(database: Database, server: SmtpServer, clock: Stepped | None = None) -> Deliver:
    return deliver(database, relay(server.port), clock, pace=Pace(SENDER, connections=CONNECTIONS))


def readiness(database: Database) -> int:
    async def ask() -> int:
        transport = httpx.ASGITransport(health(database))
        async with httpx.AsyncClient(transport=transport, base_url="http://health") as client:
            return (await client.get("/readyz")).status_code

    return asyncio.run(ask())


def test_on_a_full_disk_nothing_is_claimed_and_nothing_sent_until_there_is_room(
    database: Database, disk: SmallDisk
) -> None:
    """Fault 16, at the claim."""
    with SmtpServer() as server:
        sender = job(database, server)
        assert readiness(database) == 200
        disk.fill()
        for _ in range(3):
            with pytest.raises(DiskFull, match="the disk is full"):
                asyncio.run(sender.run_due())
        assert server.mails == []
        assert readiness(database) == 503
        disk.free()
        assert asyncio.run(sender.run_due()) == READERS
        assert server.ledger == EVERYBODY
        assert readiness(database) == 200


def run_until_full(sender: Deliver, server: SmtpServer, disk: SmallDisk) -> BaseException | None:
    """The disk fills up while every connection waits for the reply to its first message."""

    async def scenario() -> BaseException | None:
        run = asyncio.create_task(sender.run_due())
        await asyncio.to_thread(server.wait_held, CONNECTIONS)
        disk.fill()
        server.release()
        await asyncio.wait([run])
        return run.exception()

    return asyncio.run(scenario())


def test_a_disk_that_fills_up_stops_sending_and_what_was_sent_is_not_sent_again(disk: SmallDisk) -> None:
    """Fault 16, at settling: by a process that lives on."""
    with SmtpServer({"DOT": [HOLD] * CONNECTIONS}) as server:
        database, clock = _due_on(disk), Stepped()
        sender = job(database, server, clock)
        assert isinstance(run_until_full(sender, server, disk), DiskFull)
        assert len(server.mails) == CONNECTIONS
        assert readiness(database) == 503
        with pytest.raises(DiskFull):
            asyncio.run(sender.run_due())
        assert len(server.mails) == CONNECTIONS
        disk.free()
        clock.move(minutes=20)  # what was claimed could not be given back on a full disk
        asyncio.run(sender.run_due())
        assert server.ledger == {address(number): 1 for number in range(20)}
        assert readiness(database) == 200
        assert set(database.run_sync(states).values()) == {OutboxState.SENT}
        database.close()


def test_a_process_that_dies_on_a_full_disk_doubles_what_was_on_the_wire_at_most(disk: SmallDisk) -> None:
    """Fault 16, at settling, and the process does not live on."""
    with SmtpServer({"DOT": [HOLD] * CONNECTIONS}) as server:
        database, clock = _due_on(disk), Stepped()
        process = start(database.url, server.port, NOW, CONNECTIONS)
        server.wait_held(CONNECTIONS)
        disk.fill()
        server.release()
        server.wait_taken(CONNECTIONS)
        process.send_signal(signal.SIGKILL)
        process.wait()
        server.wait_idle()
        assert len(server.mails) == CONNECTIONS
        disk.free()
        clock.move(minutes=20)
        asyncio.run(job(database, server, clock).run_due())
        assert server.ledger.keys() == {address(number) for number in range(20)}
        assert len(server.mails) <= 20 + CONNECTIONS
        assert set(database.run_sync(states).values()) == {OutboxState.SENT}
        database.close()


def _due_on(disk: SmallDisk) -> Database:
    database = Database(f"sqlite:///{disk.folder / 'digest.db'}")
    migrations.upgrade(database)
    database.run_sync(seed, 20)
    return database


def test_a_database_at_its_largest_size_claims_nothing(sqlite_database: Database) -> None:
    """Fault 16 where nobody may mount: SQLite itself says that the database is full."""
    sqlite_database.run_sync(seed, READERS)
    allow = _limit(sqlite_database)
    with SmtpServer() as server:
        sender = job(sqlite_database, server)
        with pytest.raises(DiskFull, match="the disk is full"):
            asyncio.run(sender.run_due())
        assert server.mails == []
        assert sqlite_database.run_sync(outbox.counts) == {OutboxState.PENDING: READERS}
        assert readiness(sqlite_database) == 503
        allow()
        asyncio.run(sender.run_due())
        assert server.ledger == EVERYBODY
        assert readiness(sqlite_database) == 200


def _limit(database: Database) -> Callable[[], None]:
    """Let the file grow no more; gives what lifts the limit."""

    def pages(connection: Connection) -> int:
        return int(connection.execute(text("PRAGMA page_count")).scalar_one())

    limit = database.run_sync(pages)

    def limited(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {limit}")

    def allow() -> None:
        event.remove(database.engine, "connect", limited)
        database.engine.dispose()

    event.listen(database.engine, "connect", limited)
    database.engine.dispose()
    return allow
