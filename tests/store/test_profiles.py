"""What subscribers want to read."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Connection

from digest.errors import NotFound
from digest.store import profiles
from digest.store.database import Database
from tests.support.people import MORNING, announce, subscribe
from tests.support.ranking import wanting

LATER = MORNING + timedelta(hours=1)


def _ada(connection: Connection) -> int:
    announce(connection, MORNING, 1, 2, 3)
    return subscribe(connection, keywords=[]).id


def test_a_new_profile_is_empty(database: Database) -> None:
    with database.engine.begin() as connection:
        profile = profiles.get_profile(connection, _ada(connection))
    assert profile == wanting()
    assert profile.is_empty


def test_lists_are_replaced_one_by_one_without_blanks_and_repeats(database: Database) -> None:
    with database.engine.begin() as connection:
        ada = _ada(connection)
        profiles.set_profile(connection, ada, categories=["cs.CV", "cs.LG"], keywords=[" attention  maps ", "Lamps"])
        profile = profiles.set_profile(connection, ada, keywords=["lamps", "", "LAMPS", "seas"], muted=["survey"])
    assert profile == wanting(categories=("cs.CV", "cs.LG"), keywords=("lamps", "seas"), muted=("survey",))


def test_an_author_is_followed_once_in_whatever_spelling(database: Database) -> None:
    with database.engine.begin() as connection:
        ada = _ada(connection)
        profiles.follow(connection, ada, ["Björn Fyr", "Chandra Deepak"])
        assert profiles.follow(connection, ada, ["Bjorn Fyr"]).interests[0].authors == ("Björn Fyr", "Chandra Deepak")
        assert profiles.unfollow(connection, ada, ["bjorn fyr"]).interests[0].authors == ("Chandra Deepak",)
        with pytest.raises(NotFound, match="not followed: Eve; followed: Chandra Deepak"):
            profiles.unfollow(connection, ada, ["Eve"])


def test_words_are_muted_and_unmuted(sqlite_database: Database) -> None:
    with sqlite_database.engine.begin() as connection:
        ada = _ada(connection)
        profiles.mute(connection, ada, ["survey", "benchmark"])
        assert profiles.mute(connection, ada, ["Survey"]).muted == ("survey", "benchmark")
        assert profiles.unmute(connection, ada, ["SURVEY"]).muted == ("benchmark",)
        with pytest.raises(NotFound, match="not muted: x; muted: benchmark"):
            profiles.unmute(connection, ada, ["x"])


def test_votes_come_oldest_first_and_the_last_word_counts(database: Database) -> None:
    with database.engine.begin() as connection:
        ada = _ada(connection)
        profiles.like(connection, ada, [3], MORNING)
        assert profiles.like(connection, ada, [1, 2], LATER).likes == (3, 1, 2)
        profile = profiles.dislike(connection, ada, [1], LATER)
        assert (profile.likes, profile.dislikes) == ((3, 2), (1,))
        assert profiles.unlike(connection, ada, [1, 3]) == wanting(likes=(2,), liked_at=(LATER,))


def test_a_vote_given_twice_keeps_its_first_time(database: Database) -> None:
    with database.engine.begin() as connection:
        ada = _ada(connection)
        profiles.like(connection, ada, [2], MORNING)
        profiles.like(connection, ada, [1], LATER)
        assert profiles.like(connection, ada, [2, 2], LATER + timedelta(hours=1)).likes == (2, 1)


def test_an_unknown_paper_or_person_is_said(database: Database) -> None:
    with database.engine.begin() as connection:
        ada = _ada(connection)
        with pytest.raises(NotFound, match="no paper number 98, 99"):
            profiles.like(connection, ada, [1, 98, 99], MORNING)
        for change in (profiles.like, profiles.dislike):
            with pytest.raises(NotFound, match="no subscriber number 77"):
                change(connection, 77, [1], MORNING)
        with pytest.raises(NotFound, match="no subscriber number 77"):
            profiles.set_profile(connection, 77, keywords=["x"])
        assert profiles.get_profile(connection, ada) == wanting()


def test_many_profiles_come_at_once(database: Database) -> None:
    with database.engine.begin() as connection:
        ada, bo = _ada(connection), subscribe(connection, "bo", keywords=["lamps"]).id
        profiles.like(connection, bo, [2], MORNING)
        found = profiles.get_profiles(connection, [ada, bo, 99])
    assert found == {ada: wanting(), bo: wanting(keywords=("lamps",), likes=(2,), liked_at=(MORNING,))}
