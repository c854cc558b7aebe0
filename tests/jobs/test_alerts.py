"""What a real relay says becomes an alert, once, and the mail of it leaves when the relay takes mail again."""

from __future__ import annotations

import asyncio
from datetime import datetime

from digest import clock
from digest.jobs import run_due
from digest.jobs.deliver import Pace
from digest.jobs.watch import Watch
from digest.model import OutboxKind, OutboxState
from digest.store import checks, outbox, suppressions
from digest.store.database import Database
from tests.support.delivery import SENDER, Stepped, deliver, relay, seed
from tests.support.smtp_server import SmtpServer

ADMIN = "admin@example.org"


def watch(database: Database, now: datetime) -> list[str]:
    """Look; the alerts that are open then."""
    job = Watch(ADMIN, "example.org", lambda: None)
    asyncio.run(run_due(job, database, clock.fixed(now)))
    return [alert.text for alert in database.run_sync(checks.list_open)]


def alert_mails(database: Database) -> list[outbox.Message]:
    return [row for row in database.run_sync(outbox.list_rows) if row.kind is OutboxKind.ALERT]


def test_a_refused_login_is_told_once_uses_no_attempts_and_is_over_when_it_works(database: Database) -> None:
    database.run_sync(seed, 3)
    time = Stepped()
    with SmtpServer({"AUTH": ["535 5.7.8 bad credentials"] * 4}) as server:
        job = deliver(database, relay(server.port, username="u", password="p"), time, Pace(SENDER, 1))
        for _ in range(2):
            asyncio.run(job.run_due())
            (told,) = watch(database, time())
            time.move(minutes=20)
        assert told.startswith("the relay refuses our user name or password, and no mail leaves")
        assert "bad credentials" in told
        (mail,) = alert_mails(database)
        assert {row.attempt for row in database.run_sync(outbox.list_rows)} == {0}
        asyncio.run(job.run_due())
        assert server.ledger[ADMIN] == 1
        assert len(server.mails) == 4
    time.move(minutes=20)
    assert watch(database, time()) == []
    assert database.run_sync(outbox.show, mail.id).state is OutboxState.SENT


def test_a_domain_that_refuses_us_is_told_once_and_nobody_is_suppressed(database: Database) -> None:
    database.run_sync(seed, 3)
    refused = ["550 5.7.26 unauthenticated mail is prohibited"]
    time = Stepped()
    with SmtpServer(recipients={f"r{n}@example.org": refused * 9 for n in range(3)}) as server:
        job = deliver(database, relay(server.port), time)
        for _ in range(3):
            asyncio.run(job.run_due())
            told = watch(database, time())
            time.move(hours=1, minutes=30)
    (text,) = told
    assert text.startswith("example.org refuses our mail since 2026-04-20 07:00 UTC, and nobody there gets any")
    assert "550 5.7.26 unauthenticated mail is prohibited" in text
    assert len(alert_mails(database)) == 1
    assert database.run_sync(suppressions.list_suppressed) == []
