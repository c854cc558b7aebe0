"""What a subscriber likes, in identifiers."""

from __future__ import annotations

from datetime import timedelta

import pytest

from digest.errors import DigestError, NotFound
from digest.model import Alias, AliasKind, Entry, Listing, Schedule, Taste
from digest.store import catalog, profiles, subscribers
from digest.store.database import Database
from digest.store.taste import taste_of
from tests.support.people import MORNING, announce, subscribe

ADA = "ada@example.org"
HOUR = timedelta(hours=1)


def arxiv(number: int) -> tuple[Alias, ...]:
    return (Alias(AliasKind.ARXIV, f"2604.{number:05}"),)


def test_likes_and_dislikes_are_told_newest_first(database: Database) -> None:
    with database.engine.begin() as connection:
        announce(connection, MORNING, 1, 2, 3, 4)
        ada, bo = subscribe(connection), subscribe(connection, "bo")
        profiles.like(connection, ada.id, [2], MORNING)
        profiles.like(connection, ada.id, [3, 1], MORNING + HOUR)
        profiles.dislike(connection, ada.id, [4], MORNING)
        profiles.like(connection, bo.id, [4], MORNING)
        assert taste_of(connection, "Ada@Example.org") == Taste(ADA, (arxiv(3), arxiv(1), arxiv(2)), (arxiv(4),))
        assert taste_of(connection, ADA, newest=1) == Taste(ADA, (arxiv(3),), (arxiv(4),))
        assert taste_of(connection, "bo@example.org").likes == (arxiv(4),)


def test_every_identifier_of_a_paper_is_told_and_papers_without_any_are_not(database: Database) -> None:
    aliases = (Alias(AliasKind.ARXIV, "2604.90001"), Alias(AliasKind.DOI, "10.1000/x"), Alias(AliasKind.S2, "77"))
    entries = (
        Entry(title_raw="On invented names", abstract_raw="We name.", aliases=aliases[::-1]),
        Entry(title_raw="On nameless things", abstract_raw="We do not.", aliases=()),
    )
    with database.engine.begin() as connection:
        catalog.upsert_listing(connection, "feed", Listing("feed", None, entries), MORNING)
        ada = subscribe(connection)
        profiles.like(connection, ada.id, [1, 2], MORNING)
        assert taste_of(connection, ADA).likes == (aliases,)


def test_somebody_new_likes_nothing(database: Database) -> None:
    with database.engine.begin() as connection:
        subscribe(connection)
        assert taste_of(connection, ADA) == Taste(ADA)


def test_only_subscribers_are_asked_about(sqlite_database: Database) -> None:
    with sqlite_database.engine.begin() as connection:
        with pytest.raises(NotFound, match=r"no subscriber ada@example\.org"):
            taste_of(connection, ADA)
        ada = subscribe(connection)
        subscribers.pause(connection, ada.id)
        assert taste_of(connection, ADA) == Taste(ADA)
        subscribers.unsubscribe(connection, ada.id, MORNING)
        with pytest.raises(DigestError, match=r"ada@example\.org has unsubscribed"):
            taste_of(connection, ADA)
        subscribers.add(connection, ADA, "", Schedule(), 5, "web", MORNING, None)
        with pytest.raises(DigestError, match=r"ada@example\.org has not confirmed yet"):
            taste_of(connection, ADA)
