"""Trend from stored series: the two recorded moments of one day, and a series that is invented and stated here."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from digest.editions.sparkline import sparkline
from digest.model import Alias, AliasKind, Announcement, Entry, Listing, Signal
from digest.sources.huggingface import daily_papers
from digest.store import attention, catalog
from digest.store.database import Database
from tests.support.shared import shared

DAY = timedelta(days=1)
MONDAY = datetime(2026, 4, 20, 4, tzinfo=UTC)

# Upvotes at 04:00 UTC of each day from Monday 20 April on; None: not listed yet.
SYNTHETIC = {
    1: (2, 30, 55, 60, 61, 61, 61),  # new and hot, then over
    2: (1, 3, 5, 6, 8, 22, 61),  # found by readers on its sixth day
    3: (1, 2, 3, 4, 5, 6, 7),  # one a day
    4: (None, None, None, None, 120, 122, 123),  # listed on its fifth day, with 120
}


def entry(number: int, upvotes: int | None) -> Entry:
    return Entry(
        title_raw=f"Study {number}",
        abstract_raw=f"What follows of experiment {number}.",
        aliases=(Alias(AliasKind.ARXIV, f"2604.{number:05}"),),
        announcement=Announcement.NEW if upvotes is None else Announcement.LISTED,
        categories=("cs.CV",) if number < 3 else ("cs.CL",),
        published_on=MONDAY.date(),
        signals=() if upvotes is None else (Signal("upvotes", upvotes),),
    )


def store_synthetic(database: Database, days: int = 7) -> None:
    for day in range(days):
        listed = [entry(number, upvotes[day]) for number, upvotes in SYNTHETIC.items()]
        heard = [one for one in listed if one.signals or day == 0]
        at = MONDAY + day * DAY
        database.run_sync(catalog.upsert_listing, "hf", Listing("daily", at.date(), tuple(heard)), at)


def test_the_two_recorded_moments_of_one_day_give_a_velocity(database: Database) -> None:
    """The captures carry no time of day; here they are 21 hours apart."""
    first, second = datetime(2026, 7, 31, 2, tzinfo=UTC), datetime(2026, 7, 31, 23, tzinfo=UTC)
    for name, at in (("hf_daily_papers_allnewsai.json", first), ("scout_hf_papers.json", second)):
        file = shared(f"samples/hf/{name}")
        listing = daily_papers(file.read_bytes(), date(2026, 7, 31), name)
        database.run_sync(catalog.upsert_listing, "hf", listing, at)
    found = {one.paper.key: one for one in database.run_sync(attention.trending, second, 50)}
    assert len(found) == 30
    grew = {key: found[f"arxiv:{key}"].velocity["upvotes"] for key in ("2607.28582", "2607.27958", "2607.28308")}
    assert grew == {"2607.28582": 2, "2607.27958": 1, "2607.28308": 0}
    assert found["arxiv:2607.23193"].velocity["stars"] == 2  # 3 → 5, its upvotes stayed
    assert found["arxiv:2607.28582"].paper.series["upvotes"] == (17, 19)
    assert sparkline(found["arxiv:2607.28582"].paper.series["upvotes"]) == "▁▃"


def test_what_trends_is_told_for_any_day_by_what_was_known_then(database: Database) -> None:
    store_synthetic(database)
    order = {}
    for day in (1, 4, 6):
        found = database.run_sync(attention.trending, MONDAY + day * DAY + timedelta(hours=1), 10)
        order[day] = [(one.paper.id, round(one.velocity["upvotes"], 1)) for one in found if one.trend > 0]
    assert order[1] == [(1, 28), (2, 2)]
    assert order[4] == [(4, 28.5), (2, 2)]  # 120 in four days and five hours
    assert order[6][0] == (2, 39)


def test_the_course_of_a_series_is_its_last_readings(database: Database) -> None:
    store_synthetic(database)
    paper = database.run_sync(catalog.papers_by_id, [2])[2]
    assert paper.series == {"upvotes": (1, 3, 5, 6, 8, 22, 61)}
    assert sparkline(paper.series["upvotes"]) == "▁▁▁▂▂▃▇"


def test_trending_papers_are_narrowed_by_category_and_forgotten_after_a_week(database: Database) -> None:
    store_synthetic(database)
    at = MONDAY + 6 * DAY
    assert [one.paper.id for one in database.run_sync(attention.trending, at, 10, "cs.CL")] == [3, 4]
    assert database.run_sync(attention.trending, at + attention.LATELY, 10) == []
    assert len(database.run_sync(attention.trending, at, 1)) == 1


def test_a_known_paper_is_rising_from_the_day_on_which_it_doubled_the_usual(database: Database) -> None:
    store_synthetic(database)
    until = MONDAY + 6 * DAY
    found = database.run_sync(attention.rising, MONDAY + 3 * DAY, until)
    assert [(one.paper.id, one.rose_at) for one in found] == [(2, MONDAY + 5 * DAY), (4, MONDAY + 4 * DAY)]
    assert found[0].is_since(MONDAY + 4 * DAY)
    assert not found[0].is_since(MONDAY + 5 * DAY)
    assert not found[0].is_since(MONDAY - DAY)  # it was new to that reader anyway


def test_a_replacement_that_was_never_news_rises_too(database: Database) -> None:
    second = Entry(
        title_raw="Study 9",
        abstract_raw="Again.",
        aliases=(Alias(AliasKind.ARXIV, "2604.00009"),),
        announcement=Announcement.REPLACE,
        version=2,
        published_on=MONDAY.date() - 30 * DAY,
    )
    database.run_sync(catalog.upsert_listing, "arxiv", Listing("cs.CV", MONDAY.date(), (second,)), MONDAY)
    for hours, upvotes in ((1, 1), (25, 40)):
        at = MONDAY + timedelta(hours=hours)
        loud = Entry(title_raw="Study 9", aliases=second.aliases, signals=(Signal("upvotes", upvotes),))
        database.run_sync(catalog.upsert_listing, "hf", Listing("daily", at.date(), (loud,)), at)
    (found,) = database.run_sync(attention.rising, MONDAY - DAY, MONDAY + 2 * DAY)
    assert (found.known_at, found.is_since(MONDAY - DAY)) == (None, True)


def test_a_silent_catalog_has_nothing_that_trends_or_rises(database: Database) -> None:
    assert database.run_sync(attention.trending, MONDAY, 10) == []
    assert database.run_sync(attention.rising, MONDAY - DAY, MONDAY) == ()
