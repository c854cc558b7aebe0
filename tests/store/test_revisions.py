"""What the program says of revisions without Alembic is what Alembic says."""

from __future__ import annotations

from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from digest import assets
from digest.store import migrations
from digest.store.database import Database


def _scripts() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(assets.migrations()))
    return ScriptDirectory.from_config(config)


def test_the_revisions_and_the_last_of_them_are_those_of_the_scripts() -> None:
    assert migrations.known_revisions() == {script.revision for script in _scripts().walk_revisions()}
    assert migrations.head() == _scripts().get_current_head()


def test_the_revision_of_a_database_is_the_one_that_alembic_reads(database: Database) -> None:
    read = database.run_sync(lambda connection: MigrationContext.configure(connection).get_current_revision())
    assert database.run_sync(migrations.current) == read == migrations.head()


def test_an_empty_database_has_no_revision(database_url: str) -> None:
    empty = Database(database_url)
    assert empty.run_sync(migrations.current) is None
    empty.close()
