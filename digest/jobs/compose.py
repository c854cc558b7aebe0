"""Compose: subscribers whose `edition_at` has come → editions and outbox rows, or skips with a reason.

claim    lease a batch; load its profiles, its ledger, the papers first seen since its last editions
work     rank the whole batch at once in a thread; if that breaks, each subscriber alone, and only that one fails
settle   fence, then editions, outbox rows and the next `edition_at` of the whole batch in one transaction

Killed at any point: nothing was stored, the lease lapses, the batch is composed again. Killed after the commit:
nothing is due any more. An occasion has one edition, so composing it twice stores and mails it once.

    covered_until ──── papers first seen ────► newest one: the next period begins after it

Papers that were known before and rose in the period are offered beside the new ones, marked, a few of them at most.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from digest.editions import calendar
from digest.editions.message import derive_message_id
from digest.editions.select import facts_of
from digest.jobs.leads import led
from digest.model import Days, Facts, OutboxKind, Paper, Pick, ShownPick, Subscriber
from digest.ranking.corpus import WINDOW, Corpus
from digest.ranking.rank import Ranker, Request
from digest.store import attention, catalog, due, editions, outbox
from digest.store.attention import Rising
from digest.store.database import Connection
from digest.store.due import Advance, DueSubscriber
from digest.store.editions import Composed

_log = logging.getLogger(__name__)

FIRST_LOOK_BACK = timedelta(days=3)
"""What a first edition covers: this span before the newest paper, a weekend's silence included, so it is not empty."""

LONGEST_LOOK_BACK = timedelta(days=31)
"""What an edition covers at most, after a long pause or downtime."""

_LEASE = timedelta(minutes=10)
_BATCH = 1000
RISING = "rising"
"""The marker of a paper that is not new, but trends now."""

TEXTS = 5000  # papers that the corpus learns per claim, until it knows the catalog


@dataclass(frozen=True, slots=True)
class Task:
    """One edition to make: for which occasion, over the papers first seen after `since`, and what is due next."""

    due: DueSubscriber
    occasion: calendar.Due
    name: str
    since: datetime
    excluded: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Batch:
    """A claim: tasks with all that ranking needs. Without tasks it only teaches the corpus."""

    at: datetime
    texts: Sequence[tuple[int, str]]
    tasks: Sequence[Task] = ()
    candidates: Sequence[Paper] = ()  # newest first, for the earliest `since` of the tasks
    liked: Mapping[int, Paper] | None = None
    rising: Sequence[Rising] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one task; a broken one has no result, its lease lapses."""

    task: Task
    composed: Composed
    covered_until: datetime | None


class Compose:
    """The job. `domain` is the right side of the Message-IDs; a weekly edition lives three times `max_age`.

    It holds the corpus, which learns new papers by the catalog's watermark and is shared by all subscribers.
    """

    name = "compose"

    def __init__(
        self, domain: str, max_age: timedelta = timedelta(hours=24), lease: timedelta = _LEASE, batch: int = _BATCH
    ) -> None:
        self._domain = domain
        self._max_age = max_age
        self._lease = lease
        self._batch = batch
        self._corpus = Corpus()
        self._learnt = 0
        self._ranker = Ranker(self._corpus)

    def claim(self, connection: Connection, now: datetime) -> Batch | None:
        first = due.next_due(connection)
        if first is None or first > now:
            return None
        texts = self.unlearnt(connection)
        if len(texts) == TEXTS:
            return Batch(now, texts)
        claimed = due.claim_due(connection, now, self._lease, self._batch)
        return load(connection, scheduled(connection, claimed, now), now, texts) if claimed else None

    async def work(self, claim: Batch) -> list[Result]:
        return await asyncio.to_thread(self.compose, claim)

    def settle(self, connection: Connection, claim: Batch, result: list[Result], now: datetime) -> None:  # noqa: ARG002
        held = {one.subscriber.id for one in due.still_mine(connection, [task.due for task in claim.tasks])}
        kept = [one for one in result if one.composed.subscriber_id in held]
        stored = editions.store_editions(connection, [one.composed for one in kept])
        outbox.enqueue_many(connection, [self._mail(one, stored) for one in kept if _is_mail(one, stored)])
        due.advance(connection, [_advance(one, stored) for one in kept])

    def unlearnt(self, connection: Connection) -> list[tuple[int, str]]:
        """The next papers the corpus has not learnt, oldest first; it only remembers the latest ones anyway."""
        after = max(self._learnt, catalog.newest_id(connection) - WINDOW)
        return catalog.corpus_texts(connection, after, TEXTS)

    def compose(self, batch: Batch) -> list[Result]:
        """Rank every task of the batch, those of one period together."""
        self._learn(batch.texts)
        periods: dict[datetime, list[Task]] = {}
        for task in batch.tasks:
            periods.setdefault(task.since, []).append(task)
        results = [self._period(batch, since, tasks) for since, tasks in periods.items()]
        return [result for some in results for result in some]

    def _learn(self, texts: Sequence[tuple[int, str]]) -> None:
        if texts:
            self._corpus.add([paper_id for paper_id, _ in texts], [text for _, text in texts])
            self._learnt = texts[-1][0]

    def _period(self, batch: Batch, since: datetime, tasks: Sequence[Task]) -> list[Result]:
        papers = [paper for paper in batch.candidates if paper.first_seen_at > since]
        shown = _Shown(papers, [one.paper for one in batch.rising if one.is_since(since)])
        try:
            return self._ranked(batch, tasks, shown)
        except Exception:  # noqa: BLE001  # whose fault it is, the next lines find out
            _log.exception("composing for %d subscribers at once broke: each is tried alone", len(tasks))
        results = []
        for task in tasks:
            try:
                results += self._ranked(batch, [task], shown)
            except Exception:  # noqa: BLE001  # whatever breaks for one must not take the mail of the others
                _log.exception("composing for subscriber %d broke; the others get theirs", task.due.subscriber.id)
        return results

    def _ranked(self, batch: Batch, tasks: Sequence[Task], shown: _Shown) -> list[Result]:
        requests = [
            Request(task.due.subscriber.id, task.due.profile, task.due.subscriber.limit, task.excluded)
            for task in tasks
        ]
        offered, liked = shown.offered, batch.liked or {}
        ranked = self._ranker.rank_batch(requests, offered, liked, batch.at, shown.rising) if offered else []
        picks = ranked or [()] * len(tasks)
        return [_result(task, shown.of(some), shown.papers, batch.at) for task, some in zip(tasks, picks, strict=True)]

    def _mail(self, result: Result, stored: Mapping[int, int]) -> outbox.Draft:
        reader, composed = result.task.due.subscriber, result.composed
        return outbox.Draft(
            kind=OutboxKind.DIGEST,
            recipient=reader.address,
            occasion=composed.occasion,
            message_id=derive_message_id(OutboxKind.DIGEST, str(reader.id), composed.occasion, self._domain),
            subscriber_id=reader.id,
            edition_id=stored[reader.id],
            composed_at=composed.composed_at,
            expires_at=composed.composed_at + self._age(reader),
        )

    def _age(self, reader: Subscriber) -> timedelta:
        return self._max_age * 3 if reader.schedule.days is Days.WEEKLY else self._max_age


class _Shown:
    """Papers on offer, new and rising; the facts of each are made once however many subscribers see it."""

    def __init__(self, papers: Sequence[Paper], rising: Sequence[Paper] = ()) -> None:
        self.papers = papers
        self._by_id = {paper.id: paper for paper in (*rising, *papers)}
        self.rising = frozenset(paper.id for paper in rising).difference(paper.id for paper in papers)
        self._facts: dict[int, Facts] = {}

    @property
    def offered(self) -> Sequence[Paper]:
        return tuple(self._by_id.values()) if self.rising else self.papers

    def of(self, picks: Sequence[Pick]) -> tuple[ShownPick, ...]:
        return tuple(
            ShownPick(
                self._fact(pick.paper_id), pick.score, pick.reasons, pick.interest, pick.is_exploration, pick.ranker
            )
            for pick in picks
        )

    def _fact(self, paper_id: int) -> Facts:
        if paper_id not in self._facts:
            self._facts[paper_id] = facts_of(led(self._by_id[paper_id]), RISING if paper_id in self.rising else "")
        return self._facts[paper_id]


def scheduled(connection: Connection, claimed: Sequence[DueSubscriber], now: datetime) -> list[Task]:
    """The editions of the schedules: one for the local day each, however many were missed."""
    newest = editions.newest_paper_at(connection, now)
    tasks = []
    for one in claimed:
        try:
            occasion = calendar.due(one.subscriber.schedule, one.edition_at, now)
        except ValueError:  # a zone that the system's database no longer knows
            _log.exception("the schedule of subscriber %d cannot be read", one.subscriber.id)
        else:
            tasks.append(Task(one, occasion, str(occasion.day), period_start(one, newest, now)))
    return tasks


def period_start(one: DueSubscriber, newest: datetime | None, now: datetime) -> datetime:
    """After which first sighting a paper is new to a subscriber; `newest` is that of the newest paper.

    A `covered_until` that lies ahead was written under a clock that ran ahead; the ledger knows what was shown.
    """
    covered = one.covered_until
    since = covered if covered and covered <= now else (newest or now) - FIRST_LOOK_BACK
    return max(since, now - LONGEST_LOOK_BACK)


def load(connection: Connection, tasks: Sequence[Task], now: datetime, texts: Sequence[tuple[int, str]]) -> Batch:
    """The batch with its papers, and every task with the papers its subscriber knows."""
    since = min((task.since for task in tasks), default=now)
    papers = catalog.candidates(connection, since, now)
    rising = attention.rising(connection, since, now)
    oldest = min((paper.id for paper in papers), default=0)
    readers = [task.due.subscriber.id for task in tasks]
    ledger = editions.picked_ids(connection, readers, oldest)
    sent = editions.picked_among(connection, readers, [one.paper.id for one in rising])
    voted = {paper for task in tasks for paper in (*task.due.profile.likes, *task.due.profile.dislikes)}
    return Batch(
        at=now,
        texts=texts,
        tasks=[_excluding(task, ledger, sent) for task in tasks],
        candidates=papers,
        liked=catalog.papers_by_id(connection, voted),
        rising=rising,
    )


def _excluding(task: Task, *ledgers: Mapping[int, frozenset[int]]) -> Task:
    profile, reader = task.due.profile, task.due.subscriber.id
    known = frozenset[int]().union(profile.likes, profile.dislikes, *(ledger[reader] for ledger in ledgers))
    return replace(task, excluded=known)


def _result(task: Task, picks: tuple[ShownPick, ...], papers: Sequence[Paper], at: datetime) -> Result:
    since = f"{task.since:%Y-%m-%d %H:%M} UTC"
    reason = f"none of the {len(papers)} papers since {since} fits the profile"
    if not papers:
        reason = f"nothing new: 0 papers since {since}"
    composed = Composed(
        subscriber_id=task.due.subscriber.id,
        occasion=task.name,
        day=task.occasion.day,
        since=task.since,
        composed_at=at,
        scanned=len(papers),
        picks=picks,
        skip_reason=None if picks else reason,
    )
    # Not `at`: a listing stored a moment later may bear an earlier time, and must not fall between two periods.
    return Result(task, composed, max((paper.first_seen_at for paper in papers), default=None))


def _is_mail(result: Result, stored: Mapping[int, int]) -> bool:
    return result.composed.subscriber_id in stored and result.composed.skip_reason is None


def _advance(result: Result, stored: Mapping[int, int]) -> Advance:
    """Papers count as covered only if this very edition was stored: an occasion that had one already hides nothing."""
    subscriber_id = result.composed.subscriber_id
    covered = result.covered_until if subscriber_id in stored else None
    return Advance(subscriber_id, result.task.occasion.next_at, covered)
