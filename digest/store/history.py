"""The catalog as it was on a past day: which papers were new, what had been read by then, who had voted when.

A paper's day is the one its source announced it on, else the UTC day it was first seen: a day that was caught up or
imported later is replayed like one that was polled.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from digest.model import Paper
from digest.store import shelf
from digest.store.among import among
from digest.store.catalog import papers_by_id
from digest.store.drafts import chunks
from digest.store.tables import likes, papers
from digest.store.tables import shelf as shelf_rows

_A_DAY = timedelta(days=1)


def begin_of(day: date) -> datetime:
    """The first instant of a day, in UTC."""
    return datetime.combine(day, time(), UTC)


def end_of(day: date) -> datetime:
    """The first instant after a day, in UTC."""
    return begin_of(day) + _A_DAY


def new_papers(connection: Connection, since: date, until: date) -> list[Paper]:
    """The papers that were new on these days, newest first, with their signals as they were when the last one ended.

    A paper withdrawn by then is left out, as it would have been.
    """
    at = end_of(until)
    query = select(papers.c.id).where(papers.c.is_new.is_(True), _is_of(since, until))
    query = query.where(or_(papers.c.withdrawn_at.is_(None), papers.c.withdrawn_at > at))
    ids = connection.execute(query.order_by(papers.c.first_seen_at.desc(), papers.c.id.desc())).scalars().all()
    found = papers_by_id(connection, ids, at)
    return [found[i] for i in ids]


def texts_of(connection: Connection, since: date | None, until: date, most: int) -> list[tuple[int, str]]:
    """Number and text of the papers of these days, all earlier ones where `since` is None; the latest `most`, in order.

    These are what a ranker had read by the end of `until`.
    """
    query = select(papers.c.id, papers.c.title, papers.c.abstract).where(_is_of(since, until))
    rows = connection.execute(query.order_by(papers.c.id.desc()).limit(most)).all()
    return [(row.id, f"{row.title}\n{row.abstract}") for row in reversed(rows)]


def days_with_papers(connection: Connection) -> dict[date, int]:
    """How many papers were new on each day that had any, in order."""
    is_new = papers.c.is_new.is_(True)
    told = select(papers.c.first_seen_day, func.count()).where(is_new, papers.c.first_seen_day.is_not(None))
    found = defaultdict(int, {row[0]: row[1] for row in connection.execute(told.group_by(papers.c.first_seen_day))})
    seen = select(papers.c.first_seen_at, func.count()).where(is_new, papers.c.first_seen_day.is_(None))
    for at, n in connection.execute(seen.group_by(papers.c.first_seen_at)):
        found[at.astimezone(UTC).date()] += n
    return dict(sorted(found.items()))


def votes_given(connection: Connection, subscriber_ids: Iterable[int]) -> Mapping[int, dict[int, datetime]]:
    """When each of these subscribers voted on which paper, up or down."""
    found: defaultdict[int, dict[int, datetime]] = defaultdict(dict)
    for ids in chunks(subscriber_ids):
        query = select(likes.c.subscriber_id, likes.c.paper_id, likes.c.liked_at)
        for row in connection.execute(query.where(likes.c.subscriber_id.in_(ids))):
            found[row.subscriber_id][row.paper_id] = row.liked_at
    return found


def known_before(
    connection: Connection, subscriber_ids: Sequence[int], paper_ids: Sequence[int], at: datetime
) -> dict[int, frozenset[int]]:
    """Per subscriber those of the papers that would not have been recommended at `at`: see `shelf.known_ids`.

    Own papers and libraries are those of today; what was read or saved from `at` on was not known then.
    """
    known = shelf.known_ids(connection, subscriber_ids, paper_ids)
    mine = (among(connection, shelf_rows.c.subscriber_id, subscriber_ids), shelf_rows.c.at >= at)
    later: defaultdict[int, set[int]] = defaultdict(set)
    for row in connection.execute(select(shelf_rows.c.subscriber_id, shelf_rows.c.paper_id).where(*mine)):
        later[row.subscriber_id].add(row.paper_id)
    return {reader: ids - later[reader] for reader, ids in known.items()}


def voted_papers(connection: Connection, subscriber_ids: Iterable[int], paper_ids: Iterable[int]) -> dict[int, Paper]:
    """Papers of the catalog by number, and the works of these subscribers' own libraries, numbered below zero."""
    found = papers_by_id(connection, [paper_id for paper_id in paper_ids if paper_id > 0])
    return found | shelf.works(connection, subscriber_ids)


def voters(connection: Connection) -> list[int]:
    """Who voted at all."""
    return list(connection.execute(select(likes.c.subscriber_id).distinct().order_by(likes.c.subscriber_id)).scalars())


def _is_of(since: date | None, until: date) -> ColumnElement[bool]:
    named, unnamed = papers.c.first_seen_day <= until, papers.c.first_seen_at < end_of(until)
    if since is not None:
        named = and_(named, papers.c.first_seen_day >= since)
        unnamed = and_(unnamed, papers.c.first_seen_at >= begin_of(since))
    return or_(named, and_(papers.c.first_seen_day.is_(None), unnamed))
