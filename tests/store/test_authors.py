"""Who wrote what: authors by folded name, what others said of them beside what is computed here."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import insert

from digest.errors import NotFound
from digest.model import Alias, AliasKind, AuthorCard, Entry, Listing, Signal
from digest.ranking.standing import Standing, author_standing
from digest.store import authors, catalog
from digest.store.authors import Author
from digest.store.database import Database
from digest.store.tables import author_enrichments

NOW = datetime(2026, 4, 20, 4, tzinfo=UTC)
CARD = AuthorCard("Ada Lumen", "cs.CV", 20, 40, 2000, 51, 49)


def entry(number: int, *names: str, category: str = "cs.CV", upvotes: int = 0, has_code: bool = False) -> Entry:
    return Entry(
        title_raw=f"Study number {number}",
        abstract_raw=f"In experiment {number} we look at lamps.",
        aliases=(Alias(AliasKind.ARXIV, f"2604.{number:05}"),),
        authors=names,
        is_authors_complete=number % 2 == 0,
        categories=(category,),
        published_on=date(2026, 4, 1) + timedelta(days=number),
        has_code=has_code,
        signals=(Signal("upvotes", upvotes),) if upvotes else (),
    )


def store(database: Database, *entries: Entry, card: AuthorCard | None = None, source: str = "page") -> None:
    listing = Listing("page", NOW.date(), entries, card=card)
    database.run_sync(catalog.upsert_listing, source, listing, NOW)


def find(database: Database, name: str) -> Author:
    return database.run_sync(authors.find, name)


def test_an_author_has_every_paper_whose_list_names_them_complete_or_not(database: Database) -> None:
    store(
        database,
        entry(1, "Ada Lumen", "Bo Fyr", has_code=True),
        entry(2, "LUMEN, Ada", category="cs.CL"),
        entry(3, "Bo Fyr", "Áda  Lumen", upvotes=20),
        entry(4, "Ada Lumens"),
    )
    found = find(database, "ada lumen")
    assert [work.paper.key for work in found.works] == ["arxiv:2604.00003", "arxiv:2604.00002", "arxiv:2604.00001"]
    assert (found.category, found.imported, found.novelty) == ("cs.CV", (), None)
    assert found.standing == Standing(attention=0.5, code=1 / 3)
    assert [work.standing.score for work in found.works] == [35, 0, 100]


def test_what_a_page_said_stands_beside_what_is_computed_and_never_replaces_it(database: Database) -> None:
    store(database, entry(1, "Ada Lumen"), card=CARD)
    found = find(database, "Ada Lumen")
    (said,) = found.imported
    assert (said.card, said.source, said.seen_at) == (CARD, "page", NOW)
    assert len(found.works) == 1
    assert found.standing == Standing(code=0.0, standing=0.5)
    assert found.works[0].standing == Standing(code=0.0, standing=0.5)


def test_every_source_has_its_own_card(database: Database) -> None:
    store(database, entry(1, "Ada Lumen"), card=CARD)
    store(database, card=AuthorCard("Ada Lumen", h_index=22), source="elsewhere")
    found = find(database, "Ada Lumen")
    assert {said.source: said.card.h_index for said in found.imported} == {"page": 20, "elsewhere": 22}
    assert found.standing.standing in (author_standing(22, None), 0.5)


def test_the_standing_of_a_paper_is_that_of_its_best_known_author(database: Database) -> None:
    store(database, entry(1, "Bo Fyr", "Ada Lumen"), card=CARD)
    assert find(database, "Bo Fyr").works[0].standing.standing == 0.5
    assert find(database, "Bo Fyr").standing.standing is None


def test_an_author_known_by_a_card_only_is_found(database: Database) -> None:
    store(database, card=CARD)
    found = find(database, "Lumen, Ada")
    assert (found.name, found.works, found.standing.score) == ("Ada Lumen", (), 50)


def test_the_ids_that_services_gave_are_known(database: Database) -> None:
    store(database, entry(1, "Ada Lumen"))
    row = {"folded": "ada lumen", "service": "openalex", "key": "A5000000001", "misses": 0}
    database.run_sync(lambda connection: connection.execute(insert(author_enrichments).values(row)))
    assert find(database, "Ada Lumen").ids == (("openalex", "A5000000001"),)


def test_one_word_is_enough_where_it_names_one_author(database: Database) -> None:
    store(database, entry(1, "Ada Lumen", "Bo Fyr", "Ben Fyr"))
    assert find(database, "lum").name == "Ada Lumen"


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("fyr", "near: Ben Fyr (1 paper), Bo Fyr (2 papers)"),
        ("Bob Fyr", "near: Bo Fyr (2 papers), Ben Fyr (1 paper)"),
        ("Ada Lumenn", "near: Ada Lumen (2 papers)"),
        ("Zed Zed", "'digest author list' shows who is"),
        ("%", "'digest author list' shows who is"),
        ("", "'digest author list' shows who is"),
    ],
)
def test_a_name_that_is_nobodys_or_several_peoples_gets_near_ones(database: Database, asked: str, told: str) -> None:
    store(database, entry(1, "Ada Lumen", "Bo Fyr", "Ben Fyr"), entry(2, "Ada Lumen", "Bo Fyr"))
    with pytest.raises(NotFound) as caught:
        find(database, asked)
    assert sorted(told.removeprefix("near: ").split(", ")) == sorted(
        str(caught.value).rpartition("near: ")[2].rpartition("catalog: ")[2].split(", ")
    )
