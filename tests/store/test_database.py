"""What the database promises, on both kinds."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, insert, select, text, update
from sqlalchemy.exc import StatementError

from digest.errors import ConfigError, DatabaseError
from digest.store import keys, migrations
from digest.store.database import Database
from digest.store.search_schema import FTS
from digest.store.tables import metadata, suppressions

NOW = datetime(2026, 4, 20, 12, tzinfo=UTC)


def _add(connection: Connection, address: str, since: datetime = NOW) -> None:
    connection.execute(insert(suppressions).values(address_key=address, reason="0", origin="admin", since=since))


def _reason(connection: Connection) -> str:
    return str(connection.execute(select(suppressions.c.reason)).scalar_one())


def _increment(connection: Connection) -> None:
    # Read, then write: what loses updates where transactions do not serialise.
    statement = select(suppressions.c.reason)
    if connection.dialect.name == "postgresql":
        statement = statement.with_for_update()
    count = int(connection.execute(statement).scalar_one())
    connection.execute(update(suppressions).values(reason=str(count + 1)))


def _is_ours(name: str | None, kind: str, _parents: object) -> bool:
    """Not the full-text index, which is no table to SQLAlchemy."""
    return not (kind == "table" and (name or "").startswith(FTS)) and name != "ix_paper_words_words"


def test_the_migrated_schema_is_exactly_the_tables(database: Database) -> None:
    def differences(connection: Connection) -> list[object]:
        found = MigrationContext.configure(connection, opts={"include_name": _is_ours})
        return list(compare_metadata(found, metadata))

    assert database.run_sync(differences) == []


def test_no_increment_is_lost_among_eight_writers(database: Database) -> None:
    database.run_sync(_add, "a@example.org")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: database.run_sync(_increment), range(80)))
    assert database.run_sync(_reason) == "80"


def test_a_failing_transaction_leaves_nothing(database: Database) -> None:
    def fail(connection: Connection) -> None:
        _add(connection, "a@example.org")
        raise LookupError("half way")

    with pytest.raises(LookupError):
        database.run_sync(fail)
    assert database.run_sync(lambda c: c.execute(select(suppressions)).all()) == []


def test_run_is_one_transaction_in_another_thread(database: Database) -> None:
    async def scenario() -> str:
        await database.run(_add, "a@example.org")
        return await database.run(_reason)

    assert asyncio.run(scenario()) == "0"


def test_instants_come_back_aware_and_in_utc(database: Database) -> None:
    east = datetime(2026, 4, 20, 17, 45, tzinfo=timezone(timedelta(hours=5, minutes=45)))
    database.run_sync(_add, "a@example.org", east)
    (since,) = database.run_sync(lambda c: c.execute(select(suppressions.c.since)).one())
    assert since == east
    assert since.utcoffset() == timedelta(0)


def test_a_naive_instant_is_refused(database: Database) -> None:
    with pytest.raises(StatementError, match="naive datetime"):
        database.run_sync(_add, "a@example.org", datetime(2026, 4, 20))  # noqa: DTZ001


def test_the_signing_key_is_made_once(database: Database) -> None:
    first = database.run_sync(keys.signing_keys, NOW)
    assert database.run_sync(keys.signing_keys, NOW) == first
    assert len(first[1]) == 32


def test_upgrading_twice_changes_nothing(database: Database) -> None:
    assert migrations.upgrade(database) == (migrations.head(), migrations.head())
    migrations.check(database)


def test_an_empty_database_is_refused_with_what_to_do(database_url: str) -> None:
    empty = Database(database_url)
    with pytest.raises(DatabaseError, match="run 'digest db upgrade'"):
        migrations.check(empty)
    empty.close()


def test_a_newer_schema_is_refused(database: Database) -> None:
    database.run_sync(lambda c: c.execute(text("UPDATE alembic_version SET version_num = '9999'")))
    with pytest.raises(DatabaseError, match="made by a newer version"):
        migrations.check(database)
    with pytest.raises(DatabaseError, match="made by a newer version"):
        migrations.upgrade(database)


def test_a_corrupt_file_says_so(tmp_path: Path) -> None:
    (tmp_path / "digest.db").write_bytes(b"this is not a database at all" * 200)
    with pytest.raises(DatabaseError, match="corrupt"):
        Database(f"sqlite:///{tmp_path / 'digest.db'}").run_sync(_reason)


def test_a_folder_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match="does its folder exist"):
        Database(f"sqlite:///{tmp_path / 'no' / 'digest.db'}").run_sync(_reason)


@pytest.mark.parametrize("url", ["nonsense", "mongo://x"])
def test_a_url_nobody_can_read_is_a_configuration_error(url: str) -> None:
    with pytest.raises(ConfigError, match=r"database\.url"):
        Database(url)
