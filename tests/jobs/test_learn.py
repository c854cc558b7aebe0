"""The learn job: from an inbox to suppressions, whatever dies between."""

from __future__ import annotations

import asyncio
import signal
import textwrap
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, select, update

from digest import clock
from digest.delivery import verp
from digest.inboxes.maildir import Maildir
from digest.jobs import run_due
from digest.jobs.learn import Learn
from digest.model import OutboxState
from digest.store import inboxes, keys, suppressions
from digest.store.database import Database
from digest.store.tables import bounces, outbox
from tests.support.delivery import NOW, Stepped, address, seed
from tests.support.program import Program
from tests.support.returned import dsn, recipient_fields


@pytest.fixture
def box(tmp_path: Path) -> Path:
    for folder in ("new", "cur", "tmp"):
        (tmp_path / "box" / folder).mkdir(parents=True)
    return tmp_path / "box"


def returned(database: Database, box: Path, count: int) -> None:
    """Mails to `count` addresses, and a hard bounce of each in the inbox."""

    def send(conn: Connection) -> list[int]:
        made = seed(conn, count)
        conn.execute(update(outbox).values(state=OutboxState.SENT, sent_at=NOW, due_at=None))
        return made

    signing = database.run_sync(keys.signing_keys, NOW)
    for person, number in enumerate(database.run_sync(send)):
        to = verp.address("bounces@example.org", verp.sign(signing, verp.RETURN, number))
        (box / "new" / f"{person}").write_bytes(dsn(recipient_fields(address(person)), to=to))


def learn(database: Database, box: Path, now: clock.Clock) -> int:
    job = Learn(Maildir(box), database.run_sync(keys.signing_keys, NOW))
    return asyncio.run(run_due(job, database, now))


def suppressed(database: Database) -> int:
    return len(database.run_sync(suppressions.list_suppressed, 10_000))


def stored(database: Database) -> int:
    return database.run_sync(lambda conn: int(conn.execute(select(func.count()).select_from(bounces)).scalar_one()))


def test_what_came_in_takes_effect_and_is_put_away(database: Database, box: Path) -> None:
    returned(database, box, 3)
    assert learn(database, box, clock.fixed(NOW)) == 2
    assert (suppressed(database), stored(database)) == (3, 3)
    assert list((box / "new").iterdir()) == []
    assert len(list((box / "cur").iterdir())) == 3


def test_a_report_with_bytes_that_no_database_stores_takes_effect_as_any_other(database: Database, box: Path) -> None:
    returned(database, box, 1)
    (report,) = (box / "new").iterdir()
    raw = report.read_bytes()
    assert b"Diagnostic-Code: smtp; " in raw
    report.write_bytes(raw.replace(b"Diagnostic-Code: smtp; ", b"Diagnostic-Code: smtp; 550 \0\xed\xa0\x80 "))
    learn(database, box, clock.fixed(NOW))
    assert suppressed(database) == 1


def test_an_inbox_is_looked_into_once_a_minute(database: Database, box: Path) -> None:
    now = Stepped()
    assert learn(database, box, now) == 1
    assert learn(database, box, now) == 0
    now.move(minutes=1)
    assert learn(database, box, now) == 1


def test_an_inbox_that_cannot_be_read_is_tried_again_ever_less_often(database: Database, tmp_path: Path) -> None:
    now = Stepped()
    for minutes in (1, 2, 4, 8, 16, 32, 60, 60):
        assert learn(database, tmp_path / "nowhere", now) == 1
        now.move(seconds=minutes * 60 - 1)
        assert learn(database, tmp_path / "nowhere", now) == 0
        now.move(seconds=1)
    (row,) = database.run_sync(inboxes.list_all)
    assert row.errors == 8
    assert "no Maildir" in (row.last_error or "")


def test_of_two_readers_one_has_the_inbox(database: Database) -> None:
    lease = timedelta(minutes=15)
    claimed = database.run_sync(inboxes.claim_due, "inbox", NOW, lease)
    assert claimed is not None
    assert database.run_sync(inboxes.claim_due, "inbox", NOW, lease) is None
    late = NOW + lease
    again = database.run_sync(inboxes.claim_due, "inbox", late, lease)
    assert again is not None
    assert not database.run_sync(inboxes.settle, claimed, ["a"], late, late)
    assert database.run_sync(inboxes.settle, again, ["b"], late, late)


def test_an_inbox_whose_reading_died_three_times_rests_for_an_hour(database: Database) -> None:
    lease, now = timedelta(minutes=15), NOW
    for _ in range(3):
        assert database.run_sync(inboxes.claim_due, "inbox", now, lease) is not None
        now += lease
    assert database.run_sync(inboxes.claim_due, "inbox", now, lease) is None
    (row,) = database.run_sync(inboxes.list_all)
    assert "died three times" in (row.last_error or "")
    assert database.run_sync(inboxes.claim_due, "inbox", now + timedelta(hours=1), lease) is not None


@pytest.mark.parametrize("point", ["after-claim", "after-work", "before-settle-commit", "after-settle"])
def test_a_killed_process_loses_no_report_and_counts_none_twice(tmp_path: Path, box: Path, point: str) -> None:
    config = f"""
        [database]
        url = "sqlite:///digest.db"
        [inbox]
        kind = "maildir"
        path = "{box}"
    """
    program = Program(tmp_path, textwrap.dedent(config))
    database = Database(f"sqlite:///{tmp_path / 'digest.db'}")
    returned(database, box, 2)
    killed = program.run("once", "learn", "--now", NOW.isoformat(), env={"DIGEST_FAILPOINT": f"learn.{point}"})
    assert killed.returncode == -signal.SIGKILL
    assert len(list((box / "new").iterdir())) == 2
    program("once", "learn", "--now", (NOW + timedelta(minutes=16)).isoformat())
    assert (suppressed(database), stored(database)) == (2, 2)
    assert list((box / "new").iterdir()) == []
    database.close()
