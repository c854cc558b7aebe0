"""Editions and the ledger: stored once, loaded as they were."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, delete, func, select

from digest.model import Edition, Facts, Reason, ReasonKind, ShownPick
from digest.store import editions, subscribers
from digest.store.database import Database
from digest.store.editions import Composed
from digest.store.tables import paper_facts, picked
from tests.support.people import MORNING, announce, subscribe

DAY = MORNING.date()
FACTS = Facts(
    paper_id=1,
    key="arxiv:2604.00001",
    title="Where Lamps Look — α, “quotes” and a 🗼",
    abstract="We ask.",
    authors=("Ada Lumen", "Björn Fyr"),
    author_count=4,
    affiliations=("Coast Institute",),
    category="cs.CV",
    published_on=date(2026, 4, 17),
    version=2,
    url="https://arxiv.org/abs/2604.00001",
    pdf_url=None,
    code_url=None,
    has_code=True,
    discussion_url=None,
    summary=None,
    upvotes=128,
    stars=None,
)
REASONS = (Reason(ReasonKind.TERMS, ("attention maps", "lamps"), 0.1 + 0.2), Reason(ReasonKind.AUTHOR, ("Ada",), 1.0))


def composed(
    subscriber_id: int, *papers: int, occasion: str = "2026-04-20", skip_reason: str | None = None
) -> Composed:
    picks = tuple(
        ShownPick(replace(FACTS, paper_id=paper, key=f"arxiv:2604.{paper:05}"), 1.1 * paper, REASONS)
        for paper in papers
    )
    day = date.fromisoformat(occasion[:10])
    return Composed(subscriber_id, occasion, day, MORNING - timedelta(days=1), MORNING, 412, picks, skip_reason)


def _readers(connection: Connection, *names: str) -> list[int]:
    announce(connection, MORNING, 1, 2, 3, 4)
    return [subscribe(connection, name).id for name in names]


def _count(connection: Connection, table: str) -> int:
    tables = {"facts": paper_facts, "picked": picked}
    return connection.execute(select(func.count()).select_from(tables[table])).scalar_one()


def test_the_same_edition_loads_as_it_was_stored(database: Database) -> None:
    with database.engine.begin() as connection:
        (ada,) = _readers(connection, "ada")
        edition_id = editions.store_edition(connection, composed(ada, 3, 1))
        assert edition_id is not None
    with database.engine.begin() as connection:
        loaded = editions.load_editions(connection, [edition_id, 999])
    one = composed(ada, 3, 1)
    expected = Edition(edition_id, ada, one.occasion, DAY, one.since, MORNING, 412, one.picks)
    assert loaded == {edition_id: expected}


def test_an_occasion_has_one_edition_however_often_it_is_stored(database: Database) -> None:
    with database.engine.begin() as connection:
        (ada,) = _readers(connection, "ada")
        first = editions.store_edition(connection, composed(ada, 1, 2))
        assert first is not None
        assert editions.store_edition(connection, composed(ada, 3)) is None
        assert editions.store_edition(connection, composed(ada, skip_reason="nothing new")) is None
        assert [pick.facts.paper_id for pick in editions.load_editions(connection, [first])[first].picks] == [1, 2]
        assert editions.picked_ids(connection, [ada]) == {ada: frozenset({1, 2})}
        assert editions.store_edition(connection, composed(ada, 3, occasion="2026-04-20+1")) is not None


def test_a_skip_gives_way_to_an_edition_but_not_to_another_skip(database: Database) -> None:
    with database.engine.begin() as connection:
        (ada,) = _readers(connection, "ada")
        skip = editions.store_edition(connection, composed(ada, skip_reason="nothing new"))
        assert editions.store_edition(connection, composed(ada, skip_reason="again nothing")) is None
        assert [chapter.skip_reason for chapter in editions.history(connection, ada)] == ["nothing new"]
        assert editions.find_edition(connection, ada, DAY) is None
        assert editions.store_edition(connection, composed(ada, 1)) == skip
        found = editions.find_edition(connection, ada, DAY)
    assert found is not None
    assert (found.id, len(found.picks)) == (skip, 1)


def test_equal_facts_are_stored_once_over_subscribers_and_editions(database: Database) -> None:
    with database.engine.begin() as connection:
        readers = _readers(connection, *(f"reader{number}" for number in range(450)))  # more than one chunk
        stored = editions.store_editions(connection, [composed(reader, 1, 2) for reader in readers])
        assert stored.keys() == set(readers)
        assert len(set(stored.values())) == 450
        assert _count(connection, "facts") == 2
        assert _count(connection, "picked") == 900
        editions.store_edition(connection, composed(readers[0], 1, 3, occasion="2026-04-21"))
        assert _count(connection, "facts") == 3


def test_the_ledger_is_asked_for_recent_papers_only_where_that_is_enough(database: Database) -> None:
    with database.engine.begin() as connection:
        ada, bo, cy = _readers(connection, "ada", "bo", "cy")
        editions.store_editions(connection, [composed(ada, 1, 3), composed(bo, 2)])
        ids = editions.picked_ids(connection, [ada, bo, cy])
        assert ids == {ada: frozenset({1, 3}), bo: frozenset({2}), cy: frozenset()}
        assert editions.picked_ids(connection, [ada, bo], from_paper=3) == {ada: frozenset({3}), bo: frozenset()}


def test_history_tells_editions_and_skips_latest_first(database: Database) -> None:
    with database.engine.begin() as connection:
        (ada,) = _readers(connection, "ada")
        for occasion, papers, reason in (
            ("2026-04-18", (1,), None),
            ("2026-04-19", (), "nothing new"),
            ("2026-04-20", (2, 3), None),
            ("2026-04-20+1", (4,), None),
        ):
            editions.store_edition(connection, composed(ada, *papers, occasion=occasion, skip_reason=reason))
        told = [(one.occasion, one.picks, one.skip_reason) for one in editions.history(connection, ada)]
        assert told == [
            ("2026-04-20+1", 1, None),
            ("2026-04-20", 2, None),
            ("2026-04-19", 0, "nothing new"),
            ("2026-04-18", 1, None),
        ]
        assert [one.occasion for one in editions.history(connection, ada, day=DAY, limit=1)] == ["2026-04-20+1"]
        last = editions.find_edition(connection, ada, DAY)
        assert last == editions.latest_edition(connection, ada)
        assert last is not None
        assert last.occasion == "2026-04-20+1"


def test_why_a_paper_was_picked_is_told(database: Database) -> None:
    with database.engine.begin() as connection:
        (ada,) = _readers(connection, "ada")
        edition_id = editions.store_edition(connection, composed(ada, 2, 3))
        told = editions.appearance(connection, ada, 3)
        assert told is not None
        assert (told.edition_id, told.occasion, told.reasons) == (edition_id, "2026-04-20", REASONS)
        assert editions.appearance(connection, ada, 1) is None


def test_a_shelf_gives_what_loading_anew_gives(database: Database) -> None:
    shelf = editions.Shelf()
    with database.engine.begin() as connection:
        ada, bo = _readers(connection, "ada", "bo")
        stored = editions.store_editions(connection, [composed(ada, 1, 2), composed(bo, 2, 3)])
        for _ in range(2):
            for edition_id in stored.values():
                loaded = shelf.load(connection, [edition_id])
                assert loaded == editions.load_editions(connection, [edition_id])
        of_ada, of_bo = shelf.load(connection, stored.values()).values()
        assert of_ada.picks[1].facts is of_bo.picks[0].facts  # remembered, not read twice


def test_a_shelf_notices_when_a_row_is_another_one_now(sqlite_database: Database) -> None:
    shelf = editions.Shelf()
    with sqlite_database.engine.begin() as connection:
        ada, bo = _readers(connection, "ada", "bo")
        first = editions.store_edition(connection, composed(ada, 1))
        assert first is not None
        shelf.load(connection, [first])
        subscribers.erase(connection, ada)
        connection.execute(delete(paper_facts))  # SQLite gives the ids of the last rows again
        second = editions.store_edition(connection, composed(bo, 2))
        assert second is not None
        assert [pick.facts.paper_id for pick in shelf.load(connection, [second])[second].picks] == [2]


def test_nothing_to_store_is_no_work(database: Database) -> None:
    assert database.run_sync(editions.store_editions, []) == {}
    assert database.run_sync(editions.load_editions, []) == {}
    assert database.run_sync(editions.picked_ids, []) == {}


_text = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30)
_maybe = st.none() | _text
_facts = st.builds(
    Facts,
    paper_id=st.just(1),
    key=_text,
    title=_text,
    abstract=_text,
    authors=st.lists(_text, max_size=3).map(tuple),
    author_count=st.none() | st.integers(0, 5000),
    affiliations=st.lists(_text, max_size=3).map(tuple),
    category=_maybe,
    published_on=st.none() | st.dates(),
    version=st.none() | st.integers(1, 50),
    url=_maybe,
    pdf_url=_maybe,
    code_url=_maybe,
    has_code=st.booleans(),
    discussion_url=_maybe,
    summary=_maybe,
    upvotes=st.none() | st.integers(0),
    stars=st.none() | st.integers(0),
)
_reasons = st.builds(
    Reason,
    kind=st.sampled_from(ReasonKind),
    words=st.lists(_text, max_size=3).map(tuple),
    share=st.floats(allow_nan=False, allow_infinity=False),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_facts, st.lists(_reasons, max_size=3).map(tuple), st.floats(allow_nan=False, allow_infinity=False))
def test_any_edition_comes_back_equal(
    sqlite_database: Database, facts: Facts, reasons: tuple[Reason, ...], score: float
) -> None:
    with sqlite_database.engine.connect() as connection:
        (ada,) = _readers(connection, "ada")
        one = replace(composed(ada), picks=(ShownPick(facts, score, reasons),))
        edition_id = editions.store_edition(connection, one)
        assert edition_id is not None
        assert editions.load_editions(connection, [edition_id])[edition_id].picks == one.picks
        connection.rollback()


def test_the_newest_paper_counts_only_as_of_its_time(database: Database) -> None:
    with database.engine.begin() as connection:
        assert editions.newest_paper_at(connection, MORNING) is None
        announce(connection, MORNING, 1)
        announce(connection, MORNING + timedelta(days=1), 2)
        assert editions.newest_paper_at(connection, MORNING + timedelta(hours=1)) == MORNING
        assert editions.newest_paper_at(connection, datetime(2030, 1, 1, tzinfo=UTC)) == MORNING + timedelta(days=1)
