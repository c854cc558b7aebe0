"""Claims of due subscribers: leased, lapsed, stuck, fenced."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import Connection

from digest.errors import DigestError, NotFound
from digest.model import Schedule, Subscriber
from digest.store import due, profiles, subscribers
from digest.store.database import Database
from digest.store.due import Advance, DueSubscriber
from tests.support.people import MORNING, subscribe, subscribe_many

LEASE = timedelta(minutes=10)
TOMORROW = MORNING + timedelta(days=1)


def claim(connection: Connection, after: timedelta = timedelta(0), limit: int = 10) -> list[DueSubscriber]:
    return due.claim_due(connection, MORNING + after, LEASE, limit)


def ids(claimed: list[DueSubscriber]) -> list[int]:
    return [one.subscriber.id for one in claimed]


def settle(connection: Connection, subscriber_id: int) -> None:
    due.advance(connection, [Advance(subscriber_id, TOMORROW, None)])


def test_those_who_waited_longest_come_first_and_nobody_too_early(database: Database) -> None:
    with database.engine.begin() as connection:
        late = subscribe(connection, "late", MORNING)
        early = subscribe(connection, "early", MORNING - timedelta(hours=1))
        subscribe(connection, "tomorrow", TOMORROW)
        assert due.next_due(connection) == early.edition_at
        assert ids(claim(connection)) == [early.id, late.id]


def test_a_claim_brings_all_that_is_known_of_the_subscriber(database: Database) -> None:
    with database.engine.begin() as connection:
        ada = subscribe(connection, schedule=Schedule("Asia/Kathmandu", 6))
        (claimed,) = claim(connection)
        assert claimed == DueSubscriber(ada, profiles.get_profile(connection, ada.id), MORNING, None, attempt=1)


def test_what_is_leased_is_not_claimed_again_until_the_lease_lapses(database: Database) -> None:
    with database.engine.begin() as connection:
        subscribe(connection)
        assert len(claim(connection)) == 1
        assert claim(connection, LEASE - timedelta(seconds=1)) == []
        assert [one.attempt for one in claim(connection, LEASE)] == [2]


def test_nobody_is_claimed_by_two_processes(database: Database) -> None:
    database.run_sync(subscribe_many, 60)
    starting = Barrier(4)

    def process(_number: int) -> list[int]:
        starting.wait()
        found: list[int] = []
        while claimed := ids(database.run_sync(claim, timedelta(0), 7)):
            found += claimed
        return found

    with ThreadPoolExecutor(4) as pool:
        found = [one for claimed in pool.map(process, range(4)) for one in claimed]
    assert len(found) == len(set(found)) == 60


def test_after_three_lapses_a_subscriber_is_stuck_until_somebody_looks(database: Database) -> None:
    with database.engine.begin() as connection:
        ada = subscribe(connection)
        assert [len(claim(connection, LEASE * n)) for n in range(5)] == [1, 1, 1, 0, 0]
        assert subscribers.stuck(connection) == [subscribers.get_by_id(connection, ada.id)]
        assert due.next_due(connection) is None
        subscribers.resume(connection, ada.id, MORNING)
        assert subscribers.stuck(connection) == []
        assert ids(claim(connection, LEASE * 5)) == [ada.id]


def test_the_last_try_is_made_alone_so_that_the_culprit_takes_nobody_along(database: Database) -> None:
    with database.engine.begin() as connection:
        readers = [one.id for one in subscribe_many(connection, 3)]
        culprit = readers[1]
        assert ids(claim(connection)) == ids(claim(connection, LEASE)) == readers  # the process died twice
        assert ids(claim(connection, LEASE * 2)) == readers[:1]
        settle(connection, readers[0])
        assert ids(claim(connection, LEASE * 2)) == [culprit]  # and dies again
        assert ids(claim(connection, LEASE * 2)) == readers[2:]
        settle(connection, readers[2])
        assert claim(connection, LEASE * 3) == []
        assert [one.id for one in subscribers.stuck(connection)] == [culprit]


def test_newcomers_are_not_held_up_by_the_stuck(database: Database) -> None:
    with database.engine.begin() as connection:
        subscribe(connection, "stuck")
        for n in range(4):
            claim(connection, LEASE * n)
        fresh = subscribe(connection, "fresh", MORNING + LEASE * 4)
        assert due.next_due(connection) == fresh.edition_at
        assert ids(claim(connection, LEASE * 4)) == [fresh.id]


def test_settling_gives_the_lease_back_and_forgets_the_lapses(database: Database) -> None:
    with database.engine.begin() as connection:
        ada, bo = subscribe_many(connection, 2)
        claim(connection)
        claim(connection, LEASE)
        advances = [Advance(ada.id, TOMORROW, MORNING - LEASE), Advance(bo.id, TOMORROW, None)]
        due.advance(connection, advances)
        assert claim(connection, LEASE * 2) == []
        later = due.claim_due(connection, TOMORROW, LEASE, 10)
        assert [(one.edition_at, one.covered_until) for one in later] == [(TOMORROW, MORNING - LEASE), (TOMORROW, None)]
        assert len(due.claim_due(connection, TOMORROW + LEASE, LEASE, 10)) == 2


def test_a_claim_is_lost_to_a_later_one_and_to_every_change_from_outside(database: Database) -> None:
    with database.engine.begin() as connection:
        readers = subscribe_many(connection, 5)
        claimed = claim(connection)
        subscribers.edit(connection, readers[0].id, limit=3)
        subscribers.unsubscribe(connection, readers[1].id, MORNING)
        subscribers.erase(connection, readers[2].id)
        due.claim_one(connection, readers[3].id, MORNING, LEASE)
        assert ids(due.still_mine(connection, claimed)) == [readers[4].id]


def test_one_subscriber_can_be_claimed_whatever_the_hour(database: Database) -> None:
    with database.engine.begin() as connection:
        ada = subscribe(connection, edition_at=TOMORROW)
        claimed = due.claim_one(connection, ada.id, MORNING, LEASE)
        assert (claimed.subscriber, claimed.attempt) == (ada, 1)
        assert due.still_mine(connection, [claimed]) == [claimed]


@pytest.mark.parametrize("end", ["paused", "unsubscribed"])
def test_whoever_gets_no_editions_cannot_be_claimed(database: Database, end: str) -> None:
    with database.engine.begin() as connection:
        ada = subscribe(connection)
        if end == "paused":
            subscribers.pause(connection, ada.id)
        else:
            subscribers.unsubscribe(connection, ada.id, MORNING)
        assert claim(connection) == []
        with pytest.raises(DigestError, match=f"ada@example.org is {end}"):
            due.claim_one(connection, ada.id, MORNING, LEASE)
        with pytest.raises(NotFound):
            due.claim_one(connection, 99, MORNING, LEASE)


def test_looking_claims_nothing(database: Database) -> None:
    with database.engine.begin() as connection:
        ada: Subscriber = subscribe(connection)
        looked = due.peek(connection, ada.id, MORNING)
        assert looked.subscriber == ada
        assert due.still_mine(connection, [looked]) == []
        assert ids(claim(connection)) == [ada.id]
