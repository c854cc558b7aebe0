"""`digest outbox pauses` and `resume`: who takes no mail from us for now, and the admin who knows better."""

from __future__ import annotations

from datetime import datetime

import click

from digest.cli.desk import Desk, pass_desk
from digest.cli.output import counted, json_option, show_json, table, when
from digest.errors import NotFound
from digest.store import pauses
from digest.store.pauses import Pause

RELAY = "relay"
"""How the relay is called on the command line; no domain has a name without a dot."""


@click.command("pauses")
@json_option
@pass_desk
def list_pauses(desk: Desk, as_json: bool) -> None:
    """List the domains, and the relay, that take no mail from us for now."""
    now = desk.now()
    found = desk.call(pauses.list_all, now)
    if as_json:
        show_json([_facts(one, now) for one in found])
        return
    shown = [(_name(one), when(one.since), _until(one, now), one.reason) for one in found]
    table(("WHO", "SINCE (UTC)", "TRIED AGAIN (UTC)", "REASON"), shown, empty="Nobody: all mail is taken.")


@click.command()
@click.argument("who", metavar="DOMAIN|relay")
@json_option
@pass_desk
def resume(desk: Desk, who: str, as_json: bool) -> None:
    """Try a DOMAIN, or the relay, now: its pause ends, and what waits for it is due.

    A daemon that found the relay down itself waits until its own circuit closes, an hour at most; restart it where that
    is too long.
    """
    name = who.strip().removeprefix("@").casefold()
    kind: pauses.Kind = "relay" if name == RELAY else "domain"
    due = desk.call(pauses.resume, kind, "" if kind == "relay" else name, desk.now())
    if due is None:
        raise NotFound(f"{name} is not paused: see 'digest outbox pauses'")
    if as_json:
        show_json({"who": name, "due": due})
        return
    click.echo(f"{'the relay' if kind == 'relay' else name} is tried again: {counted(due, 'mail')} due now")


def resuming(one: Pause) -> str:
    """The command that ends a pause."""
    return f"digest outbox resume {_name(one)}"


def _name(one: Pause) -> str:
    return one.name or RELAY


def _until(one: Pause, now: datetime) -> str:
    return when(one.until) if one.until > now else "with the next mail"


def _facts(one: Pause, now: datetime) -> dict[str, object]:
    times = {"since": one.since, "until": one.until, "holds": one.until > now}
    return {"who": _name(one), "kind": one.kind, **times, "reason": one.reason}
