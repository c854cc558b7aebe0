"""`digest enricher`: the services that are asked for more about papers and authors."""

from __future__ import annotations

from datetime import datetime

import click

from digest.cli.desk import Desk, pass_desk
from digest.cli.output import json_option, printable, show_json, table, when
from digest.cli.provenance import ago
from digest.config import Settings
from digest.store import said
from digest.store.said import EnricherRow

_EMPTY = "No services: add an [enrich.NAME] to the configuration, see docs/enrichment.md."


@click.group()
def enricher() -> None:
    """Services that know more about papers and authors."""


@enricher.command("list")
@json_option
@pass_desk
def list_(desk: Desk, as_json: bool) -> None:
    """List the services: when they answered last, what they knew, what is wrong."""
    now = desk.now()
    rows = desk.call(said.list_all, now)
    if as_json:
        show_json(rows)
        return
    shown = [_cells(row, desk.settings, now) for row in rows]
    new = set(desk.settings.enrich) - {row.name for row in rows}
    shown += [(name, desk.settings.enrich[name].kind, "never", "0", "0", "not asked yet") for name in new]
    table(("SERVICE", "KIND", "ASKED", "KNOWS", "WAITING", "STATE"), sorted(shown), empty=_EMPTY)
    for row in rows:
        if row.last_error:
            click.echo(f"{row.name}: {printable(row.last_error)}")


def _cells(row: EnricherRow, settings: Settings, now: datetime) -> tuple[str, ...]:
    asked = ago(row.asked_at, now) if row.asked_at else "never"
    return row.name, row.kind, asked, f"{row.known:,}", f"{row.waiting:,}", _state(row, settings)


@enricher.command()
@click.argument("name")
@pass_desk
def resume(desk: Desk, name: str) -> None:
    """Ask a service again now, whatever pause it is in; also frees a stuck one."""
    desk.call(said.resume, name, desk.now())
    click.echo(f"{name} is asked again from now on")


def _state(row: EnricherRow, settings: Settings) -> str:
    if row.name not in settings.enrich:
        return "no longer configured"
    if row.is_stuck:
        return f"stuck: 'digest enricher resume {row.name}'"
    if row.last_error:
        return f"paused until {when(row.ask_at)} UTC"
    return "ok"
