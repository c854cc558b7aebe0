"""What became of one paper in one edition, worked out again: for `digest why`.

The papers, their attention and what the subscriber had been sent are those of then; the profile is the one of now,
but for a vote on the very paper that came later. Nothing is stored.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from digest.editions import calendar
from digest.jobs.compose import Compose
from digest.jobs.compose.batch import Batch, Task, load
from digest.jobs.compose.choice import request
from digest.jobs.compose.offer import Offer
from digest.jobs.compose_now import learn
from digest.model import Interest, Profile
from digest.ranking.rankers import Tracer
from digest.ranking.trace import Trace
from digest.store import due, editions, liking
from digest.store.database import Connection, Database
from digest.store.editions import Chapter


async def retrace(
    job: Compose, database: Database, subscriber_id: int, paper_id: int, chapter: Chapter, now: datetime
) -> Trace | None:
    """What became of a paper in the edition of `chapter`; None where the ranker cannot tell.

    Raises:
        NotFound: there is no such subscriber.
    """
    ranker = job.ranker
    if not isinstance(ranker, Tracer):
        return None
    await learn(job, database, now)
    batch = await database.run(_past, job, subscriber_id, paper_id, chapter)
    job.compose(replace(batch, tasks=()))  # which only teaches the ranker
    (task,) = batch.tasks
    offer = Offer(batch, chapter.since)
    (found,) = ranker.trace(request(task), [paper_id], offer.offered, batch.liked, batch.at, offer.rising)
    return found


def _past(connection: Connection, job: Compose, subscriber_id: int, paper_id: int, chapter: Chapter) -> Batch:
    one = due.peek(connection, subscriber_id, chapter.composed_at)
    votes = liking.votes_of(connection, [subscriber_id])[subscriber_id]
    later = {vote.paper_id for vote in votes if vote.paper_id == paper_id and vote.at > chapter.composed_at}
    one = replace(one, profile=_without_votes(one.profile, later))
    occasion = calendar.Due(chapter.day, chapter.composed_at)
    task = Task(one, occasion, chapter.occasion, chapter.since)
    batch = load(connection, [task], chapter.composed_at, job.unlearnt(connection), job.unread(connection))
    sent = editions.picked_from(connection, subscriber_id, chapter.composed_at)
    voted = frozenset((*one.profile.likes, *one.profile.dislikes))
    tasks = [replace(some, excluded=some.excluded - (sent - voted)) for some in batch.tasks]
    return replace(batch, tasks=tasks)


def _without_votes(profile: Profile, papers: set[int]) -> Profile:
    return replace(profile, interests=tuple(_without(one, papers) for one in profile.interests)) if papers else profile


def _without(interest: Interest, papers: set[int]) -> Interest:
    kept = [place for place, paper in enumerate(interest.likes) if paper not in papers]
    return replace(
        interest,
        likes=tuple(interest.likes[place] for place in kept),
        liked_at=tuple(interest.liked_at[place] for place in kept) if interest.liked_at else (),
        dislikes=tuple(paper for paper in interest.dislikes if paper not in papers),
    )
