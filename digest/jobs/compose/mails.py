"""What an edition puts into the outbox: the digest, or on an empty day a note to those who want one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta

from digest.editions.letter import manner_content
from digest.editions.message import derive_message_id
from digest.editions.nothing import Nothing, note_content
from digest.jobs.compose.choice import Result
from digest.model import Days, OutboxKind, Subscriber, WhenEmpty
from digest.store.outbox import Draft


def drafts(results: Iterable[Result], stored: Mapping[int, int], domain: str, max_age: timedelta) -> list[Draft]:
    """The messages of the editions that were `stored` (subscriber id → edition id); a weekly one lives longer."""
    kept = [one for one in results if one.composed.subscriber_id in stored and _is_told(one)]
    return [_draft(one, stored[one.composed.subscriber_id], domain, max_age) for one in kept]


def _is_told(result: Result) -> bool:
    return result.nothing is None or result.task.due.profile.options.when_empty is WhenEmpty.NOTE


def _draft(result: Result, edition_id: int, domain: str, max_age: timedelta) -> Draft:
    reader, composed = result.task.due.subscriber, result.composed
    kind = OutboxKind.NOTE if result.nothing else OutboxKind.DIGEST
    return Draft(
        kind=kind,
        recipient=reader.address,
        occasion=composed.occasion,
        message_id=derive_message_id(kind, str(reader.id), composed.occasion, domain),
        subscriber_id=reader.id,
        edition_id=edition_id,
        composed_at=composed.composed_at,
        expires_at=composed.composed_at + _age(reader, max_age),
        content=_note(result, result.nothing) if result.nothing else None,
    )


def _note(result: Result, nothing: Nothing) -> Mapping[str, object]:
    manner = manner_content(result.task.due.profile.options)
    return {**note_content(nothing), "day": str(result.composed.day), **manner}


def _age(reader: Subscriber, max_age: timedelta) -> timedelta:
    return max_age * 3 if reader.schedule.days is Days.WEEKLY else max_age
