"""What a monitoring system asks for, read in one transaction: numbers with names and labels, as they stand now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from digest.model import OutboxState, SubscriberState
from digest.store import catalog, checks, due, outbox, sources, subscribers


@dataclass(frozen=True, slots=True)
class Measure:
    """One number. Names follow Prometheus: base units, `_timestamp_seconds` for instants."""

    name: str
    help: str
    value: float
    labels: Mapping[str, str] = field(default_factory=dict)


def measures(connection: Connection) -> list[Measure]:
    """Every measure, those of one name together."""
    return [*_of_totals(connection), *_of_sources(connection), *_of_alerts(connection)]


def _of_totals(connection: Connection) -> Iterator[Measure]:
    yield Measure("papers", "Papers in the catalog.", catalog.count(connection))
    people, mails = subscribers.counts(connection), outbox.counts(connection)
    for state in SubscriberState:
        yield Measure("subscribers", "Subscribers by state.", people.get(state, 0), {"state": state})
    for mail_state in OutboxState:
        yield Measure("outbox_messages", "Messages by state.", mails.get(mail_state, 0), {"state": mail_state})
    yield from _instant("next_edition", "When the next edition is due.", due.next_due(connection), {})


def _of_sources(connection: Connection) -> Iterator[Measure]:
    rows = [row for row in sources.list_all(connection) if not row.is_paused]
    for row in rows:
        yield from _instant("source_polled", "The last poll that was settled.", row.polled_at, {"source": row.name})
    for row in rows:
        yield from _instant(
            "source_changed", "The last poll that brought papers.", row.changed_at, {"source": row.name}
        )
    for row in rows:
        yield Measure("source_errors", "Failed polls in a row.", row.errors, {"source": row.name})
    for row in rows:
        yield Measure("source_stuck", "1 where polling died thrice.", float(row.is_stuck), {"source": row.name})


def _of_alerts(connection: Connection) -> Iterator[Measure]:
    for alert in checks.list_open(connection):
        yield Measure("alert", "1 for each open alert.", 1.0, {"key": alert.key})


def _instant(name: str, what: str, at: datetime | None, labels: Mapping[str, str]) -> Iterator[Measure]:
    if at is not None:
        yield Measure(f"{name}_timestamp_seconds", f"{what} Unix time.", at.timestamp(), labels)
