"""What an edition keeps of its reader's wishes, and of the authors they follow."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

from digest import clock
from digest.editions.letter import manner_content
from digest.jobs import run_due
from digest.jobs.compose import Compose
from digest.model import AuthorCard, Bar, Edition, Listing, Options, OutboxKind, Subscriber, WhenEmpty
from digest.store import authors, catalog, editions, letters, profiles
from digest.store.database import Database
from digest.store.tables import outbox
from tests.support.people import MORNING, announce, subscribe

HOUR = timedelta(hours=1)
CARD = AuthorCard("Ada Lumen", "cs.CV", 41, 120, 9_870, 71, 64)


def made(database: Database, reader: Subscriber) -> Edition:
    asyncio.run(run_due(Compose("example.org"), database, clock.fixed(MORNING)))
    found = database.run_sync(editions.latest_edition, reader.id)
    assert found is not None
    return found


def test_an_edition_keeps_the_language_and_the_form_that_its_reader_wanted_then(database: Database) -> None:
    database.run_sync(announce, MORNING - HOUR, 4, 8)
    ada, bo = (database.run_sync(subscribe, name) for name in ("ada", "bo"))
    database.run_sync(profiles.set_options, ada.id, Options(language="de", is_text_only=True))
    found = made(database, ada)
    assert (found.language, found.is_text_only) == ("de", True)
    database.run_sync(profiles.set_options, ada.id, Options())
    assert database.run_sync(editions.latest_edition, ada.id) == found
    other = database.run_sync(editions.latest_edition, bo.id)
    assert other is not None
    assert (other.language, other.is_text_only, other.authors) == ("", False, ())


def test_who_follows_an_author_gets_their_card_with_their_paper(database: Database) -> None:
    database.run_sync(announce, MORNING - HOUR, 4, 8)
    page = Listing("author", MORNING.date(), (), card=CARD)
    database.run_sync(catalog.upsert_listing, "pages", page, MORNING - HOUR)
    ada, bo = (database.run_sync(subscribe, name) for name in ("ada", "bo"))
    database.run_sync(profiles.set_profile, ada.id, authors=["ada  LUMEN", "Nobody At All"])
    found = made(database, ada)
    assert found.authors == (CARD,)
    other = database.run_sync(editions.latest_edition, bo.id)
    assert other is not None
    assert other.authors == ()


def test_an_author_without_a_card_gets_one_of_what_is_counted_here(database: Database) -> None:
    database.run_sync(announce, MORNING - HOUR, 4, 8, 12)
    found = database.run_sync(authors.cards, ["ada lumen", "bo number4", "nobody"])
    assert set(found) == {"ada lumen", "bo number4"}
    assert found["ada lumen"] == AuthorCard("Ada Lumen", "cs.CV", papers=3, ai_score=found["ada lumen"].ai_score)
    assert found["bo number4"].papers == 1


def test_a_note_and_a_letter_keep_them_too(database: Database) -> None:
    database.run_sync(announce, MORNING - HOUR, 4, 8)
    wanted = Options(bar=Bar.HIGH, when_empty=WhenEmpty.NOTE, language="de")
    ada = database.run_sync(subscribe, keywords=["volcanoes"])
    database.run_sync(profiles.set_options, ada.id, wanted)
    asyncio.run(run_due(Compose("example.org"), database, clock.fixed(MORNING)))
    database.run_sync(letters.goodbye, replace(ada), MORNING, "example.org")
    told = database.run_sync(lambda connection: connection.execute(outbox.select()).all())
    contents = {row.kind: row.content for row in told}
    assert contents[OutboxKind.NOTE]["language"] == contents[OutboxKind.GOODBYE]["language"] == "de"
    assert manner_content(wanted) == {"language": "de"}
