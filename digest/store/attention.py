"""Attention over time: whose signals were read lately, who trends, who is rising."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select

from digest.model import Paper
from digest.ranking.attention import A_DAY_EARLIER, Attention, public_since, rises
from digest.ranking.trend import trends, velocities
from digest.store.among import among
from digest.store.catalog import papers_by_id
from digest.store.drafts import chunks
from digest.store.readings import last_readings
from digest.store.tables import paper_categories, papers, signals

LATELY = timedelta(days=7)
"""A paper whose signals were not read within this time is not trending, whatever they were."""

MOST_RISING = 50
"""Rising papers that are offered at once, the latest ones."""


@dataclass(frozen=True, slots=True)
class Heat:
    """A paper's trend in [0, 1) at one moment, and what each signal gained a day."""

    paper_id: int
    trend: float
    velocity: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Trending:
    """A paper as it was at one moment: its trend in [0, 1) and what each signal gained a day."""

    paper: Paper
    trend: float
    velocity: dict[str, float]


@dataclass(frozen=True, slots=True)
class Rising:
    """A paper of the catalog whose attention crossed what makes it trend, and when it did.

    `known_at` is when the catalog first had it; None where that was as a replacement, which was never news.
    """

    paper: Paper
    rose_at: datetime
    known_at: datetime | None

    def is_since(self, since: datetime) -> bool:
        """Did it rise after `since`, and was it no news of that time anyway?"""
        return self.rose_at > since and (self.known_at is None or self.known_at <= since)


def heats(connection: Connection, at: datetime) -> list[Heat]:
    """Every paper that was read lately with its trend at `at`, hottest first, by the readings that were there then."""
    outlines = _outlines(connection, _read_between(connection, at - LATELY, at), at)
    rates = [velocities(one, at) for one in outlines]
    found = [Heat(*one) for one in zip((one.id for one in outlines), trends(outlines, at).tolist(), rates, strict=True)]
    return sorted(found, key=lambda one: (-one.trend, -sum(one.velocity.values()), one.paper_id))


def trending(connection: Connection, at: datetime, limit: int, category: str | None = None) -> list[Trending]:
    """The papers with most trend at `at`, hottest first, by the readings that were there then.

    What is usual is that of all papers that were read, whatever the category.
    """
    hot = heats(connection, at)
    if category is not None:
        held = _held_by(connection, category)
        hot = [one for one in hot if one.paper_id in held]
    return with_papers(connection, hot[:limit], at)


def with_papers(connection: Connection, hot: Sequence[Heat], at: datetime) -> list[Trending]:
    """These heats with their papers as they were at `at`."""
    found = papers_by_id(connection, [one.paper_id for one in hot], at)
    return [Trending(found[one.paper_id], one.trend, dict(one.velocity)) for one in hot]


def rising(connection: Connection, since: datetime, until: datetime) -> tuple[Rising, ...]:
    """The papers that rose after `since` and not after `until`, latest first, and were known before or never news."""
    seen = _attentions(connection, _read_between(connection, since, until), until)
    known = {one.paper_id: known_at for one, known_at in seen}
    when = rises([one for one, _ in seen], since, until)
    rose = sorted(((at, paper_id) for paper_id, at in when.items()), reverse=True)[:MOST_RISING]
    found = papers_by_id(connection, [paper_id for _, paper_id in rose], until)
    return tuple(
        Rising(found[paper_id], at, known[paper_id])
        for at, paper_id in rose
        if paper_id in found and found[paper_id].withdrawn_at is None
    )


def _held_by(connection: Connection, category: str) -> frozenset[int]:
    held = select(paper_categories.c.paper_id).where(paper_categories.c.category == category)
    return frozenset(connection.execute(held).scalars())


def _outlines(connection: Connection, ids: Sequence[int], at: datetime) -> list[Paper]:
    """Papers with nothing but what their trend is made of: dates, the readings of `at` and of a day earlier."""
    now: dict[int, dict[str, int]] = defaultdict(dict)
    before: dict[int, dict[str, int]] = defaultdict(dict)
    for paper_id, name, value, was_there in last_readings(connection, ids, at, at - A_DAY_EARLIER):
        now[paper_id][name] = value  # the earlier one comes first
        if was_there:
            before[paper_id][name] = value
    dates = papers.c.published_on, papers.c.first_seen_at, papers.c.first_seen_day
    rows = connection.execute(select(papers.c.id, *dates).where(among(connection, papers.c.id, ids)))
    return [_outline(row, now[row.id], before[row.id]) for row in rows]


def _outline(row: Any, now: dict[str, int], before: dict[str, int]) -> Paper:
    return Paper(
        id=row.id, key="", title="", abstract="", authors=(), is_authors_complete=False, affiliations=(), categories=(),
        version=None, url=None, pdf_url=None, code_url=None, has_code=False,
        published_on=row.published_on, first_seen_at=row.first_seen_at, first_seen_day=row.first_seen_day,
        signals=now, signals_before=before,
    )  # fmt: skip


def _read_between(connection: Connection, after: datetime, until: datetime) -> list[int]:
    query = select(signals.c.paper_id).distinct()
    query = query.where(signals.c.observed_at > after, signals.c.observed_at <= until)
    return sorted(connection.execute(query).scalars())


def _attentions(
    connection: Connection, ids: Collection[int], until: datetime
) -> list[tuple[Attention, datetime | None]]:
    """The readings of these papers, and when each was first known as news."""
    found = []
    for some in chunks(ids):
        readings: dict[int, dict[str, list[tuple[datetime, int]]]] = defaultdict(lambda: defaultdict(list))
        query = select(signals).where(signals.c.paper_id.in_(some), signals.c.observed_at <= until)
        for row in connection.execute(query.order_by(signals.c.observed_at)):
            readings[row.paper_id][row.name].append((row.observed_at, row.value))
        for row in connection.execute(select(papers).where(papers.c.id.in_(some)).order_by(papers.c.id)):
            public = public_since(row.published_on, row.first_seen_day, row.first_seen_at)
            known_at = row.first_seen_at if row.is_new else None
            found.append((Attention(row.id, public, readings[row.id]), known_at))
    return found
