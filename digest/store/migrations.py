"""The schema's revision: upgrade to it, compare with it, refuse what does not fit.

An upgrade is one transaction on both databases (SQLite's DDL is transactional too), so an interrupted one
leaves the old revision whole.
"""

from __future__ import annotations

from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from alembic import command
from digest import assets, failpoints
from digest.errors import DatabaseError
from digest.store.database import Database


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(assets.migrations()).replace("%", "%%"))
    return config


def head() -> str:
    """The revision this program works with."""
    revision = ScriptDirectory.from_config(_config()).get_current_head()
    assert revision is not None
    return revision


def current(connection: Connection) -> str | None:
    """The revision of the connected database, None where it has no tables yet."""
    return MigrationContext.configure(connection).get_current_revision()


def upgrade(database: Database) -> tuple[str | None, str]:
    """Bring the database to this program's revision; the revisions before and after."""
    before = database.run_sync(current)
    _refuse_newer(before)
    database.run_sync(_upgrade)
    return before, head()


def _upgrade(connection: Connection) -> None:
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    failpoints.hit("upgrade.before-commit")


def check(database: Database) -> None:
    """Raise DatabaseError unless the database has exactly this program's revision."""
    revision = database.run_sync(current)
    if revision is None:
        raise DatabaseError("the database has no tables yet: run 'digest db upgrade' (or 'digest init')")
    _refuse_newer(revision)
    if revision != head():
        raise DatabaseError(
            f"the database is at revision {revision}, this program needs {head()}: "
            "make a backup with 'digest db backup', then run 'digest db upgrade'"
        )


def known_revisions() -> set[str]:
    """Every revision this program can upgrade from."""
    return {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}


def _refuse_newer(revision: str | None) -> None:
    if revision is not None and revision not in known_revisions():
        raise DatabaseError(
            f"the database is at revision {revision}, which this program does not know: it was made by a newer "
            "version; install that version, or restore a backup made before the upgrade"
        )
