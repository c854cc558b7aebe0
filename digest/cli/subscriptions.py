"""`digest source import` and `digest source export`: feeds from and to other programs, as OPML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import click

from digest.cli.desk import Desk, pass_desk
from digest.cli.output import counted, json_option, printable, show_json, table, write_file
from digest.config.load import checked_source
from digest.errors import ConfigError, UnreadableFile
from digest.sources import Unreadable, opml
from digest.sources.opml import Skipped, Subscriptions
from digest.store import sources as rows
from digest.store.database import Connection
from digest.store.sources import SourceRow

_LARGEST = 20_000_000


@dataclass(frozen=True, slots=True)
class Imported:
    """A feed that became a source."""

    name: str
    url: str
    folders: tuple[str, ...]


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
@pass_desk
def import_(desk: Desk, file: Path, as_json: bool) -> None:
    """Add the feeds of an OPML file as sources of kind feed, all that can be or none.

    Folders are shown, not kept. Feeds that are there already, links to other lists and outlines without a feed
    are skipped and named.
    """
    listed = _read(file)
    desk.sync_sources()
    imported, skipped = desk.call(_store, listed, desk.now())
    if as_json:
        show_json({"imported": imported, "skipped": skipped})
        return
    shown = [(one.name, one.url, " / ".join(one.folders)) for one in imported]
    table(("SOURCE", "FEED", "FOLDER"), shown, cut=1, empty="No feed in it that is not there already.")
    for one in skipped:
        click.echo(f"{file}:{one.line}: skipped {printable(one.title) or 'an outline'}: {one.reason}", err=True)
    click.echo(f"{counted(len(imported), 'source')} added, {len(skipped)} skipped")


@click.command()
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write to a file.")
@pass_desk
def export(desk: Desk, output: Path | None) -> None:
    """Write the sources of kind feed as OPML, for other feed readers; other kinds are no feeds and are named."""
    desk.sync_sources()
    found = desk.call(rows.list_all)
    feeds = [(row.name, str(row.options["url"])) for row in found if row.kind == "feed"]
    body = opml.write("Sources of the trending papers digest", feeds)
    if output is None:
        click.echo(body.decode(), nl=False)
    else:
        write_file(output, body)
    others = [f"{row.name} ({row.kind})" for row in found if row.kind != "feed"]
    if others:
        click.echo(f"not exported, as they are no feeds: {', '.join(others)}", err=True)


def _read(file: Path) -> Subscriptions:
    if file.stat().st_size > _LARGEST:
        raise UnreadableFile(str(file), None, f"larger than {_LARGEST // 1_000_000} MB, which no list of feeds is")
    try:
        return opml.parse(file.read_bytes())
    except Unreadable as error:
        raise UnreadableFile(str(file), None, str(error)) from error


def _store(connection: Connection, listed: Subscriptions, now: datetime) -> tuple[list[Imported], list[Skipped]]:
    """One transaction: whatever fails in it, nothing is half stored."""
    known = rows.list_all(connection)
    there, taken = _by_address(known), {row.name for row in known}
    imported, skipped = [], list(listed.skipped)
    for feed in listed.feeds:
        if name := there.get(opml.address(feed.url) or ""):
            skipped.append(Skipped(feed.line, feed.title, f"already there as {name}"))
            continue
        name = opml.source_name(feed.title, feed.url, taken)
        try:
            checked = checked_source(name, "feed", {"url": feed.url}, Path.cwd())
        except ConfigError as error:
            skipped.append(Skipped(feed.line, feed.title, str(error)))
            continue
        rows.add(connection, name, checked.kind, checked.options, now)
        taken.add(name)
        imported.append(Imported(name, feed.url, feed.folders))
    return imported, sorted(skipped, key=lambda one: one.line)


def _by_address(known: Sequence[SourceRow]) -> Mapping[str, str]:
    """Canonical address of a feed → the source that reads it."""
    found = ((opml.address(str(row.options.get("url", ""))), row.name) for row in known if row.kind == "feed")
    return {address: name for address, name in found if address}
