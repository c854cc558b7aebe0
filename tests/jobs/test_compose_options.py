"""What subscribers choose beside what they read: notes, roll-ups, revisions, and never what they know."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event

from digest import clock
from digest.jobs import run_due
from digest.jobs.compose import Compose
from digest.jobs.compose.choice import MISSED_SHOWN, REVISIONS_SHOWN
from digest.jobs.compose_now import compose_now
from digest.model import (
    Announcement,
    Bar,
    Days,
    Edition,
    Listing,
    Options,
    OutboxKind,
    OutboxState,
    Schedule,
    Subscriber,
    WhenEmpty,
)
from digest.store import catalog, editions, outbox, profiles, shelf, subscribers
from digest.store.database import Connection, Database
from digest.store.outbox_claims import Terms, claim
from digest.store.shelf import Kind
from tests.support.people import MORNING, announce, entry, subscribe

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
EVERYTHING = Options(
    bar=Bar.OFF, when_empty=WhenEmpty.NOTE, explores=True, has_revisions=True, has_cross_lists=False, has_roll_up=True
)


def compose(database: Database, days: int = 0) -> None:
    asyncio.run(run_due(Compose("example.org"), database, clock.fixed(MORNING + days * DAY)))


def reader(database: Database, name: str = "ada", *, options: Options | None = None, **fields: Any) -> Subscriber:
    """Somebody with these options, who reads of lighthouses unless told otherwise; the bar is off."""
    added = database.run_sync(subscribe, name, **{"keywords": ["lighthouses"], **fields})
    database.run_sync(profiles.set_options, added.id, replace(options or Options(), bar=Bar.OFF))
    return added


def edition(database: Database, one: Subscriber) -> Edition:
    found = database.run_sync(editions.latest_edition, one.id)
    assert found is not None
    return found


def marked(one: Edition) -> Mapping[int, str]:
    return {pick.facts.paper_id: pick.facts.marker for pick in one.picks}


def skip_reason(database: Database, one: Subscriber) -> str | None:
    return database.run_sync(editions.history, one.id)[0].skip_reason


def revise(connection: Connection, days: int, *numbers: int, version: int = 2) -> None:
    """The papers of these arXiv numbers come in a new version, on the evening of a day."""
    at = MORNING + days * DAY + 9 * HOUR
    replaced = [
        replace(
            entry(number),
            announcement=Announcement.REPLACE,
            version=version,
            abstract_raw=f"{entry(number).abstract_raw} Version {version} measures it again.",
        )
        for number in numbers
    ]
    catalog.upsert_listing(connection, "arxiv", Listing("cs.CV", at.date(), tuple(replaced)), at)


# ── what is known is never recommended ───────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", list(Kind))
def test_what_was_read_or_saved_is_never_recommended(database: Database, kind: Kind) -> None:
    database.run_sync(announce, MORNING - HOUR, 4, 8, 12)
    ada = reader(database)
    database.run_sync(shelf.mark, ada.id, [2], kind, MORNING - HOUR)
    compose(database)
    assert set(marked(edition(database, ada))) == {1, 3}


# ── notes ────────────────────────────────────────────────────────────────────────────────────────


def test_on_a_day_without_papers_a_note_comes_to_whoever_wants_one(database: Database) -> None:
    database.run_sync(announce, MORNING - HOUR, 4, 8)
    quiet = reader(database, "quiet", keywords=["parrots"])
    ada = reader(database, options=Options(when_empty=WhenEmpty.NOTE), keywords=["parrots"])
    compose(database)
    (mail,) = database.run_sync(outbox.list_rows)
    assert (mail.kind, mail.recipient, mail.occasion) == (OutboxKind.NOTE, ada.address, "2026-04-20")
    (chapter,) = database.run_sync(editions.history, ada.id)
    assert mail.edition_id == chapter.edition_id
    assert chapter.skip_reason == skip_reason(database, quiet)
    compose(database)
    assert len(database.run_sync(outbox.list_rows)) == 1


def test_the_reason_tells_silence_from_what_does_not_fit_and_from_what_is_known(database: Database) -> None:
    ada = reader(database)
    compose(database)
    assert skip_reason(database, ada) == "nothing new: 0 papers since 2026-04-17 07:00 UTC"
    database.run_sync(announce, MORNING + HOUR, 5)
    compose(database, 1)
    assert skip_reason(database, ada) == "the 1 paper since 2026-04-17 08:00 UTC does not fit the profile"
    database.run_sync(announce, MORNING + DAY + HOUR, 4, 9)
    database.run_sync(profiles.mute, ada.id, ["lighthouses"])
    compose(database, 2)
    since = "since 2026-04-20 08:00 UTC"
    assert skip_reason(database, ada) == f"all that fits is muted, or known to the reader: 2 papers {since}"


def test_a_note_is_cancelled_where_its_reader_leaves_before_it_is_sent(database: Database) -> None:
    ada = reader(database, options=Options(when_empty=WhenEmpty.NOTE))
    compose(database)
    database.run_sync(subscribers.unsubscribe, ada.id, MORNING)
    assert database.run_sync(claim, MORNING, Terms(), editions.load_editions) == []
    assert [mail.state for mail in database.run_sync(outbox.list_rows)] == [OutboxState.CANCELLED]


def test_a_day_of_which_a_note_was_sent_can_still_get_its_edition(database: Database) -> None:
    database.run_sync(announce, MORNING - HOUR, 4)
    ada = reader(database, options=Options(when_empty=WhenEmpty.NOTE), keywords=["parrots"])
    compose(database)
    database.run_sync(profiles.set_profile, ada.id, keywords=["lighthouses"])
    made = asyncio.run(compose_now(Compose("example.org"), database, ada.id, MORNING + HOUR))
    assert (made.occasion, made.picks) == ("2026-04-20", 1)
    assert {mail.kind for mail in database.run_sync(outbox.list_rows)} == {OutboxKind.NOTE, OutboxKind.DIGEST}


# ── the weekly roll-up ───────────────────────────────────────────────────────────────────────────

WEEK = range(4, 68, 4)  # sixteen papers about lighthouses


def test_the_first_edition_of_a_week_brings_what_the_limit_left_out(database: Database) -> None:
    database.run_sync(announce, MORNING + DAY, *WEEK)
    ada = reader(database, options=Options(has_roll_up=True), limit=2, edition_at=MORNING + 2 * DAY)
    plain = reader(database, "plain", limit=2, edition_at=MORNING + 2 * DAY)
    compose(database, 2)  # a Wednesday
    sent = set(marked(edition(database, ada)))
    database.run_sync(announce, MORNING + 6 * DAY, 400, 404, 408)
    compose(database, 7)
    found = marked(edition(database, ada))
    assert list(found.values()) == ["", ""] + ["missed"] * MISSED_SHOWN
    missed = {paper for paper, marker in found.items() if marker}
    assert missed <= set(range(1, 17)) - sent
    assert list(marked(edition(database, plain)).values()) == ["", ""]
    database.run_sync(announce, MORNING + 7 * DAY + HOUR, 412)
    compose(database, 8)
    assert list(marked(edition(database, ada)).values()) == [""]  # once a week
    compose(database, 14)
    assert edition(database, ada).day == MORNING.date() + 14 * DAY
    again = marked(edition(database, ada))
    assert not missed & set(again)  # and nothing twice
    assert set(again.values()) == {"missed"}


def test_what_did_not_fit_is_not_missed(database: Database) -> None:
    database.run_sync(announce, MORNING + DAY, 4, 8, 5, 9, 13)
    ada = reader(database, options=Options(has_roll_up=True), limit=1, edition_at=MORNING + 2 * DAY)
    compose(database, 2)
    compose(database, 7)
    assert list(marked(edition(database, ada)).items()) in ([(1, "missed")], [(2, "missed")])


def test_a_first_edition_misses_nothing(database: Database) -> None:
    database.run_sync(announce, MORNING - 6 * DAY, *WEEK)
    database.run_sync(announce, MORNING - HOUR, 400)
    ada = reader(database, options=Options(has_roll_up=True), limit=2)
    compose(database)
    assert set(marked(edition(database, ada)).values()) == {""}


def test_a_weekly_reader_is_told_of_what_last_weeks_limit_left_out(database: Database) -> None:
    weekly = Schedule(days=Days.WEEKLY)
    database.run_sync(announce, MORNING - HOUR, *WEEK)
    ada = reader(database, options=Options(has_roll_up=True), limit=3, schedule=weekly)
    compose(database)
    database.run_sync(announce, MORNING + DAY, 400)
    compose(database, 7)
    assert list(marked(edition(database, ada)).values()) == [""] + ["missed"] * MISSED_SHOWN


# ── revisions ────────────────────────────────────────────────────────────────────────────────────


def test_a_revision_of_a_mailed_paper_comes_once_per_version(database: Database) -> None:
    database.run_sync(announce, MORNING - HOUR, 4, 8)
    ada = reader(database, options=Options(has_revisions=True))
    plain = reader(database, "plain")
    compose(database)
    database.run_sync(revise, 0, 4)
    database.run_sync(announce, MORNING + HOUR, 12)
    compose(database, 1)
    found = edition(database, ada)
    assert marked(found) == {3: "", 1: "revised"}
    assert found.picks[-1].facts.version == 2
    assert marked(edition(database, plain)) == {3: ""}
    compose(database, 2)
    assert edition(database, ada).day == MORNING.date() + DAY
    database.run_sync(revise, 2, 4, version=3)
    compose(database, 3)
    assert marked(edition(database, ada)) == {1: "revised"}
    database.run_sync(announce, MORNING + 3 * DAY + HOUR, 16)
    later = MORNING + 3 * DAY + 2 * HOUR
    made = asyncio.run(compose_now(Compose("example.org"), database, ada.id, later, is_again=True))
    assert (made.picks, marked(edition(database, ada))) == (1, {4: ""})


def test_a_revision_of_a_liked_paper_comes_though_it_was_never_mailed(database: Database) -> None:
    database.run_sync(announce, MORNING - 30 * DAY, 4, 8)
    database.run_sync(announce, MORNING - HOUR, 12)
    ada = reader(database, options=Options(has_revisions=True))
    database.run_sync(profiles.like, ada.id, [1], MORNING - 20 * DAY)
    compose(database)
    database.run_sync(revise, 0, 4, 8)
    compose(database, 1)
    assert marked(edition(database, ada)) == {1: "revised"}
    database.run_sync(profiles.like, ada.id, [2], MORNING + 2 * DAY)  # the version that is there already
    compose(database, 2)
    assert edition(database, ada).day == MORNING.date() + DAY


def test_revisions_are_few_never_muted_and_never_of_disliked_papers(database: Database) -> None:
    numbers = [4 * number for number in range(1, 8)]
    database.run_sync(announce, MORNING - HOUR, *numbers)
    ada = reader(database, options=Options(has_revisions=True), limit=10)
    bob = reader(database, "bob", options=Options(has_revisions=True), limit=10)
    compose(database)
    assert len(marked(edition(database, ada))) == 7
    database.run_sync(profiles.dislike, ada.id, [1, 2, 3, 4, 5], MORNING + HOUR)
    database.run_sync(profiles.set_profile, ada.id, muted_authors=["Bo Number24"])
    database.run_sync(revise, 0, *numbers)
    compose(database, 1)
    assert marked(edition(database, ada)) == {7: "revised"}
    assert list(marked(edition(database, bob)).values()) == ["revised"] * REVISIONS_SHOWN


# ── many at once ─────────────────────────────────────────────────────────────────────────────────


def test_the_statements_of_a_batch_do_not_grow_with_its_subscribers(database: Database) -> None:
    """With every option on: a Monday's batch that rolls up, revises, notes and explores."""
    database.run_sync(announce, MORNING - HOUR, *WEEK)
    everybody = [reader(database, f"r{number}", options=EVERYTHING, limit=2) for number in range(40)]
    for one in everybody[1:]:
        database.run_sync(subscribers.edit, one.id, schedule=Schedule(hour=8))
    counts = []
    for day in (0, 1, 7):
        if day:
            database.run_sync(announce, MORNING + (day - 1) * DAY + HOUR, 400 + 4 * day)
            database.run_sync(revise, day - 1, 4, 8, 12, version=2 + day)
        counts = [_statements(database, MORNING + day * DAY + hours * HOUR) for hours in (0, 1)]
        assert counts[1] <= counts[0]  # the first one also stores the facts that both show
    markers = [set(marked(edition(database, one)).values()) for one in everybody]
    assert all("missed" in some for some in markers)


def _statements(database: Database, now: datetime) -> int:
    """How many statements composing what is due at `now` takes, executions of many rows counted once."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    asyncio.run(run_due(Compose("example.org"), database, clock.fixed(now)))
    event.remove(database.engine, "before_cursor_execute", note)
    return len(seen)
