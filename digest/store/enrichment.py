"""Who is due at which service that knows more about papers and authors.

    seed ─► claim (new papers first, then stale ones, then authors) ─(work)─► digest.store.answers ─► `check_at`

One claim leases one service. Its row is the circuit: where a service is down, `ask_at` moves on and nobody else waits.
A claim moves the papers' `check_at` first, so a batch that kills its worker is not taken again at once; after three
lapsed leases the service is stuck until `resume`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, exists, insert, literal, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from digest.model import Alias, AliasKind
from digest.papers.enrichment import Needs, Person, Subject
from digest.store.drafts import chunks
from digest.store.sources import LAPSES_UNTIL_STUCK
from digest.store.tables import author_enrichments, enrichers, paper_aliases, paper_enrichments, papers


@dataclass(frozen=True, slots=True)
class Service:
    """What the store must know of a configured service."""

    name: str
    kind: str
    needs: Needs
    batch: int
    refresh: timedelta
    horizon: timedelta


@dataclass(frozen=True, slots=True)
class ClaimedBatch:
    """A service leased to a worker, with papers or people to ask it about; `attempt` fences the settlement."""

    service: Service
    attempt: int
    errors: int  # consecutive ones of the service before this batch
    lease_until: datetime
    papers: tuple[Subject, ...] = ()
    people: tuple[Person, ...] = ()


def claim_due(
    connection: Connection, services: Iterable[Service], now: datetime, lease: timedelta
) -> ClaimedBatch | None:
    """Lease the first service that may be asked and has something due; None where there is none."""
    for service in services:
        batch = _claim(connection, service, now, lease)
        if batch is not None:
            return batch
    return None


def _claim(connection: Connection, service: Service, now: datetime, lease: timedelta) -> ClaimedBatch | None:
    row = _free(connection, service, now)
    if row is None:
        return None
    lapses = row.lapses + (row.lease_until is not None)
    mine = enrichers.c.name == service.name
    if lapses >= LAPSES_UNTIL_STUCK:
        connection.execute(update(enrichers).where(mine).values(lapses=lapses, lease_until=None))
        return None
    _seed(connection, service, now)
    subjects = _due_papers(connection, service, now)
    people = () if subjects else _due_people(connection, service, now)
    if not subjects and not people:
        return None
    until = now + lease
    _postpone(connection, service, [one.id for one in subjects], [one.folded for one in people], until)
    values = {"attempt": row.attempt + 1, "lapses": lapses, "lease_until": until, "kind": service.kind}
    connection.execute(update(enrichers).where(mine).values(values))
    return ClaimedBatch(service, row.attempt + 1, row.errors, until, subjects, people)


def _free(connection: Connection, service: Service, now: datetime) -> Row[Any] | None:
    """The service's row, made where it is new; None where it is leased, paused or stuck."""
    first = {"name": service.name, "kind": service.kind, "ask_at": now}
    put(connection, enrichers, [first], {})
    free = select(enrichers).where(
        enrichers.c.name == service.name,
        enrichers.c.ask_at <= now,
        enrichers.c.lapses < LAPSES_UNTIL_STUCK,
        or_(enrichers.c.lease_until.is_(None), enrichers.c.lease_until <= now),
    )
    return connection.execute(free.with_for_update(skip_locked=True)).one_or_none()


def _seed(connection: Connection, service: Service, now: datetime) -> None:
    """A row for every paper within the horizon that the service may be asked about and was not yet."""
    rows = paper_enrichments.alias()
    known = exists().where(rows.c.paper_id == papers.c.id, rows.c.service == service.name)
    wanted = select(papers.c.id, literal(service.name), literal(now, enrichers.c.ask_at.type), literal(0)).where(
        papers.c.first_seen_at > now - service.horizon, _has(service), ~known
    )
    columns = ["paper_id", "service", "check_at", "misses"]
    connection.execute(insert(paper_enrichments).from_select(columns, wanted))


def _has(service: Service) -> ColumnElement[bool]:
    """Whether a paper has what the service needs."""
    match service.needs:
        case Needs.ARXIV:
            return _has_alias(AliasKind.ARXIV)
        case Needs.ID:
            return _has_alias(AliasKind.ARXIV, AliasKind.DOI)
        case Needs.GITHUB:
            return papers.c.code_url.contains("github.com/", autoescape=True)
        case Needs.SUMMARY:
            others = paper_enrichments.alias()
            is_asked_elsewhere = exists().where(
                others.c.paper_id == papers.c.id, others.c.service != service.name, others.c.misses == 0,
                others.c.asked_at.is_(None),
            )  # fmt: skip
            return (papers.c.abstract != "") & papers.c.summary.is_(None) & ~is_asked_elsewhere


def _has_alias(*kinds: AliasKind) -> ColumnElement[bool]:
    return exists().where(
        paper_aliases.c.paper_id == papers.c.id, paper_aliases.c.kind.in_([kind.value for kind in kinds])
    )


def _due_papers(connection: Connection, service: Service, now: datetime) -> tuple[Subject, ...]:
    """Those never asked about first, the newest of them first."""
    rows = paper_enrichments
    due = (
        select(papers.c.id, papers.c.title, papers.c.abstract, papers.c.code_url)
        .join(rows, rows.c.paper_id == papers.c.id)
        .where(rows.c.service == service.name, rows.c.check_at <= now)
        .order_by(rows.c.asked_at.is_not(None), rows.c.misses > 0, papers.c.id.desc())
        .limit(service.batch)
    )
    found = connection.execute(due).all()
    aliases = _aliases(connection, [row.id for row in found])
    return tuple(Subject(row.id, row.title, row.abstract, tuple(aliases[row.id]), row.code_url) for row in found)


def _aliases(connection: Connection, ids: Sequence[int]) -> dict[int, list[Alias]]:
    found: dict[int, list[Alias]] = {paper_id: [] for paper_id in ids}
    for row in connection.execute(select(paper_aliases).where(paper_aliases.c.paper_id.in_(ids))):
        found[row.paper_id].append(Alias(AliasKind(row.kind), row.value))
    return found


def _due_people(connection: Connection, service: Service, now: datetime) -> tuple[Person, ...]:
    rows = author_enrichments
    due = select(rows.c.folded, rows.c.key).where(rows.c.service == service.name, rows.c.check_at <= now)
    found = connection.execute(due.order_by(rows.c.check_at, rows.c.folded).limit(service.batch))
    return tuple(Person(row.folded, row.key) for row in found)


def _postpone(
    connection: Connection, service: Service, ids: Sequence[int], names: Sequence[str], until: datetime
) -> None:
    for some in chunks(ids):
        connection.execute(update(paper_enrichments).where(rows_of_papers(service, some)).values(check_at=until))
    for people in chunks(names):
        connection.execute(update(author_enrichments).where(rows_of_people(service, people)).values(check_at=until))


def rows_of_papers(service: Service, ids: Sequence[int]) -> ColumnElement[bool]:
    """The rows of these papers at a service."""
    return (paper_enrichments.c.service == service.name) & paper_enrichments.c.paper_id.in_(ids)


def rows_of_people(service: Service, names: Sequence[str]) -> ColumnElement[bool]:
    """The rows of these folded names at a service."""
    return (author_enrichments.c.service == service.name) & author_enrichments.c.folded.in_(names)


def put(connection: Connection, table: Any, rows: list[dict[str, Any]], values: Mapping[str, Any]) -> None:
    """Insert, or update the row that is there with `values`; leave it where there are none."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(table).values(rows)
    keys = list(table.primary_key.columns)
    if values:
        connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=dict(values)))
    else:
        connection.execute(statement.on_conflict_do_nothing())
