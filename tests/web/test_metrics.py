"""What a monitoring system reads."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from datetime import timedelta

import httpx

from digest.model import DiffCounts
from digest.store import sources
from digest.store.database import Connection, Database
from digest.store.measures import Measure, measures
from digest.web import app, health
from digest.web.metrics import exposition
from tests.support.web import KEYS, NOW, add_jane, serve

SAMPLE = re.compile(r'digest_[a-z_]+(?:\{[a-z]+="[^"]*"(?:,[a-z]+="[^"]*")*\})? -?[0-9.e+]+')


def _polled_with_an_error(database: Database) -> None:
    database.run_sync(sources.add, "arxiv", "arxiv", {"categories": ["cs.CL"]}, NOW)
    claimed = database.run_sync(sources.claim_due, NOW, timedelta(minutes=30))
    assert claimed is not None
    claimed = replace(claimed, errors=2)

    def settle(connection: Connection) -> bool:
        counts = DiffCounts()
        return sources.settle_poll(
            connection, claimed, state={}, counts=counts, next_poll_at=NOW, error="down", now=NOW
        )

    assert database.run_sync(settle)


def test_the_numbers_are_those_of_the_database(database: Database) -> None:
    add_jane(database)
    _polled_with_an_error(database)
    found = {(one.name, *one.labels.values()): one.value for one in database.run_sync(measures)}
    assert found["papers",] == 0
    assert found["subscribers", "active"] == 1
    assert found["outbox_messages", "sent"] == 0
    assert found["next_edition_timestamp_seconds",] == NOW.timestamp()
    assert found["source_errors", "arxiv"] == 3
    assert found["source_polled_timestamp_seconds", "arxiv"] == NOW.timestamp()


def test_the_text_is_what_prometheus_reads(sqlite_database: Database) -> None:
    add_jane(sqlite_database)
    lines = exposition(sqlite_database.run_sync(measures)).splitlines()
    names = [line.split()[2] for line in lines if line.startswith("# TYPE")]
    assert len(names) == len(set(names))
    assert all(SAMPLE.fullmatch(line) for line in lines if not line.startswith("#"))


def test_a_label_cannot_break_its_line() -> None:
    text = exposition([Measure("alert", "A\nb.", 1, {"key": 'x"\n\\y'})])
    assert text == '# HELP digest_alert A\\nb.\n# TYPE digest_alert gauge\ndigest_alert{key="x\\"\\n\\\\y"} 1\n'


def test_metrics_are_on_the_health_port_only(sqlite_database: Database) -> None:
    async def ask() -> tuple[httpx.Response, httpx.Response]:
        public = app(sqlite_database, lambda: KEYS, lambda: NOW)
        async with serve(health(sqlite_database)) as inside, serve(public) as outside, httpx.AsyncClient() as client:
            return await client.get(f"{inside}/metrics"), await client.get(f"{outside}/metrics")

    shown, hidden = asyncio.run(ask())
    assert shown.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert 'digest_outbox_messages{state="pending"} 0' in shown.text
    assert hidden.status_code == 404
