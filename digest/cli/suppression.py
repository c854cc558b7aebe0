"""`digest suppression`: addresses that get no mail, and why."""

from __future__ import annotations

import click

from digest.cli.desk import Desk, pass_desk
from digest.cli.output import json_option, show_json, table, when
from digest.errors import NotFound
from digest.store import suppressions
from digest.store.addresses import parse_address


@click.group()
def suppression() -> None:
    """Addresses that are never mailed."""


@suppression.command("list")
@click.option("--origin", help="Only these: bounce, complaint or admin.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=1000, show_default=True, help="At most so many.")
@json_option
@pass_desk
def list_suppressed(desk: Desk, origin: str | None, limit: int, as_json: bool) -> None:
    """List them, the newest first."""
    found = desk.call(suppressions.list_suppressed, limit, origin)
    if as_json:
        show_json(found)
        return
    shown = [(one.address_key, one.origin, when(one.since), one.reason) for one in found]
    empty = "No address is suppressed: refused mailboxes and complaints come here by themselves."
    table(("ADDRESS", "ORIGIN", "SINCE (UTC)", "REASON"), shown, empty=empty)


@suppression.command()
@click.argument("address")
@click.option("--reason", default="by the admin", show_default=True, help="For the record.")
@pass_desk
def add(desk: Desk, address: str, reason: str) -> None:
    """Never mail ADDRESS, whoever subscribes it; what waits for it is cancelled before it leaves."""
    known, _key = parse_address(address)
    is_new = desk.call(suppressions.suppress, known, reason, "admin", desk.now())
    click.echo(f"suppressed {known}" if is_new else f"{known} was suppressed already")


@suppression.command()
@click.argument("address")
@pass_desk
def remove(desk: Desk, address: str) -> None:
    """Let ADDRESS get mail again."""
    known, _key = parse_address(address)
    if not desk.call(suppressions.unsuppress, known):
        raise NotFound(f"{known} is not suppressed: see 'digest suppression list'")
    click.echo(f"{known} gets mail again")
