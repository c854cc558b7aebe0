"""Which papers a language model has to read, and the vectors it made of them.

    the latest papers and all that anybody voted on ─claim─► texts ─► vectors ─settle─► rows ─latest─► the ranker

A row belongs to a paper and a model. Where the paper was revised since, its text is compared by hash and, where it
differs, read again; until then the old vector stands. Ids are given in order, so the latest papers are the highest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from digest.store.among import among
from digest.store.tables import likes, paper_vectors, papers

_TRIES = 3  # leases that may lapse; then the row is stuck, and its paper is ranked without
_PRUNED = 1000  # rows at a time


@dataclass(frozen=True, slots=True)
class Unread:
    """A paper with its text, leased; `attempt` fences."""

    paper_id: int
    text: str
    attempt: int


@dataclass(frozen=True, slots=True)
class Vector:
    """A stored vector."""

    paper_id: int
    packed: bytes
    embedded_at: datetime


@dataclass(frozen=True, slots=True)
class Progress:
    """How many of the papers that ranking needs have a vector, and how many the model failed at three times."""

    done: int
    wanted: int
    stuck: int


def claim(connection: Connection, model: str, window: int, now: datetime, lease: timedelta, limit: int) -> list[Unread]:
    """Lease up to `limit` papers that the model has not read, the latest first."""
    rows = connection.execute(_unread(connection, model, window, now).limit(limit)).all()
    same = [row.id for row in rows if row.text_hash == _hash(_text(row))]
    _confirm(connection, model, same, now)
    fresh = {row.id: row for row in rows if row.text_hash != _hash(_text(row))}
    held = _lease(connection, model, sorted(fresh), now, lease)
    return [Unread(paper_id, _text(row), held[paper_id]) for paper_id, row in fresh.items() if paper_id in held]


def settle(
    connection: Connection, model: str, claimed: Sequence[Unread], vectors: Sequence[bytes], now: datetime
) -> None:
    """Store the vectors of those papers that are still held."""
    mine = and_(
        paper_vectors.c.paper_id == bindparam("of"),
        paper_vectors.c.model == model,
        paper_vectors.c.attempt == bindparam("fence"),
    )
    stored = update(paper_vectors).where(mine).values(
        vector=bindparam("made"), text_hash=bindparam("hash"), embedded_at=now, lapses=0, lease_until=None
    )  # fmt: skip
    rows = [
        {"of": one.paper_id, "fence": one.attempt, "made": vector, "hash": _hash(one.text)}
        for one, vector in zip(claimed, vectors, strict=True)
    ]
    if rows:
        connection.execute(stored, rows)


def latest(connection: Connection, model: str, after: tuple[datetime, int] | None, limit: int) -> list[Vector]:
    """Up to `limit` vectors made after an instant and, of those made at it, of a higher paper; in this order."""
    order = (paper_vectors.c.embedded_at, paper_vectors.c.paper_id)
    query = select(paper_vectors.c.paper_id, paper_vectors.c.vector, paper_vectors.c.embedded_at)
    query = query.where(paper_vectors.c.model == model, paper_vectors.c.vector.is_not(None))
    if after is not None:
        at, paper_id = after
        same = and_(paper_vectors.c.embedded_at == at, paper_vectors.c.paper_id > paper_id)
        query = query.where(or_(paper_vectors.c.embedded_at > at, same))
    found = connection.execute(query.order_by(*order).limit(limit))
    return [Vector(row.paper_id, row.vector, row.embedded_at) for row in found]


def stored_ids(connection: Connection, model: str) -> frozenset[int]:
    """The papers that have a vector."""
    mine = paper_vectors.c.model == model
    found = select(paper_vectors.c.paper_id).where(mine, paper_vectors.c.vector.is_not(None))
    return frozenset(connection.execute(found).scalars())


def prune(connection: Connection, model: str, window: int) -> int:
    """Delete some rows that ranking no longer needs, those of other models too; how many."""
    is_needed = and_(paper_vectors.c.model == model, _needed(connection, paper_vectors.c.paper_id, window))
    gone = select(paper_vectors.c.paper_id, paper_vectors.c.model).where(~is_needed).limit(_PRUNED)
    key = tuple_(paper_vectors.c.paper_id, paper_vectors.c.model)
    return connection.execute(delete(paper_vectors).where(key.in_(gone))).rowcount


def progress(connection: Connection, model: str, window: int) -> Progress:
    """How far the model has come."""
    wanted = select(func.count()).select_from(papers).where(_needed(connection, papers.c.id, window))
    mine = select(func.count()).select_from(paper_vectors).where(paper_vectors.c.model == model)
    done = mine.where(paper_vectors.c.vector.is_not(None), _needed(connection, paper_vectors.c.paper_id, window))
    stuck = mine.where(paper_vectors.c.lapses >= _TRIES)
    return Progress(*(connection.execute(query).scalar_one() for query in (done, wanted, stuck)))


def _unread(connection: Connection, model: str, window: int, now: datetime) -> Select[Any]:
    mine = and_(paper_vectors.c.paper_id == papers.c.id, paper_vectors.c.model == model)
    is_free = or_(paper_vectors.c.lease_until.is_(None), paper_vectors.c.lease_until <= now)
    is_old = or_(paper_vectors.c.vector.is_(None), papers.c.revised_at > paper_vectors.c.read_at)
    is_due = or_(paper_vectors.c.paper_id.is_(None), and_(is_free, paper_vectors.c.lapses < _TRIES, is_old))
    columns = (papers.c.id, papers.c.title, papers.c.abstract, paper_vectors.c.text_hash)
    query = select(*columns).outerjoin(paper_vectors, mine)
    return query.where(_needed(connection, papers.c.id, window), is_due).order_by(papers.c.id.desc())


def _needed(connection: Connection, paper_id: ColumnElement[int], window: int) -> ColumnElement[bool]:
    """One of the latest papers, or one that somebody voted on."""
    last = select(papers.c.id).order_by(papers.c.id.desc()).offset(window - 1).limit(1)
    first = connection.execute(last).scalar() or 0
    return or_(paper_id >= first, exists().where(likes.c.paper_id == paper_id))


def _confirm(connection: Connection, model: str, paper_ids: Sequence[int], now: datetime) -> None:
    """The revision left title and abstract as they were."""
    if paper_ids:
        same = and_(paper_vectors.c.model == model, among(connection, paper_vectors.c.paper_id, paper_ids))
        connection.execute(update(paper_vectors).where(same).values(read_at=now))


def _lease(
    connection: Connection, model: str, paper_ids: Sequence[int], now: datetime, lease: timedelta
) -> Mapping[int, int]:
    """Paper id → attempt of those that are now held; a lease that had lapsed is counted."""
    if not paper_ids:
        return {}
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    values = {"model": model, "attempt": 1, "lapses": 0, "read_at": now, "lease_until": now + lease}
    made = dialect.insert(paper_vectors).values([{"paper_id": paper_id, **values} for paper_id in paper_ids])
    held = paper_vectors.c.lease_until
    taken = made.on_conflict_do_update(
        index_elements=["paper_id", "model"],
        set_={
            "attempt": paper_vectors.c.attempt + 1,
            "lapses": paper_vectors.c.lapses + case((held.is_(None), 0), else_=1),
            "read_at": now,
            "lease_until": now + lease,
        },
        where=or_(held.is_(None), held <= now),
    )
    found = connection.execute(taken.returning(paper_vectors.c.paper_id, paper_vectors.c.attempt))
    return {row.paper_id: row.attempt for row in found}


def _text(row: Row[Any]) -> str:
    return f"{row.title}\n{row.abstract}"


def _hash(text: str) -> bytes:
    return blake2b(text.encode(), digest_size=16).digest()
