"""Who may send what and when: claims, leases, waves and their fences, on both databases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, update

from digest.model import Edition, OutboxState, SubscriberState
from digest.store import outbox, outbox_claims, suppressions
from digest.store.database import Database
from digest.store.outbox import Message, Outcome
from digest.store.outbox_claims import Claimed, Key, Terms
from digest.store.outbox_waves import Result, settle_wave
from digest.store.tables import editions, subscribers
from digest.store.tables import outbox as outbox_table
from tests.support.delivery import MAX_AGE, NOW, address, draft, no_editions, seed, states, subscriber

LEASE = timedelta(minutes=15)
LATER = NOW + LEASE


def claim(database: Database, now: datetime = NOW, held: Sequence[Key] = (), **terms: object) -> list[Claimed]:
    return database.run_sync(outbox_claims.claim, now, Terms(**terms), no_editions, held)  # type: ignore[arg-type]  # a test's shorthand


def start(database: Database, one: Claimed, now: datetime = NOW) -> bool:
    return database.run_sync(settle_wave, [], [one.key], now, now + LEASE) == {one.key}


def settle(database: Database, one: Claimed, outcome: Outcome, now: datetime = NOW) -> None:
    database.run_sync(settle_wave, [Result(one.key, outcome, outcome.value)], [], now, now + LEASE)


def show(database: Database, one: int) -> Message:
    return database.run_sync(outbox.show, one)


# ── claiming ─────────────────────────────────────────────────────────────────────────────────────


def test_a_claim_commits_the_attempt_and_the_next_one_before_the_first_byte(database: Database) -> None:
    (one,) = database.run_sync(seed, 1)
    (claimed,) = claim(database)
    assert (claimed.key, claimed.recipient, claimed.composed_at) == ((one, 1), address(0), NOW)
    found = show(database, one)
    assert (found.state, found.attempt, found.lease_until, found.due_at) == (OutboxState.CLAIMED, 1, LATER, LATER)
    assert [(attempt.number, attempt.started_at, attempt.ended_at) for attempt in found.attempts] == [(1, NOW, None)]


def test_the_oldest_due_messages_are_claimed_first(database: Database) -> None:
    database.run_sync(seed, 2, NOW + timedelta(minutes=2), "second")
    database.run_sync(seed, 2, NOW + timedelta(minutes=1), "first")
    claimed = claim(database, NOW + timedelta(minutes=5), limit=3)
    assert [(one.occasion, one.recipient) for one in claimed] == [
        ("first", address(0)),
        ("first", address(1)),
        ("second", address(0)),
    ]


def test_what_is_not_due_is_not_claimed(database: Database) -> None:
    database.run_sync(seed, 1, NOW + timedelta(seconds=1))
    assert claim(database) == []
    assert not database.run_sync(outbox_claims.has_due, NOW)
    assert database.run_sync(outbox_claims.has_due, NOW + timedelta(seconds=1))


def test_many_claimers_share_the_work_without_overlap(database: Database) -> None:
    ids = database.run_sync(seed, 60)
    with ThreadPoolExecutor(6) as pool:
        batches = list(pool.map(lambda _: claim(database, limit=10), range(6)))
    assert sorted(one.id for batch in batches for one in batch) == sorted(ids)


def test_a_batch_is_filled_past_those_who_want_no_mail(database: Database) -> None:
    def unsubscribe(conn: Connection) -> None:
        conn.execute(update(subscribers).where(subscribers.c.id <= 5).values(state=SubscriberState.UNSUBSCRIBED))

    database.run_sync(seed, 8)
    database.run_sync(unsubscribe)
    assert [one.recipient for one in claim(database, limit=3)] == [address(5), address(6), address(7)]
    assert database.run_sync(outbox.counts) == {OutboxState.CANCELLED: 5, OutboxState.CLAIMED: 3}


@pytest.mark.parametrize(
    ("kind", "state", "is_sent"),
    [
        ("digest", SubscriberState.ACTIVE, True),
        ("digest", SubscriberState.PAUSED, False),
        ("digest", SubscriberState.UNSUBSCRIBED, False),
        ("digest", SubscriberState.PENDING, False),
        ("confirmation", SubscriberState.PENDING, True),
        ("confirmation", SubscriberState.UNSUBSCRIBED, True),  # asked to come back; leaving cancels what waits
        ("confirmation", SubscriberState.ACTIVE, False),
        ("welcome", SubscriberState.PAUSED, True),
        ("welcome", SubscriberState.UNSUBSCRIBED, False),
        ("goodbye", SubscriberState.UNSUBSCRIBED, True),
        ("note", SubscriberState.ACTIVE, True),
        ("note", SubscriberState.PAUSED, False),
    ],
)
def test_each_kind_goes_to_those_it_is_for(
    sqlite_database: Database, kind: str, state: SubscriberState, is_sent: bool
) -> None:
    def given(conn: Connection) -> None:
        subscriber(conn, 0, state)
        outbox.enqueue_many(conn, [draft(conn, 0, kind=kind)])

    sqlite_database.run_sync(given)
    assert bool(claim(sqlite_database)) is is_sent
    (row,) = sqlite_database.run_sync(outbox.list_rows)
    assert is_sent or str(state) in (row.reply or "")


def test_a_suppressed_address_gets_nothing_but_an_alert_to_the_admin(database: Database) -> None:
    def given(conn: Connection) -> None:
        suppressions.suppress(conn, address(0).upper(), "asked", "admin", NOW)
        outbox.enqueue_many(conn, [draft(conn, 0, kind=kind) for kind in ("digest", "note", "goodbye", "alert")])

    database.run_sync(given)
    assert [str(one.kind) for one in claim(database)] == ["alert"]
    replies = {row.reply for row in database.run_sync(outbox.list_rows, OutboxState.CANCELLED)}
    assert replies == {"suppressed: asked"}


def test_an_erased_subscriber_s_edition_is_not_sent(sqlite_database: Database) -> None:
    def erase(conn: Connection) -> None:
        conn.execute(subscribers.delete())

    (one,) = sqlite_database.run_sync(seed, 1)
    sqlite_database.run_sync(erase)
    assert claim(sqlite_database) == []
    assert show(sqlite_database, one).reply == "the subscriber is erased"


def test_an_expired_message_is_dropped_with_its_reason(database: Database) -> None:
    (one,) = database.run_sync(seed, 1)
    assert claim(database, NOW + MAX_AGE) == []
    found = show(database, one)
    assert (found.state, found.due_at) == (OutboxState.DROPPED, None)
    assert "expired at 2026-04-21 07:00 UTC" in (found.reply or "")


def test_an_edition_that_cannot_be_read_stops_no_other(database: Database) -> None:
    def given(conn: Connection) -> list[int]:
        values = [
            {
                "subscriber_id": subscriber(conn, number),
                "occasion": "2026-04-20",
                "day": NOW.date(),
                "since": NOW,
                "composed_at": NOW,
                "scanned": 0,
                "picks": [],
            }
            for number in range(3)
        ]
        for one in values:
            conn.execute(editions.insert().values(one))
        for outbox_id in seed(conn, 3):
            conn.execute(update(outbox_table).where(outbox_table.c.id == outbox_id).values(edition_id=outbox_id))
        return []

    def load(_conn: Connection, ids: Sequence[int]) -> Mapping[int, Edition]:
        if 2 in ids:
            raise ValueError("damaged")
        return {one: Edition(one, one, "2026-04-20", NOW.date(), NOW, NOW, 0, ()) for one in ids}

    database.run_sync(given)
    claimed = database.run_sync(outbox_claims.claim, NOW, Terms(), load)
    assert [one.edition.id if one.edition else None for one in claimed] == [1, None, 3]


# ── leases ───────────────────────────────────────────────────────────────────────────────────────


def test_a_lapsed_claim_is_claimed_again_and_stuck_after_three(database: Database) -> None:
    (one,) = database.run_sync(seed, 1)
    attempts = [[claimed.attempt for claimed in claim(database, NOW + lapse * LEASE)] for lapse in range(5)]
    assert attempts == [[1], [2], [3], [], []]
    found = show(database, one)
    assert (found.state, found.lapses, found.due_at) == (OutboxState.STUCK, 3, None)
    assert [attempt.outcome for attempt in found.attempts] == [Outcome.LAPSED] * 3


def test_a_lapsed_start_is_ambiguous_and_due_again_once(database: Database) -> None:
    (one,) = database.run_sync(seed, 1)
    assert start(database, claim(database)[0])
    (again,) = claim(database, LATER)
    assert (again.attempt, again.ambiguities) == (2, 1)
    assert start(database, again, LATER)
    assert claim(database, LATER + LEASE) == []
    assert show(database, one).state is OutboxState.AMBIGUOUS
    assert [attempt.outcome for attempt in show(database, one).attempts] == [Outcome.AMBIGUOUS] * 2


def test_under_hold_a_lapsed_start_waits_for_the_admin(database: Database) -> None:
    (one,) = database.run_sync(seed, 1)
    start(database, claim(database)[0])
    assert claim(database, LATER, ambiguous="hold") == []
    assert (show(database, one).state, show(database, one).due_at) == (OutboxState.AMBIGUOUS, None)


def test_whoever_still_works_on_a_row_keeps_it_however_the_clock_leaps(database: Database) -> None:
    """Fault 19: ten years later by the clock, a moment later in truth."""
    database.run_sync(seed, 2)
    first, second = claim(database)
    start(database, first)
    leap = NOW + timedelta(days=3653)
    assert claim(database, leap, held=[first.key, second.key]) == []
    settle(database, first, Outcome.SENT, leap)
    assert database.run_sync(states)[address(0)] is OutboxState.SENT


def test_a_renewed_lease_does_not_lapse(database: Database) -> None:
    database.run_sync(seed, 1)
    (claimed,) = claim(database)
    database.run_sync(outbox_claims.renew, [claimed.key], LATER + LEASE)
    assert claim(database, LATER) == []
    assert start(database, claimed, LATER)


def test_a_released_message_is_as_if_it_had_never_been_claimed(database: Database) -> None:
    (one,) = database.run_sync(seed, 1)
    before = show(database, one)
    (claimed,) = claim(database)
    database.run_sync(outbox_claims.release, {claimed.key: claimed.due_at})
    assert show(database, one) == before


# ── waves and fences ─────────────────────────────────────────────────────────────────────────────


def test_one_wave_stores_results_and_grants_starts(database: Database) -> None:
    database.run_sync(seed, 3)
    first, second, third = claim(database)
    assert start(database, first)
    results = [Result(first.key, Outcome.SENT, "250 ok")]
    granted = database.run_sync(settle_wave, results, [second.key, third.key], NOW, LATER)
    assert granted == {second.key, third.key}
    wire = OutboxState.DATA_STARTED
    assert database.run_sync(states) == {address(0): OutboxState.SENT, address(1): wire, address(2): wire}


def test_a_frozen_owner_finds_everything_fenced_when_it_wakes(database: Database) -> None:
    """Fault 18: the loser's late settle, start and release change nothing."""
    (one,) = database.run_sync(seed, 1)
    (frozen,) = claim(database)
    (winner,) = claim(database, LATER)
    assert not start(database, frozen, LATER)
    assert start(database, winner, LATER)
    before = show(database, one)
    settle(database, frozen, Outcome.FAILED, LATER)
    database.run_sync(outbox_claims.release, {frozen.key: NOW})
    database.run_sync(outbox_claims.renew, [frozen.key], LATER + 9 * LEASE)
    assert not start(database, frozen, LATER)
    assert show(database, one) == before
    settle(database, winner, Outcome.SENT, LATER)
    assert show(database, one).state is OutboxState.SENT


def test_a_late_result_that_nobody_overtook_is_better_than_doubt(database: Database) -> None:
    (one,) = database.run_sync(seed, 1)
    (claimed,) = claim(database)
    start(database, claimed)
    assert claim(database, LATER, ambiguous="hold") == []
    settle(database, claimed, Outcome.SENT, LATER)
    assert show(database, one).state is OutboxState.SENT


def test_the_same_wave_twice_is_the_same_as_once(database: Database) -> None:
    """A commit whose answer was lost is run again by the database's retry."""
    database.run_sync(seed, 2)
    first, second = claim(database)
    start(database, first)
    wave = [Result(first.key, Outcome.SENT, "250 ok")], [second.key], NOW, LATER
    outcomes = [database.run_sync(settle_wave, *wave) for _ in range(2)]
    assert outcomes == [{second.key}, {second.key}]
    assert database.run_sync(states) == {address(0): OutboxState.SENT, address(1): OutboxState.DATA_STARTED}


@pytest.mark.parametrize("how", ["suppressed", "unsubscribed"])
def test_whoever_leaves_between_claim_and_start_gets_no_mail(database: Database, how: str) -> None:
    def leave(conn: Connection) -> None:
        if how == "suppressed":
            suppressions.suppress(conn, address(0), how, "complaint", NOW)
        conn.execute(update(subscribers).values(state=SubscriberState.UNSUBSCRIBED))

    (one,) = database.run_sync(seed, 1)
    (claimed,) = claim(database)
    database.run_sync(leave)
    assert not start(database, claimed)
    found = show(database, one)
    assert (found.state, found.attempts[0].outcome) == (OutboxState.CANCELLED, Outcome.CANCELLED)
    assert how in (found.reply or "")


def test_two_waves_over_the_same_rows_do_not_wait_for_each_other_for_ever(database: Database) -> None:
    database.run_sync(seed, 40)
    keys = [one.key for one in claim(database)]
    with ThreadPoolExecutor(4) as pool:
        orders = [keys, keys[::-1], keys[::2] + keys[1::2], keys]
        granted = list(pool.map(lambda order: database.run_sync(settle_wave, [], order, NOW, LATER), orders))
    assert all(one == set(keys) for one in granted)
