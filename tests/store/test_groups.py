"""Groups read their members' likes; several interests stand side by side."""

from __future__ import annotations

from datetime import timedelta

import pytest

from digest.errors import DigestError, NotFound
from digest.model import Bar, Options, Reference, WhenEmpty
from digest.store import groups, interests, profiles, shelf, subscribers, works
from digest.store.database import Database
from tests.support.people import MORNING, announce, subscribe
from tests.support.ranking import wanting

LATER = MORNING + timedelta(days=1)


def test_a_group_reads_its_members_votes_besides_its_own(database: Database) -> None:
    with database.engine.begin() as connection:
        announce(connection, MORNING, 1, 2, 3, 4)
        group, ada, bo = (subscribe(connection, name, keywords=[]).id for name in ("group", "ada", "bo"))
        interests.add(connection, group, "Maps")
        interests.add(connection, ada, "maps")
        groups.add_members(connection, group, [ada, bo, ada])
        profiles.like(connection, ada, [1], MORNING, "maps")
        profiles.like(connection, ada, [2, 3], MORNING)
        profiles.dislike(connection, bo, [2, 4], LATER)  # the latest of the members' votes counts
        profiles.dislike(connection, group, [3], MORNING)  # and the group's own above all
        main, maps = profiles.get_profile(connection, group).interests
        assert (main.likes, main.dislikes) == ((), (3, 2, 4))
        assert maps.likes == (1,)
        works.add_works(connection, bo, [Reference("A work of his own library")], "", LATER)
        (work,) = shelf.works(connection, [group])
        assert profiles.get_profile(connection, group).likes == (work, 1)
        assert profiles.get_profile(connection, ada).dislikes == ()


def test_who_unsubscribed_is_not_read_any_more_and_who_pauses_is(database: Database) -> None:
    with database.engine.begin() as connection:
        announce(connection, MORNING, 1, 2)
        group, ada, bo = (subscribe(connection, name, keywords=[]).id for name in ("group", "ada", "bo"))
        groups.add_members(connection, group, [ada, bo])
        profiles.like(connection, ada, [1], MORNING)
        profiles.like(connection, bo, [2], MORNING)
        subscribers.pause(connection, ada)
        subscribers.unsubscribe(connection, bo, LATER)
        assert profiles.get_profile(connection, group).likes == (1,)
        assert [one.id for one in groups.unread(groups.members(connection, group))] == [bo]
        subscribers.erase(connection, ada)
        assert profiles.get_profile(connection, group) == wanting()


def test_groups_do_not_go_round_in_circles(sqlite_database: Database) -> None:
    with sqlite_database.engine.begin() as connection:
        group, ada, bo = (subscribe(connection, name).id for name in ("group", "ada", "bo"))
        groups.add_members(connection, group, [ada])
        for joining, to, why in (
            (group, group, "a member of itself"),
            (group, bo, "is a group"),
            (bo, ada, "cannot have members"),
        ):
            with pytest.raises(DigestError, match=why):
                groups.add_members(connection, to, [joining])
        with pytest.raises(NotFound, match=r"bo@example\.org is no member"):
            groups.remove_members(connection, group, [bo])
        groups.remove_members(connection, group, [ada])
        assert groups.members(connection, group) == []


def test_interests_are_kept_apart_in_their_order(database: Database) -> None:
    with database.engine.begin() as connection:
        announce(connection, MORNING, 1, 2)
        ada = subscribe(connection, keywords=["lamps"]).id
        interests.add(connection, ada, " Side  project ")
        interests.add(connection, ada, "Another")
        profiles.set_profile(
            connection, ada, interest="SIDE PROJECT", keywords=["maps"], text=" Of\n\nfog ", institutions=["ETH"]
        )
        profiles.like(connection, ada, [1], MORNING, "side project")
        profiles.like(connection, ada, [2], MORNING)
        main, side, another = profiles.get_profile(connection, ada).interests
        assert (main.name, main.keywords, main.likes) == ("", ("lamps",), (2,))
        assert (side.name, side.keywords, side.text) == ("Side project", ("maps",), "Of\n\nfog")
        assert (side.institutions, side.likes, another.is_empty) == (("ETH",), (1,), True)
        profiles.like(connection, ada, [1], LATER, "another")  # liking again elsewhere moves the like
        moved = profiles.get_profile(connection, ada).interests
        assert [(one.likes, one.liked_at) for one in moved] == [((2,), (MORNING,)), ((), ()), ((1,), (MORNING,))]


def test_an_interest_is_renamed_and_removed_with_its_likes(database: Database) -> None:
    with database.engine.begin() as connection:
        announce(connection, MORNING, 1, 2)
        ada = subscribe(connection, keywords=[]).id
        for name, paper in (("Maps", 1), ("Fog", 2)):
            interests.add(connection, ada, name)
            profiles.like(connection, ada, [paper], MORNING, name)
        assert interests.rename(connection, ada, "maps", "MAPS") == "MAPS"
        interests.rename(connection, ada, "maps", "Charts")
        assert profiles.get_profile(connection, ada).interests[1].likes == (1,)
        interests.remove(connection, ada, "charts")
        interests.remove(connection, ada, "fog", is_keeping_votes=True)
        assert profiles.get_profile(connection, ada) == wanting(likes=(2,), liked_at=(MORNING,))


def test_a_name_that_cannot_be_is_refused(sqlite_database: Database) -> None:
    with sqlite_database.engine.begin() as connection:
        ada = subscribe(connection).id
        interests.add(connection, ada, "Maps")
        for name, why in ((" ", "1 to 64 characters"), ("x" * 65, "1 to 64"), ("maps", "already")):
            with pytest.raises(DigestError, match=why):
                interests.add(connection, ada, name)
        for change in (interests.remove, lambda c, i, n: interests.rename(c, i, n, "Other")):
            with pytest.raises(DigestError, match="the main interest"):
                change(connection, ada, "")
        with pytest.raises(NotFound, match="no interest 'Fog'; named interests: Maps"):
            profiles.like(connection, ada, [], MORNING, "Fog")
        for number in range(interests.MOST - 2):
            interests.add(connection, ada, f"Number {number}")
        with pytest.raises(DigestError, match="32 interests are the most"):
            interests.add(connection, ada, "One more")


def test_options_are_stored_where_they_differ(database: Database) -> None:
    with database.engine.begin() as connection:
        ada = subscribe(connection, keywords=[]).id
        wanted = Options(bar=Bar.HIGH, when_empty=WhenEmpty.NOTE, has_cross_lists=False)
        assert profiles.set_options(connection, ada, wanted).options == wanted
        assert profiles.stored_options(wanted) == {"bar": "high", "when_empty": "note", "has_cross_lists": False}
        assert profiles.set_options(connection, ada, Options()) == wanting()
