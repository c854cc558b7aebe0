"""One edition at once: `digest send` makes today's early or another one, `digest preview` only looks.

The same claim, ranking and settle as the job's; only the occasion and the hour are chosen here.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from digest.editions import calendar
from digest.errors import DigestError
from digest.jobs.compose import TEXTS, Batch, Compose, Result, Task, load, period_start
from digest.model import Edition, Skip, Subscriber
from digest.store import due, editions
from digest.store.database import Connection, Database
from digest.store.due import DueSubscriber
from digest.store.editions import Chapter

_LEASE = timedelta(minutes=10)


async def compose_now(
    job: Compose, database: Database, subscriber_id: int, now: datetime, *, is_again: bool = False
) -> Chapter:
    """Make the edition of today's local date now, whatever the hour, and put it into the outbox; what was stored.

    With `is_again` another one where there is one already (occasion "2026-04-20+1", …), from the same period without
    what was picked before. A chapter with a `skip_reason` means that nothing is mailed.

    Raises:
        NotFound: there is no such subscriber.
        DigestError: not active, or today's edition is made already; or the composition broke.
    """
    await learn(job, database, now)
    batch = await database.run(_claim, job, subscriber_id, now, is_again)
    results = await job.work(batch)
    if not results:
        raise DigestError("the edition could not be composed: see the log for what broke")
    await database.run(job.settle, batch, results, now)
    stored = await database.run(editions.history, subscriber_id, results[0].composed.day)
    for chapter in stored:
        if chapter.occasion == results[0].composed.occasion:
            return chapter
    raise DigestError("the subscriber was changed while the edition was composed: try again")


async def preview(job: Compose, database: Database, subscriber_id: int, now: datetime) -> Edition | Skip:
    """Today's edition as it would be made now, with id 0; nothing is stored. Raises NotFound, DigestError."""
    await learn(job, database, now)
    results = await job.work(await database.run(_peek, job, subscriber_id, now))
    if not results:
        raise DigestError("the edition could not be composed: see the log for what broke")
    return _edition(results[0])


async def learn(job: Compose, database: Database, now: datetime) -> None:
    """Teach the corpus all but the last few thousand papers, which come with the batch."""
    while len(texts := await database.run(job.unlearnt)) == TEXTS:
        await job.work(Batch(now, texts))


def _claim(connection: Connection, job: Compose, subscriber_id: int, now: datetime, is_again: bool) -> Batch:
    claimed = due.claim_one(connection, subscriber_id, now, _LEASE)
    task = _today(connection, claimed, now)
    made = [chapter for chapter in _chapters(connection, task) if chapter.skip_reason is None]
    if made and not is_again:
        raise DigestError(_made_already(claimed.subscriber, made[0]))
    if made:
        task = replace(task, name=f"{task.name}+{len(made)}")
    return load(connection, [task], now, job.unlearnt(connection), job.unread(connection))


def _peek(connection: Connection, job: Compose, subscriber_id: int, now: datetime) -> Batch:
    task = _today(connection, due.peek(connection, subscriber_id, now), now)
    return load(connection, [task], now, job.unlearnt(connection), job.unread(connection))


def _today(connection: Connection, one: DueSubscriber, now: datetime) -> Task:
    """Today's edition; where there was one or a skip already, over the same period. The next is due another day."""
    schedule = one.subscriber.schedule
    day = calendar.local_day(schedule, now)
    next_at = calendar.next_edition(schedule, now)
    if calendar.local_day(schedule, next_at) == day:
        next_at = calendar.next_edition(schedule, next_at)
    since = period_start(one, editions.newest_paper_at(connection, now), now)
    task = Task(one, calendar.Due(day, next_at), str(day), since)
    since = min((chapter.since for chapter in _chapters(connection, task)), default=task.since)
    return replace(task, since=since)


def _chapters(connection: Connection, task: Task) -> list[Chapter]:
    return editions.history(connection, task.due.subscriber.id, task.occasion.day)


def _made_already(subscriber: Subscriber, made: Chapter) -> str:
    return (
        f"{subscriber.address}: the edition of {made.day} was made at {made.composed_at:%H:%M} UTC already "
        f"({made.picks} papers): 'digest send {subscriber.address} --again' makes another one"
    )


def _edition(result: Result) -> Edition | Skip:
    one = result.composed
    if one.skip_reason is not None:
        return Skip(one.skip_reason)
    return Edition(
        id=0,
        subscriber_id=one.subscriber_id,
        occasion=one.occasion,
        day=one.day,
        since=one.since,
        composed_at=one.composed_at,
        scanned=one.scanned,
        picks=one.picks,
    )
