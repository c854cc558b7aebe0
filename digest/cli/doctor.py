"""`digest doctor`: look at everything that mail depends on, here and outside, and say what to do about it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import click

from digest import clock, wiring
from digest.cli import doctor_house as house
from digest.cli import doctor_mail as post
from digest.cli.desk import Desk, pass_desk
from digest.cli.output import json_option, printable, show_json, terminal_width, wrapped
from digest.doctor import Finding, Level, failure, ok, warning
from digest.errors import ConfigError, DigestError
from digest.model import OutboxState
from digest.store import letters, outbox
from digest.store.addresses import parse_address

_COLORS = {Level.OK: "green", Level.WARNING: "yellow", Level.FAILURE: "red", Level.SKIPPED: "bright_black"}
_COLUMN = 15


@click.command()
@click.option("--resolver", metavar="HOST:PORT", help="Ask this DNS resolver, such as 9.9.9.9:53.")
@click.option("--send-test", "address", metavar="ADDRESS", help="Also send a test message there, and tell the reply.")
@json_option
@pass_desk
def doctor(desk: Desk, resolver: str | None, address: str | None, as_json: bool) -> None:
    """Look at configuration, database, relay, DNS and the unsubscribe page; exit 1 where something is broken.

    Nothing is changed; with --send-test one mail is sent, through the outbox as all others.
    """
    found: list[Finding] = []
    for one in _examine(desk, resolver, address):
        found.append(one)
        if not as_json:
            _show(one)
    broken = sum(one.level is Level.FAILURE for one in found)
    if as_json:
        show_json({"is_well": not broken, "findings": found})
    else:
        doubtful = sum(one.level is Level.WARNING for one in found)
        click.echo(f"\n{broken} broken, {doubtful} doubtful, {len(found)} looked at")
    if broken:
        raise click.exceptions.Exit(1)


def _examine(desk: Desk, resolver: str | None, address: str | None) -> Iterator[Finding]:
    try:
        settings = desk.settings
    except ConfigError as error:
        yield from (failure("configuration", problem, "mend it first") for problem in error.problems)
        return
    yield from house.configuration(settings)
    has_database = True
    for one in house.database(desk):
        has_database &= one.level is not Level.FAILURE
        yield one
    yield from house.disk(settings)
    if has_database:
        yield from house.rows(desk)
    yield from post.relay(settings)
    yield from post.sender(settings, resolver)
    yield from post.way_back(settings)
    if has_database:
        page, finding = post.pages(desk)
        yield from finding
        yield from house.clock(desk, page)
        if address is not None:
            yield send_test(desk, address)


def send_test(desk: Desk, address: str) -> Finding:
    """Put a test message into the outbox and send it, as `digest run` would."""
    name, (known, _key) = "test message", parse_address(address)
    settings, now = desk.settings, desk.now()
    row = desk.call(letters.trial, known, socket.gethostname(), now, wiring.sender_domain(settings))
    assert row is not None, "its occasion is this very instant"
    job = wiring.deliver(settings, desk.database, clock.now)
    asyncio.run(job.run_due(only=[row]))
    found = desk.call(outbox.show, row)
    if found.state is OutboxState.SENT:
        return ok(name, f"to {known}: {found.reply}")
    if found.state is OutboxState.DEFERRED:
        return warning(name, f"to {known}, not yet taken: {found.reply}", f"'digest outbox show {row}' later")
    with contextlib.suppress(DigestError):  # it is over by itself
        desk.call(outbox.cancel, row, desk.now())
    reason = job.pool.circuit.reason if job.pool.circuit is not None else found.reply
    return failure(name, f"to {known}, {found.state}: {reason}", f"'digest outbox show {row}' has the whole story")


def _show(one: Finding) -> None:
    level = click.style(f"{one.level:<9}", fg=_COLORS[one.level])
    indent = len(f"{one.level:<9}") + _COLUMN + 1
    room = max(terminal_width() - indent, 30)
    first, *more = wrapped(printable(one.text), room)
    click.echo(f"{level}{one.name:<{_COLUMN}} {first}")
    advice = wrapped(f"→ {printable(one.advice)}", room) if one.advice else []
    for line in [*more, *advice]:
        click.echo(" " * indent + line)
