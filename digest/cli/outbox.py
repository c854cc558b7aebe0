"""`digest outbox`: mails waiting, sent and failed, and the admin's hand on them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from functools import wraps

import click

from digest.cli.desk import Desk, pass_desk
from digest.cli.outbox_pauses import list_pauses, resume
from digest.cli.output import json_option, record, show_json, table, when
from digest.errors import UsageError
from digest.model import OutboxKind, OutboxState
from digest.store import outbox as rows
from digest.store.database import Connection
from digest.store.outbox import Attempt, Message, Wanted

_RETRIED = (
    OutboxState.PENDING,
    OutboxState.DEFERRED,
    OutboxState.FAILED,
    OutboxState.AMBIGUOUS,
    OutboxState.STUCK,
    OutboxState.DROPPED,
    OutboxState.CANCELLED,
)
_CANCELLED = (
    OutboxState.PENDING,
    OutboxState.CLAIMED,
    OutboxState.DEFERRED,
    OutboxState.AMBIGUOUS,
    OutboxState.STUCK,
)


def _age(_ctx: click.Context, _parameter: click.Parameter, value: str | None) -> timedelta | None:
    """`90min`, `24h`, `3d`."""
    from digest.config.settings import duration

    try:
        found = duration(value) if value is not None else None
    except ValueError as error:
        raise click.BadParameter(str(error)) from error
    return found if isinstance(found, timedelta) else None


_kind = click.option("--kind", type=click.Choice([str(kind) for kind in OutboxKind]), help="Only mails of this kind.")
_to = click.option("--to", "recipient", metavar="ADDRESS", help="Only to this address; @example.org: to this domain.")
_older = click.option("--older-than", "older", callback=_age, metavar="AGE", help="Only composed longer ago: 24h, 3d.")
_newer = click.option("--newer-than", "newer", callback=_age, metavar="AGE", help="Only composed since: 24h, 3d.")


@click.group()
def outbox() -> None:
    """Mails waiting, sent and failed."""


outbox.add_command(list_pauses)
outbox.add_command(resume)


@outbox.command("list")
@click.option("--state", type=click.Choice([str(state) for state in OutboxState]), help="Only mails in this state.")
@_kind
@_to
@_older
@_newer
@click.option("--limit", type=click.IntRange(1, 100_000), default=50, show_default=True, help="At most so many.")
@json_option
@pass_desk
def list_(  # one parameter per option
    desk: Desk,
    state: str | None,
    kind: str | None,
    recipient: str | None,
    older: timedelta | None,
    newer: timedelta | None,
    limit: int,
    as_json: bool,
) -> None:
    """List mails, the newest first."""
    asked = wanted(desk.now(), state, kind, recipient, older, newer)
    found = desk.call(rows.list_rows, None, limit, asked)
    if as_json:
        show_json(found)
        return
    shown = [
        (one.id, one.kind, one.occasion, one.state, when(one.sent_at or one.due_at), one.recipient) for one in found
    ]
    empty = f"No mail is {state}." if state else "No mails yet: 'digest run' and 'digest once' compose them when due."
    is_narrow = any(part is not None for part in (kind, recipient, older, newer))
    table(
        ("ID", "KIND", "OCCASION", "STATE", "SENT OR DUE", "TO"),
        shown,
        empty="No such mail." if is_narrow else empty,
    )


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


Act = Callable[[Desk, tuple[int, ...], Wanted, bool], None]


def _naming_mails(states: Sequence[OutboxState]) -> Callable[[Act], Callable[..., None]]:
    """The mails of a command: by number, or all in one of the `states` that further options name."""

    def decorated(act: Act) -> Callable[..., None]:
        @click.argument("mails", type=int, nargs=-1, metavar="[MAIL]…")
        @click.option("--state", type=click.Choice([str(state) for state in states]), help="All mails in this state.")
        @_kind
        @_to
        @_older
        @json_option
        @pass_desk
        @wraps(act)
        def command(  # one parameter per option
            desk: Desk,
            mails: tuple[int, ...],
            state: str | None,
            kind: str | None,
            recipient: str | None,
            older: timedelta | None,
            as_json: bool,
        ) -> None:
            act(desk, mails, wanted(desk.now(), state, kind, recipient, older), as_json)

        return command

    return decorated


@outbox.command()
@_naming_mails(_RETRIED)
def retry(desk: Desk, mails: tuple[int, ...], asked: Wanted, as_json: bool) -> None:
    """Make mails due now that failed, are stuck or held: by number, or with --state all that the options name."""
    done = desk.call(_each, rows.retry, mails, asked, _RETRIED, desk.now())
    _tell(done, "is due now", as_json)


@outbox.command()
@_naming_mails(_CANCELLED)
def cancel(desk: Desk, mails: tuple[int, ...], asked: Wanted, as_json: bool) -> None:
    """Never send mails that still wait: by number, or with --state all that the options name.

    What is on the wire cannot be called back.
    """
    done = desk.call(_each, rows.cancel, mails, asked, _CANCELLED, desk.now())
    _tell(done, "is cancelled", as_json)


def wanted(
    now: datetime,
    state: str | None,
    kind: str | None,
    recipient: str | None,
    older: timedelta | None,
    newer: timedelta | None = None,
) -> Wanted:
    """The options as the store takes them."""
    return Wanted(
        OutboxState(state) if state else None,
        OutboxKind(kind) if kind else None,
        recipient,
        now - older if older else None,
        now - newer if newer else None,
    )


def attempt_lines(attempts: Iterable[Attempt]) -> list[tuple[str, object]]:
    """Attempts for `record`: "2026-04-20 07:00 UTC deferred: 450 4.7.1 later"."""
    return [
        (
            f"  attempt {one.number}",
            f"{when(one.started_at)} UTC {one.outcome or 'under way'}" + (f": {one.reply}" if one.reply else ""),
        )
        for one in attempts
    ]


def _each(
    connection: Connection,
    act: Callable[[Connection, int, datetime], None],
    mails: Sequence[int],
    asked: Wanted,
    states: Sequence[OutboxState],
    now: datetime,
) -> list[Message]:
    """Do it to all that are meant, in one transaction: where one refuses, nothing is done."""
    if bool(mails) is (asked != Wanted()):
        raise UsageError("name mails by number, or with --state; see 'digest outbox list'")
    if not mails and asked.state is None:
        raise UsageError("--kind, --to and --older-than need --state, so that not more is meant than you think")
    meant = list(mails) or rows.chosen(connection, asked, states)
    for mail in meant:
        act(connection, mail, now)
    return [rows.show(connection, mail) for mail in meant]


def _tell(done: Sequence[Message], what: str, as_json: bool) -> None:
    if as_json:
        show_json([{"id": one.id, "kind": one.kind, "recipient": one.recipient, "state": one.state} for one in done])
        return
    for one in done:
        click.echo(f"mail {one.id} {what}")
    if not done:
        click.echo("no such mail")
