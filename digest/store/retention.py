"""What is not kept for ever, and for how long: rows whose time is over go, some of each kind at a time.

sign-ups   nobody confirmed them: the subscriber, the mails about it, the questions
mails      outbox rows that are over, with their attempts and what came back of them
history    skips, changes of profiles, works taken out of a library, alerts and catch-ups that are over

What was mailed to whom stays (`editions`, `picked`): no paper is mailed twice, however long ago, and the archive and
the replay of past days show it. Consent stays, too: a confirmation that was answered.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Column, ColumnElement, Connection, Text, cast, delete, func, select, update

from digest.model import OutboxState, SubscriberState
from digest.store.among import among
from digest.store.pauses import FORGOTTEN_AFTER
from digest.store.subscriptions import AT_MOST
from digest.store.tables import (
    alerts,
    catch_ups,
    confirmations,
    editions,
    feedback,
    outbox,
    pauses,
    subscribers,
    works,
)

OVER = (OutboxState.SENT, OutboxState.FAILED, OutboxState.DROPPED, OutboxState.CANCELLED)
"""Mails that nobody waits for; those stuck or in doubt wait for the admin, however old they are."""


@dataclass(frozen=True, slots=True)
class Retention:
    """How long rows are kept after they were last of use to anybody."""

    sign_ups: timedelta = timedelta(days=14)
    mails: timedelta = timedelta(days=400)
    history: timedelta = timedelta(days=400)


def prune(connection: Connection, kept: Retention, now: datetime, limit: int) -> dict[str, int]:
    """Delete what is kept no longer, at most `limit` rows of each kind; how many, of those kinds that had any."""
    rules: dict[str, Callable[[Connection, Retention, datetime, int], int]] = {
        "sign-ups": _sign_ups,
        "questions": _questions,
        "mails": _mails,
        "skips": _skips,
        "changes": _changes,
        "works": _works,
        "alerts": _alerts,
        "catch-ups": _catch_ups,
        "pauses": _pauses,
    }
    counts = {name: rule(connection, kept, now, limit) for name, rule in rules.items()}
    return {name: count for name, count in counts.items() if count}


# ── sign-ups ─────────────────────────────────────────────────────────────────────────────────────


def _sign_ups(connection: Connection, kept: Retention, now: datetime, limit: int) -> int:
    """Whom a mail asked and who never answered. Whoever confirmed and waits for an approval stays."""
    before = now - kept.sign_ups
    asked = select(confirmations.c.address_key)
    is_open = confirmations.c.confirmed_at.is_not(None) | (confirmations.c.begun_at > before)
    is_open |= confirmations.c.expires_at > now
    mine = (
        subscribers.c.state == SubscriberState.PENDING,
        subscribers.c.created_at <= before,
        subscribers.c.address_key.in_(asked),
        subscribers.c.address_key.not_in(asked.where(is_open)),
    )
    ids = list(connection.execute(select(subscribers.c.id).where(*mine).limit(limit).with_for_update()).scalars())
    if ids:
        connection.execute(delete(outbox).where(among(connection, outbox.c.subscriber_id, ids)))
        connection.execute(delete(subscribers).where(among(connection, subscribers.c.id, ids)))
    return len(ids)


def _questions(connection: Connection, kept: Retention, now: datetime, limit: int) -> int:
    """Questions without an answer. An address that was asked too often is remembered longer, without any wishes.

    Else anybody could have it asked again, three times each fortnight.
    """
    unanswered = confirmations.c.confirmed_at.is_(None) & (confirmations.c.expires_at <= now)
    counted = select(confirmations.c.address_key).where(confirmations.c.confirmed_at.is_(None))
    too_often = counted.group_by(confirmations.c.address_key).having(func.count() >= AT_MOST)
    pending = select(subscribers.c.address_key).where(subscribers.c.state == SubscriberState.PENDING)
    old = unanswered & (confirmations.c.begun_at <= now - kept.sign_ups) & confirmations.c.address_key.not_in(pending)
    is_remembered = confirmations.c.address_key.in_(too_often) & (confirmations.c.begun_at > now - kept.history)
    has_wishes = cast(confirmations.c.wishes, Text) != "{}"
    connection.execute(update(confirmations).where(old, is_remembered, has_wishes).values(wishes={}))
    return _delete(connection, confirmations.c.id, old & ~is_remembered, limit)


# ── mails ────────────────────────────────────────────────────────────────────────────────────────


def _mails(connection: Connection, kept: Retention, now: datetime, limit: int) -> int:
    """The oldest that are over: their ids ascend with time, so that no more than `limit` of them are looked at."""
    oldest = select(outbox.c.id, outbox.c.composed_at).where(outbox.c.state.in_(OVER))
    first = oldest.order_by(outbox.c.id).limit(limit).subquery()
    gone = select(first.c.id).where(first.c.composed_at <= now - kept.mails)
    return connection.execute(delete(outbox).where(outbox.c.id.in_(gone))).rowcount


# ── history ──────────────────────────────────────────────────────────────────────────────────────


def _skips(connection: Connection, kept: Retention, now: datetime, limit: int) -> int:
    is_old = editions.c.skip_reason.is_not(None) & (editions.c.composed_at <= now - kept.history)
    return _delete(connection, editions.c.id, is_old, limit)


def _changes(connection: Connection, kept: Retention, now: datetime, limit: int) -> int:
    return _delete(connection, feedback.c.id, feedback.c.at <= now - kept.history, limit)


def _works(connection: Connection, kept: Retention, now: datetime, limit: int) -> int:
    """Kept until now for an undo of their removal, whose change goes at the same age."""
    return _delete(connection, works.c.id, works.c.removed_at <= now - kept.history, limit)


def _alerts(connection: Connection, kept: Retention, now: datetime, limit: int) -> int:
    return _delete(connection, alerts.c.id, alerts.c.closed_at <= now - kept.history, limit)


def _catch_ups(connection: Connection, kept: Retention, now: datetime, limit: int) -> int:
    is_old = catch_ups.c.due_at.is_(None) & (catch_ups.c.ended_at <= now - kept.history)
    return _delete(connection, catch_ups.c.id, is_old, limit)


def _pauses(connection: Connection, kept: Retention, now: datetime, limit: int) -> int:  # noqa: ARG001 - as the others
    """Those nobody saw the end of: the next trouble there is another one, with a beginning of its own."""
    return connection.execute(delete(pauses).where(pauses.c.until <= now - FORGOTTEN_AFTER)).rowcount


def _delete(connection: Connection, key: Column[int], condition: ColumnElement[bool], limit: int) -> int:
    """Delete up to `limit` rows of the key's table."""
    some = select(key).where(condition).order_by(key).limit(limit)
    return connection.execute(delete(key.table).where(key.in_(some))).rowcount
