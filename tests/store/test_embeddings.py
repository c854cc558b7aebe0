"""Which papers wait for a vector, on both databases."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Connection, select, update

from digest.model import Alias, AliasKind, Announcement, Entry, Listing
from digest.store import catalog, embeddings, profiles
from digest.store.database import Database
from digest.store.embeddings import Progress, Unread
from digest.store.tables import paper_vectors, papers
from tests.support.people import subscribe

MODEL = "small"
NOW = datetime(2026, 4, 20, 5, tzinfo=UTC)
LEASE = timedelta(minutes=10)
LATER = NOW + timedelta(hours=1)


def store(database: Database, *numbers: int, now: datetime = NOW, text: str = "Lamps of number") -> None:
    entries = tuple(
        Entry(
            title_raw=f"Study {number}",
            abstract_raw=f"{text} {number}.",
            aliases=(Alias(AliasKind.ARXIV, f"2604.{number:05}"),),
            announcement=Announcement.NEW if now == NOW else Announcement.REPLACE,
            version=1 if now == NOW else 2,
        )
        for number in numbers
    )
    database.run_sync(catalog.upsert_listing, "arxiv", Listing("cs.CV", date(2026, 4, 20), entries), now)


def claim(
    database: Database, now: datetime = NOW, *, model: str = MODEL, window: int = 100, limit: int = 100
) -> list[Unread]:
    return database.run_sync(embeddings.claim, model, window, now, LEASE, limit)


def settle(database: Database, claimed: Sequence[Unread], now: datetime = NOW, *, model: str = MODEL) -> None:
    vectors = [bytes([one.paper_id % 256, one.attempt]) for one in claimed]
    database.run_sync(embeddings.settle, model, claimed, vectors, now)


def ids(claimed: Sequence[Unread]) -> list[int]:
    return [one.paper_id for one in claimed]


def vectors(database: Database, model: str = MODEL) -> dict[int, bytes]:
    return {one.paper_id: one.packed for one in database.run_sync(embeddings.latest, model, None, 100)}


def test_the_latest_papers_come_first_and_each_once(database: Database) -> None:
    store(database, 1, 2, 3)
    first = claim(database, limit=2)
    assert ids(first) == [3, 2]
    assert first[0].text == "Study 3\nLamps of number 3."
    assert ids(claim(database)) == [1]
    assert claim(database) == []


def test_a_vector_is_stored_once_and_nothing_is_left_to_do(database: Database) -> None:
    store(database, 1, 2)
    settle(database, claim(database))
    assert vectors(database) == {1: b"\x01\x01", 2: b"\x02\x01"}
    assert claim(database, LATER) == []
    assert database.run_sync(embeddings.stored_ids, MODEL) == {1, 2}


def test_a_crash_while_embedding_retries_after_the_lease(database: Database) -> None:
    store(database, 1)
    claim(database)
    assert claim(database, NOW + LEASE - timedelta(seconds=1)) == []
    (again,) = claim(database, NOW + LEASE)
    assert (again.paper_id, again.attempt) == (1, 2)


def test_a_late_settle_of_a_lost_lease_is_discarded(database: Database) -> None:
    store(database, 1)
    lost = claim(database)
    held = claim(database, NOW + LEASE)
    settle(database, lost, NOW + LEASE)
    assert vectors(database) == {}
    settle(database, held, NOW + LEASE)
    assert vectors(database) == {1: b"\x01\x02"}


def test_a_paper_that_kills_the_model_three_times_is_left_alone(database: Database) -> None:
    store(database, 1, 2)
    now = NOW
    for _ in range(4):
        settle(database, [one for one in claim(database, now) if one.paper_id == 2], now)
        now += LEASE
    assert claim(database, now + timedelta(days=1)) == []
    assert database.run_sync(embeddings.progress, MODEL, 100) == Progress(done=1, wanted=2, stuck=1)


def test_a_revised_text_is_embedded_again_and_the_old_vector_stands_until_then(database: Database) -> None:
    store(database, 1, 2)
    settle(database, claim(database))
    store(database, 2, now=LATER, text="Ships of number")
    (again,) = claim(database, LATER + LEASE)
    assert (again.paper_id, again.text) == (2, "Study 2\nShips of number 2.")
    assert vectors(database) == {1: b"\x01\x01", 2: b"\x02\x01"}
    settle(database, [again], LATER + LEASE)
    assert vectors(database)[2] == b"\x02\x02"
    assert claim(database, LATER + 2 * LEASE) == []


def test_a_revision_that_leaves_the_text_costs_nothing(database: Database) -> None:
    store(database, 1)
    settle(database, claim(database))

    def revise(connection: Connection) -> None:
        connection.execute(update(papers).values(revised_at=LATER))

    database.run_sync(revise)
    assert claim(database, LATER + LEASE) == []
    assert claim(database, LATER + 2 * LEASE) == []
    assert vectors(database) == {1: b"\x01\x01"}


def test_only_the_window_and_what_somebody_voted_on_is_embedded(database: Database) -> None:
    store(database, 1, 2, 3, 4)
    with database.engine.begin() as connection:
        ada = subscribe(connection, "ada").id
        profiles.like(connection, ada, [1], NOW)
    assert ids(claim(database, window=2)) == [4, 3, 1]
    assert database.run_sync(embeddings.progress, MODEL, 2) == Progress(done=0, wanted=3, stuck=0)


def test_what_ranking_no_longer_needs_is_deleted(database: Database) -> None:
    store(database, 1, 2, 3, 4)
    settle(database, claim(database))
    settle(database, claim(database, model="another"), model="another")
    with database.engine.begin() as connection:
        profiles.like(connection, subscribe(connection, "ada").id, [1], NOW)
    assert database.run_sync(embeddings.prune, MODEL, 2) == 5
    assert (set(vectors(database)), vectors(database, "another")) == ({1, 3, 4}, {})
    assert database.run_sync(embeddings.prune, MODEL, 2) == 0


def test_each_model_has_vectors_of_its_own(database: Database) -> None:
    store(database, 1)
    settle(database, claim(database))
    assert ids(claim(database, model="another")) == [1]


def test_what_is_new_is_read_in_order_from_where_one_stopped(database: Database) -> None:
    store(database, 1, 2, 3)
    settle(database, claim(database, limit=1), NOW)
    settle(database, claim(database, limit=2), LATER)
    first = database.run_sync(embeddings.latest, MODEL, None, 2)
    assert [one.paper_id for one in first] == [3, 1]
    rest = database.run_sync(embeddings.latest, MODEL, (first[-1].embedded_at, first[-1].paper_id), 2)
    assert [(one.paper_id, one.embedded_at) for one in rest] == [(2, LATER)]


def test_a_row_says_when_its_text_was_read(database: Database) -> None:
    store(database, 1)
    settle(database, claim(database), LATER)
    with database.engine.begin() as connection:
        row = connection.execute(select(paper_vectors)).one()
    assert (row.read_at, row.embedded_at, row.lease_until, row.lapses) == (NOW, LATER, None, 0)
