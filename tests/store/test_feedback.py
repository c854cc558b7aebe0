"""Every change of a profile is in the journal, and can be taken back exactly."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from digest.errors import DigestError, NotFound
from digest.model import Bar, Options, Reference
from digest.store import feedback, groups, interests, own, profiles, shelf, works
from digest.store.database import Database
from digest.store.merge import merge
from digest.store.snapshot import state_of
from tests.support.people import MORNING, announce, subscribe

LATER = MORNING + timedelta(days=1)
Change = Callable[[Connection, int], object]


def _free(connection: Connection, reader: int) -> str:
    taken = interests.names(connection, reader)
    return next(name for name in map("Charts {}".format, range(99)) if name not in taken)


CHANGES: dict[str, Change] = {
    "like 1": lambda c, i: profiles.like(c, i, [1], MORNING),
    "like 2": lambda c, i: profiles.like(c, i, [2], MORNING),
    "dislike 1": lambda c, i: profiles.dislike(c, i, [1], LATER),
    "unlike 1": lambda c, i: profiles.unlike(c, i, [1]),
    "mute": lambda c, i: profiles.mute(c, i, ["survey"], ["Bo Fyr"], ["cs.CR"]),
    "words": lambda c, i: profiles.set_profile(c, i, keywords=["lamps"], text="in my own words"),
    "follow": lambda c, i: profiles.follow(c, i, ["Bo Fyr"]),
    "places": lambda c, i: profiles.follow_institutions(c, i, ["ETH Zürich"]),
    "options": lambda c, i: profiles.set_options(c, i, Options(bar=Bar.LOW, explores=True)),
    "read": lambda c, i: shelf.mark(c, i, [1, 3], shelf.Kind.READ, MORNING),
    "save": lambda c, i: shelf.mark(c, i, [3], shelf.Kind.SAVED, MORNING),
    "unread": lambda c, i: shelf.unmark(c, i, [1], shelf.Kind.READ),
    "own": lambda c, i: own.own(c, i, ["Ada Lumen", "0000-0002-1825-0097"]),
    "interest": lambda c, i: interests.added(c, i, "Maps"),
    "like for it": lambda c, i: profiles.like(c, i, [3], LATER, interests.added(c, i, "Maps")),
    "rename": lambda c, i: interests.rename(c, i, interests.added(c, i, "Maps"), _free(c, i)),
    "other case": lambda c, i: interests.rename(c, i, interests.added(c, i, "Maps"), "MAPS"),
    "remove": lambda c, i: interests.remove(c, i, interests.added(c, i, "Maps")),
    "member": lambda c, i: groups.add_members(c, i, [1]),
    "library": lambda c, i: works.add_works(c, i, [Reference("A Private Work on Lighthouses")], "", MORNING),
    "forget": lambda c, i: works.remove_works(c, i, [p for p in profiles.get_profile(c, i).likes if p < 0], LATER),
}


def _change(connection: Connection, reader: int, name: str) -> None:
    # An import takes notes of itself.
    if name == "library":
        CHANGES[name](connection, reader)
        return
    with feedback.noted(connection, reader, name, "cli", MORNING):
        CHANGES[name](connection, reader)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.lists(st.sampled_from(sorted(CHANGES)), max_size=8))
def test_undoing_everything_restores_every_profile_on_the_way(sqlite_database: Database, names: list[str]) -> None:
    with sqlite_database.engine.connect() as connection:
        announce(connection, MORNING, 1, 2, 3)
        subscribe(connection, "member")
        reader = subscribe(connection).id
        states = [state_of(connection, reader)]
        seen = [profiles.get_profile(connection, reader)]
        for name in names:
            _change(connection, reader, name)
            if state_of(connection, reader) != states[-1]:
                states.append(state_of(connection, reader))
                seen.append(profiles.get_profile(connection, reader))
        assert len(feedback.history(connection, reader)) == len(states) - 1
        for state, profile in zip(states[-2::-1], seen[-2::-1], strict=True):
            feedback.undo(connection, reader, LATER)
            assert state_of(connection, reader) == state
            assert profiles.get_profile(connection, reader) == profile
        with pytest.raises(NotFound, match="nothing to undo"):
            feedback.undo(connection, reader, LATER)
        connection.rollback()


def test_each_kind_of_change_is_undone_on_both_databases(database: Database) -> None:
    with database.engine.begin() as connection:
        announce(connection, MORNING, 1, 2, 3)
        subscribe(connection, "member")
        reader = subscribe(connection).id
        before = state_of(connection, reader)
        for name in CHANGES:
            _change(connection, reader, name)
        while any(not one.undone_at for one in feedback.history(connection, reader, 100)):
            feedback.undo(connection, reader, LATER)
        assert state_of(connection, reader) == before


def test_an_entry_says_what_changed_from_where_and_when(database: Database) -> None:
    with database.engine.begin() as connection:
        announce(connection, MORNING, 1)
        reader = subscribe(connection).id
        with feedback.noted(connection, reader, "liked a paper", "mail", MORNING):
            profiles.like(connection, reader, [1], MORNING)
        with feedback.noted(connection, reader, "liked it again", "web", LATER):
            profiles.like(connection, reader, [1], LATER)
        (entry,) = feedback.history(connection, reader)
        assert (entry.action, entry.origin, entry.at, entry.parts) == ("liked a paper", "mail", MORNING, ("like:1",))
        assert feedback.undo(connection, reader, LATER).undone_at == LATER


def test_an_earlier_change_is_undone_only_where_nobody_touched_it_since(database: Database) -> None:
    with database.engine.begin() as connection:
        announce(connection, MORNING, 1, 2)
        reader = subscribe(connection).id
        for name in ("like 1", "mute", "like 2", "dislike 1"):
            _change(connection, reader, name)
        numbers = {one.action: one.id for one in feedback.history(connection, reader)}
        feedback.undo(connection, reader, LATER, numbers["mute"])
        assert profiles.get_profile(connection, reader).muted == ()
        with pytest.raises(DigestError, match=r"followed by change \d+ \(dislike 1\): undo that one first"):
            feedback.undo(connection, reader, LATER, numbers["like 1"])
        with pytest.raises(DigestError, match="was undone on"):
            feedback.undo(connection, reader, LATER, numbers["mute"])
        with pytest.raises(NotFound, match="no change 999"):
            feedback.undo(connection, reader, LATER, 999)


def test_a_vote_on_a_paper_that_became_another_one_is_undone_there(database: Database) -> None:
    with database.engine.begin() as connection:
        announce(connection, MORNING, 1, 2)
        reader = subscribe(connection).id
        _change(connection, reader, "like 2")
        merge(connection, 2, 1, LATER)
        assert profiles.get_profile(connection, reader).likes == (1,)
        feedback.undo(connection, reader, LATER)
        assert profiles.get_profile(connection, reader).likes == ()
