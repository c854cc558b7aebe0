"""Which papers' novelty is due, what it is measured against, and the figures.

    papers ─enrol─► rows that are due ─claim (one category)─► texts, earlier ones too ─► distances ─► percentiles

A paper has its row from the first tick after it was stored; `due_at` is None when it was measured or can never be.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from digest.ranking.attention import public_since
from digest.ranking.novelty import FEW_PEERS, LEAST_PEERS, WINDOW, Dated, percentiles
from digest.store.drafts import chunks
from digest.store.tables import paper_categories, paper_novelty, papers

_ENROLLED = 5000  # rows made at once
_TRIES = 3  # then the row is stuck, and has no novelty
_SPAN = timedelta(days=7)  # of one reading of earlier papers


@dataclass(frozen=True, slots=True)
class Unmeasured:
    """Some papers of one category, and all papers that are needed to measure them, themselves included.

    `given_up` are those whose leases lapsed too often; they stay without novelty.
    """

    wanted: frozenset[int]
    papers: Sequence[Dated]
    given_up: tuple[int, ...] = ()


def claim(connection: Connection, now: datetime, lease: timedelta, limit: int) -> Unmeasured | None:
    """Lease up to `limit` papers of the category that has waited longest; None where nothing is due."""
    _enrol(connection, now)
    is_due = paper_novelty.c.due_at <= now
    waiting = select(paper_novelty.c.category).where(is_due).order_by(paper_novelty.c.due_at, paper_novelty.c.paper_id)
    category = connection.execute(waiting.limit(1)).scalar()
    if category is None:
        return None
    mine = select(paper_novelty).where(is_due, paper_novelty.c.category == category)
    locked = mine.order_by(paper_novelty.c.paper_id).limit(limit).with_for_update(skip_locked=True)
    rows = connection.execute(locked).all()
    for is_lost in (True, False):
        values: dict[str, Any] = {"due_at": None if is_lost else now + lease, "attempt": paper_novelty.c.attempt + 1}
        for some in chunks(row.paper_id for row in rows if (row.attempt >= _TRIES) is is_lost):
            connection.execute(update(paper_novelty).where(paper_novelty.c.paper_id.in_(some)).values(values))
    days = {row.paper_id: row.day for row in rows if row.attempt < _TRIES}
    given_up = tuple(row.paper_id for row in rows if row.attempt >= _TRIES)
    return Unmeasured(frozenset(days), _needed(connection, category, days), given_up)


def settle(connection: Connection, distances: Mapping[int, float | None]) -> None:
    """Store what was measured, and where it stands in its day; measuring again gives the same figures."""
    rows = [{"of": paper_id, "far": distance} for paper_id, distance in sorted(distances.items())]
    if not rows:
        return
    stored = update(paper_novelty).where(paper_novelty.c.paper_id == bindparam("of"))
    connection.execute(stored.values(distance=bindparam("far"), due_at=None), rows)
    for category, day in _days_of(connection, distances):
        _stand(connection, category, day)


def percentiles_of(connection: Connection, ids: Iterable[int]) -> dict[int, float]:
    """The novelty of those of the papers that have one."""
    found: dict[int, float] = {}
    for some in chunks(ids):
        query = select(paper_novelty.c.paper_id, paper_novelty.c.percentile)
        query = query.where(paper_novelty.c.paper_id.in_(some), paper_novelty.c.percentile.is_not(None))
        found |= {row.paper_id: row.percentile for row in connection.execute(query)}
    return found


# ── what is due ──────────────────────────────────────────────────────────────────────────────────


def _enrol(connection: Connection, now: datetime) -> None:
    """A row for every paper that has none. Ids are given in order by one writer at a time, so a watermark is enough."""
    last = connection.execute(select(func.max(paper_novelty.c.paper_id))).scalar() or 0
    while rows := _after(connection, last):
        made = [_row(row, now) for row in rows]
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        connection.execute(dialect.insert(paper_novelty).on_conflict_do_nothing(), made)
        last = rows[-1].id


def _after(connection: Connection, paper_id: int) -> Sequence[Row[*tuple[Any, ...]]]:
    first = (paper_categories.c.paper_id == papers.c.id) & (paper_categories.c.position == 0)
    query = select(
        papers.c.id, papers.c.published_on, papers.c.first_seen_day, papers.c.first_seen_at,
        func.coalesce(papers.c.primary_category, paper_categories.c.category).label("category"),
    ).outerjoin(paper_categories, first)  # fmt: skip
    return connection.execute(query.where(papers.c.id > paper_id).order_by(papers.c.id).limit(_ENROLLED)).all()


def _row(row: Row[*tuple[Any, ...]], now: datetime) -> dict[str, Any]:
    day = public_since(row.published_on, row.first_seen_day, row.first_seen_at).date()
    due_at = None if row.category is None else now
    return {"paper_id": row.id, "category": row.category, "day": day, "due_at": due_at, "attempt": 0}


# ── what it is measured against ──────────────────────────────────────────────────────────────────


def _needed(connection: Connection, category: str, days: Mapping[int, date]) -> list[Dated]:
    """The papers themselves and, for every run of days, those of the run and the latest before it."""
    found: dict[int, Dated] = {}
    for first, last in _spans(sorted(set(days.values()))):
        here = _dated(category)
        before = here.where(paper_novelty.c.day < first)
        before = before.order_by(paper_novelty.c.day.desc(), paper_novelty.c.paper_id.desc()).limit(WINDOW)
        for query in (before, here.where(paper_novelty.c.day >= first, paper_novelty.c.day < last)):
            found |= {row.paper_id: _read(row) for row in connection.execute(query)}
    for some in chunks(days.keys() - found.keys()):
        rows = connection.execute(_dated(category).where(paper_novelty.c.paper_id.in_(some)))
        found |= {row.paper_id: _read(row) for row in rows}
    return list(found.values())


def _spans(days: Sequence[date]) -> list[tuple[date, date]]:
    """Runs of days that lie within a week of their first."""
    spans: list[tuple[date, date]] = []
    for day in days:
        if spans and day - spans[-1][0] < _SPAN:
            spans[-1] = (spans[-1][0], day)
        else:
            spans.append((day, day))
    return spans


def _dated(category: str) -> Any:
    columns = (paper_novelty.c.paper_id, paper_novelty.c.day, papers.c.title, papers.c.abstract)
    joined = select(*columns).join(papers, papers.c.id == paper_novelty.c.paper_id)
    return joined.where(paper_novelty.c.category == category)


def _read(row: Row[*tuple[Any, ...]]) -> Dated:
    return Dated(row.paper_id, row.day, f"{row.title}\n{row.abstract}")


# ── where it stands ──────────────────────────────────────────────────────────────────────────────


def _days_of(connection: Connection, ids: Iterable[int]) -> list[tuple[str, date]]:
    found: set[tuple[str, date]] = set()
    for some in chunks(ids):
        query = select(paper_novelty.c.category, paper_novelty.c.day).distinct()
        rows = connection.execute(query.where(paper_novelty.c.paper_id.in_(some)))
        found |= {(row.category, row.day) for row in rows}
    return sorted(found)


def _stand(connection: Connection, category: str, day: date) -> None:
    """The percentiles of a day's papers: later ones of the same day move those of the earlier."""
    measured = select(paper_novelty.c.paper_id, paper_novelty.c.distance).where(
        paper_novelty.c.category == category, paper_novelty.c.distance.is_not(None)
    )
    today = {row.paper_id: row.distance for row in connection.execute(measured.where(paper_novelty.c.day == day))}
    peers: dict[int, float] = today
    if len(today) < LEAST_PEERS:
        latest = measured.where(paper_novelty.c.day <= day)
        latest = latest.order_by(paper_novelty.c.day.desc(), paper_novelty.c.paper_id.desc()).limit(FEW_PEERS)
        peers = {row.paper_id: row.distance for row in connection.execute(latest)}
    found = percentiles(today, list(peers.values()))
    rows = [{"of": paper_id, "rank": percentile} for paper_id, percentile in sorted(found.items())]
    if rows:
        stored = update(paper_novelty).where(paper_novelty.c.paper_id == bindparam("of"))
        connection.execute(stored.values(percentile=bindparam("rank")), rows)
