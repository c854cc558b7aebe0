"""Who said what of papers and authors and when, and how the services are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select, update

from digest.errors import NotFound
from digest.papers.enrichment import PaperSaid
from digest.store.drafts import chunks
from digest.store.sources import LAPSES_UNTIL_STUCK
from digest.store.tables import enrichers, paper_enrichments


@dataclass(frozen=True, slots=True)
class Told:
    """What one service said of a paper, and when."""

    service: str
    kind: str
    asked_at: datetime
    said: PaperSaid


def said_of(connection: Connection, paper_ids: Iterable[int]) -> dict[int, list[Told]]:
    """What the services said of papers, the oldest answer first."""
    rows, found = paper_enrichments, dict[int, list[Told]]()
    for some in chunks(dict.fromkeys(paper_ids)):
        query = (
            select(rows.c.paper_id, rows.c.service, enrichers.c.kind, rows.c.asked_at, rows.c.said)
            .join(enrichers, enrichers.c.name == rows.c.service)
            .where(rows.c.paper_id.in_(some), rows.c.said.is_not(None))
            .order_by(rows.c.asked_at, rows.c.service)
        )
        for row in connection.execute(query):
            told = Told(row.service, row.kind, row.asked_at, PaperSaid.from_json(row.said))
            found.setdefault(row.paper_id, []).append(told)
    return found


@dataclass(frozen=True, slots=True)
class EnricherRow:
    """What the admin sees of a service."""

    name: str
    kind: str
    is_stuck: bool
    ask_at: datetime
    asked_at: datetime | None
    errors: int
    last_error: str | None
    known: int  # papers it said something about
    waiting: int  # papers that are due


def list_all(connection: Connection, now: datetime) -> list[EnricherRow]:
    """Every service that was ever asked."""
    return [_shown(connection, row, now) for row in connection.execute(select(enrichers).order_by(enrichers.c.name))]


def _shown(connection: Connection, row: Row[Any], now: datetime) -> EnricherRow:
    rows = paper_enrichments
    mine = select(func.count()).select_from(rows).where(rows.c.service == row.name)
    known = connection.execute(mine.where(rows.c.said.is_not(None))).scalar_one()
    waiting = connection.execute(mine.where(rows.c.check_at <= now)).scalar_one()
    is_stuck = row.lapses >= LAPSES_UNTIL_STUCK
    return EnricherRow(
        row.name, row.kind, is_stuck, row.ask_at, row.asked_at, row.errors, row.last_error, known, waiting
    )


def resume(connection: Connection, name: str, now: datetime) -> None:
    """Ask it again from now on; also frees a stuck one. NotFound where it was never asked."""
    values = {"lapses": 0, "lease_until": None, "ask_at": now}
    if connection.execute(update(enrichers).where(enrichers.c.name == name).values(values)).rowcount != 1:
        known = ", ".join(connection.execute(select(enrichers.c.name).order_by(enrichers.c.name)).scalars())
        raise NotFound(f"no service named {name!r} was asked yet; known: {known or 'none'}")
