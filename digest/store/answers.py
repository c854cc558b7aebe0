"""What services answered, with source and time, and when they are asked again.

An answer keeps for the service's refresh; an unknown paper is asked about ever less often; what failed soon again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select, update

from digest.papers.enrichment import PaperSaid, PersonSaid
from digest.store.drafts import chunks
from digest.store.enrichment import ClaimedBatch, Service, put, rows_of_papers, rows_of_people
from digest.store.tables import author_cards, author_enrichments, enrichers, paper_enrichments, papers

_PAUSE = timedelta(seconds=45)  # between two batches of one service; the job is woken once a minute
_FIRST_MISS, _LAST_MISS = timedelta(hours=6), timedelta(days=7)  # services know a preprint days after it came out
_FIRST_FAILURE, _LAST_FAILURE = timedelta(minutes=15), timedelta(days=1)
_PEOPLE_STALE = 4  # times the papers' refresh: careers are slower than papers


@dataclass(frozen=True, slots=True)
class Answers:
    """How a batch ended. None: the service does not know the paper or person. Who is in none of these was not asked.

    `pause_until` is when the service may be asked again where it is down or wants a pause, `error` says why.
    """

    papers: Mapping[int, PaperSaid | None] = field(default_factory=dict)
    people: Mapping[str, PersonSaid | None] = field(default_factory=dict)
    failed: Mapping[int | str, str] = field(default_factory=dict)  # paper id or folded name → why
    error: str | None = None
    pause_until: datetime | None = None


def settle_batch(connection: Connection, batch: ClaimedBatch, answers: Answers, now: datetime) -> bool:
    """Store what was said and when to ask again; False where another worker has taken the service over.

    What the catalog shows of it is for `digest.store.enriched`.
    """
    failed = answers.error is not None
    values = {
        "lease_until": None,
        "lapses": 0,
        "ask_at": max(answers.pause_until or now, now + _PAUSE),
        "errors": batch.errors + 1 if failed else 0,
        "last_error": answers.error,
        "asked_at": now,
    }
    is_mine = (enrichers.c.name == batch.service.name) & (enrichers.c.attempt == batch.attempt)
    if connection.execute(update(enrichers).where(is_mine).values(values)).rowcount != 1:
        return False
    _settle_papers(connection, batch, answers, now)
    _settle_people(connection, batch, answers, now)
    return True


def _settle_papers(connection: Connection, batch: ClaimedBatch, answers: Answers, now: datetime) -> None:
    ids = [paper.id for paper in batch.papers]
    rows = paper_enrichments
    known = {
        row.paper_id: row
        for some in chunks(ids)
        for row in connection.execute(
            select(rows.c.paper_id, rows.c.misses, papers.c.first_seen_at)
            .join(papers, papers.c.id == rows.c.paper_id)
            .where(rows_of_papers(batch.service, some))
        )
    }
    for paper_id, row in known.items():
        values = _ended(answers.papers, answers.failed, paper_id, row.misses, batch.service.refresh, now)
        if values["check_at"] > row.first_seen_at + batch.service.horizon:
            values["check_at"] = None
        connection.execute(update(rows).where(rows_of_papers(batch.service, [paper_id])).values(values))


def _settle_people(connection: Connection, batch: ClaimedBatch, answers: Answers, now: datetime) -> None:
    rows = author_enrichments
    for person in batch.people:
        here = rows_of_people(batch.service, [person.folded])
        misses = connection.execute(select(rows.c.misses).where(here)).scalar()
        if misses is not None:
            refresh = batch.service.refresh * _PEOPLE_STALE
            values = _ended(answers.people, answers.failed, person.folded, misses, refresh, now)
            said = answers.people.get(person.folded)
            if said is not None and said.orcid:
                values["orcid"] = said.orcid
            connection.execute(update(rows).where(here).values(values))
            if said is not None:
                _show_card(connection, batch.service, person.folded, said, now)


def _ended(
    answered: Mapping[Any, PaperSaid | PersonSaid | None],
    failed: Mapping[int | str, str],
    key: int | str,
    misses: int,
    refresh: timedelta,
    now: datetime,
) -> dict[str, Any]:
    """The row of one that was asked about. What was said before stays where there is no answer now."""
    if key in failed:
        wait = _doubled(_FIRST_FAILURE, _LAST_FAILURE, misses)
        return {"check_at": now + wait, "misses": misses + 1, "last_error": failed[key]}
    if key not in answered:
        return {"check_at": now}
    said = answered[key]
    if said is None:
        wait = _doubled(_FIRST_MISS, _LAST_MISS, misses)
        return {"check_at": now + wait, "asked_at": now, "misses": misses + 1, "last_error": None}
    return {"check_at": now + refresh, "asked_at": now, "said": said.to_json(), "misses": 0, "last_error": None}


def _doubled(first: timedelta, most: timedelta, times: int) -> timedelta:
    return min(first * float(2 ** min(times, 16)), most)


def note_people(connection: Connection, service: Service, people: Mapping[str, PersonSaid], now: datetime) -> None:
    """Remember who is who at a service, by folded name. Of two ids for one name the one with more papers stays.

    Who came without figures is due at once, if the service is asked about people at all.
    """
    rows = author_enrichments
    known = {
        row.folded: row
        for some in chunks(sorted(people))
        for row in connection.execute(select(rows).where(rows_of_people(service, some)))
    }
    for folded, said in sorted(people.items()):
        row = known.get(folded)
        has_figures = said.h_index is not None or said.papers is not None
        if row is not None and row.key != said.key and (row.said or {}).get("papers", 0) >= (said.papers or 0):
            continue
        if row is not None and row.key == said.key and not has_figures:
            continue
        values: dict[str, Any] = {"key": said.key[:128], "said": said.to_json(), "misses": 0, "last_error": None}
        values |= {"asked_at": now, "orcid": said.orcid}
        values["check_at"] = now + service.refresh * _PEOPLE_STALE if has_figures else now
        put(connection, rows, [{"folded": folded, "service": service.name, **values}], values)
        _show_card(connection, service, folded, said, now)


def _show_card(connection: Connection, service: Service, folded: str, said: PersonSaid, now: datetime) -> None:
    """The figures, where readers look for them: a card beside those that listings gave."""
    if said.h_index is None and said.papers is None:
        return
    values = {
        "name": said.name, "h_index": said.h_index, "papers": said.papers, "citations": said.citations, "seen_at": now,
    }  # fmt: skip
    put(connection, author_cards, [{"folded": folded, "source": service.name, **values}], values)
