from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from digest.model import Alias, AliasKind, Announcement, Entry, Listing, Reference
from digest.store import catalog, history, profiles, shelf, works
from digest.store.database import Connection, Database
from tests.support.people import subscribe

FRIDAY, MONDAY = date(2026, 4, 17), date(2026, 4, 20)
SEEN = datetime(2026, 4, 20, 6, 11, tzinfo=UTC)


def listed(
    connection: Connection,
    day: date | None,
    seen_at: datetime,
    *numbers: int,
    announcement: Announcement = Announcement.NEW,
    comment: str | None = None,
) -> None:
    entries = tuple(
        Entry(
            title_raw=f"Paper {number}",
            abstract_raw=f"Of {number} things.",
            aliases=(Alias(AliasKind.ARXIV, f"2604.{number:05}"),),
            announcement=announcement,
            version=2 if comment else 1,
            comment=comment,
        )
        for number in numbers
    )
    catalog.upsert_listing(connection, "arxiv", Listing("cs.CV", day, entries), seen_at)


@pytest.fixture
def past(database: Database) -> Database:
    """Two papers of Friday, three of Monday and one that its source gave no day, first seen on Monday."""
    database.run_sync(listed, FRIDAY, SEEN - timedelta(days=3), 1, 2)
    database.run_sync(listed, MONDAY, SEEN, 3, 4, 5)
    database.run_sync(listed, None, SEEN + timedelta(hours=1), 6)
    return database


def titles(database: Database, since: date, until: date) -> set[str]:
    return {paper.title for paper in database.run_sync(history.new_papers, since, until)}


def test_a_day_has_the_papers_that_were_announced_on_it_and_those_seen_on_it_without_a_day(past: Database) -> None:
    assert titles(past, FRIDAY, FRIDAY) == {"Paper 1", "Paper 2"}
    assert titles(past, MONDAY, MONDAY) == {"Paper 3", "Paper 4", "Paper 5", "Paper 6"}
    assert len(titles(past, FRIDAY, MONDAY)) == 6


def test_days_are_counted_in_order_and_silent_ones_left_out(past: Database) -> None:
    assert list(past.run_sync(history.days_with_papers).items()) == [(FRIDAY, 2), (MONDAY, 4)]


def test_a_day_that_was_caught_up_is_replayed_like_one_that_was_polled(past: Database) -> None:
    past.run_sync(listed, FRIDAY, SEEN + timedelta(days=9), 7)
    assert "Paper 7" in titles(past, FRIDAY, FRIDAY)
    assert [text for _, text in past.run_sync(history.texts_of, None, FRIDAY, 9)][-1] == "Paper 7\nOf 7 things."


def test_a_replacement_was_never_new(past: Database) -> None:
    past.run_sync(listed, MONDAY, SEEN, 8, announcement=Announcement.REPLACE)
    assert "Paper 8" not in titles(past, MONDAY, MONDAY)
    assert len(past.run_sync(history.texts_of, None, MONDAY, 99)) == 7, "but it was read"


def test_a_paper_withdrawn_later_was_there_on_its_day(past: Database) -> None:
    gone = "This paper has been withdrawn by the author"
    past.run_sync(listed, MONDAY, SEEN + timedelta(days=4), 3, announcement=Announcement.REPLACE, comment=gone)
    assert "Paper 3" in titles(past, MONDAY, MONDAY)
    past.run_sync(listed, MONDAY, SEEN + timedelta(hours=3), 4, announcement=Announcement.REPLACE, comment=gone)
    assert "Paper 4" not in titles(past, MONDAY, MONDAY)


def test_what_had_been_read_is_the_latest_up_to_the_day_oldest_first(past: Database) -> None:
    assert [text[:7] for _, text in past.run_sync(history.texts_of, None, FRIDAY, 9)] == ["Paper 1", "Paper 2"]
    assert [text[:7] for _, text in past.run_sync(history.texts_of, MONDAY, MONDAY, 2)] == ["Paper 5", "Paper 6"]


def test_votes_come_with_their_instants(past: Database) -> None:
    ada, _ = (past.run_sync(subscribe, name) for name in ("ada", "bo"))
    first, second = (paper.id for paper in past.run_sync(history.new_papers, FRIDAY, FRIDAY))
    past.run_sync(profiles.like, ada.id, [first], SEEN)
    past.run_sync(profiles.dislike, ada.id, [second], SEEN + timedelta(hours=2))
    assert past.run_sync(history.voters) == [ada.id]
    given = past.run_sync(history.votes_given, [ada.id])
    assert given == {ada.id: {first: SEEN, second: SEEN + timedelta(hours=2)}}


def test_what_was_read_before_is_not_recommended_and_what_was_read_later_would_have_been(past: Database) -> None:
    ada, bo = (past.run_sync(subscribe, name) for name in ("ada", "bo"))
    first, second = (paper.id for paper in past.run_sync(history.new_papers, FRIDAY, FRIDAY))
    past.run_sync(shelf.mark, ada.id, [first], shelf.Kind.READ, SEEN - timedelta(days=1))
    past.run_sync(shelf.mark, ada.id, [second], shelf.Kind.SAVED, SEEN + timedelta(hours=2))
    known = past.run_sync(history.known_before, [ada.id, bo.id], [first, second], SEEN)
    assert known == {ada.id: {first}, bo.id: frozenset()}


def test_voted_papers_come_with_the_works_of_their_readers_libraries(past: Database) -> None:
    ada, bo = (past.run_sync(subscribe, name) for name in ("ada", "bo"))
    (paper, _) = past.run_sync(history.new_papers, FRIDAY, FRIDAY)
    book = Reference("A Handbook of Lighthouses and Other Lamps", "On lamps.", ("Lumen, Ada",))
    past.run_sync(works.add_works, ada.id, [book], "", SEEN)
    found = past.run_sync(history.voted_papers, [ada.id], [paper.id, -1])
    assert {one.title for one in found.values()} == {paper.title, book.title}
    assert list(past.run_sync(history.voted_papers, [bo.id], [paper.id])) == [paper.id]
