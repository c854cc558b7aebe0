"""The schema's revision: upgrade to it, compare with it, refuse what does not fit.

An upgrade is one transaction on both databases (SQLite's DDL is transactional too), so an interrupted one
leaves the old revision whole. Revisions are the numbers that the files in `alembic/versions` begin with; Alembic itself
(9 MB) is loaded for an upgrade only.
"""

from __future__ import annotations

from functools import lru_cache

from sqlalchemy import Connection, column, inspect, select, table

from digest import assets, failpoints
from digest.errors import DatabaseError
from digest.store.database import Database

_VERSION = table("alembic_version", column("version_num"))  # where Alembic writes it


def head() -> str:
    """The revision this program works with."""
    return max(known_revisions())


def current(connection: Connection) -> str | None:
    """The revision of the connected database, None where it has no tables yet."""
    if not inspect(connection).has_table(_VERSION.name):
        return None
    found: str | None = connection.execute(select(_VERSION.c.version_num)).scalar()
    return found


def upgrade(database: Database) -> tuple[str | None, str]:
    """Bring the database to this program's revision; the revisions before and after."""
    before = database.run_sync(current)
    _refuse_newer(before)
    database.run_sync(_upgrade)
    return before, head()


def _upgrade(connection: Connection) -> None:
    from alembic.config import Config

    from alembic import command

    config = Config()
    config.set_main_option("script_location", str(assets.migrations()).replace("%", "%%"))
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


@lru_cache(maxsize=1)
def known_revisions() -> frozenset[str]:
    """Every revision this program can upgrade from, and to."""
    return frozenset(file.name.partition("_")[0] for file in (assets.migrations() / "versions").glob("[0-9]*_*.py"))


def _refuse_newer(revision: str | None) -> None:
    if revision is not None and revision not in known_revisions():
        raise DatabaseError(
            f"the database is at revision {revision}, which this program does not know: it was made by a newer "
            "version; install that version, or restore a backup made before the upgrade"
        )
