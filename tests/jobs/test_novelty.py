"""Novelty: every paper is measured once, whatever dies or runs beside it."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Connection, select

from digest import clock
from digest.jobs import run_due
from digest.jobs.novelty import Novelty
from digest.model import Alias, AliasKind, Announcement, Entry, Listing
from digest.ranking.novelty import LEAST_PEERS, NEAREST
from digest.store import catalog, novelty
from digest.store.database import Database
from digest.store.tables import paper_novelty

MONDAY = date(2026, 4, 20)
NOW = datetime(2026, 4, 30, 5, tzinfo=UTC)
LEASE = timedelta(minutes=10)
TOPICS = ("lighthouse lamp sea ship", "parrot colour graph edge", "protein folding paper crane")


def entry(number: int, text: str, day: date, category: str | None = "cs.CV") -> Entry:
    return Entry(
        title_raw=f"Study{number}",
        abstract_raw=text,
        aliases=(Alias(AliasKind.ARXIV, f"2604.{number:05}"),),
        announcement=Announcement.NEW,
        categories=(category,) if category else (),
        published_on=day,
    )


def store(database: Database, *entries: Entry) -> None:
    database.run_sync(catalog.upsert_listing, "arxiv", Listing("cs.CV", MONDAY, entries), NOW)


def store_past(database: Database, count: int = 12, category: str = "cs.CV") -> None:
    yesterday = MONDAY - timedelta(days=1)
    store(database, *(entry(i, f"{TOPICS[i % 3]} number{i}", yesterday, category) for i in range(1, count + 1)))


def measure(database: Database, now: datetime = NOW, job: Novelty | None = None) -> int:
    return asyncio.run(run_due(job or Novelty(), database, clock.fixed(now)))


def rows(database: Database) -> dict[int, tuple[float | None, float | None]]:
    def read(connection: Connection) -> dict[int, tuple[float | None, float | None]]:
        found = connection.execute(select(paper_novelty).order_by(paper_novelty.c.paper_id))
        return {row.paper_id: (row.distance, row.percentile) for row in found}

    return database.run_sync(read)


def test_a_new_paper_is_compared_with_what_was_there_before(database: Database) -> None:
    store_past(database)
    store(
        database,
        entry(13, "lighthouse lamp sea ship again", MONDAY),
        entry(14, "cheese fermentation by quartets", MONDAY),
    )
    assert measure(database) == 1
    found = rows(database)
    assert [found[paper_id] for paper_id in range(1, 13)] == [(None, None)] * 12  # nothing is earlier
    assert (found[13][1], found[14]) == (25, (1.0, 75))
    assert database.run_sync(novelty.percentiles_of, [1, 13, 14]) == {13: 25, 14: 75}
    assert measure(database) == 0


def test_papers_that_come_later_on_the_same_day_move_the_percentiles(database: Database) -> None:
    store_past(database)
    store(database, entry(13, "lighthouse lamp sea ship again", MONDAY))
    measure(database)
    assert database.run_sync(novelty.percentiles_of, [13]) == {13: 50}
    store(database, entry(14, "cheese fermentation by quartets", MONDAY))
    assert measure(database) == 1
    assert database.run_sync(novelty.percentiles_of, [13, 14]) == {13: 25, 14: 75}


def test_a_day_of_many_papers_is_its_own_measure_and_one_of_few_looks_back(database: Database) -> None:
    store_past(database)
    store(database, *(entry(100 + i, f"{TOPICS[i % 3]} with cheese{i}", MONDAY) for i in range(LEAST_PEERS)))
    tuesday = MONDAY + timedelta(days=1)
    store(database, entry(200, "quartets under moonlight", tuesday))
    measure(database)
    found = rows(database)
    of_monday = [percentile for _, percentile in list(found.values())[12 : 12 + LEAST_PEERS] if percentile is not None]
    assert sum(of_monday) / LEAST_PEERS == 50
    assert found[max(found)][1] == 100 * (LEAST_PEERS + 0.5) / (LEAST_PEERS + 1)  # alone it would be 50


def test_categories_are_measured_apart_and_a_paper_without_one_is_not(database: Database) -> None:
    store_past(database)
    store(database, entry(13, TOPICS[0], MONDAY, "cs.CL"), entry(14, TOPICS[0], MONDAY, None))
    store(database, entry(15, TOPICS[0], MONDAY))
    assert measure(database) == 2
    found = rows(database)
    assert (found[13], found[14]) == ((None, None), (None, None))
    assert found[15][0] is not None
    assert measure(database) == 0


def test_small_batches_measure_as_large_ones(database: Database) -> None:
    store_past(database)
    store(database, *(entry(13 + i, f"{TOPICS[i % 3]} cheese{i}", MONDAY + timedelta(days=i)) for i in range(9)))
    job = Novelty(batch=4)
    assert measure(database, job=job) == 6
    found = rows(database)
    assert all(found[paper_id][0] is not None for paper_id in range(13, 22))
    assert [found[paper_id][0] for paper_id in range(1, NEAREST)] == [None] * (NEAREST - 1)


def test_a_crash_while_measuring_is_made_good_after_the_lease(database: Database) -> None:
    store_past(database)
    assert database.run_sync(Novelty().claim, NOW) is not None
    assert measure(database, NOW + LEASE - timedelta(seconds=1)) == 0
    assert measure(database, NOW + LEASE) == 1


def test_after_three_lapses_a_paper_is_given_up_and_others_go_on(database: Database) -> None:
    store_past(database)
    for tries in range(3):
        claimed = database.run_sync(Novelty().claim, NOW + tries * LEASE)
        assert claimed is not None
        assert len(claimed.wanted) == 12
    store(database, entry(13, TOPICS[0], MONDAY))
    assert measure(database, NOW + 3 * LEASE) == 1
    assert rows(database)[13][0] is not None
    assert measure(database, NOW + 9 * LEASE) == 0


def test_settling_twice_changes_nothing(database: Database) -> None:
    store_past(database)
    store(database, entry(13, TOPICS[0], MONDAY))
    job = Novelty()
    claimed = database.run_sync(job.claim, NOW)
    assert claimed is not None
    result = asyncio.run(job.work(claimed))
    database.run_sync(job.settle, claimed, result, NOW)
    once = rows(database)
    database.run_sync(job.settle, claimed, result, NOW)
    assert rows(database) == once
