"""What services said, where readers look: summary, code link, affiliations, signals, further ids of a paper.

What a listing said stays: a service fills gaps, and renews what a service gave. Doing it twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, exists, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from digest.model import Alias
from digest.papers.enrichment import PaperSaid, Shown, matched, shown
from digest.store.answers import note_people
from digest.store.drafts import chunks
from digest.store.enrichment import Service
from digest.store.said import said_of
from digest.store.tables import paper_affiliations, paper_aliases, paper_authors, papers, signals
from digest.store.upsert import take_turns


def show(connection: Connection, service: Service, answers: Mapping[int, PaperSaid | None], now: datetime) -> None:
    """Lay the answers of a batch, which are stored already, into the catalog."""
    known = {paper_id: said for paper_id, said in answers.items() if said is not None}
    if not known:
        return
    take_turns(connection)
    told = said_of(connection, known)
    for row in _papers(connection, known):
        by_kind = {one.kind: one.said for one in told.get(row.id, ())}
        _show_words(connection, row, shown(by_kind))
        _note_signals(connection, service.name, row.id, _own_signals(known[row.id], shown(by_kind), service.kind), now)
        _add_aliases(connection, row.id, known[row.id].aliases)
        note_people(connection, service, _people(connection, row.id, known[row.id]), now)


def _papers(connection: Connection, ids: Iterable[int]) -> list[Row[Any]]:
    """Those that are still there: one may have been merged into another meanwhile."""
    columns = select(papers.c.id, papers.c.summary, papers.c.summary_source, papers.c.code_url)
    found: list[Row[Any]] = []
    for some in chunks(ids):
        found.extend(connection.execute(columns.where(papers.c.id.in_(some))))
    return found


def _show_words(connection: Connection, row: Row[Any], facts: Shown) -> None:
    values: dict[str, Any] = {}
    if facts.summary and (row.summary is None or row.summary_source is not None):
        values = {"summary": facts.summary[0], "summary_source": facts.summary[1]}
    if facts.code_url and row.code_url is None:
        values |= {"code_url": facts.code_url[0], "has_code": True}
    if values:
        connection.execute(update(papers).where(papers.c.id == row.id).values(values))
    has_places = exists().where(paper_affiliations.c.paper_id == row.id)
    if facts.affiliations and not connection.execute(select(has_places)).scalar():
        places = [{"paper_id": row.id, "position": i, "name": name} for i, name in enumerate(facts.affiliations[0])]
        connection.execute(insert(paper_affiliations), places)


def _own_signals(said: PaperSaid, facts: Shown, kind: str) -> dict[str, int]:
    """The readings this service may add: of the stars only its own where it is the one that counts.

    Two counters of one thing that took turns would look like a paper whose stars come and go.
    """
    found = {"upvotes": said.upvotes}
    if facts.stars and facts.stars[1] == kind:
        found["stars"] = said.stars
    return {name: value for name, value in found.items() if value is not None}


def _note_signals(connection: Connection, source: str, paper_id: int, values: Mapping[str, int], now: datetime) -> None:
    """A reading is stored when it differs from this source's last, as those of listings are."""
    for name, value in values.items():
        here = (signals.c.paper_id == paper_id) & (signals.c.name == name) & (signals.c.source == source)
        latest = select(signals.c.value).where(here).order_by(signals.c.observed_at.desc()).limit(1)
        if connection.execute(latest).scalar() != value:
            row = {"paper_id": paper_id, "name": name, "source": source, "observed_at": now, "value": value}
            _insert_new(connection, signals, row)


def _add_aliases(connection: Connection, paper_id: int, aliases: Iterable[Alias]) -> None:
    """An id that another paper has stays there: joining papers is for listings, which can prove it."""
    for alias in aliases:
        _insert_new(connection, paper_aliases, {"kind": alias.kind.value, "value": alias.value, "paper_id": paper_id})


def _people(connection: Connection, paper_id: int, said: PaperSaid) -> Mapping[str, Any]:
    """Who of the paper's authors is whom at the service."""
    if not said.people:
        return {}
    mine = select(paper_authors.c.name).where(paper_authors.c.paper_id == paper_id)
    found = matched(said.people, connection.execute(mine.order_by(paper_authors.c.position)).scalars())
    return {folded[:256]: person for folded, person in found.items()}


def _insert_new(connection: Connection, table: Any, row: Mapping[str, Any]) -> None:
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    connection.execute(dialect.insert(table).values(row).on_conflict_do_nothing())
