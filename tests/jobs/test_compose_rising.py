"""Known papers that trend now: offered beside the new ones, marked, a few at most, never twice."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from digest import clock
from digest.editions.render import Reader, render_digest
from digest.jobs import run_due
from digest.jobs.compose import Compose
from digest.model import Alias, AliasKind, Edition, Entry, Listing, ReasonKind, Signal, Subscriber
from digest.ranking.rank import RISING_SHARE
from digest.store import catalog, editions, profiles
from digest.store.database import Database
from tests.support.people import MORNING, announce, subscribe

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
EVENING = MORNING + 9 * HOUR


def compose(database: Database, days: int = 0) -> None:
    asyncio.run(run_due(Compose("example.org"), database, clock.fixed(MORNING + days * DAY)))


def vote(database: Database, days: int, *numbers: int, upvotes: int = 90) -> None:
    """A reading of the upvotes of these papers of `announce`, on the evening of a day."""
    heard = tuple(
        Entry(
            title_raw=f"Study {number}",
            aliases=(Alias(AliasKind.ARXIV, f"2604.{number:05}"),),
            signals=(Signal("upvotes", upvotes),),
        )
        for number in numbers
    )
    at = EVENING + days * DAY
    database.run_sync(catalog.upsert_listing, "hf", Listing("daily", at.date(), heard), at)


def vote_quietly(database: Database, days: int) -> None:
    """What is usual: many papers of another topic get one vote."""
    numbers = range(401, 481, 4)
    database.run_sync(announce, MORNING - 9 * DAY, *numbers)
    vote(database, days, *numbers, upvotes=1)


def edition(database: Database, reader: Subscriber) -> Edition:
    found = database.run_sync(editions.latest_edition, reader.id)
    assert found is not None
    return found


def marked(one: Edition) -> dict[int, str]:
    return {pick.facts.paper_id: pick.facts.marker for pick in one.picks}


def test_a_paper_passed_over_when_it_was_new_comes_back_when_it_trends(database: Database) -> None:
    database.run_sync(announce, MORNING - HOUR, 4, 8, 12, 16)
    ada = database.run_sync(subscribe, limit=2, keywords=["lighthouses"])
    compose(database)
    sent = set(marked(edition(database, ada)))
    (passed_over, other) = sorted({1, 2, 3, 4} - sent)
    vote(database, 0, passed_over * 4, upvotes=1)
    database.run_sync(announce, EVENING + DAY, 20)
    vote(database, 1, passed_over * 4, upvotes=60)
    compose(database, 1)  # the reading of tomorrow evening is not known yet
    assert edition(database, ada).day == MORNING.date()
    compose(database, 2)
    found = edition(database, ada)
    assert marked(found) == {passed_over: "rising", 5: ""}
    assert found.scanned == 1  # new papers only
    (rising,) = [pick for pick in found.picks if pick.facts.marker]
    assert ReasonKind.TREND in [reason.kind for reason in rising.reasons]
    assert rising.facts.series == (1, 60)
    told = render_digest(found, Reader("ada@example.org")).text
    assert " · rising · " in told
    assert "60 upvotes ▁▇" in told
    assert "Because: it is trending (60 upvotes)" in told
    assert other not in marked(found)


def test_a_paper_that_was_sent_never_comes_back_however_it_trends(database: Database) -> None:
    database.run_sync(announce, MORNING - HOUR, 4, 8)
    ada = database.run_sync(subscribe, keywords=["lighthouses"])
    bob = database.run_sync(subscribe, "bob", keywords=["lighthouses"], limit=1)
    compose(database)
    assert set(marked(edition(database, ada))) == {1, 2}
    (left,) = {1, 2} - set(marked(edition(database, bob)))
    vote_quietly(database, 0)
    vote(database, 0, 4, 8)
    compose(database, 1)
    assert edition(database, ada).day == MORNING.date()
    assert marked(edition(database, bob)) == {left: "rising"}
    compose(database, 2)
    assert edition(database, bob).day == MORNING.date() + DAY


def test_an_edition_holds_a_few_rising_papers_at_most(database: Database) -> None:
    old = [4 * number for number in range(1, 7)]
    database.run_sync(announce, MORNING - 5 * DAY, *old)
    database.run_sync(announce, EVENING - 2 * DAY, 100, 104)
    vote_quietly(database, -2)
    vote(database, -2, *old)
    ada = database.run_sync(subscribe, limit=20, keywords=["lighthouses"], edition_at=MORNING - DAY)
    compose(database, -1)
    found = marked(edition(database, ada))
    assert list(found.values()).count("rising") == RISING_SHARE < len(old)
    assert list(found.values()).count("") == 2


def test_a_rising_paper_must_fit_the_reader_as_any_other(database: Database) -> None:
    database.run_sync(announce, MORNING - HOUR, 4, 5)
    parrots = database.run_sync(subscribe, "parrots", keywords=["parrots"], limit=1)
    muted = database.run_sync(subscribe, "muted", keywords=["protein"])
    database.run_sync(profiles.mute, muted.id, ["lighthouses"])
    compose(database)
    vote(database, 0, 4)
    compose(database, 1)
    assert marked(edition(database, parrots)) == {2: ""}
    assert database.run_sync(editions.latest_edition, muted.id) is None


def test_a_new_paper_that_trends_is_new_and_not_rising(database: Database) -> None:
    ada = database.run_sync(subscribe, keywords=["lighthouses"], edition_at=MORNING + DAY)
    database.run_sync(announce, MORNING + HOUR, 4)
    vote(database, 0, 4)
    compose(database, 1)
    found = edition(database, ada)
    assert marked(found) == {1: ""}
    assert found.scanned == 1
