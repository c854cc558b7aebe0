"""What needs the admin is told once, shown until it is over, and mailed."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import update

from digest import clock
from digest.editions.links import CONFIRM, sign
from digest.jobs import run_due
from digest.jobs.watch import Disk, Watch
from digest.model import DiffCounts, OutboxKind, OutboxState
from digest.papers.completeness import Batch, How
from digest.store import batches, checks, outbox, pauses, sources, subscriptions
from digest.store.database import Connection, Database
from digest.store.tables import confirmations
from digest.store.tables import outbox as outbox_table
from tests.support.delivery import seed
from tests.support.web import KEYS

FRIDAY = date(2026, 4, 17)
TUESDAY_EVENING = datetime(2026, 4, 21, 22, tzinfo=UTC)
ROOM = Disk("/data", 10**12)


def watch(database: Database, now: datetime, disk: Disk | None = ROOM, admin: str = "admin@example.org") -> int:
    job = Watch(admin, "example.org", lambda: disk)
    return asyncio.run(run_due(job, database, clock.fixed(now)))


def alerts(database: Database) -> list[str]:
    return [alert.text for alert in database.run_sync(checks.list_open)]


def mails(database: Database) -> list[outbox.Message]:
    return [row for row in database.run_sync(outbox.list_rows) if row.kind is OutboxKind.ALERT]


def polled(connection: Connection, kind: str, at: datetime, error: str | None = None) -> None:
    """A source of this kind that has just been polled; the state names the feed."""
    if kind not in [row.name for row in sources.list_all(connection)]:
        sources.add(connection, kind, kind, {}, at)
    sources.make_due(connection, [kind], at)
    claimed = sources.claim_due(connection, at, timedelta(minutes=5))
    assert claimed is not None
    sources.settle_poll(
        connection,
        claimed,
        state={"cs.CV": {}},
        counts=DiffCounts(),
        next_poll_at=at + timedelta(days=30),
        error=error,
        now=at,
    )


def listed(connection: Connection, source: str, day: date, seen: int, at: datetime | None = None) -> None:
    first = at or datetime(day.year, day.month, day.day, 6, tzinfo=UTC)
    batches.record(connection, source, Batch("cs.CV", day, "b", seen, seen, True, How.POLLED, first), first)


def test_where_all_is_well_nothing_is_said(database: Database) -> None:
    database.run_sync(polled, "arxiv", TUESDAY_EVENING)
    database.run_sync(listed, "arxiv", date(2026, 4, 21), 160)
    assert watch(database, TUESDAY_EVENING) == 1
    assert alerts(database) == []
    assert mails(database) == []


def test_unknown_silence_is_told_once_and_closed_when_papers_come(database: Database) -> None:
    database.run_sync(polled, "arxiv", TUESDAY_EVENING)
    database.run_sync(listed, "arxiv", FRIDAY, 160)
    watch(database, TUESDAY_EVENING)
    (text,) = alerts(database)
    assert text.startswith("source arxiv, cs.CV: nothing announced on 2026-04-20, which is no weekend and no holiday")
    watch(database, TUESDAY_EVENING + timedelta(hours=1))
    assert len(mails(database)) == 1
    database.run_sync(listed, "arxiv", date(2026, 4, 21), 160)
    watch(database, TUESDAY_EVENING + timedelta(hours=2))
    assert alerts(database) == []


def test_weekends_and_dates_ahead_are_no_alert(database: Database) -> None:
    sunday = datetime(2026, 4, 19, 22, tzinfo=UTC)
    database.run_sync(polled, "arxiv", sunday)
    database.run_sync(listed, "arxiv", FRIDAY, 160)
    watch(database, sunday)
    assert alerts(database) == []


def test_another_source_is_silent_by_its_own_rhythm(database: Database) -> None:
    start = datetime(2026, 4, 1, tzinfo=UTC)
    database.run_sync(polled, "feed", start)
    for day in range(5):
        at = start + timedelta(days=day)
        database.run_sync(listed, "feed", at.date(), 3, at)
    watch(database, start + timedelta(days=4 + 3))
    assert alerts(database) == []
    watch(database, start + timedelta(days=4 + 3, hours=1))
    assert alerts(database) == ["source feed, all: nothing new for 3 days, where it never paused for more than 24 h"]


def test_a_feed_near_its_cut_is_told(database: Database) -> None:
    database.run_sync(polled, "arxiv", TUESDAY_EVENING)
    database.run_sync(listed, "arxiv", date(2026, 4, 21), 1900)
    watch(database, TUESDAY_EVENING)
    (text,) = alerts(database)
    assert "1900 papers on 2026-04-21, and arXiv cuts a feed at 2000" in text


def test_the_third_error_in_a_row_is_told(database: Database) -> None:
    for n in range(3):
        assert alerts(database) == []
        database.run_sync(polled, "arxiv", TUESDAY_EVENING + timedelta(hours=n), "HTTP 500")
        watch(database, TUESDAY_EVENING + timedelta(hours=n))
    assert alerts(database) == ["source arxiv fails again and again: HTTP 500"]


def test_a_full_disk_is_told_and_one_mail_holds_all_that_is_new(database: Database) -> None:
    database.run_sync(polled, "arxiv", TUESDAY_EVENING)
    database.run_sync(listed, "arxiv", FRIDAY, 160)
    watch(database, TUESDAY_EVENING, Disk("/data", 10**8))
    (mail,) = mails(database)
    assert mail.recipient == "admin@example.org"
    assert mail.content is not None
    assert len(mail.content["alerts"]) == 2
    assert "/data: 100 MB free: make room, or the database will stand still" in mail.content["alerts"]


def test_without_an_admin_alerts_are_kept_and_nobody_is_mailed(database: Database) -> None:
    watch(database, TUESDAY_EVENING, Disk("/data", 0), admin="")
    assert len(alerts(database)) == 1
    assert mails(database) == []


def test_the_same_trouble_later_is_another_occasion(database: Database) -> None:
    for hour, free in enumerate((0, 10**12, 0)):
        watch(database, TUESDAY_EVENING + timedelta(hours=hour), Disk("/data", free))
    assert len(mails(database)) == 2


def test_two_watchers_look_once(database: Database) -> None:
    job = Watch("", "example.org", lambda: None)
    assert database.run_sync(job.claim, TUESDAY_EVENING) is not None
    assert database.run_sync(job.claim, TUESDAY_EVENING) is None
    assert database.run_sync(job.claim, TUESDAY_EVENING + timedelta(minutes=6)) is not None


def test_what_keeps_mail_from_leaving_is_told_once_however_long_it_lasts(database: Database) -> None:
    def refuse(connection: Connection, hour: int) -> None:
        now = TUESDAY_EVENING + timedelta(hours=hour)
        until = now + timedelta(hours=1)
        pauses.pause(connection, "domain", "example.net", until, "550 5.7.26 unauthenticated", now)
        pauses.pause(connection, "relay", "", until, "mail.example.org:587: 421 4.3.2 shutting down", now)

    for hour in range(3):
        database.run_sync(refuse, hour)
        watch(database, TUESDAY_EVENING + timedelta(hours=hour))
    (mail,) = mails(database)
    assert mail.content is not None
    domain, relay = mail.content["alerts"]
    assert domain.startswith("example.net refuses our mail since 2026-04-21 22:00 UTC, and nobody there gets any")
    assert "550 5.7.26 unauthenticated" in domain
    assert relay.startswith("the relay takes nothing since 2026-04-21 22:00 UTC: mail.example.org:587: 421 4.3.2")
    database.run_sync(pauses.lift, "domain", "example.net")
    database.run_sync(pauses.lift, "relay")
    watch(database, TUESDAY_EVENING + timedelta(hours=4))
    assert alerts(database) == []


def test_a_refused_password_is_told_as_such(database: Database) -> None:
    until, reason = TUESDAY_EVENING + timedelta(minutes=15), "mail.example.org:587: 535 5.7.8 bad credentials"
    database.run_sync(pauses.pause, "relay", "", until, reason, TUESDAY_EVENING)
    watch(database, TUESDAY_EVENING)
    (text,) = alerts(database)
    assert text.startswith("the relay refuses our user name or password, and no mail leaves: mail.example.org:587: 535")


def test_mails_in_doubt_and_mails_too_old_are_told(database: Database) -> None:
    def put(connection: Connection) -> None:
        doubtful, again, expired, long_ago = seed(connection, 4, TUESDAY_EVENING - timedelta(days=1))
        for row, state, due_at, expires_at in (
            (doubtful, OutboxState.AMBIGUOUS, None, TUESDAY_EVENING),
            (again, OutboxState.AMBIGUOUS, TUESDAY_EVENING, TUESDAY_EVENING),
            (expired, OutboxState.DROPPED, None, TUESDAY_EVENING - timedelta(hours=1)),
            (long_ago, OutboxState.DROPPED, None, TUESDAY_EVENING - timedelta(days=2)),
        ):
            values = {"state": state, "due_at": due_at, "expires_at": expires_at}
            connection.execute(update(outbox_table).where(outbox_table.c.id == row).values(values))

    database.run_sync(put)
    watch(database, TUESDAY_EVENING)
    old, doubtful = sorted(alerts(database))
    assert old.startswith("mails expired on 2026-04-21 before they could be sent (1), and were dropped")
    assert doubtful.startswith("mails may have arrived or not (1), and are not sent again by themselves")
    watch(database, TUESDAY_EVENING + timedelta(hours=1))
    assert len(mails(database)) == 1


def test_who_waits_for_approval_is_told_by_one_mail_a_day(database: Database) -> None:
    def confirmed(address: str, at: datetime) -> None:
        database.run_sync(subscriptions.begin, address, subscriptions.Wishes(), at, "example.org")
        number = database.run_sync(_open_question)
        token = sign(KEYS, CONFIRM, number)
        database.run_sync(subscriptions.confirm, KEYS, token, at, "example.org", needs_approval=True)

    noon = TUESDAY_EVENING.replace(hour=12)
    confirmed("ada@example.net", noon)
    watch(database, noon)
    confirmed("bo@example.net", noon)
    watch(database, noon + timedelta(hours=1))
    (mail,) = mails(database)
    assert "digest subscriber approve ada@example.net" in str(mail.content)
    watch(database, noon + timedelta(days=1))
    assert len(mails(database)) == 2
    assert "(2)" in alerts(database)[0]
    for address in ("ada@example.net", "bo@example.net"):
        database.run_sync(subscriptions.approve, address, noon, "example.org")
    watch(database, noon + timedelta(days=2))
    assert alerts(database) == []
    assert len(mails(database)) == 2


def _open_question(connection: Connection) -> int:
    waiting = confirmations.select().where(confirmations.c.confirmed_at.is_(None))
    return int(connection.execute(waiting).one().id)
