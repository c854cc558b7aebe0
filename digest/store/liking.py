"""Likes and dislikes of papers, each of one interest; whatever stands in a subscriber's own library counts as liked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from digest.errors import NotFound
from digest.store.among import among
from digest.store.drafts import chunks
from digest.store.merge import surviving
from digest.store.tables import likes, subscribers, works

LIKED, DISLIKED = 1, -1


@dataclass(frozen=True, slots=True)
class Vote:
    """What a subscriber thinks of a paper; a negative number is a work of their own library."""

    paper_id: int
    value: int
    interest: str
    at: datetime


def votes_of(connection: Connection, subscriber_ids: Iterable[int]) -> defaultdict[int, list[Vote]]:
    """Everybody's votes, oldest first, in two statements."""
    ids = sorted(set(subscriber_ids))
    found: defaultdict[int, list[Vote]] = defaultdict(list)
    for row in connection.execute(select(likes).where(among(connection, likes.c.subscriber_id, ids))):
        found[row.subscriber_id].append(Vote(row.paper_id, row.value, row.interest, row.liked_at))
    columns = select(works.c.id, works.c.subscriber_id, works.c.interest, works.c.added_at)
    mine = columns.where(among(connection, works.c.subscriber_id, ids), works.c.removed_at.is_(None), works.c.teaches)
    for work_id, reader, interest, added_at in connection.execute(mine):
        found[reader].append(Vote(-work_id, LIKED, interest, added_at))
    for votes in found.values():
        votes.sort(key=lambda vote: (vote.at, vote.paper_id))
    return found


def vote(  # a row has that many facts
    connection: Connection, subscriber_id: int, paper_ids: Sequence[int], value: int, interest: str, now: datetime
) -> None:
    """Like or dislike papers. A vote given twice keeps its first time, and moves where it names another interest.

    Raises:
        NotFound: there is no such subscriber or paper.
    """
    lock(connection, subscriber_id)
    before = {row.paper_id: row for row in connection.execute(select(likes).where(_by(subscriber_id)))}
    given = papers_today(connection, paper_ids)
    same = [paper for paper in given if paper in before and before[paper].value == value]
    for ids in chunks(paper for paper in same if before[paper].interest != interest):
        moved = update(likes).where(_by(subscriber_id), likes.c.paper_id.in_(ids)).values(interest=interest)
        connection.execute(moved)
    changed = [paper for paper in given if paper not in set(same)]
    forget(connection, subscriber_id, changed)
    if changed:
        row = {"subscriber_id": subscriber_id, "value": value, "interest": interest, "liked_at": now}
        connection.execute(insert(likes), [{**row, "paper_id": paper} for paper in changed])


def forget(connection: Connection, subscriber_id: int, paper_ids: Sequence[int]) -> None:
    """Forget the votes on papers, where there are any."""
    for ids in chunks({*paper_ids, *surviving(connection, paper_ids).values()}):
        connection.execute(delete(likes).where(_by(subscriber_id), likes.c.paper_id.in_(ids)))


def lock(connection: Connection, subscriber_id: int) -> None:
    """Take turns with others that change the same person's profile. Raises NotFound where there is no such person."""
    row = select(subscribers.c.id).where(subscribers.c.id == subscriber_id).with_for_update()
    if connection.execute(row).first() is None:
        raise NotFound(f"no subscriber number {subscriber_id}: see 'digest subscriber list'")


def papers_today(connection: Connection, paper_ids: Sequence[int]) -> list[int]:
    """The papers of these numbers, also of those merged into others since. Raises NotFound for any other number."""
    alive = surviving(connection, paper_ids)
    unknown = [str(paper_id) for paper_id in paper_ids if paper_id not in alive]
    if unknown:
        raise NotFound(f"no paper number {', '.join(unknown)}: see 'digest paper search'")
    return list(dict.fromkeys(alive[paper_id] for paper_id in paper_ids))


def _by(subscriber_id: int) -> ColumnElement[bool]:
    return likes.c.subscriber_id == subscriber_id
