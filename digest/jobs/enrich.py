"""Enrich: papers and authors whose facts are missing or stale → what services know of them.

claim    lease one service that may be asked, with a batch of papers (new ones first) or of authors
work     ask, answer by answer; the first sign that the service is down or wants a pause ends the batch
settle   fence, store what was said with its time, fill the gaps of the catalog, next `check_at`

Killed at any point: the lease lapses and the batch is asked again. A service that is down moves its own `ask_at`;
the others, and compose, do not wait for it.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from digest.enrichers import Asked, Enricher, Exhausted, Findings
from digest.errors import DigestError
from digest.exchange import Fetched, NotModified, Outcome, Request, Response, Unavailable
from digest.papers.enrichment import Needs, PaperSaid, PersonSaid
from digest.store import enriched
from digest.store.answers import Answers, settle_batch
from digest.store.database import Connection
from digest.store.enrichment import ClaimedBatch, Service, claim_due

_log = logging.getLogger(__name__)

_LEASE = timedelta(minutes=30)  # fifty requests that each take half their minute
_FIRST_PAUSE, _LAST_PAUSE = timedelta(minutes=2), timedelta(hours=6)
_LONGEST_ERROR = 300
_GARBLED = 3


class Fetch(Protocol):
    """What asks over HTTP; every expected failure is an `Unavailable`."""

    async def fetch(self, request: Request, state: None) -> Outcome: ...


@dataclass(frozen=True, slots=True)
class DueBatch:
    """A claimed batch and the instant it was claimed at."""

    batch: ClaimedBatch
    at: datetime


@dataclass(slots=True)
class _Collected:
    """What came back so far."""

    papers: dict[int, PaperSaid | None] = field(default_factory=dict)
    people: dict[str, PersonSaid | None] = field(default_factory=dict)
    failed: dict[int | str, str] = field(default_factory=dict)
    garbled: int = 0  # answers in a row that could not be read

    def take(self, asked: Asked, findings: Findings) -> None:
        self.papers |= {paper.id: findings.papers.get(paper.id) for paper in asked.papers}
        by_key = {person.key: person for person in findings.people}
        self.people |= {person.folded: by_key.get(person.key) for person in asked.people}
        self.garbled = 0

    def fail(self, asked: Asked, reason: str) -> None:
        self.failed |= {paper.id: reason for paper in asked.papers}
        self.failed |= {person.folded: reason for person in asked.people}


class Enrich:
    """The job; `enrichers` are the configured services by name, `fetcher` is the process's one, for its pace."""

    name = "enrich"

    def __init__(self, enrichers: Mapping[str, Enricher], fetcher: Fetch, lease: timedelta = _LEASE) -> None:
        # Whoever only writes where nobody else has a summary is asked last.
        order = sorted(enrichers, key=lambda name: (enrichers[name].needs is Needs.SUMMARY, name))
        self._enrichers = {name: enrichers[name] for name in order}
        self._fetcher = fetcher
        self._lease = lease

    def claim(self, connection: Connection, now: datetime) -> DueBatch | None:
        services = [_service(name, enricher) for name, enricher in self._enrichers.items()]
        batch = claim_due(connection, services, now, self._lease)
        return DueBatch(batch, now) if batch else None

    async def work(self, claim: DueBatch) -> Answers:
        batch, enricher = claim.batch, self._enrichers[claim.batch.service.name]
        asked = [*enricher.requests(batch.papers), *enricher.people_requests(batch.people)]
        collected, trouble = _Collected(), None
        for one in asked:
            outcome = await self._fetcher.fetch(one.request, None)
            trouble = _take(collected, enricher, one, outcome, claim) or _given_up(collected, claim)
            if trouble is not None:
                _log.warning("enricher %s: %s", batch.service.name, trouble.error)
                break
        _nothing_to_ask(collected, batch, asked)
        ended = trouble or Answers()
        return replace(ended, papers=collected.papers, people=collected.people, failed=collected.failed)

    def settle(self, connection: Connection, claim: DueBatch, result: Answers, now: datetime) -> None:
        if settle_batch(connection, claim.batch, result, now):
            enriched.show(connection, claim.batch.service, result.papers, now)


def _service(name: str, enricher: Enricher) -> Service:
    return Service(name, enricher.kind, enricher.needs, enricher.batch, enricher.refresh, enricher.horizon)


def _take(collected: _Collected, enricher: Enricher, asked: Asked, outcome: Outcome, claim: DueBatch) -> Answers | None:
    """Keep an answer; where the service wants no more, how the batch ends."""
    match outcome:
        case Fetched(response):
            return _read(collected, enricher, asked, response, claim)
        case Unavailable(reason, retry_after):
            reason = _without_secrets(enricher, reason)
            collected.fail(asked, reason)
            return _paused(claim, reason, claim.at + retry_after if retry_after else None)
        case NotModified():
            return None  # nothing is asked conditionally


def _read(
    collected: _Collected, enricher: Enricher, asked: Asked, response: Response, claim: DueBatch
) -> Answers | None:
    try:
        collected.take(asked, enricher.parse(asked, response))
    except Exhausted as error:
        return _paused(claim, _without_secrets(enricher, str(error)), error.until)
    except DigestError as error:
        collected.fail(asked, _without_secrets(enricher, str(error)))
        collected.garbled += 1
    return None


def _given_up(collected: _Collected, claim: DueBatch) -> Answers | None:
    """One unreadable answer may be about its paper; three in a row, or nothing else, are about the service."""
    has_answers = bool(collected.papers or collected.people)
    if collected.garbled < (_GARBLED if has_answers else 1):
        return None
    return _paused(claim, list(collected.failed.values())[-1], None)


def _paused(claim: DueBatch, reason: str, until: datetime | None) -> Answers:
    """Doubling from two minutes to six hours, or longer where the service says so."""
    errors = claim.batch.errors
    own = claim.at + min(_FIRST_PAUSE * float(2 ** min(errors, 16)), _LAST_PAUSE)
    return Answers(error=reason, pause_until=max(own, until) if until else own)


def _nothing_to_ask(collected: _Collected, batch: ClaimedBatch, asked: list[Asked]) -> None:
    """Whoever is in no request is unknown to the service, so that it is not due again at once."""
    papers = {paper.id for one in asked for paper in one.papers}
    people = {person.folded for one in asked for person in one.people}
    collected.papers |= {paper.id: None for paper in batch.papers if paper.id not in papers}
    collected.people |= {person.folded: None for person in batch.people if person.folded not in people}


def _without_secrets(enricher: Enricher, text: str) -> str:
    for secret in enricher.secrets():
        text = text.replace(secret, "***") if secret else text
    return " ".join(text.split())[:_LONGEST_ERROR]
