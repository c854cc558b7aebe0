"""`digest db`: the database's revision, health and copies."""

from __future__ import annotations

from pathlib import Path

import click

from digest.cli.desk import Desk, pass_desk
from digest.cli.output import counted, json_option, record, show_json
from digest.errors import DatabaseError
from digest.store import backup as copies
from digest.store import migrations
from digest.wiring import connect, open_database, shown_url

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.group()
def db() -> None:
    """Upgrade, check, back up and restore the database."""


@db.command()
@pass_desk
def upgrade(desk: Desk) -> None:
    """Create the tables, or bring them to this version's revision. Back up first."""
    database = connect(desk.settings, is_creating=True)
    try:
        before, after = migrations.upgrade(database)
    finally:
        database.close()
    where = shown_url(desk.settings)
    click.echo(f"{where} is at revision {after}" + (" already" if before == after else ""))


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
