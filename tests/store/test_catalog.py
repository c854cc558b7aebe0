"""What the catalog makes of listings, on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Connection, func, select

from digest.errors import NotFound
from digest.model import Alias, AliasKind, Announcement, AuthorCard, DiffCounts, Entry, Listing, Paper, Signal
from digest.store import catalog
from digest.store.catalog import upsert_listing
from digest.store.database import Database
from digest.store.tables import paper_versions, papers

MONDAY = date(2026, 4, 20)
NOW = datetime(2026, 4, 20, 4, 15, tzinfo=UTC)
LATER = NOW + timedelta(days=1)

ORCHARD = Entry(
    title_raw="Counting Apples in Foggy Orchards",
    abstract_raw="We count apples on $\\alpha$ trees seen through fog. Code: https://github.com/example-org/ apples",
    aliases=(Alias(AliasKind.ARXIV, "2604.90001"),),
    announcement=Announcement.NEW,
    version=1,
    authors=("Ada Example", "Bo Sample"),
    categories=("cs.CV", "cs.RO"),
    primary_category="cs.CV",
)


def listing(*entries: Entry, feed: str = "cs.CV", day: date | None = MONDAY) -> Listing:
    return Listing(feed=feed, day=day, entries=entries)


def store(database: Database, one: Listing, source: str = "arxiv", now: datetime = NOW) -> DiffCounts:
    return database.run_sync(upsert_listing, source, one, now)


def only_paper(database: Database) -> Paper:
    (paper,) = database.run_sync(catalog.list_papers, 10)
    return paper


def test_a_new_paper_is_stored_whole_and_readable(database: Database) -> None:
    assert store(database, listing(ORCHARD)) == DiffCounts(new=1)
    paper = only_paper(database)
    assert paper.key == "arxiv:2604.90001"
    assert paper.authors == ("Ada Example", "Bo Sample")
    assert paper.categories == ("cs.CV", "cs.RO")
    assert "α trees" in paper.abstract
    assert paper.code_url == "https://github.com/example-org/apples"
    assert paper.has_code
    assert (paper.first_seen_day, paper.first_seen_at) == (MONDAY, NOW)


def test_storing_a_listing_twice_changes_nothing(database: Database) -> None:
    store(database, listing(ORCHARD))
    before = only_paper(database)
    assert store(database, listing(ORCHARD), now=LATER) == DiffCounts(unchanged=1)
    assert only_paper(database) == before


def test_a_higher_version_is_a_revision_and_not_a_new_paper(database: Database) -> None:
    store(database, listing(ORCHARD))
    second = replace(ORCHARD, version=2, announcement=Announcement.REPLACE, title_raw="Counting Apples in Fog")
    assert store(database, listing(second, day=MONDAY + timedelta(days=1)), now=LATER) == DiffCounts(revised=1)
    paper = only_paper(database)
    assert (paper.title, paper.version, paper.first_seen_at) == ("Counting Apples in Fog", 2, NOW)

    def versions(connection: Connection) -> list[int]:
        return list(connection.execute(select(paper_versions.c.number).order_by(paper_versions.c.number)).scalars())

    assert database.run_sync(versions) == [1, 2]


def test_a_replacement_of_a_paper_never_seen_is_stored_as_revised_and_is_no_candidate(database: Database) -> None:
    second = replace(ORCHARD, version=2, announcement=Announcement.REPLACE)
    assert store(database, listing(second)) == DiffCounts(revised=1)
    assert database.run_sync(catalog.candidates, NOW - timedelta(days=1), LATER) == []
    assert only_paper(database).version == 2


def test_the_same_paper_in_a_second_feed_is_merged_and_seen_twice(database: Database) -> None:
    store(database, listing(ORCHARD))
    cross = replace(ORCHARD, announcement=Announcement.CROSS)
    assert store(database, listing(cross, feed="cs.RO")) == DiffCounts(merged=1)
    seen = database.run_sync(catalog.sightings_of, only_paper(database).id)
    assert [(feed, announcement) for _, feed, _, announcement in seen] == [("cs.CV", "new"), ("cs.RO", "cross")]


def test_a_paper_twice_in_one_listing_is_one_paper(database: Database) -> None:
    assert store(database, listing(ORCHARD, ORCHARD)).new == 1
    only_paper(database)


def test_a_listing_elsewhere_adds_what_it_knows(database: Database) -> None:
    store(database, listing(ORCHARD))
    elsewhere = Entry(
        title_raw=ORCHARD.title_raw,
        aliases=ORCHARD.aliases,
        affiliations=("Orchard Institute",),
        summary="Apples, counted.",
        discussion_url="https://huggingface.co/papers/2604.90001",
        signals=(Signal("upvotes", 12),),
    )
    assert store(database, listing(elsewhere, feed="daily"), source="hf") == DiffCounts(merged=1)
    paper = only_paper(database)
    assert paper.affiliations == ("Orchard Institute",)
    assert paper.summary == "Apples, counted."
    assert paper.signals == {"upvotes": 12}
    assert paper.abstract.startswith("We count apples")
    assert paper.version == 1


def test_signals_become_a_series_that_holds_each_change_once(database: Database) -> None:
    for hours, upvotes in ((0, 3), (6, 3), (24, 9)):
        entry = replace(ORCHARD, signals=(Signal("upvotes", upvotes),))
        store(database, listing(entry), now=NOW + timedelta(hours=hours))
    paper_id = only_paper(database).id
    series = database.run_sync(catalog.signal_series, paper_id)
    assert [(at, value) for _, _, at, value in series] == [(NOW, 3), (LATER, 9)]
    paper = database.run_sync(catalog.papers_by_id, [paper_id], LATER)[paper_id]
    assert (paper.signals["upvotes"], paper.signals_before["upvotes"]) == (9, 3)


def test_a_page_without_ids_or_authors_joins_the_paper_of_equal_title_and_abstract(database: Database) -> None:
    page = Entry(title_raw=ORCHARD.title_raw, abstract_raw=ORCHARD.abstract_raw, is_authors_complete=False)
    store(database, listing(page, feed="page.txt", day=None), source="import")
    assert store(database, listing(ORCHARD)) == DiffCounts(merged=1)
    paper = only_paper(database)
    assert paper.authors == ("Ada Example", "Bo Sample")
    assert paper.key == "arxiv:2604.90001"


def test_equal_titles_of_different_authors_are_two_papers(database: Database) -> None:
    editorial = Entry(title_raw="Editorial", abstract_raw="One.", authors=("Ada Example",), published_on=MONDAY)
    other = replace(editorial, abstract_raw="Two.", authors=("Cy Different",))
    assert store(database, listing(editorial, other)) == DiffCounts(new=2)


def test_two_arxiv_ids_are_two_papers_whatever_their_titles(database: Database) -> None:
    twin = replace(ORCHARD, aliases=(Alias(AliasKind.ARXIV, "2604.90002"),))
    assert store(database, listing(ORCHARD, twin)) == DiffCounts(new=2)


def test_an_author_card_is_kept_and_replaced(database: Database) -> None:
    card = AuthorCard("Ada Example", "CV", h_index=3, papers=1, citations=40, novelty=51, ai_score=49)
    for h_index in (3, 4):
        one = Listing("page.txt", None, (ORCHARD,), card=replace(card, h_index=h_index))
        store(database, one, source="import")
    found = database.run_sync(catalog.author_card, "ADA EXAMPLE")
    assert found == replace(card, h_index=4)


def test_a_paper_is_found_by_every_form_of_its_id_and_by_title(database: Database) -> None:
    store(database, listing(ORCHARD))
    for text in ("2604.90001", "arXiv:2604.90001v3", "https://arxiv.org/pdf/2604.90001v1", ORCHARD.title_raw, "p:1"):
        assert database.run_sync(catalog.find, text).key == "arxiv:2604.90001"
    with pytest.raises(NotFound, match="digest paper search"):
        database.run_sync(catalog.find, "2604.99999")


def test_candidates_are_those_first_seen_in_the_window(database: Database) -> None:
    store(database, listing(ORCHARD))
    window = (NOW - timedelta(hours=1), NOW)
    assert [p.key for p in database.run_sync(catalog.candidates, *window)] == ["arxiv:2604.90001"]
    assert database.run_sync(catalog.candidates, NOW, LATER) == []


def test_days_are_counted_by_announcement(database: Database) -> None:
    store(database, listing(ORCHARD))
    counts = database.run_sync(catalog.announcements, "arxiv")
    assert counts == {MONDAY: {"new": 1}}


def test_sources_that_announce_one_paper_at_one_moment_make_one_paper(database: Database) -> None:
    def announce(number: int) -> None:
        store(database, listing(ORCHARD, feed=f"feed{number}"), source=f"source{number}")

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(announce, range(12)))
    assert database.run_sync(lambda c: c.execute(select(func.count()).select_from(papers)).scalar_one()) == 1


def test_a_thousand_entries_are_stored_and_stay_unchanged(database: Database) -> None:
    many = [
        replace(ORCHARD, title_raw=f"Apples {n}", aliases=(Alias(AliasKind.ARXIV, f"2604.{n:05d}"),))
        for n in range(1, 1001)
    ]
    assert store(database, listing(*many)) == DiffCounts(new=1000)
    assert store(database, listing(*many), now=LATER) == DiffCounts(unchanged=1000)
