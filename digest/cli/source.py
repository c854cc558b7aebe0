"""`digest source` and `digest poll`: where papers come from."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path

import click

from digest import clock, wiring
from digest.cli.catching_up import catch_up_since
from digest.cli.desk import Desk, pass_desk
from digest.cli.health import Condition, conditions
from digest.cli.output import json_option, show_json, table, when
from digest.cli.setup import masked_options
from digest.cli.subscriptions import export, import_
from digest.cli.trying import test_
from digest.config.load import checked_source
from digest.errors import UsageError
from digest.store import sources as rows
from digest.store.sources import SourceRow

_EMPTY = "No sources yet: add a [sources.NAME] to the configuration, or 'digest source add NAME --kind arxiv --set …'."


@click.group()
def source() -> None:
    """Where papers come from."""


source.add_command(test_)
source.add_command(import_)
source.add_command(export)


@source.command("list")
@json_option
@pass_desk
def list_(desk: Desk, as_json: bool) -> None:
    """List the sources: the last batch, how many of its papers were read, the next poll, health and why."""
    desk.sync_sources()
    found = desk.call(conditions, desk.now())
    if as_json:
        show_json([_facts(one.row) | _condition(one) for one in found])
        return
    shown = [
        (one.row.name, one.row.kind, one.day or "–", _read(one), when(one.row.poll_at), one.health.word, one.health.why)
        for one in found
    ]
    table(("NAME", "KIND", "LAST BATCH", "READ", "NEXT (UTC)", "HEALTH", "WHY"), shown, empty=_EMPTY)


@source.command()
@click.argument("name")
@click.option("--kind", required=True, help="arxiv, huggingface, biorxiv, feed, …, or package.module:Class.")
@click.option("--set", "options", multiple=True, metavar="OPTION=VALUE", help="An option of the kind; may be repeated.")
@pass_desk
def add(desk: Desk, name: str, kind: str, options: tuple[str, ...]) -> None:
    """Add a source to the database (the configuration file keeps its own).

    \b
    digest source add vision --kind arxiv --set categories=cs.CV,cs.RO
    digest source add nature --kind feed --set url=https://www.nature.com/nature.rss
    """
    checked = checked_source(name, kind, dict(map(_option, options)), Path.cwd())
    desk.sync_sources()
    desk.call(rows.add, name, checked.kind, checked.options, desk.now())
    click.echo(f"added {name}; it is polled by 'digest run', or now by 'digest poll {name}'")


@source.command()
@click.argument("name")
@pass_desk
def remove(desk: Desk, name: str) -> None:
    """Remove a source; its papers stay."""
    desk.sync_sources()
    desk.call(rows.remove, name)
    click.echo(f"removed {name}; its papers stay")


@source.command()
@click.argument("name")
@pass_desk
def pause(desk: Desk, name: str) -> None:
    """Stop polling a source until it is resumed."""
    desk.sync_sources()
    desk.call(rows.pause, name)
    click.echo(f"paused {name}")


@source.command()
@click.argument("name")
@pass_desk
def resume(desk: Desk, name: str) -> None:
    """Poll a paused or stuck source again."""
    desk.sync_sources()
    desk.call(rows.resume, name, desk.now())
    click.echo(f"resumed {name}; it is due now")


@click.command()
@click.argument("names", nargs=-1, metavar="[SOURCE]…")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="Catch up with the days since this one.")
@json_option
@pass_desk
def poll(desk: Desk, names: tuple[str, ...], since: datetime | None, as_json: bool) -> None:
    """Poll all sources now, or those that are named.

    With --since, fetch what was announced since that day from the archives of the sources that have one (arxiv)
    instead; killed and called again, it goes on where it was.
    """
    desk.sync_sources()
    if since is not None:
        catch_up_since(desk, names, since.date(), as_json=as_json)
        return
    due = desk.call(rows.make_due, list(names), desk.now())
    asyncio.run(wiring.run_jobs(desk.settings, desk.database, clock.now, ["poll"]))
    polled = [row for row in desk.call(rows.list_all) if row.name in due]
    if as_json:
        show_json([_facts(row) for row in polled])
    else:
        table(("SOURCE", "RESULT"), [(row.name, outcome(row)) for row in polled], empty=_EMPTY)
    failed = [row for row in polled if row.last_error]
    for row in failed:
        click.echo(f"digest: source {row.name}: {row.last_error}", err=True)
    if failed:
        raise click.exceptions.Exit(1)


def outcome(row: SourceRow) -> str:
    """How the last poll ended, in a few words."""
    if row.is_paused:
        return "paused"
    if row.is_stuck:
        return f"stuck: polling died three times; 'digest source resume {row.name}'"
    if row.last_error:
        return row.last_error if row.errors < 2 else f"{row.last_error} ({row.errors} times in a row)"
    if row.polled_at is None:
        return "not polled yet"
    if row.idle or not row.last_counts:
        return row.idle or "nothing listed"
    counts = dict(row.last_counts)
    return ", ".join(f"{count} {word}" for word, count in counts.items() if count)


def _facts(row: SourceRow) -> dict[str, object]:
    return {
        "name": row.name,
        "kind": row.kind,
        "options": masked_options(row.options),
        "origin": row.origin,
        "is_paused": row.is_paused,
        "is_stuck": row.is_stuck,
        "poll_at": row.poll_at,
        "polled_at": row.polled_at,
        "changed_at": row.changed_at,
        "errors": row.errors,
        "last_error": row.last_error,
        "last_counts": row.last_counts,
    }


def _read(one: Condition) -> str:
    """`171`, or `170 of 171` where some could not be read."""
    if one.announced is None:
        return "–"
    return f"{one.seen:,}" if one.seen == one.announced else f"{one.seen:,} of {one.announced:,}"


def _condition(one: Condition) -> dict[str, object]:
    return {
        "health": one.health.word,
        "why": one.health.why,
        "last_batch": {"day": one.day, "announced": one.announced, "seen": one.seen} if one.day else None,
        "feeds": list(one.feeds.values()),
        "catching_up": one.catching_up,
    }


def _option(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise UsageError(f"--set {text}: write OPTION=VALUE, such as --set categories=cs.CL,cs.LG")
    return name.strip(), value.strip()
