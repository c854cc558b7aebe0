"""`digest preview` and `digest send`: one subscriber's edition, looked at or made now."""

from __future__ import annotations

import asyncio
import sys
from datetime import date, datetime
from pathlib import Path

import click

from digest import clock, wiring
from digest.cli.desk import Desk, pass_desk
from digest.cli.output import counted, json_option, show_json, write_file
from digest.editions.assemble import mail, words
from digest.errors import DigestError, NotFound
from digest.jobs.compose_now import compose_now
from digest.jobs.compose_now import preview as peek
from digest.model import Edition, OutboxState, Skip, Subscriber
from digest.store import editions, outbox, subscribers, suppressions
from digest.store.editions import Chapter

_ENDINGS = {".html": "html", ".htm": "html", ".eml": "eml"}

date_option = click.option("--date", "day", type=click.DateTime(["%Y-%m-%d"]), help="The local day of the digest.")


@click.command()
@click.argument("email", required=False)
@click.option("--serve", is_flag=True, help="Show all mails and pages with invented data in a browser.")
@click.option("--listen", default="127.0.0.1:8090", show_default=True, metavar="HOST:PORT", help="Where it serves.")
@date_option
@click.option("--format", "form", type=click.Choice(["html", "text", "eml"]), help="Default: by FILE's ending, text.")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Write FILE.")
@json_option
@pass_desk
def preview(  # one for each option
    desk: Desk,
    email: str | None,
    serve: bool,
    listen: str,
    day: datetime | None,
    form: str | None,
    output: Path | None,
    as_json: bool,
) -> None:
    """Show the digest EMAIL would get now, or the one of a past day; nothing is sent or stored.

    As eml it is the message with its headers, signed where [dkim] names a key.

    With --serve there is no EMAIL: all mails and pages are served to a browser, in your templates, and change when
    one is saved.
    """
    if serve is (email is not None):
        raise click.UsageError("name one reader, as in 'digest preview EMAIL', or ask for '--serve'")
    if email is None:
        from digest.cli import previewing

        previewing.serve(desk.settings_or_defaults, listen)
        return
    one = desk.call(subscribers.get, email)
    edition = _stored(desk, one, day.date()) if day else _upcoming(desk, one)
    if as_json:
        show_json(edition)
        return
    content = _rendered(desk, one, edition, form or _ENDINGS.get(output.suffix if output else "", "text"))
    if output is None:
        sys.stdout.buffer.write(content)
    else:
        write_file(output, content)
        click.echo(f"{output}: {counted(len(edition.picks), 'paper')} for {one.address}")


@click.command()
@click.argument("email")
@click.option("--again", is_flag=True, help="Also where today's digest was sent: another one, of other papers.")
@pass_desk
def send(desk: Desk, email: str, again: bool) -> None:
    """Compose and deliver today's digest of EMAIL now, whatever the hour."""
    one = desk.call(subscribers.get, email)
    reason = desk.call(suppressions.reasons, [one.address]).get(suppressions.address_key(one.address))
    if reason is not None:
        raise DigestError(f"{one.address} is suppressed ({reason}): 'digest suppression remove {one.address}' first")
    job = wiring.compose(desk.settings)
    made = asyncio.run(compose_now(job, desk.database, one.id, desk.now(), is_again=again))
    if made.skip_reason:
        raise DigestError(f"{one.address}: nothing to send: {made.skip_reason}")
    rows = desk.call(outbox.of_edition, made.edition_id)
    deliver = wiring.deliver(desk.settings, desk.database, clock.now)
    asyncio.run(deliver.run_due(only=[row.id for row in rows]))
    _tell_sent(desk, one, made)


def _upcoming(desk: Desk, one: Subscriber) -> Edition:
    found = asyncio.run(peek(wiring.compose(desk.settings), desk.database, one.id, desk.now()))
    if isinstance(found, Skip):
        raise DigestError(f"{one.address} would get no digest now: {found.reason}")
    return found


def _stored(desk: Desk, one: Subscriber, day: date) -> Edition:
    found = desk.call(editions.find_edition, one.id, day)
    if found is None:
        raise NotFound(f"{one.address} got no digest on {day}: 'digest why {one.address} --date {day}' says why")
    return found


def _rendered(desk: Desk, one: Subscriber, edition: Edition, form: str) -> bytes:
    head = wiring.letterhead(desk.settings, desk.database, desk.now())
    if form == "eml":
        return wiring.signer(desk.settings)(mail(head, edition, one.address), edition.composed_at)
    rendered = words(head, edition, one.address)
    return rendered.html.encode() if form == "html" else f"{rendered.subject}\n\n{rendered.text}".encode()


def _tell_sent(desk: Desk, one: Subscriber, made: Chapter) -> None:
    for row in desk.call(outbox.of_edition, made.edition_id):
        if row.state is not OutboxState.SENT:
            reply = row.reply or "it will be tried again by 'digest run'"
            raise DigestError(f"{one.address}: composed, but {row.state}: {reply}; see 'digest outbox show {row.id}'")
        click.echo(f"sent {counted(made.picks, 'paper')} to {one.address}: {row.reply}")
