"""What is never recommended: papers read, saved and written, and works of the subscriber's own library."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Connection, event, func, insert, select

from digest.errors import DigestError, NotFound
from digest.model import Alias, AliasKind, Entry, Listing, Reference
from digest.store import catalog, interests, own, profiles, shelf, works
from digest.store.database import Database
from digest.store.merge import merge
from digest.store.tables import author_enrichments, papers
from tests.support.people import MORNING, announce, subscribe, subscribe_many

LATER = MORNING + timedelta(days=1)
ORCID = "0000-0002-1825-0097"


def _paper(connection: Connection, title: str, *authors: str, alias: str = "") -> int:
    aliases = (Alias(AliasKind.DOI, alias),) if alias else (Alias(AliasKind.URL, f"https://example.org/{title}"),)
    entry = Entry(title_raw=title, abstract_raw=f"About {title}.", aliases=aliases, authors=authors)
    catalog.upsert_listing(connection, "test", Listing("x", None, (entry,)), MORNING)
    return catalog.find(connection, title).id


def test_papers_read_or_saved_are_known(database: Database) -> None:
    with database.engine.begin() as connection:
        announce(connection, MORNING, 1, 2, 3, 4)
        ada, bo = subscribe(connection, "ada").id, subscribe(connection, "bo").id
        shelf.mark(connection, ada, [1], shelf.Kind.READ, MORNING)
        shelf.mark(connection, ada, [3, 1], shelf.Kind.SAVED, MORNING)
        shelf.mark(connection, ada, [2], shelf.Kind.SAVED, LATER)
        assert shelf.known_ids(connection, [ada, bo], [1, 3, 4]) == {ada: frozenset({1, 3}), bo: frozenset()}
        assert [paper.id for paper in shelf.saved(connection, ada)] == [2, 3, 1]
        shelf.mark(connection, ada, [3], shelf.Kind.SAVED, LATER)
        assert shelf.on_shelf(connection, ada, shelf.Kind.SAVED)[3] == MORNING
        shelf.unmark(connection, ada, [3], shelf.Kind.SAVED)
        assert shelf.why_known(connection, ada, 3) is None
        assert shelf.why_known(connection, ada, 1) == "read on 2026-04-20"
        with pytest.raises(NotFound, match="no paper number 99"):
            shelf.mark(connection, ada, [99], shelf.Kind.READ, LATER)


def test_a_paper_that_became_another_one_stays_on_the_shelf(database: Database) -> None:
    with database.engine.begin() as connection:
        announce(connection, MORNING, 1, 2)
        ada = subscribe(connection).id
        shelf.mark(connection, ada, [1, 2], shelf.Kind.SAVED, MORNING)
        shelf.mark(connection, ada, [2], shelf.Kind.READ, MORNING)
        merge(connection, 2, 1, LATER)
        assert [paper.id for paper in shelf.saved(connection, ada)] == [1]
        assert shelf.known_ids(connection, [ada], [1, 2]) == {ada: frozenset({1})}
        shelf.unmark(connection, ada, [2], shelf.Kind.SAVED)  # an old number, the same paper
        assert shelf.saved(connection, ada) == []


def test_own_papers_are_known_by_name_in_any_spelling(database: Database) -> None:
    with database.engine.begin() as connection:
        mine = _paper(connection, "Fog", "Gómez, J.", "Bo Fyr")
        _paper(connection, "Mist", "K. Gomez")
        ada = subscribe(connection).id
        own.own(connection, ada, ["J. Gomez", "j. gómez"])
        assert own.own_of(connection, ada).names == ("J. Gomez",)
        assert shelf.known_ids(connection, [ada], [1, 2]) == {ada: frozenset({mine})}
        assert shelf.why_known(connection, ada, mine) == "your own paper"
        assert own.disown(connection, ada, ["J GOMEZ"]) == own.Own()
        assert shelf.known_ids(connection, [ada], [1, 2]) == {ada: frozenset()}


def test_an_orcid_counts_for_the_names_that_a_service_gave_its_owner(database: Database) -> None:
    with database.engine.begin() as connection:
        mine = _paper(connection, "Fog", "Josephine Carberry")
        ada = subscribe(connection).id
        own.own(connection, ada, [f"https://orcid.org/{ORCID}"])
        assert shelf.known_ids(connection, [ada], [mine]) == {ada: frozenset()}
        row = {"folded": "josephine carberry", "service": "openalex", "key": "A1", "misses": 0, "orcid": ORCID}
        connection.execute(insert(author_enrichments).values(row))
        assert shelf.known_ids(connection, [ada], [mine]) == {ada: frozenset({mine})}


@pytest.mark.parametrize("text", ["0000-0002-1825-0098", "0000-0002-1825-009X", "12345"])
def test_what_is_no_orcid_is_refused(text: str) -> None:
    with pytest.raises(DigestError, match="no ORCID iD"):
        own.orcid(text)


@pytest.mark.parametrize("text", ["0000-0002-1825-0097", "0000-0002-1694-233X", "https://orcid.org/000000021694233x"])
def test_an_orcid_is_read_in_every_form(text: str) -> None:
    assert own.orcid(text) in {"0000-0002-1825-0097", "0000-0002-1694-233X"}


def test_a_library_becomes_likes_of_papers_and_private_works(database: Database) -> None:
    with database.engine.begin() as connection:
        by_doi = _paper(connection, "Fog", "Ada Lumen", alias="10.1000/fog")
        by_title = _paper(connection, "Counting lighthouses in the fog", "Bo Fyr")
        reader = subscribe(connection).id
        interests.add(connection, reader, "Weather")
        library = [
            Reference("Another wording", aliases=(Alias(AliasKind.DOI, "10.1000/fog"),)),
            Reference("Counting Lighthouses in the Fog", authors=("Fyr, B.",), year=2020),
            Reference("Clouds", abstract="We look up.", authors=("Cy Cirrus",)),
            Reference("Clouds", authors=("C. Cirrus",)),
            Reference("", aliases=(Alias(AliasKind.DOI, "10.1000/unknown"),)),
        ]
        done = works.add_works(connection, reader, library, "weather", LATER)
        assert done.resolved == (by_doi, by_title)
        assert (len(done.stored), done.known, done.unusable) == (1, (library[3],), (library[4],))
        wish = profiles.get_profile(connection, reader).interests[1]
        assert (wish.name, set(wish.likes)) == ("Weather", {by_doi, by_title, *done.stored})
        assert wish.liked_at == (LATER,) * 3
        (work,) = shelf.works(connection, [reader]).values()
        assert (work.id, work.title, work.abstract) == (done.stored[0], "Clouds", "We look up.")
        again = works.add_works(connection, reader, library, "weather", LATER)
        assert (again.resolved, again.stored, len(again.known)) == ((), (), 4)
        assert connection.execute(select(func.count()).select_from(papers)).scalar() == 2  # nothing of it is public


def test_a_work_keeps_its_paper_away_once_the_catalog_gets_it(database: Database) -> None:
    with database.engine.begin() as connection:
        reader, other = subscribe(connection, "ada").id, subscribe(connection, "bo").id
        doi = Alias(AliasKind.DOI, "10.1000/clouds")
        library = [Reference("Clouds", aliases=(doi,)), Reference("Rain", authors=("Cy Cirrus",))]
        works.add_works(connection, reader, library, "", MORNING)
        clouds = _paper(connection, "Clouds, revised", "Cy Cirrus", alias="10.1000/clouds")
        rain = _paper(connection, "Rain", "Cirrus, Cy", alias="10.1000/rain")
        _paper(connection, "Rain", "Dee Drop", alias="10.1000/other")
        candidates = [1, 2, 3]
        assert shelf.known_ids(connection, [reader, other], candidates) == {
            reader: frozenset({clouds, rain}),
            other: frozenset(),
        }
        assert shelf.why_known(connection, reader, rain) == "in your library"
        done = works.add_works(connection, reader, library, "", LATER)
        assert done.resolved == (clouds, rain)
        assert shelf.works(connection, [reader]) == {}


def test_a_disliked_paper_stays_disliked_whatever_the_library_holds(database: Database) -> None:
    with database.engine.begin() as connection:
        fog = _paper(connection, "Fog", "Ada Lumen", alias="10.1000/fog")
        reader = subscribe(connection).id
        profiles.dislike(connection, reader, [fog], MORNING)
        done = works.add_works(
            connection, reader, [Reference("Fog", aliases=(Alias(AliasKind.DOI, "10.1000/fog"),))], "", LATER
        )
        assert (done.resolved, len(done.known)) == ((), 1)
        assert profiles.get_profile(connection, reader).dislikes == (fog,)


def test_the_statements_do_not_depend_on_how_many_there_are(database: Database) -> None:
    counts = []
    with database.engine.begin() as connection:
        announce(connection, MORNING, *range(1, 60))
        readers = [one.id for one in subscribe_many(connection, 40)]
        for reader in readers:
            own.own(connection, reader, [f"Bo Number{reader}", ORCID])
            works.add_works(connection, reader, [Reference(f"Study {reader} of a very private matter")], "", MORNING)
        seen: list[str] = []
        event.listen(connection, "before_cursor_execute", lambda _c, _r, statement, *_: seen.append(statement))
        for some in (1, 40):
            seen.clear()
            known = shelf.known_ids(connection, readers[:some], range(1, 60))
            assert all(len(papers_of) == 1 for papers_of in known.values())
            counts.append(len(seen))
    assert counts[0] == counts[1] <= 8
