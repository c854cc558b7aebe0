"""Rows whose time is over go once a day, some in each transaction."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

import pytest
from sqlalchemy import update

from digest import clock
from digest.jobs import run_due
from digest.jobs.prune import Prune
from digest.model import OutboxState
from digest.store import checks, outbox
from digest.store.database import Connection, Database
from digest.store.retention import Retention
from digest.store.tables import outbox as rows
from tests.support.delivery import NOW, seed

LATER = NOW + timedelta(days=400)


def over(connection: Connection, count: int) -> None:
    seed(connection, count)
    connection.execute(update(rows).values(state=OutboxState.SENT))


def run(database: Database, days: float = 0, batch: int = 2) -> int:
    return asyncio.run(run_due(Prune(Retention(), batch), database, clock.fixed(LATER + timedelta(days=days))))


def test_batches_follow_each_other_until_nothing_is_left_and_then_a_day_passes(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    database.run_sync(over, 5)
    with caplog.at_level(logging.INFO, "digest.jobs.prune"):
        assert run(database) == 3
    assert database.run_sync(outbox.counts) == {}
    assert [record.getMessage() for record in caplog.records] == [f"kept no longer: {n} mails" for n in (2, 2, 1)]
    assert run(database, days=0.9) == 0
    assert run(database, days=1) == 1


def test_a_job_that_lost_its_claim_deletes_nothing(database: Database) -> None:
    database.run_sync(over, 1)
    job = Prune(Retention())
    first = database.run_sync(job.claim, LATER)
    assert first is not None
    second = database.run_sync(job.claim, LATER + timedelta(hours=1))
    assert second is not None
    database.run_sync(job.settle, first, None, LATER + timedelta(hours=1))
    assert database.run_sync(outbox.counts) == {OutboxState.SENT: 1}
    database.run_sync(job.settle, second, None, LATER + timedelta(hours=1))
    assert database.run_sync(outbox.counts) == {}


def test_alerts_are_none_of_its_business(database: Database) -> None:
    looked = database.run_sync(checks.claim_due, "all", LATER, timedelta(minutes=5))
    assert looked is not None
    database.run_sync(checks.settle, looked, {"disk": "full"}, LATER, LATER)
    run(database)
    assert [alert.key for alert in database.run_sync(checks.list_open)] == ["disk"]
