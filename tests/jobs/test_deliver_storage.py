"""What happens to mail when the database fails: nothing is sent that is not committed, no result is thrown away."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import Connection, text

from digest.errors import DigestError, DiskFull
from digest.jobs.deliver import Pace
from digest.model import OutboxState
from digest.store import migrations, outbox
from digest.store.database import Database
from tests.support.delivery import NOW, SENDER, Stepped, address, deliver, relay, seed, states
from tests.support.postgres import Cluster
from tests.support.smtp_server import HOLD, SmtpServer

CONNECTIONS = 4
ALL = {address(number): 1 for number in range(20)}


def fill_the_disk(conn: Connection, state: OutboxState) -> None:
    """From now on SQLite fails as on a full disk where a row is to become `state`."""
    conn.execute(
        text(
            f"CREATE TRIGGER full_disk BEFORE UPDATE ON outbox WHEN NEW.state = '{state}' "
            "BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
        )
    )


def free_the_disk(conn: Connection) -> None:
    conn.execute(text("DROP TRIGGER full_disk"))


@pytest.mark.parametrize("state", [OutboxState.CLAIMED, OutboxState.DATA_STARTED])
def test_a_disk_full_before_the_first_byte_sends_nothing(sqlite_database: Database, state: OutboxState) -> None:
    """Fault 16: at the claim, and at the wave that lets messages start."""
    sqlite_database.run_sync(seed, 20)
    sqlite_database.run_sync(fill_the_disk, state)
    with SmtpServer() as server:
        job = deliver(sqlite_database, relay(server.port))
        with pytest.raises(DiskFull, match="the disk is full"):
            asyncio.run(job.run_due())
        assert server.mails == []
        assert sqlite_database.run_sync(outbox.counts) == {OutboxState.PENDING: 20}
        sqlite_database.run_sync(free_the_disk)
        asyncio.run(job.run_due())
        assert server.ledger == ALL


def test_a_disk_full_at_settling_stops_sending_and_keeps_the_results(sqlite_database: Database) -> None:
    """Fault 16: what was on the wire is not sent again by a process that lives on."""
    sqlite_database.run_sync(seed, 20)
    sqlite_database.run_sync(fill_the_disk, OutboxState.SENT)
    with SmtpServer() as server:
        job = deliver(sqlite_database, relay(server.port), pace=Pace(SENDER, connections=CONNECTIONS))
        for _ in range(2):
            with pytest.raises(DiskFull):
                asyncio.run(job.run_due())
        assert 1 <= len(server.mails) <= CONNECTIONS
        sqlite_database.run_sync(free_the_disk)
        asyncio.run(job.run_due())
        assert server.ledger == ALL
    assert set(sqlite_database.run_sync(states).values()) == {OutboxState.SENT}


@pytest.mark.postgres
def test_a_restarted_postgresql_loses_nobody(cluster: Cluster) -> None:
    """Fault 15: in the middle of a batch; the next run goes on, at most what was on the wire is doubled."""
    database = Database(cluster.create())
    migrations.upgrade(database)
    database.run_sync(seed, 20)
    clock = Stepped(NOW)

    async def scenario(server: SmtpServer) -> None:
        run = asyncio.create_task(job.run_due())
        await asyncio.to_thread(server.wait_held, CONNECTIONS)
        await asyncio.to_thread(cluster.restart)
        server.release()
        await asyncio.wait([run])
        if (error := run.exception()) is not None:
            assert isinstance(error, DigestError)

    with SmtpServer({"DOT": [HOLD] * CONNECTIONS}) as server:
        job = deliver(database, relay(server.port), clock, Pace(SENDER, connections=CONNECTIONS))
        asyncio.run(scenario(server))
        clock.at = NOW + timedelta(minutes=20)
        asyncio.run(job.run_due())
        assert server.ledger.keys() == ALL.keys()
        assert sum(server.ledger.values()) <= 20 + CONNECTIONS
    assert set(database.run_sync(states).values()) == {OutboxState.SENT}
    database.close()
