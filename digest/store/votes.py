"""What readers said of the picks of two rankers that took turns."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, case, func, select

from digest.ranking.interleave import Votes
from digest.store.tables import editions, likes, picked


def team_votes(connection: Connection, since: datetime, until: datetime) -> list[Votes]:
    """The votes given from `since` until before `until` on picks that a ranker is named for, by subscriber and ranker.

    A vote counts if it came after the edition; papers that were liked before were not the ranker's finding.
    """
    of_pick = (picked.c.subscriber_id == likes.c.subscriber_id) & (picked.c.paper_id == likes.c.paper_id)
    counted = (
        select(
            likes.c.subscriber_id,
            picked.c.ranker,
            func.sum(case((likes.c.value > 0, 1), else_=0)).label("likes"),
            func.sum(case((likes.c.value < 0, 1), else_=0)).label("dislikes"),
        )
        .join(picked, of_pick)
        .join(editions, editions.c.id == picked.c.edition_id)
        .where(picked.c.ranker != "", likes.c.liked_at >= since, likes.c.liked_at < until)
        .where(likes.c.liked_at >= editions.c.composed_at)
        .group_by(likes.c.subscriber_id, picked.c.ranker)
        .order_by(likes.c.subscriber_id, picked.c.ranker)
    )
    return [Votes(row.subscriber_id, row.ranker, row.likes, row.dislikes) for row in connection.execute(counted)]
