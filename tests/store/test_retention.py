"""What is kept for ever stays, whatever its age; all else goes when its time is over, and not a day before."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Table, func, insert, select, update

from digest.delivery.verdicts import Verdict
from digest.editions.links import CONFIRM, sign
from digest.model import OutboxKind, OutboxState, Schedule, SubscriberState
from digest.store import bounces, outbox, pauses, retention, subscribers, subscriptions, tables
from digest.store.database import Database
from digest.store.retention import OVER, Retention
from digest.store.subscriptions import Begun, Wishes
from tests.support.delivery import address, draft, seed
from tests.support.people import subscribe

NOW = datetime(2026, 4, 20, 12, tzinfo=UTC)
DAY = timedelta(days=1)
KEYS = {1: b"s" * 32}
ADA = "ada@example.org"


def prune(database: Database, now: datetime = NOW, limit: int = 100) -> dict[str, int]:
    return database.run_sync(retention.prune, Retention(), now, limit)


def begin(database: Database, at: datetime, who: str = ADA) -> Begun:
    return database.run_sync(subscriptions.begin, who, Wishes("Ada", keywords=("lamps",)), at, "example.org")


def count(database: Database, table: Table) -> int:
    return database.run_sync(lambda c: c.execute(select(func.count()).select_from(table)).scalar_one())


def confirm(database: Database, now: datetime, *, needs_approval: bool = False) -> None:
    number = database.run_sync(lambda c: c.execute(select(func.max(tables.confirmations.c.id))).scalar_one())
    database.run_sync(
        lambda c: subscriptions.confirm(
            c, KEYS, sign(KEYS, CONFIRM, number), now, "example.org", needs_approval=needs_approval
        )
    )


# ── sign-ups ─────────────────────────────────────────────────────────────────────────────────────


def test_a_sign_up_that_nobody_confirmed_leaves_no_trace_after_a_fortnight(database: Database) -> None:
    begin(database, NOW - 14 * DAY)
    assert prune(database, NOW - timedelta(seconds=1)) == {}
    assert prune(database) == {"sign-ups": 1, "questions": 1}
    for table in (tables.subscribers, tables.profiles, tables.interests, tables.confirmations, tables.outbox):
        assert count(database, table) == 0, table.name
    assert prune(database) == {}


def test_whoever_was_asked_again_lately_is_kept(database: Database) -> None:
    begin(database, NOW - 14 * DAY)
    begin(database, NOW - 2 * DAY)
    assert prune(database) == {}


@pytest.mark.parametrize("needs_approval", [False, True])
def test_whoever_confirmed_is_kept_with_the_proof_of_their_consent(database: Database, needs_approval: bool) -> None:
    begin(database, NOW - 300 * DAY)
    confirm(database, NOW - 299 * DAY, needs_approval=needs_approval)
    assert prune(database) == {}
    assert count(database, tables.confirmations) == 1
    state = SubscriberState.PENDING if needs_approval else SubscriberState.ACTIVE
    assert database.run_sync(subscribers.get, ADA).state is state


def test_whoever_left_is_kept_though_a_question_since_then_was_not_answered(database: Database) -> None:
    one = database.run_sync(subscribe)
    database.run_sync(subscribers.unsubscribe, one.id, NOW - 30 * DAY)
    begin(database, NOW - 20 * DAY)
    assert prune(database) == {"questions": 1}
    assert database.run_sync(subscribers.get, ADA).state is SubscriberState.UNSUBSCRIBED


def test_an_address_that_was_asked_too_often_is_not_asked_again_and_its_wishes_are_gone(database: Database) -> None:
    for days in (40, 39, 38):
        assert begin(database, NOW - days * DAY) is Begun.MAILED
    assert prune(database) == {"sign-ups": 1}
    kept = database.run_sync(lambda c: c.execute(select(tables.confirmations.c.wishes)).scalars().all())
    assert kept == [{}, {}, {}]
    assert begin(database, NOW) is Begun.EXHAUSTED
    assert prune(database, NOW + 400 * DAY) == {"questions": 3}


# ── mails ────────────────────────────────────────────────────────────────────────────────────────


def put(connection: Connection, mail: int, state: OutboxState) -> None:
    connection.execute(update(tables.outbox).where(tables.outbox.c.id == mail).values(state=state))


@pytest.mark.parametrize("state", list(OutboxState))
def test_only_mails_that_nobody_waits_for_go_with_their_attempts_and_bounces(
    database: Database, state: OutboxState
) -> None:
    (mail,) = database.run_sync(seed, 1, NOW - 400 * DAY, "2025-03-16")
    database.run_sync(put, mail, OutboxState.SENT)
    database.run_sync(bounces.note_at_delivery, mail, Verdict.SOFT, "452 full", NOW - 400 * DAY)
    trace = {"outbox_id": mail, "attempt": 1, "started_at": NOW - 400 * DAY}
    database.run_sync(lambda c: c.execute(insert(tables.outbox_attempts).values(trace)))
    database.run_sync(put, mail, state)
    assert prune(database) == ({"mails": 1} if state in OVER else {})
    left = 0 if state in OVER else 1
    assert [count(database, t) for t in (tables.outbox, tables.outbox_attempts, tables.bounces)] == [left] * 3


def test_the_oldest_mails_go_some_at_a_time(database: Database) -> None:
    database.run_sync(seed, 5, NOW - 401 * DAY, "2025-03-15")
    database.run_sync(seed, 2, NOW - 399 * DAY, "2025-03-17")
    database.run_sync(lambda c: c.execute(update(tables.outbox).values(state=OutboxState.SENT)))
    assert [prune(database, limit=3) for _ in range(3)] == [{"mails": 3}, {"mails": 2}, {}]
    assert {one.occasion for one in database.run_sync(outbox.list_rows)} == {"2025-03-17"}


# ── history ──────────────────────────────────────────────────────────────────────────────────────


def edition(connection: Connection, subscriber: int, days_ago: int, skip: str | None = None) -> None:
    at = NOW - days_ago * DAY
    values: dict[str, Any] = {"since": at - DAY, "composed_at": at, "scanned": 1, "picks": [], "skip_reason": skip}
    occasion = {"subscriber_id": subscriber, "occasion": str(at.date()), "day": at.date()}
    connection.execute(insert(tables.editions).values(**occasion, **values))


def test_skips_go_and_editions_stay(database: Database) -> None:
    one = database.run_sync(subscribe)
    for days, skip in ((500, None), (450, "nothing new"), (399, "nothing new")):
        database.run_sync(edition, one.id, days, skip)
    assert prune(database) == {"skips": 1}
    assert count(database, tables.editions) == 2


def test_changes_removed_works_alerts_and_catch_ups_that_are_over_go(database: Database) -> None:
    one = database.run_sync(subscribe)
    old, young = NOW - 400 * DAY, NOW - 399 * DAY

    def fill(connection: Connection) -> None:
        for at in (old, young):
            change = {"action": "said", "origin": "cli", "before": {}, "after": {}}
            connection.execute(insert(tables.feedback).values(subscriber_id=one.id, at=at, **change))
            for removed in (at, None):
                work = {"title": "T", "abstract": "", "authors": [], "identifiers": [], "keywords": [], "venue": ""}
                mine = {"subscriber_id": one.id, "title_hash": "h", "added_at": old, "removed_at": removed}
                connection.execute(insert(tables.works).values(**work, **mine))
            for closed in (at, None):
                connection.execute(insert(tables.alerts).values(key="k", text="t", opened_at=old, closed_at=closed))
            for due in (None, old):
                days = {"since": date(2025, 1, 1), "until": date(2025, 1, 2), "route": "oai", "started_at": old}
                what = {"source": "arxiv", "feed": "cs.CL", "due_at": due, "ended_at": None if due else at}
                connection.execute(insert(tables.catch_ups).values(**days, **what))

    database.run_sync(fill)
    assert prune(database) == {"changes": 1, "works": 1, "alerts": 1, "catch-ups": 1}
    counted = [count(database, t) for t in (tables.feedback, tables.works, tables.alerts, tables.catch_ups)]
    assert counted == [1, 3, 3, 3]


def test_a_pause_that_nobody_saw_the_end_of_is_another_trouble_the_next_time(database: Database) -> None:
    database.run_sync(pauses.pause, "domain", "example.org", NOW - DAY, "550 5.7.1 no", NOW - 2 * DAY)
    database.run_sync(pauses.pause, "domain", "example.net", NOW, "550 5.7.1 no", NOW - DAY)
    assert prune(database) == {"pauses": 1}
    assert [one.name for one in database.run_sync(pauses.list_all, NOW)] == ["example.net"]


def test_a_mail_to_somebody_who_is_active_is_no_sign_up(database: Database) -> None:
    database.run_sync(subscribers.add, address(0), "", Schedule(), 20, "admin", NOW - 90 * DAY, NOW)
    welcome = database.run_sync(lambda c: draft(c, 0, NOW - 90 * DAY, "2026-01-20", OutboxKind.WELCOME))
    database.run_sync(outbox.enqueue_many, [welcome])
    assert prune(database) == {}
