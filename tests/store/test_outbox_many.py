"""What is stored of hundreds of messages at once is what is stored of each."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from digest.model import OutboxState
from digest.store import outbox_claims, outbox_waves
from digest.store.database import Database
from digest.store.outbox import Outcome, show
from digest.store.outbox_claims import Terms
from digest.store.outbox_waves import Result
from tests.support.delivery import NOW, no_editions, seed, states

MANY = 150  # more than a few, for which PostgreSQL gets a table of them
TERMS = Terms(limit=MANY)


def test_many_leases_that_lapse_at_once_leave_a_trace_each_and_are_claimed_again(database: Database) -> None:
    ids = database.run_sync(seed, MANY)
    database.run_sync(outbox_claims.claim, NOW, TERMS, no_editions)
    late = NOW + TERMS.lease + timedelta(seconds=1)
    again = database.run_sync(outbox_claims.claim, late, TERMS, no_editions)
    assert [(one.id, one.attempt) for one in again] == [(number, 2) for number in ids]
    for number in (ids[0], ids[-1]):
        first, second = database.run_sync(show, number).attempts
        assert (first.number, first.outcome, first.ended_at) == (1, Outcome.LAPSED, late)
        assert (second.number, second.outcome, second.started_at) == (2, None, late)


def test_many_results_of_one_wave_are_each_stored_where_they_belong(database: Database) -> None:
    ids = database.run_sync(seed, MANY)
    claimed = database.run_sync(outbox_claims.claim, NOW, TERMS, no_editions)
    later = NOW + timedelta(minutes=5)
    results = [
        Result(one.key, Outcome.DEFERRED, f"451 not now, {one.id}", later)
        if one.id % 3 == 0
        else Result(one.key, Outcome.SENT, f"250 taken, {one.id}")
        for one in claimed
    ]
    database.run_sync(outbox_waves.settle_wave, results, [], NOW, later)
    deferred = sum(number % 3 == 0 for number in ids)
    assert Counter(database.run_sync(states).values()) == {
        OutboxState.SENT: MANY - deferred,
        OutboxState.DEFERRED: deferred,
    }
    for number in ids[:3]:
        message = database.run_sync(show, number)
        (attempt,) = message.attempts
        assert message.reply == attempt.reply
        assert message.reply is not None
        assert message.reply.endswith(f", {number}")
        assert attempt.ended_at == NOW
        assert (message.due_at, message.sent_at) == ((later, None) if number % 3 == 0 else (None, NOW))
