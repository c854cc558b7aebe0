"""`digest outbox` and `digest suppression`: mails waiting, sent and failed, and addresses that get none."""

from __future__ import annotations

import click

from digest.cli.desk import Desk, pass_desk
from digest.cli.output import json_option, record, show_json, table, when
from digest.errors import NotFound
from digest.model import OutboxState
from digest.store import outbox as rows
from digest.store import suppressions
from digest.store.addresses import parse_address

_limit = click.option(
    "--limit", type=click.IntRange(1, 100_000), default=50, show_default=True, help="At most so many."
)


@click.group()
def outbox() -> None:
    """Mails waiting, sent and failed."""


@outbox.command("list")
@click.option("--state", type=click.Choice([str(state) for state in OutboxState]), help="Only those.")
@_limit
@json_option
@pass_desk
def list_(desk: Desk, state: str | None, limit: int, as_json: bool) -> None:
    """List mails, the newest first."""
    found = desk.call(rows.list_rows, OutboxState(state) if state else None, limit)
    if as_json:
        show_json(found)
        return
    shown = [
        (one.id, one.kind, one.occasion, one.state, when(one.sent_at or one.due_at), one.recipient) for one in found
    ]
    empty = f"No mail is {state}." if state else "No mails yet: 'digest run' and 'digest once' compose them when due."
    table(("ID", "KIND", "OCCASION", "STATE", "SENT OR DUE", "TO"), shown, empty=empty)


@outbox.command()
@click.argument("mail", type=int)
@json_option
@pass_desk
def show(desk: Desk, mail: int, as_json: bool) -> None:
    """Show one mail with its attempts and the server's replies."""
    one = desk.call(rows.show, mail)
    if as_json:
        show_json(one)
        return
    record(
        [
            ("mail", f"{one.id}, {one.kind} {one.occasion}"),
            ("to", one.recipient),
            ("state", str(one.state)),
            ("due", f"{when(one.due_at)} UTC" if one.due_at else ""),
            ("expires", f"{when(one.expires_at)} UTC"),
            ("sent", f"{when(one.sent_at)} UTC" if one.sent_at else ""),
            ("reply", one.reply),
            ("Message-ID", one.message_id),
        ]
    )
    if one.attempts:
        click.echo()
        shown = [(a.number, when(a.started_at), a.outcome or "under way", a.reply or "–") for a in one.attempts]
        table(("ATTEMPT", "STARTED (UTC)", "OUTCOME", "REPLY"), shown, empty="")


@outbox.command()
@click.argument("mails", type=int, nargs=-1, required=True, metavar="MAIL…")
@pass_desk
def retry(desk: Desk, mails: tuple[int, ...]) -> None:
    """Send mails again that failed, are stuck or held."""
    for mail in mails:
        desk.call(rows.retry, mail, desk.now())
        click.echo(f"mail {mail} is due now")


@outbox.command()
@click.argument("mails", type=int, nargs=-1, required=True, metavar="MAIL…")
@pass_desk
def cancel(desk: Desk, mails: tuple[int, ...]) -> None:
    """Never send mails that still wait."""
    for mail in mails:
        desk.call(rows.cancel, mail, desk.now())
        click.echo(f"mail {mail} is cancelled")


@click.group()
def suppression() -> None:
    """Addresses that are never mailed."""


@suppression.command("list")
@_limit
@json_option
@pass_desk
def list_suppressed(desk: Desk, limit: int, as_json: bool) -> None:
    """List them, the newest first."""
    found = desk.call(suppressions.list_suppressed, limit)
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
    """Never mail ADDRESS, whoever subscribes it."""
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
