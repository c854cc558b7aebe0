"""Compose: subscribers whose `edition_at` has come → editions and outbox rows, or skips with a reason.

claim    lease a batch; load its profiles, its ledger, the papers first seen since its last editions
work     rank the whole batch at once in a thread; if that breaks, each subscriber alone, and only that one fails
settle   fence, then editions, outbox rows and the next `edition_at` of the whole batch in one transaction

Killed at any point: nothing was stored, the lease lapses, the batch is composed again. Killed after the commit:
nothing is due any more. An occasion has one edition, so composing it twice stores and mails it once.

batch.py what is claimed · offer.py what is on offer · choice.py who gets what · mails.py what goes into the outbox
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from digest.jobs.compose.batch import (
    FIRST_LOOK_BACK,
    LONGEST_LOOK_BACK,
    Batch,
    Task,
    load,
    period_start,
    scheduled,
)
from digest.jobs.compose.choice import Result, choose
from digest.jobs.compose.mails import drafts
from digest.jobs.compose.offer import Offer
from digest.jobs.vectors import Feed, Made
from digest.ranking.corpus import WINDOW
from digest.ranking.rankers import Bm25, Learner
from digest.store import catalog, due, editions, outbox
from digest.store.database import Connection
from digest.store.due import Advance

__all__ = [
    "FIRST_LOOK_BACK",
    "LONGEST_LOOK_BACK",
    "TEXTS",
    "Batch",
    "Compose",
    "Result",
    "Task",
    "load",
    "period_start",
    "scheduled",
]

_log = logging.getLogger(__name__)

_LEASE = timedelta(minutes=10)
_BATCH = 1000

TEXTS = 5000  # papers that the corpus learns per claim, until it knows the catalog


class Compose:
    """The job. `domain` is the right side of the Message-IDs; a weekly edition lives three times `max_age`.

    It holds the ranker, which learns new papers by the catalog's watermark and is shared by all subscribers; `feed`
    brings it the vectors that the job embed made.
    """

    name = "compose"

    def __init__(
        self,
        domain: str,
        max_age: timedelta = timedelta(hours=24),
        lease: timedelta = _LEASE,
        batch: int = _BATCH,
        *,
        ranker: Learner | None = None,
        feed: Feed | None = None,
    ) -> None:
        self._domain = domain
        self._max_age = max_age
        self._lease = lease
        self._batch = batch
        self._learnt = 0
        self.ranker = ranker or Bm25()
        self._feed = feed

    def claim(self, connection: Connection, now: datetime) -> Batch | None:
        first = due.next_due(connection)
        if first is None or first > now:
            return None
        texts = self.unlearnt(connection)
        if len(texts) == TEXTS:
            return Batch(now, texts)
        claimed = due.claim_due(connection, now, self._lease, self._batch)
        tasks = scheduled(connection, claimed, now)
        return load(connection, tasks, now, texts, self.unread(connection)) if claimed else None

    async def work(self, claim: Batch) -> list[Result]:
        return await asyncio.to_thread(self.compose, claim)

    def settle(self, connection: Connection, claim: Batch, result: list[Result], now: datetime) -> None:  # noqa: ARG002
        held = {one.subscriber.id for one in due.still_mine(connection, [task.due for task in claim.tasks])}
        kept = [one for one in result if one.composed.subscriber_id in held]
        stored = editions.store_editions(connection, [one.composed for one in kept])
        outbox.enqueue_many(connection, drafts(kept, stored, self._domain, self._max_age))
        due.advance(connection, [_advance(one, stored) for one in kept])

    def unlearnt(self, connection: Connection) -> list[tuple[int, str]]:
        """The next papers the corpus has not learnt, oldest first; it only remembers the latest ones anyway."""
        after = max(self._learnt, catalog.newest_id(connection) - WINDOW)
        return catalog.corpus_texts(connection, after, TEXTS)

    def unread(self, connection: Connection) -> list[Made]:
        """The vectors that the ranker has not learnt, where it reads any."""
        return self._feed.read(connection) if self._feed else []

    def compose(self, batch: Batch) -> list[Result]:
        """Rank every task of the batch, those of one period together."""
        self._learn(batch.texts)
        if self._feed:
            self._feed.learn(batch.vectors)
        periods: dict[datetime, list[Task]] = {}
        for task in batch.tasks:
            periods.setdefault(task.since, []).append(task)
        results = [self._period(batch, tasks, Offer(batch, since)) for since, tasks in periods.items()]
        return [result for some in results for result in some]

    def _learn(self, texts: Sequence[tuple[int, str]]) -> None:
        if texts:
            self.ranker.learn(texts)
            self._learnt = texts[-1][0]

    def _period(self, batch: Batch, tasks: Sequence[Task], offer: Offer) -> list[Result]:
        try:
            return choose(self.ranker, batch, tasks, offer)
        except Exception:  # noqa: BLE001  # whose fault it is, the next lines find out
            _log.exception("composing for %d subscribers at once broke: each is tried alone", len(tasks))
        results = []
        for task in tasks:
            try:
                results += choose(self.ranker, batch, [task], offer)
            except Exception:  # noqa: BLE001  # whatever breaks for one must not take the mail of the others
                _log.exception("composing for subscriber %d broke; the others get theirs", task.reader)
        return results


def _advance(result: Result, stored: Mapping[int, int]) -> Advance:
    """Papers count as covered only if this very edition was stored: an occasion that had one already hides nothing."""
    subscriber_id = result.composed.subscriber_id
    covered = result.covered_until if subscriber_id in stored else None
    return Advance(subscriber_id, result.task.occasion.next_at, covered)
