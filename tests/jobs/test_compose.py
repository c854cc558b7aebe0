"""Compose: one edition per subscriber and period, whatever dies, breaks or runs beside it."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from digest import clock
from digest.editions.message import derive_message_id
from digest.errors import DigestError, NotFound
from digest.jobs import run_due
from digest.jobs.compose import FIRST_LOOK_BACK, Batch, Compose, Result
from digest.jobs.compose_now import compose_now, preview
from digest.model import Days, Edition, OutboxKind, Schedule, Skip
from digest.store import editions, outbox, profiles, subscribers
from digest.store.database import Database
from digest.store.editions import Chapter
from digest.store.tables import interests as interest_rows
from digest.store.tables import picked
from digest.store.tables import subscribers as subscriber_rows
from tests.support.people import MORNING, announce, subscribe, subscribe_many

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
LEASE = timedelta(minutes=10)


def compose(database: Database, now: datetime, job: Compose | None = None) -> int:
    return asyncio.run(run_due(job or Compose("example.org"), database, clock.fixed(now)))


def chapters(database: Database, subscriber_id: int) -> list[Chapter]:
    return database.run_sync(editions.history, subscriber_id)[::-1]


def occasions(database: Database, subscriber_id: int) -> list[str]:
    return [chapter.occasion for chapter in chapters(database, subscriber_id)]


def mails(database: Database) -> list[outbox.Message]:
    return database.run_sync(outbox.list_rows)[::-1]


def shown(database: Database, subscriber_id: int) -> list[set[int]]:
    """Per edition the papers in it."""
    ids = [chapter.edition_id for chapter in chapters(database, subscriber_id)]
    loaded = database.run_sync(editions.load_editions, ids)
    return [{pick.facts.paper_id for pick in loaded[edition_id].picks} for edition_id in ids]


# ── what is composed ─────────────────────────────────────────────────────────────────────────────


def test_whoever_is_due_gets_an_edition_in_the_outbox(database: Database) -> None:
    database.run_sync(announce, MORNING - HOUR, 1, 2, 3)
    ada = database.run_sync(subscribe)
    database.run_sync(subscribe, "tomorrow", MORNING + DAY)
    assert compose(database, MORNING) == 1
    (mail,) = mails(database)
    assert (mail.kind, mail.recipient, mail.occasion) == (OutboxKind.DIGEST, "ada@example.org", "2026-04-20")
    assert (mail.composed_at, mail.due_at, mail.expires_at) == (MORNING, MORNING, MORNING + DAY)
    assert mail.message_id == derive_message_id(OutboxKind.DIGEST, str(ada.id), "2026-04-20", "example.org")
    assert mail.edition_id is not None
    edition = database.run_sync(editions.load_editions, [mail.edition_id])[mail.edition_id]
    assert {pick.facts.paper_id for pick in edition.picks} == {1, 2, 3}
    assert edition.scanned == 3
    assert edition.day == date(2026, 4, 20)
    assert all(pick.reasons and pick.facts.key == f"arxiv:2604.0000{pick.facts.paper_id}" for pick in edition.picks)
    assert database.run_sync(subscribers.get_by_id, ada.id).edition_at == MORNING + DAY
    assert compose(database, MORNING) == 0


def test_subscribers_get_what_fits_their_own_profile(database: Database) -> None:
    database.run_sync(announce, MORNING - HOUR, *range(1, 13))
    lamps = database.run_sync(subscribe, "lamps", keywords=["lighthouses"])
    parrots = database.run_sync(subscribe, "parrots", keywords=["parrots"], limit=2)
    compose(database, MORNING)
    (lamp_papers,), (parrot_papers,) = shown(database, lamps.id), shown(database, parrots.id)
    assert {number % 4 for number in lamp_papers} == {0}
    assert {number % 4 for number in parrot_papers} == {1}
    assert len(parrot_papers) == 2


def test_nothing_new_is_a_skip_with_its_reason_and_no_mail(database: Database) -> None:
    ada = database.run_sync(subscribe)
    compose(database, MORNING)
    (chapter,) = chapters(database, ada.id)
    assert chapter.skip_reason == "nothing new: 0 papers since 2026-04-17 07:00 UTC"
    assert mails(database) == []
    assert database.run_sync(subscribers.get_by_id, ada.id).edition_at == MORNING + DAY


def test_papers_that_do_not_fit_are_counted_in_the_reason(database: Database) -> None:
    database.run_sync(announce, MORNING - HOUR, 4, 8)
    ada = database.run_sync(subscribe, keywords=["parrots"])
    compose(database, MORNING)
    (chapter,) = chapters(database, ada.id)
    assert chapter.skip_reason == "none of the 2 papers since 2026-04-17 06:00 UTC fits the profile"


def test_the_first_edition_looks_back_from_the_newest_paper(database: Database) -> None:
    newest = MORNING - 10 * DAY
    database.run_sync(announce, newest - FIRST_LOOK_BACK, 1)
    database.run_sync(announce, newest - FIRST_LOOK_BACK + HOUR, 2)
    database.run_sync(announce, newest, 3)
    ada = database.run_sync(subscribe)
    compose(database, MORNING)
    assert shown(database, ada.id) == [{2, 3}]


def test_each_edition_goes_on_where_the_last_one_ended(database: Database) -> None:
    ada = database.run_sync(subscribe, limit=2, keywords=["lighthouses"])
    database.run_sync(announce, MORNING - HOUR, 4, 8, 12, 16)
    compose(database, MORNING)
    compose(database, MORNING + DAY)  # silence: what was passed over yesterday is no news
    database.run_sync(announce, MORNING + DAY + HOUR, 20, 24)
    compose(database, MORNING + 2 * DAY)
    first, second, third = shown(database, ada.id)
    assert (len(first), second, third) == (2, set(), {5, 6})
    assert [chapter.skip_reason is None for chapter in chapters(database, ada.id)] == [True, False, True]


def test_a_listing_that_was_stored_late_falls_into_the_next_period(database: Database) -> None:
    ada = database.run_sync(subscribe)
    database.run_sync(announce, MORNING - HOUR, 1)
    compose(database, MORNING)
    # Its transaction began before the edition was composed, and ended after it.
    database.run_sync(announce, MORNING - timedelta(seconds=1), 2)
    compose(database, MORNING + DAY)
    assert shown(database, ada.id) == [{1}, {2}]


def test_a_paper_is_never_shown_twice_nor_one_that_was_voted_on(database: Database) -> None:
    database.run_sync(announce, MORNING - HOUR, 4, 8, 12)
    ada = database.run_sync(subscribe, keywords=["lighthouses"])
    database.run_sync(profiles.like, ada.id, [1], MORNING - HOUR)
    compose(database, MORNING)
    with database.engine.begin() as connection:  # as if the period began anew
        connection.execute(update(subscriber_rows).values(edition_at=MORNING + DAY, covered_until=None))
    compose(database, MORNING + DAY)
    assert shown(database, ada.id) == [{2, 3}, set()]


def test_subscribers_of_different_periods_are_composed_in_one_batch(database: Database) -> None:
    daily = database.run_sync(subscribe, "daily")
    weekly = database.run_sync(subscribe, "weekly", schedule=Schedule(days=Days.WEEKLY))
    database.run_sync(announce, MORNING - HOUR, 1)
    compose(database, MORNING)
    for number in range(7):
        database.run_sync(announce, MORNING + number * DAY + HOUR, number + 2)
        assert compose(database, MORNING + (number + 1) * DAY) == 1
    assert shown(database, daily.id) == [{number} for number in range(1, 9)]
    assert [len(papers) for papers in shown(database, weekly.id)] == [1, 5]
    assert database.run_sync(editions.history, weekly.id)[0].scanned == 7
    assert {mail.expires_at - mail.composed_at for mail in mails(database) if "weekly" in mail.recipient} == {3 * DAY}


def test_a_batch_is_as_large_as_it_was_told(database: Database) -> None:
    database.run_sync(announce, MORNING - HOUR, 1)
    database.run_sync(subscribe_many, 7)
    assert compose(database, MORNING, Compose("example.org", batch=3)) == 3
    assert len(mails(database)) == 7


def test_a_batch_among_many_subscribers_makes_one_mail_each(database: Database) -> None:
    database.run_sync(announce, MORNING - HOUR, *range(1, 41))
    database.run_sync(subscribe_many, 60)
    compose(database, MORNING)
    assert Counter(mail.recipient for mail in database.run_sync(outbox.list_rows, None, 1000)) == Counter(
        f"reader{number}@example.org" for number in range(60)
    )


# ── once per local day ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("zone", "first", "last"),
    [
        ("Europe/Berlin", date(2026, 3, 27), date(2026, 3, 31)),  # 2 o'clock does not exist on the 29th
        ("Europe/Berlin", date(2026, 10, 23), date(2026, 10, 27)),  # and comes twice on 25 October
        ("Australia/Lord_Howe", date(2026, 4, 3), date(2026, 4, 7)),  # half an hour
        ("Asia/Kathmandu", date(2026, 1, 1), date(2026, 1, 4)),
    ],
)
def test_every_local_day_has_one_edition_across_dst(
    sqlite_database: Database, zone: str, first: date, last: date
) -> None:
    start = datetime(first.year, first.month, first.day, tzinfo=UTC) - DAY
    schedule = Schedule(zone, 2)
    ada = sqlite_database.run_sync(subscribe, edition_at=start, schedule=schedule)
    sqlite_database.run_sync(announce, start, 1)
    job = Compose("example.org")
    for hours in range(24 * ((last - first).days + 3)):
        compose(sqlite_database, start + hours * HOUR, job)
    days = [chapter.day for chapter in chapters(sqlite_database, ada.id)]
    wanted = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    assert [day for day in days if first <= day <= last] == wanted
    assert len(days) == len(set(days))


def test_after_three_days_down_one_edition_covers_the_gap(database: Database) -> None:
    ada = database.run_sync(subscribe)
    database.run_sync(announce, MORNING - HOUR, 1)
    compose(database, MORNING)
    for number in (1, 2, 3):
        database.run_sync(announce, MORNING + number * DAY - HOUR, number + 1)
    back = MORNING + 3 * DAY + 5 * HOUR
    assert compose(database, back) == 1
    assert occasions(database, ada.id) == ["2026-04-20", "2026-04-23"]
    assert shown(database, ada.id)[1] == {2, 3, 4}
    assert database.run_sync(subscribers.get_by_id, ada.id).edition_at == MORNING + 4 * DAY


def test_a_clock_that_steps_back_makes_no_second_edition(database: Database) -> None:
    ada = database.run_sync(subscribe)
    database.run_sync(announce, MORNING - HOUR, 1)
    compose(database, MORNING)
    assert compose(database, MORNING - HOUR) == 0
    with database.engine.begin() as connection:  # even where somebody moves the edition back by hand
        connection.execute(update(subscriber_rows).values(edition_at=MORNING - HOUR))
    database.run_sync(announce, MORNING + timedelta(minutes=5), 2)
    compose(database, MORNING + HOUR)
    assert occasions(database, ada.id) == ["2026-04-20"]
    compose(database, MORNING + DAY)
    assert shown(database, ada.id) == [{1}, {2}]  # the discarded one hid nothing


def test_a_clock_that_ran_ahead_for_a_while_hides_nothing(database: Database) -> None:
    ada = database.run_sync(subscribe)
    ahead = MORNING + 3650 * DAY
    database.run_sync(announce, ahead - HOUR, 1)
    compose(database, ahead)
    with database.engine.begin() as connection:
        connection.execute(update(subscriber_rows).values(edition_at=MORNING))
    database.run_sync(announce, MORNING - HOUR, 2)
    compose(database, MORNING)
    assert shown(database, ada.id) == [{2}, {1}]  # in the order of their days


# ── two processes, kills, breakage ───────────────────────────────────────────────────────────────


def test_two_processes_make_one_edition_per_subscriber_and_period(database: Database) -> None:
    database.run_sync(announce, MORNING - HOUR, 1, 2, 3, 4)
    readers = database.run_sync(subscribe_many, 40)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: compose(database, MORNING, Compose("example.org", batch=3)), range(2)))
    assert len(mails(database)) == 40
    assert {tuple(occasions(database, reader.id)) for reader in readers} == {("2026-04-20",)}


def _claim_and_compose(database: Database, job: Compose, now: datetime) -> tuple[Batch, list[Result]]:
    batch = database.run_sync(job.claim, now)
    assert batch is not None
    return batch, job.compose(batch)


def test_an_owner_frozen_past_its_lease_is_fenced(database: Database) -> None:
    database.run_sync(announce, MORNING - HOUR, 1)
    ada = database.run_sync(subscribe)
    frozen = Compose("example.org")
    batch, results = _claim_and_compose(database, frozen, MORNING)
    assert compose(database, MORNING + LEASE) == 1
    database.run_sync(announce, MORNING + HOUR, 2)
    database.run_sync(frozen.settle, batch, results, MORNING + 2 * HOUR)
    assert shown(database, ada.id) == [{1}]
    assert len(mails(database)) == 1
    compose(database, MORNING + DAY)
    assert shown(database, ada.id) == [{1}, {2}]


def test_whoever_unsubscribes_while_the_edition_is_composed_gets_no_mail(database: Database) -> None:
    database.run_sync(announce, MORNING - HOUR, 1)
    ada, bo = database.run_sync(subscribe_many, 2)
    job = Compose("example.org")
    batch, results = _claim_and_compose(database, job, MORNING)
    database.run_sync(subscribers.unsubscribe, ada.id, MORNING)
    database.run_sync(job.settle, batch, results, MORNING)
    assert [mail.recipient for mail in mails(database)] == [bo.address]
    assert database.run_sync(subscribers.get_by_id, ada.id).edition_at is None


def test_settling_twice_stores_and_mails_once(database: Database) -> None:
    database.run_sync(announce, MORNING - HOUR, 1)
    ada = database.run_sync(subscribe)
    job = Compose("example.org")
    batch, results = _claim_and_compose(database, job, MORNING)
    for _ in range(2):
        database.run_sync(job.settle, batch, results, MORNING)
    assert len(mails(database)) == len(chapters(database, ada.id)) == 1


def _break(database: Database, subscriber_id: int) -> None:
    """A profile as no code of ours writes it: the ranker cannot read it."""
    with database.engine.begin() as connection:
        broken = update(interest_rows).where(interest_rows.c.subscriber_id == subscriber_id)
        connection.execute(broken.values(keywords=[None]))


def test_one_broken_subscriber_does_not_stop_the_others_and_is_stuck_after_three_tries(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    database.run_sync(announce, MORNING - HOUR, 1, 2)
    readers = database.run_sync(subscribe_many, 5)
    broken = readers[2]
    _break(database, broken.id)
    for number in range(5):
        compose(database, MORNING + number * LEASE)
    assert {mail.subscriber_id for mail in mails(database)} == {one.id for one in readers} - {broken.id}
    assert [one.id for one in database.run_sync(subscribers.stuck)] == [broken.id]
    assert caplog.text.count(f"composing for subscriber {broken.id} broke") == 3
    database.run_sync(profiles.set_profile, broken.id, keywords=["parrots"])
    database.run_sync(subscribers.resume, broken.id, MORNING + HOUR)
    compose(database, MORNING + HOUR)
    assert occasions(database, broken.id) == ["2026-04-20"]


def test_a_zone_that_no_longer_exists_breaks_its_subscriber_only(database: Database) -> None:
    database.run_sync(announce, MORNING - HOUR, 1)
    ada, bo = database.run_sync(subscribe_many, 2)
    with database.engine.begin() as connection:
        lost = update(subscriber_rows).where(subscriber_rows.c.id == ada.id).values(time_zone="Atlantis/Poseidonis")
        connection.execute(lost)
    compose(database, MORNING)
    assert [mail.recipient for mail in mails(database)] == [bo.address]


def _run(database: Database, now: datetime, failpoint: str | None = None) -> int:
    environment = {key: value for key, value in os.environ.items() if key != "DIGEST_FAILPOINT"}
    if failpoint:
        environment["DIGEST_FAILPOINT"] = failpoint
    root = Path(__file__).resolve().parents[2]
    program = [sys.executable, "-m", "tests.support.compose_program", database.url, now.isoformat()]
    return subprocess.run(program, cwd=root, env=environment, capture_output=True, check=False).returncode


@pytest.mark.parametrize(
    ("failpoint", "is_stored"),
    [
        ("compose.after-claim", False),
        ("compose.after-work", False),
        ("compose.before-settle-commit", False),
        ("compose.after-settle", True),
    ],
)
def test_a_kill_at_any_boundary_loses_nothing_and_doubles_nothing(
    database: Database, failpoint: str, is_stored: bool
) -> None:
    database.run_sync(announce, MORNING - HOUR, 1, 2)
    readers = database.run_sync(subscribe_many, 3)
    assert _run(database, MORNING, failpoint) == -signal.SIGKILL
    assert len(mails(database)) == (3 if is_stored else 0)
    assert compose(database, MORNING + LEASE - timedelta(seconds=1)) == 0  # the dead process still holds the lease
    compose(database, MORNING + LEASE)
    assert len(mails(database)) == 3
    assert {tuple(occasions(database, reader.id)) for reader in readers} == {("2026-04-20",)}
    assert len(database.run_sync(lambda c: c.execute(select(picked)).all())) == 6


# ── the corpus ───────────────────────────────────────────────────────────────────────────────────


def test_the_corpus_learns_every_paper_once_however_many_subscribers_there_are(sqlite_database: Database) -> None:
    def unlearnt() -> list[int]:
        return [paper_id for paper_id, _ in sqlite_database.run_sync(job.unlearnt)]

    job = Compose("example.org", batch=2)
    sqlite_database.run_sync(announce, MORNING - HOUR, 1, 2, 3)
    sqlite_database.run_sync(subscribe_many, 5)
    assert unlearnt() == [1, 2, 3]
    compose(sqlite_database, MORNING, job)
    assert unlearnt() == []
    sqlite_database.run_sync(announce, MORNING + HOUR, 4, 5)
    assert unlearnt() == [4, 5]
    compose(sqlite_database, MORNING + DAY, job)
    assert unlearnt() == []


# ── one at once ──────────────────────────────────────────────────────────────────────────────────


def send(database: Database, subscriber_id: int, now: datetime, *, is_again: bool = False) -> Chapter:
    return asyncio.run(compose_now(Compose("example.org"), database, subscriber_id, now, is_again=is_again))


def test_todays_edition_can_be_made_early_and_is_not_made_again_at_its_hour(database: Database) -> None:
    database.run_sync(announce, MORNING - 2 * HOUR, 1)
    ada = database.run_sync(subscribe)
    made = send(database, ada.id, MORNING - HOUR)
    assert (made.occasion, made.picks, made.skip_reason) == ("2026-04-20", 1, None)
    assert database.run_sync(subscribers.get_by_id, ada.id).edition_at == MORNING + DAY
    database.run_sync(announce, MORNING - timedelta(minutes=30), 2)
    assert compose(database, MORNING) == 0
    compose(database, MORNING + DAY)
    assert shown(database, ada.id) == [{1}, {2}]
    assert [mail.occasion for mail in mails(database)] == ["2026-04-20", "2026-04-21"]


def test_what_was_made_already_is_said_and_again_makes_another_from_the_rest(database: Database) -> None:
    database.run_sync(announce, MORNING - HOUR, 4, 8, 12, 16, 20)
    ada = database.run_sync(subscribe, keywords=["lighthouses"], limit=2)
    compose(database, MORNING)
    with pytest.raises(DigestError, match=r"edition of 2026-04-20 was made at 07:00 UTC already \(2 papers\).*--again"):
        send(database, ada.id, MORNING + HOUR)
    assert send(database, ada.id, MORNING + HOUR, is_again=True).occasion == "2026-04-20+1"
    assert send(database, ada.id, MORNING + HOUR, is_again=True).occasion == "2026-04-20+2"
    assert send(database, ada.id, MORNING + HOUR, is_again=True).skip_reason is not None
    first, second, third, last = shown(database, ada.id)
    assert (len(first), len(second), len(third), len(last)) == (2, 2, 1, 0)
    assert first | second | third == {1, 2, 3, 4, 5}
    assert len({mail.message_id for mail in mails(database)}) == 3


def test_a_skipped_day_can_still_get_its_edition(database: Database) -> None:
    database.run_sync(announce, MORNING - HOUR, 4)
    ada = database.run_sync(subscribe, keywords=["parrots"])
    compose(database, MORNING)
    database.run_sync(profiles.set_profile, ada.id, keywords=["lighthouses"])
    made = send(database, ada.id, MORNING + HOUR)
    assert (made.occasion, made.picks) == ("2026-04-20", 1)
    assert occasions(database, ada.id) == ["2026-04-20"]


def test_a_composition_under_way_is_discarded_where_somebody_sends_now(database: Database) -> None:
    database.run_sync(announce, MORNING - HOUR, 1)
    ada = database.run_sync(subscribe)
    job = Compose("example.org")
    batch, results = _claim_and_compose(database, job, MORNING)
    send(database, ada.id, MORNING)
    database.run_sync(job.settle, batch, results, MORNING)
    assert len(mails(database)) == 1


def test_only_active_subscribers_can_be_sent_to(database: Database) -> None:
    ada = database.run_sync(subscribe)
    database.run_sync(subscribers.pause, ada.id)
    with pytest.raises(DigestError, match=r"ada@example\.org is paused"):
        send(database, ada.id, MORNING)
    with pytest.raises(NotFound):
        send(database, 99, MORNING)


def test_a_preview_shows_what_would_be_made_and_stores_nothing(database: Database) -> None:
    database.run_sync(announce, MORNING - HOUR, 1, 2)
    ada = database.run_sync(subscribe)
    seen = asyncio.run(preview(Compose("example.org"), database, ada.id, MORNING))
    assert isinstance(seen, Edition)
    assert chapters(database, ada.id) == []
    assert mails(database) == []
    compose(database, MORNING)
    made = database.run_sync(editions.latest_edition, ada.id)
    assert made is not None
    assert replace(made, id=0) == seen
    again = asyncio.run(preview(Compose("example.org"), database, ada.id, MORNING))
    assert again == Skip("all that fits is muted, or known to the reader: 2 papers since 2026-04-17 06:00 UTC")
