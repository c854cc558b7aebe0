"""Who gets editions: added, changed, paused, unsubscribed, erased."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, Table, insert, select

from digest.errors import DigestError, NotFound
from digest.model import (
    Alias,
    AliasKind,
    Days,
    OutboxKind,
    OutboxState,
    Reference,
    Schedule,
    SubscriberState,
)
from digest.store import (
    due,
    editions,
    feedback,
    groups,
    migrations,
    outbox,
    profiles,
    roster,
    shelf,
    subscribers,
    suppressions,
    works,
)
from digest.store.database import Database
from digest.store.editions import Composed
from digest.store.tables import metadata
from tests.support.people import MORNING, announce, subscribe

BERLIN = Schedule("Europe/Berlin", 8, Days.WEEKDAYS)
LATER = MORNING + timedelta(days=1)


def _mail(connection: Connection, subscriber_id: int, occasion: str, state: OutboxState) -> int:
    address = subscribers.get_by_id(connection, subscriber_id).address
    edition = editions.store_edition(connection, Composed(subscriber_id, occasion, MORNING.date(), MORNING, MORNING, 0))
    mail = outbox.enqueue(
        connection, OutboxKind.DIGEST, address, occasion, f"<{occasion}@x>", subscriber_id, edition, MORNING, LATER
    )
    assert mail is not None
    connection.execute(metadata.tables["outbox"].update().where(_outbox().c.id == mail).values(state=state))
    return mail


def _outbox() -> Table:
    return metadata.tables["outbox"]


def test_a_subscriber_is_found_by_address_in_any_case(database: Database) -> None:
    with database.engine.begin() as connection:
        added = subscribers.add(connection, "Ada@Example.org", "Ada", BERLIN, 12, "admin", MORNING, LATER)
        assert added == subscribers.get(connection, "ADA@example.ORG")
        assert added == subscribers.get_by_id(connection, added.id)
    assert (added.address, added.name, added.limit, added.schedule) == ("Ada@example.org", "Ada", 12, BERLIN)
    assert (added.state, added.edition_at, added.created_at) == (SubscriberState.ACTIVE, LATER, MORNING)


def test_an_address_is_added_once_whatever_its_case(database: Database) -> None:
    with database.engine.begin() as connection:
        subscribe(connection, "ada")
        with pytest.raises(DigestError, match=r"ADA@example\.org is subscribed already"):
            subscribe(connection, "ADA")


def test_without_a_due_edition_a_new_subscriber_is_pending(sqlite_database: Database) -> None:
    with sqlite_database.engine.begin() as connection:
        added = subscribers.add(connection, "ada@example.org", "", BERLIN, 5, "web", MORNING, None)
        assert added.state is SubscriberState.PENDING
        with pytest.raises(DigestError, match="not confirmed"):
            subscribers.resume(connection, added.id, LATER)


def test_whoever_unsubscribed_may_be_added_again_and_keeps_the_profile(database: Database) -> None:
    with database.engine.begin() as connection:
        first = subscribe(connection, keywords=["lamps"])
        subscribers.unsubscribe(connection, first.id, MORNING)
        again = subscribers.add(connection, first.address, "Ada L.", BERLIN, 7, "admin", LATER, LATER)
        assert (again.id, again.state, again.edition_at) == (first.id, SubscriberState.ACTIVE, LATER)
        assert profiles.get_profile(connection, again.id).interests[0].keywords == ("lamps",)


def test_an_unknown_address_names_those_that_come_close(database: Database) -> None:
    with database.engine.begin() as connection:
        subscribe(connection, "ada.lovelace")
        subscribe(connection, "grace")
        with pytest.raises(NotFound, match=r"did you mean ada\.lovelace@example\.org\?"):
            subscribers.get(connection, "ada.lovelase@example.org")
        with pytest.raises(NotFound, match=r"no subscriber x@nowhere\.example: see 'digest subscriber list'"):
            subscribers.get(connection, "x@nowhere.example")


def test_what_is_not_given_stays_as_it_was(database: Database) -> None:
    with database.engine.begin() as connection:
        before = subscribe(connection)
        after = subscribers.edit(connection, before.id, limit=9)
        assert (after.limit, after.name, after.schedule, after.edition_at) == (
            9,
            before.name,
            before.schedule,
            before.edition_at,
        )
        moved = subscribers.edit(
            connection, before.id, address="New@example.org", schedule=BERLIN, edition_at=LATER, name=" Ada "
        )
        assert (moved.address, moved.name) == ("New@example.org", "Ada")
        assert (moved.schedule, moved.edition_at) == (BERLIN, LATER)
        assert subscribers.get(connection, "new@example.org").id == before.id


def test_a_value_out_of_range_is_refused(sqlite_database: Database) -> None:
    with sqlite_database.engine.begin() as connection:
        added = subscribe(connection)
        for limit in (0, 101):
            with pytest.raises(DigestError, match="1 to 100"):
                subscribers.edit(connection, added.id, limit=limit)
        with pytest.raises(DigestError, match="hour 24"):
            subscribers.edit(connection, added.id, schedule=Schedule(hour=24))


def test_an_address_of_somebody_else_cannot_be_taken(database: Database) -> None:
    with database.engine.begin() as connection:
        subscribe(connection, "ada")
        bo = subscribe(connection, "bo")
        with pytest.raises(DigestError, match=r"Ada@example\.org belongs to another subscriber"):
            subscribers.edit(connection, bo.id, address="Ada@example.org")


def test_a_paused_subscriber_is_never_due_until_resumed(database: Database) -> None:
    with database.engine.begin() as connection:
        added = subscribe(connection)
        assert subscribers.pause(connection, added.id).edition_at is None
        subscribers.edit(connection, added.id, schedule=BERLIN, edition_at=MORNING)
        assert due.claim_due(connection, LATER, timedelta(minutes=1), 10) == []
        resumed = subscribers.resume(connection, added.id, LATER)
        assert (resumed.state, resumed.edition_at) == (SubscriberState.ACTIVE, LATER)


def test_unsubscribing_cancels_the_digests_that_are_not_on_the_wire(database: Database) -> None:
    unsent = [OutboxState.PENDING, OutboxState.DEFERRED, OutboxState.CLAIMED]
    states = [*unsent, OutboxState.DATA_STARTED, OutboxState.SENT]
    with database.engine.begin() as connection:
        ada = subscribe(connection)
        mails = [_mail(connection, ada.id, f"2026-04-{day}", state) for day, state in enumerate(states, 10)]
        other = _mail(connection, subscribe(connection, "bo").id, "2026-04-10", OutboxState.PENDING)
        assert subscribers.unsubscribe(connection, ada.id, LATER)
        shown = [outbox.show(connection, mail) for mail in mails]
        assert [mail.state for mail in shown] == [OutboxState.CANCELLED] * 3 + states[3:]
        assert all(mail.due_at is None for mail in shown[:3])
        assert outbox.show(connection, other).state is OutboxState.PENDING
        ended = subscribers.get_by_id(connection, ada.id)
        assert (ended.state, ended.edition_at) == (SubscriberState.UNSUBSCRIBED, None)


def test_a_hundred_parallel_unsubscribes_change_one_row_once(database: Database) -> None:
    ada = database.run_sync(subscribe)
    with ThreadPoolExecutor(8) as pool:
        changed = list(pool.map(lambda _: database.run_sync(subscribers.unsubscribe, ada.id, LATER), range(100)))
    assert sorted(changed) == [False] * 99 + [True]


def test_unsubscribing_somebody_unknown_changes_nothing(sqlite_database: Database) -> None:
    assert not sqlite_database.run_sync(subscribers.unsubscribe, 99, MORNING)


def test_erasing_leaves_no_trace_but_a_suppression(database: Database) -> None:
    with database.engine.begin() as connection:
        announce(connection, MORNING, 1, 2)
        ada, bo = subscribe(connection, "ada"), subscribe(connection, "bo")
        for reader in (ada, bo):
            profiles.follow(connection, reader.id, ["Ada Lumen"])
            with feedback.noted(connection, reader.id, f"liked by {reader.address}", "cli", MORNING):
                profiles.like(connection, reader.id, [1], MORNING)
            shelf.mark(connection, reader.id, [2], shelf.Kind.SAVED, MORNING)
            private = Reference("A work of nobody else", aliases=(Alias(AliasKind.DOI, "10.1000/mine"),))
            works.add_works(connection, reader.id, [private], "", MORNING)
            mail = _mail(connection, reader.id, "2026-04-20", OutboxState.SENT)
            attempt = {"outbox_id": mail, "attempt": 1, "started_at": MORNING}
            connection.execute(insert(metadata.tables["outbox_attempts"]).values(attempt))
        groups.add_members(connection, bo.id, [ada.id])
        outbox.enqueue(connection, OutboxKind.NOTE, "ADA@example.org", "hello", "<n@x>", None, None, MORNING, LATER)
        suppressions.suppress(connection, "ada@example.org", "asked to", "admin", MORNING)
        subscribers.erase(connection, ada.id)
        left = {name: connection.execute(select(table)).all() for name, table in metadata.tables.items()}
    one_each = ("subscribers", "profiles", "interests", "likes", "shelf", "works", "work_aliases", "editions", "outbox")
    for name in (*one_each, "outbox_attempts"):
        assert len(left[name]) == 1, name
    assert (len(left["feedback"]), left["group_members"]) == (2, [])
    assert [name for name, rows in left.items() if "ada@" in str(rows).casefold()] == ["suppressions"]


def test_erasing_somebody_unknown_is_said(sqlite_database: Database) -> None:
    with pytest.raises(NotFound):
        sqlite_database.run_sync(subscribers.erase, 99)


def test_states_are_listed_and_counted(database: Database) -> None:
    with database.engine.begin() as connection:
        for name in ("cy", "bo", "ada"):
            subscribe(connection, name)
        subscribers.pause(connection, subscribers.get(connection, "bo@example.org").id)
        assert [one.name for one in subscribers.list_all(connection)] == ["Ada", "Bo", "Cy"]
        assert [one.name for one in subscribers.list_all(connection, SubscriberState.PAUSED)] == ["Bo"]
        assert subscribers.counts(connection) == {SubscriberState.ACTIVE: 2, SubscriberState.PAUSED: 1}


def test_what_is_exported_can_be_imported_elsewhere(database: Database, tmp_path: Path) -> None:
    with database.engine.begin() as connection:
        announce(connection, MORNING, 1, 2, 3)
        ada = subscribe(connection, schedule=BERLIN)
        profiles.set_profile(connection, ada.id, categories=["cs.CV"], authors=["Bo Fyr"], muted=["survey"])
        profiles.like(connection, ada.id, [1, 2], MORNING)
        profiles.dislike(connection, ada.id, [3], MORNING)
        subscribers.pause(connection, subscribe(connection, "bo").id)
        subscribers.unsubscribe(connection, subscribe(connection, "cy").id, MORNING)
        rows = json.loads(json.dumps(roster.export_rows(connection)))
    assert rows[0]["likes"] == ["arxiv:2604.00001", "arxiv:2604.00002"]
    elsewhere = Database(f"sqlite:///{tmp_path / 'elsewhere.db'}")
    migrations.upgrade(elsewhere)
    with elsewhere.engine.begin() as connection:
        announce(connection, MORNING, 7, 2, 3)  # other ids there, and one paper is missing
        imported = [roster.import_row(connection, row, LATER, LATER) for row in rows]
        assert [one.unknown_papers for one in imported] == [("arxiv:2604.00001",), (), ()]
        again = roster.export_rows(connection)
    elsewhere.close()
    del rows[0]["liked_at"][rows[0]["likes"].pop(0)]
    assert [row | {"created_at": None} for row in again] == [row | {"created_at": None} for row in rows]


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({}, "needs an address"),
        ({"address": "ada@example.org", "limit": "5"}, "the limit is a number"),
        ({"address": "ada@example.org", "hour": 25}, "hour: 25"),
        ({"address": "ada@example.org", "days": "never"}, "days: 'never' is none of daily, weekdays, weekly"),
        ({"address": "ada@example.org", "state": "gone"}, "state: 'gone'"),
        ({"address": "ada@example.org", "keywords": "lamps"}, "keywords: 'lamps' is no list"),
        ({"address": "ada@example.org", "keyword": []}, "keyword: no such field; known: address"),
        ({"address": "ada@"}, "no mail address"),
    ],
)
def test_a_malformed_row_names_its_field(sqlite_database: Database, row: dict[str, object], why: str) -> None:
    with pytest.raises(DigestError, match=why):
        sqlite_database.run_sync(roster.import_row, row, MORNING, LATER)
