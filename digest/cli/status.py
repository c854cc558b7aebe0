"""`digest status`: what there is, what is due, what went wrong, on one screen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

import click

from digest.cli.desk import Desk, pass_desk
from digest.cli.outbox_pauses import resuming
from digest.cli.output import counted, json_option, record, show_json, when
from digest.cli.source import outcome
from digest.config.settings import SemanticSettings
from digest.model import OutboxState, SubscriberState
from digest.store import catalog, checks, due, embeddings, outbox, pauses, sources, subscribers
from digest.store.database import Connection
from digest.wiring import reads_meaning, shown_url

_WAITING = (OutboxState.PENDING, OutboxState.CLAIMED, OutboxState.DATA_STARTED, OutboxState.DEFERRED)
_TROUBLE = (OutboxState.FAILED, OutboxState.AMBIGUOUS, OutboxState.STUCK, OutboxState.DROPPED)


@dataclass(frozen=True, slots=True)
class Status:
    """The figures of one moment. `problems` need a person; each names the command that helps."""

    papers: int
    sources: Mapping[str, str]
    next_poll_at: datetime | None
    subscribers: Mapping[SubscriberState, int]
    next_edition_at: datetime | None
    outbox: Mapping[OutboxState, int]
    problems: tuple[str, ...]
    vectors: embeddings.Progress | None = None  # None: no ranker reads any


@click.command()
@json_option
@pass_desk
def status(desk: Desk, as_json: bool) -> None:
    """What there is, what is due, what went wrong."""
    desk.sync_sources()
    settings = desk.settings
    semantic = settings.semantic if reads_meaning(settings) else None
    found, url = desk.call(gather, desk.now(), semantic), shown_url(settings)
    if as_json:
        show_json({"database": url, **asdict(found)})
    else:
        _show(found, url)


def gather(connection: Connection, now: datetime, semantic: SemanticSettings | None = None) -> Status:
    """The figures, in one transaction."""
    mails = outbox.counts(connection)
    polled = sources.list_all(connection)
    stuck = subscribers.stuck(connection)
    problems = [
        *[alert.text for alert in checks.list_open(connection) if not _is_said(alert)],
        *[
            f"source {row.name}: {outcome(row)}"
            for row in polled
            if (row.last_error or row.is_stuck) and not row.is_paused
        ],
        *[_paused(one) for one in pauses.list_all(connection, now) if one.until > now],
        *[f"{one.address} is stuck: 'digest subscriber resume {one.address}'" for one in stuck],
        *[f"{counted(mails[s], 'mail')} {s}: 'digest outbox list --state {s}'" for s in _TROUBLE if mails.get(s)],
    ]
    return Status(
        papers=catalog.count(connection),
        sources={row.name: outcome(row) for row in polled},
        next_poll_at=sources.next_due(connection),
        subscribers=subscribers.counts(connection),
        next_edition_at=due.next_due(connection),
        outbox=mails,
        problems=tuple(problems),
        vectors=embeddings.progress(connection, semantic.model, semantic.window) if semantic else None,
    )


def _paused(one: pauses.Pause) -> str:
    who = "the relay takes nothing" if one.kind == "relay" else f"{one.name} refuses our mail"
    return f"{who}, tried again at {when(one.until)} UTC, or now by '{resuming(one)}': {one.reason}"


def _is_said(alert: checks.Alert) -> bool:
    """Whether the lines below say the same, and of this moment: alerts are as old as the last look."""
    return alert.key.endswith((":errors", ":stuck")) or alert.key.startswith(("subscriber:", "domain:", "relay"))


def _show(found: Status, url: str) -> None:
    waiting = sum(found.outbox.get(state, 0) for state in _WAITING)
    people = ", ".join(f"{number:,} {state}" for state, number in sorted(found.subscribers.items()))
    record(
        [
            ("database", url),
            ("papers", f"{found.papers:,}"),
            *([("meaning", _read(found.vectors))] if found.vectors else []),
            ("sources", counted(len(found.sources), "source") + _next("next poll", found.next_poll_at)),
            ("subscribers", (people or "none") + _next("next digest", found.next_edition_at)),
            ("mails", f"{waiting:,} waiting, {found.outbox.get(OutboxState.SENT, 0):,} sent"),
        ]
    )
    click.echo()
    click.echo("Needs you:" if found.problems else "Nothing went wrong.")
    for line in found.problems:
        click.echo(f"  {line}")
    if not found.sources:
        click.echo("Next: add a source, 'digest source add --help'.")
    elif not found.subscribers:
        click.echo("Next: add a subscriber, 'digest subscriber add --help'.")


def _read(vectors: embeddings.Progress) -> str:
    stuck = f", {vectors.stuck:,} given up" if vectors.stuck else ""
    return f"{vectors.done:,} of {counted(vectors.wanted, 'paper')} read by the model{stuck}"


def _next(what: str, at: datetime | None) -> str:
    return f"; {what} {when(at)} UTC" if at else ""
