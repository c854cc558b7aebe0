"""`digest db`: the database's revision, health and copies."""

from __future__ import annotations

from pathlib import Path

import click

from digest.cli.desk import Desk, pass_desk
from digest.cli.output import counted, json_option, record, show_json
from digest.errors import DatabaseError, DiskFull
from digest.store import backup as copies
from digest.store import migrations
from digest.store.database import Database, sqlite_path
from digest.wiring import connect, open_database, shown_url

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.group()
def db() -> None:
    """Upgrade, check, back up and restore the database."""


@db.command()
@click.option("--no-backup", is_flag=True, help="Make no copy first.")
@pass_desk
def upgrade(desk: Desk, no_backup: bool) -> None:
    """Create the tables, or bring them to this version's revision.

    An SQLite database is copied first, beside itself. Back up PostgreSQL with pg_dump.
    """
    database = connect(desk.settings, is_creating=True)
    try:
        if not no_backup:
            _copy_of_older(database)
        before, after = migrations.upgrade(database)
    finally:
        database.close()
    where = shown_url(desk.settings)
    click.echo(f"{where} is at revision {after}" + (" already" if before == after else ""))


def _copy_of_older(database: Database) -> None:
    """A copy of what an upgrade is about to change; an upgrade tried before left the same one."""
    file, revision = sqlite_path(database.url), database.run_sync(migrations.current)
    if file is None or revision == migrations.head() or revision not in migrations.known_revisions():
        return
    copy = file.with_name(f"{file.name}.{revision}.backup")
    try:
        copies.backup(database.url, copy, is_replacing=True)
    except DiskFull as error:
        raise DiskFull(f"no room for a copy of {file} before the upgrade: free some, or say --no-backup") from error
    click.echo(f"the old one is kept as {copy}")


@db.command()
@json_option
@pass_desk
def current(desk: Desk, as_json: bool) -> None:
    """Show the database's revision and the one this program needs."""
    database = connect(desk.settings)
    try:
        facts = {
            "url": shown_url(desk.settings),
            "revision": database.run_sync(migrations.current),
            "needed": migrations.head(),
        }
    finally:
        database.close()
    show_json(facts) if as_json else record(facts.items())


@db.command()
@json_option
@pass_desk
def check(desk: Desk, as_json: bool) -> None:
    """Check the revision and, of SQLite, every page and reference."""
    database = open_database(desk.settings)
    try:
        problems = database.run_sync(copies.check_integrity)
    finally:
        database.close()
    if as_json:
        show_json({"url": shown_url(desk.settings), "is_sound": not problems, "problems": problems})
        if problems:
            raise click.exceptions.Exit(1)
    elif problems:
        shown = "; ".join(problems[:3])
        raise DatabaseError(f"{counted(len(problems), 'problem')} in {shown_url(desk.settings)}: {shown}")
    else:
        click.echo(f"{shown_url(desk.settings)} is sound, at revision {migrations.head()}")


@db.command()
@click.argument("file", type=_FILE)
@click.option("--force", is_flag=True, help="Replace FILE where it exists.")
@pass_desk
def backup(desk: Desk, file: Path, force: bool) -> None:
    """Write a consistent copy to FILE, also while the daemon runs."""
    connect(desk.settings).close()
    size = copies.backup(desk.settings.database.url, file, is_replacing=force)
    click.echo(f"{file}: {size / 1e6:.1f} MB")


@db.command()
@click.argument("file", type=_FILE)
@pass_desk
def restore(desk: Desk, file: Path) -> None:
    """Put FILE in the database's place, after checking it. Stop the daemon first.

    The old database is kept beside it.
    """
    url = desk.settings.database.url
    stamp = desk.now().strftime("%Y%m%dT%H%M%SZ")
    kept = copies.restore(url, file, stamp)
    click.echo(f"restored {shown_url(desk.settings)} from {file}")
    if kept:
        click.echo(f"the old one is kept as {kept}")
    if copies.check_file(file) != migrations.head():
        click.echo("it is of an older version: run 'digest db upgrade'")
