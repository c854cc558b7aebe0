"""The outbox as a list: what goes in once, what the admin sees and may do."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Connection

from digest.errors import DigestError, NotFound
from digest.model import OutboxKind, OutboxState
from digest.store import outbox, outbox_claims, outbox_waves, suppressions
from digest.store.database import Database
from digest.store.outbox import Message, Outcome
from digest.store.outbox_claims import Claimed, Terms
from digest.store.outbox_waves import Result
from tests.support.delivery import MAX_AGE, NOW, address, draft, no_editions, seed

LEASE = NOW + timedelta(minutes=15)


def claim(database: Database) -> list[Claimed]:
    return database.run_sync(outbox_claims.claim, NOW, Terms(), no_editions)


def start(database: Database, one: Claimed) -> bool:
    return bool(database.run_sync(outbox_waves.settle_wave, [], [one.key], NOW, LEASE))


def settle(database: Database, one: Claimed, outcome: Outcome) -> None:
    database.run_sync(outbox_waves.settle_wave, [Result(one.key, outcome, "told")], [], NOW, LEASE)


def show(database: Database, one: int) -> Message:
    return database.run_sync(outbox.show, one)


def test_the_same_message_goes_in_once(database: Database) -> None:
    def twice(conn: Connection) -> list[int | None]:
        one = draft(conn, 0)
        other = replace(one, occasion="2026-04-21")
        return [*outbox.enqueue_many(conn, [one, one, other]), *outbox.enqueue_many(conn, [other, one])]

    first, again, other, *later = database.run_sync(twice)
    assert first is not None
    assert other is not None
    assert (again, later) == (None, [None, None])


def test_one_message_goes_in_with_the_bulk_s_words(database: Database) -> None:
    def one(conn: Connection) -> int | None:
        return outbox.enqueue(
            conn, OutboxKind.ALERT, "admin@example.org", "disk", "<1>", None, None, NOW, NOW + MAX_AGE
        )

    made = database.run_sync(one)
    assert made is not None
    assert database.run_sync(one) is None
    found = show(database, made)
    assert (found.kind, found.state, found.due_at, found.attempts) == (OutboxKind.ALERT, OutboxState.PENDING, NOW, ())


def test_ten_thousand_messages_go_in_at_once(database: Database) -> None:
    def many(conn: Connection) -> list[int | None]:
        one = draft(conn, 0)
        return outbox.enqueue_many(conn, [replace(one, occasion=str(number)) for number in range(10_000)])

    made = database.run_sync(many)
    assert len(set(made)) == 10_000
    assert database.run_sync(outbox.counts) == {OutboxState.PENDING: 10_000}


def test_the_list_is_newest_first_and_of_one_state_where_asked(database: Database) -> None:
    ids = database.run_sync(seed, 3)
    database.run_sync(outbox.cancel, ids[1], NOW)
    assert [row.id for row in database.run_sync(outbox.list_rows)] == ids[::-1]
    assert [row.id for row in database.run_sync(outbox.list_rows, OutboxState.PENDING, 1)] == [ids[2]]


def test_a_failed_message_can_be_tried_again(database: Database) -> None:
    (one,) = database.run_sync(seed, 1)
    settle(database, claim(database)[0], Outcome.FAILED)
    assert show(database, one).state is OutboxState.FAILED
    database.run_sync(outbox.retry, one, NOW)
    assert [claimed.attempt for claimed in claim(database)] == [2]


def test_trying_an_expired_message_again_gives_it_a_new_life(database: Database) -> None:
    (one,) = database.run_sync(seed, 1)
    later = NOW + timedelta(days=3)
    assert database.run_sync(outbox_claims.claim, later, Terms(), no_editions) == []
    assert show(database, one).state is OutboxState.DROPPED
    database.run_sync(outbox.retry, one, later)
    found = show(database, one)
    assert (found.state, found.expires_at) == (OutboxState.PENDING, later + MAX_AGE)


def test_what_was_sent_is_neither_tried_again_nor_cancelled(database: Database) -> None:
    (one,) = database.run_sync(seed, 1)
    (claimed,) = claim(database)
    assert start(database, claimed)
    settle(database, claimed, Outcome.SENT)
    with pytest.raises(DigestError, match="was sent at 2026-04-20"):
        database.run_sync(outbox.retry, one, NOW)
    with pytest.raises(DigestError, match="nothing to cancel"):
        database.run_sync(outbox.cancel, one, NOW)


def test_what_is_on_the_wire_cannot_be_called_back(database: Database) -> None:
    (one,) = database.run_sync(seed, 1)
    start(database, claim(database)[0])
    with pytest.raises(DigestError, match="being sent right now"):
        database.run_sync(outbox.cancel, one, NOW)
    with pytest.raises(DigestError, match="being sent right now"):
        database.run_sync(outbox.retry, one, NOW)


def test_what_was_only_claimed_can_be_called_back(database: Database) -> None:
    (one,) = database.run_sync(seed, 1)
    (claimed,) = claim(database)
    database.run_sync(outbox.cancel, one, NOW)
    assert not start(database, claimed)
    assert show(database, one).state is OutboxState.CANCELLED


def test_a_message_that_is_not_there_is_named(database: Database) -> None:
    for function in (outbox.retry, outbox.cancel):
        with pytest.raises(NotFound, match="outbox 7"):
            database.run_sync(function, 7, NOW)
    with pytest.raises(NotFound, match="outbox 7"):
        show(database, 7)


def test_a_suppression_is_kept_with_its_first_reason_whatever_the_case(database: Database) -> None:
    assert database.run_sync(suppressions.suppress, "Ann@Example.org", "asked", "admin", NOW)
    assert not database.run_sync(suppressions.suppress, "ann@example.ORG", "bounced", "bounce", NOW)
    assert database.run_sync(suppressions.is_suppressed, "ANN@example.org")
    (found,) = database.run_sync(suppressions.list_suppressed)
    assert (found.address_key, found.reason, found.origin, found.since) == ("ann@example.org", "asked", "admin", NOW)
    assert database.run_sync(suppressions.unsuppress, "ann@Example.org")
    assert not database.run_sync(suppressions.unsuppress, "ann@example.org")
    assert not database.run_sync(suppressions.is_suppressed, address(0))
