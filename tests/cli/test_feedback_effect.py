"""What a subscriber says shows in their next digest, `digest why` tells it, and taking it back takes it back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from digest import clock
from digest.jobs import run_due
from digest.jobs.compose import Compose
from digest.model import Bar, Options, Subscriber, WhenEmpty
from digest.store import editions, feedback, profiles, shelf
from digest.store.database import Connection, Database
from digest.store.shelf import Kind
from tests.support.cli import Cli
from tests.support.people import MORNING, announce, subscribe

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
ADA = "ada@example.org"


@pytest.fixture
def program(tmp_path: Path) -> Cli:
    made = Cli(tmp_path)
    made("db", "upgrade")
    return made


@pytest.fixture
def database(program: Cli) -> Iterator[Database]:
    opened = Database(f"sqlite:///{program.folder / 'digest.db'}")
    yield opened
    opened.close()


def compose(database: Database, days: int) -> None:
    asyncio.run(run_due(Compose("example.org"), database, clock.fixed(MORNING + days * DAY)))


def reader(database: Database, name: str = "ada", **options: object) -> Subscriber:
    added = database.run_sync(subscribe, name, limit=4, keywords=["lighthouses", "parrots"])
    database.run_sync(profiles.set_options, added.id, Options(bar=Bar.OFF, **options))  # type: ignore[arg-type]  # as given
    return added


def say(database: Database, one: Subscriber, action: str, change: Callable[[Connection], object], at: datetime) -> None:
    """As the commands do: change the profile and note it in the journal."""

    def noted(connection: Connection) -> None:
        with feedback.noted(connection, one.id, action, "cli", at):
            change(connection)

    database.run_sync(noted)


def topics(database: Database, one: Subscriber, day: int) -> list[str]:
    """Of the papers of a day's edition, the words that tell their topic."""
    edition = database.run_sync(editions.find_edition, one.id, (MORNING + day * DAY).date())
    assert edition is not None
    return ["lighthouses" if "lighthouses" in pick.facts.title else "other" for pick in edition.picks]


def test_a_like_brings_more_of_its_kind_and_why_tells_which_like_it_was(program: Cli, database: Database) -> None:
    database.run_sync(announce, MORNING - HOUR, 4, 5)
    ada, bob = reader(database), reader(database, "bob")
    compose(database, 0)
    at = MORNING + HOUR
    say(database, ada, "liked arxiv:2604.00004", lambda c: profiles.like(c, ada.id, [1], at), at)
    database.run_sync(announce, MORNING + 2 * HOUR, *range(8, 26))
    compose(database, 1)
    assert topics(database, ada, 1).count("lighthouses") > topics(database, bob, 1).count("lighthouses")
    (told,) = program.json("why", ADA, "--date", "2026-04-21")["editions"]
    assert [entry["action"] for entry in told["learnt"]] == ["liked arxiv:2604.00004"]
    assert "you liked arxiv:2604.00004, on 2026-04-20 08:00 UTC" in program("why", ADA)
    about = program.json("why", ADA, "--paper", told["picks"][0]["paper"])
    assert about["chosen"]["score"] == pytest.approx(about["now"]["score"], abs=1e-9)
    assert sum(reason["share"] for reason in about["now"]["reasons"]) == pytest.approx(about["now"]["score"], abs=1e-12)
    assert about["changes"] == []


def test_a_muted_author_is_gone_and_back_when_the_mute_is_taken_back(program: Cli, database: Database) -> None:
    ada = reader(database, when_empty=WhenEmpty.NOTE)
    database.run_sync(announce, MORNING - HOUR, 4)
    compose(database, 0)
    at = MORNING + HOUR
    mute = lambda c: profiles.set_profile(c, ada.id, muted_authors=["Ada Lumen"])  # noqa: E731  # said below once
    say(database, ada, "muted the author Ada Lumen", mute, at)
    database.run_sync(announce, MORNING + 2 * HOUR, 8)
    compose(database, 1)
    told = program("why", ADA)
    assert "2026-04-21: a note to ada@example.org: all that fits is muted, or known to the reader: 1 paper" in told
    note = program.json("why", ADA, "--paper", "2604.00008")["note"]
    assert note.startswith("Not chosen: the digest of 2026-04-21 chose 0 of 1 paper; muted: “Ada Lumen”")
    database.run_sync(feedback.undo, ada.id, MORNING + DAY + HOUR)
    database.run_sync(announce, MORNING + DAY + 2 * HOUR, 12)
    compose(database, 2)
    assert topics(database, ada, 2) == ["lighthouses"]
    about = program.json("why", ADA, "--paper", "2604.00008")
    assert about["note"].endswith("With the profile as it is now it would be number 1.")
    (change,) = about["changes"]
    assert (change["action"], change["undone_at"]) == ("muted the author Ada Lumen", "2026-04-21T08:00:00Z")
    assert "The profile changed since that digest" in program("why", ADA, "--paper", "2604.00008")


def test_why_names_what_makes_a_paper_known(program: Cli, database: Database) -> None:
    ada = reader(database)
    database.run_sync(announce, MORNING - HOUR, 4, 8, 12)
    database.run_sync(shelf.mark, ada.id, [1], Kind.READ, MORNING - HOUR)
    compose(database, 0)
    note = program.json("why", ADA, "--paper", "2604.00004")["note"]
    assert note == "Not chosen: the digest of 2026-04-20 chose 2 of 3 papers; known: read on 2026-04-20."


def test_a_vote_on_the_paper_itself_does_not_hide_why_it_was_dropped(program: Cli, database: Database) -> None:
    """A reader who asks why a paper did not come has often just liked it."""
    ada = reader(database)
    database.run_sync(announce, MORNING - HOUR, *range(4, 44, 4))
    compose(database, 0)
    sent = {pick["paper"] for pick in program.json("why", ADA)["editions"][0]["picks"]}
    absent = next(number for number in range(4, 44, 4) if f"arxiv:2604.{number:05}" not in sent)
    at = MORNING + HOUR
    say(database, ada, "liked it", lambda c: profiles.like(c, ada.id, [absent // 4], at), at)
    about = program.json("why", ADA, "--paper", f"2604.{absent:05}")
    assert about["now"]["step"] in ("limit", "too like another")
    assert [change["action"] for change in about["changes"]] == ["liked it"]
    assert "chose 4 of 10 papers; " in about["note"]
    shown = program("why", ADA, "--paper", f"2604.{absent:05}")
    assert "sum" in shown
    assert "– you liked it, on 2026-04-20 08:00 UTC" in shown
