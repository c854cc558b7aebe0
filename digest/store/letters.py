"""Letters into the outbox: mails about a subscription, one per recipient and occasion.

They are put in by the transaction that they tell of, so that there is none about what did not happen. From then on
they are messages like all others: nobody waits for them.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from digest.editions.letter import (
    Content,
    access_content,
    goodbye_content,
    manner_content,
    move_content,
    moved_content,
    trial_content,
    welcome_content,
)
from digest.editions.links import ACCESS_LIVES
from digest.editions.message import derive_message_id
from digest.model import OutboxKind, Subscriber
from digest.store.outbox import Draft, enqueue_many
from digest.store.profiles import get_profile

_LIVES = timedelta(days=2)
_TEST_LIVES = timedelta(hours=1)


def welcome(connection: Connection, person: Subscriber, now: datetime, domain: str) -> int | None:
    """Say what comes, and when; the outbox id, None where it was said today already."""
    profile = get_profile(connection, person.id)
    content = welcome_content(person.schedule, person.limit, profile, person.edition_at)
    return put(connection, OutboxKind.WELCOME, person, f"{now:%Y-%m-%d}", content, now, domain)


def goodbye(connection: Connection, person: Subscriber, now: datetime, domain: str) -> int | None:
    """Say that nothing more comes; the outbox id, None where it was said today already."""
    return put(connection, OutboxKind.GOODBYE, person, f"{now:%Y-%m-%d}", goodbye_content(), now, domain)


def access(connection: Connection, person: Subscriber, now: datetime, domain: str) -> int | None:
    """A fresh link to the subscriber's own page."""
    occasion = f"{now:%Y-%m-%dT%H:%M:%S}Z"
    return put(connection, OutboxKind.ACCESS, person, occasion, access_content(now), now, domain, ACCESS_LIVES)


def move(  # one letter has that many facts
    connection: Connection,
    person: Subscriber,
    address: str,
    confirmation: int,
    occasion: str,
    now: datetime,
    domain: str,
) -> int | None:
    """The question whether a new address is meant, to that address; it names no old one."""
    there = replace(person, address=address)
    return put(connection, OutboxKind.MOVE, there, occasion, move_content(confirmation), now, domain)


def moved(connection: Connection, before: Subscriber, occasion: str, now: datetime, domain: str) -> int | None:
    """Tell the address that was left, in case its owner did not mean it; `before` is who had it."""
    return put(connection, OutboxKind.MOVED, before, occasion, moved_content(), now, domain)


def trial(connection: Connection, address: str, host: str, now: datetime, domain: str) -> int | None:
    """A message to see whether one arrives."""
    occasion = f"{now:%Y-%m-%dT%H:%M:%S.%f}Z"
    draft = Draft(
        kind=OutboxKind.TEST,
        recipient=address,
        occasion=occasion,
        message_id=derive_message_id(OutboxKind.TEST, address.casefold(), occasion, domain),
        subscriber_id=None,
        edition_id=None,
        composed_at=now,
        expires_at=now + _TEST_LIVES,
        content=trial_content(host),
    )
    return enqueue_many(connection, [draft])[0]


def put(  # one letter has that many facts
    connection: Connection,
    kind: OutboxKind,
    person: Subscriber,
    occasion: str,
    content: Content,
    now: datetime,
    domain: str,
    lives: timedelta = _LIVES,
) -> int | None:
    """Put a letter in, from a sender of this domain; the outbox id, None where it is in already."""
    content = {**content, **manner_content(get_profile(connection, person.id).options)}
    draft = Draft(
        kind=kind,
        recipient=person.address,
        occasion=occasion,
        message_id=derive_message_id(kind, str(person.id), occasion, domain),
        subscriber_id=person.id,
        edition_id=None,
        composed_at=now,
        expires_at=now + lives,
        content=content,
    )
    return enqueue_many(connection, [draft])[0]
