"""Revisions of papers that subscribers know: which there were, and of which each was told.

The ledger (`picked`) says when a paper was mailed and when a revision of it was: each version is told of once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, func, select, update

from digest.store.among import among
from digest.store.drafts import chunks
from digest.store.tables import editions, papers, picked


def revised_between(connection: Connection, since: datetime, until: datetime) -> dict[int, datetime]:
    """The papers revised after `since` and not after `until`, and when; withdrawn ones are never mailed."""
    query = select(papers.c.id, papers.c.revised_at).where(
        papers.c.revised_at > since, papers.c.revised_at <= until, papers.c.withdrawn_at.is_(None)
    )
    return {row.id: row.revised_at for row in connection.execute(query)}


def told(
    connection: Connection, subscriber_ids: Iterable[int], paper_ids: Collection[int]
) -> dict[int, dict[int, datetime]]:
    """Per subscriber those of the papers that were mailed, and when last, as news or as a revision."""
    found: defaultdict[int, dict[int, datetime]] = defaultdict(dict)
    last = func.coalesce(picked.c.retold_at, editions.c.composed_at, type_=picked.c.retold_at.type).label("last")
    query = select(picked.c.subscriber_id, picked.c.paper_id, last).join(editions, editions.c.id == picked.c.edition_id)
    query = query.where(among(connection, picked.c.paper_id, sorted(paper_ids)))
    for ids in chunks(set(subscriber_ids) if paper_ids else ()):
        for row in connection.execute(query.where(picked.c.subscriber_id.in_(ids))):
            found[row.subscriber_id][row.paper_id] = row.last
    return dict(found)


def note_told(connection: Connection, told_of: Sequence[tuple[int, int, datetime]]) -> None:
    """Revisions of papers were mailed: (subscriber, paper, instant) each."""
    if told_of:
        mine = (picked.c.subscriber_id == bindparam("of"), picked.c.paper_id == bindparam("about"))
        rows = [{"of": reader, "about": paper, "at": at} for reader, paper, at in told_of]
        connection.execute(update(picked).where(*mine).values(retold_at=bindparam("at")), rows)
