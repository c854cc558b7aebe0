"""What a clock that ran ahead has written is brought back to its own rhythm, and nothing else is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from digest.model import Days, Schedule
from digest.store import sources, subscribers
from digest.store.database import Database
from digest.store.rewind import rewind

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
