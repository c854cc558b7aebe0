"""A daemon whose clock is set while it runs: one edition per local day, and none is missed afterwards."""

from __future__ import annotations

import subprocess
import textwrap
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from digest.model import OutboxState, Schedule
from digest.store import outbox, tables
from digest.store.database import Connection, Database
from tests.support.people import announce, subscribe
from tests.support.program import Program
from tests.support.smtp_server import SmtpServer
from tests.support.wrong_clock import WrongClock, find_library

MONDAY = datetime(2026, 4, 20, tzinfo=UTC)
IN_TEN_YEARS = datetime(2036, 4, 21, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
READERS = {
    "kathmandu": Schedule("Asia/Kathmandu", 12),  # 06:15 UTC
    "howe": Schedule("Australia/Lord_Howe", 17),  # 06:30
    "apia": Schedule("Pacific/Apia", 20),  # 07:00
    "greenwich": Schedule("UTC", 7),
}


def occasions(connection: Connection) -> Counter[tuple[str, str]]:
    found = connection.execute(select(tables.outbox.c.recipient, tables.outbox.c.occasion))
    return Counter((row.recipient, row.occasion) for row in found)


class Daemon:
    """The process; what it said so far is shown where it does not do what is waited for."""

    def __init__(self, process: subprocess.Popen[str], database: Database) -> None:
        self.process, self._database, self._said = process, database, ""

    def wait_sent(self, count: int) -> None:
        self._wait(lambda c: outbox.counts(c).get(OutboxState.SENT, 0) == count, f"{count} mails sent")

    def wait_due_before(self, at: datetime) -> None:
        dues = select(tables.subscribers.c.edition_at)
        self._wait(lambda c: all(due < at for due in c.execute(dues).scalars()), "no edition years ahead")

    def wait_said(self, words: str) -> None:
        assert self.process.stderr is not None
        for line in iter(self.process.stderr.readline, ""):
            self._said += line
            if words in line:
                return
        pytest.fail(f"it never said {words!r}:\n{self._said}")

    def _wait(self, look: Callable[[Connection], bool], wanted: str) -> None:
        until = time.monotonic() + 60
        while not self._database.run_sync(look):
            if time.monotonic() > until:
                self.process.kill()
                pytest.fail(f"not {wanted}:\n{self._said}{self.process.communicate()[1]}")
            time.sleep(0.05)


@pytest.mark.slow
def test_a_running_daemon_makes_one_edition_per_local_day_whatever_its_clock_does(tmp_path: Path) -> None:
    """Fault 19: an hour ahead, an hour back, ten years ahead and back again; the daemon is never restarted."""
    library = find_library()
    if library is None:
        pytest.skip("no libfaketime: install faketime")
    clock = WrongClock(library, tmp_path / "time")
    with ExitStack() as stack:
        server = stack.enter_context(SmtpServer())
        program, database = _program(tmp_path, server.port), Database(f"sqlite:///{tmp_path / 'digest.db'}")
        stack.callback(database.close)
        for name, schedule in READERS.items():
            database.run_sync(subscribe, name, MONDAY + 6 * HOUR, schedule)
        clock.set(MONDAY + 6 * HOUR)
        process = program.start("run", "--only", "compose,deliver,watch", env=clock.env)
        stack.callback(process.kill)
        daemon = Daemon(process, database)
        for number, day in enumerate((MONDAY, IN_TEN_YEARS, MONDAY + DAY), 1):
            database.run_sync(announce, day + 5 * HOUR, *range(4 * number, 4 * number + 4))
            clock.set(day + 7.1 * HOUR)  # an hour ahead, then ten years, then a day after what was right
            daemon.wait_sent(4 * number)
            back = day if day is not IN_TEN_YEARS else MONDAY
            clock.set(back + 6.1 * HOUR)
            daemon.wait_said("the clock was set back")
        daemon.wait_due_before(MONDAY + 3 * DAY)
        process.terminate()
        _, said = process.communicate(timeout=60)
        assert process.returncode == 0, said
        days = ("2026-04-20", "2026-04-21", "2036-04-21")
        assert database.run_sync(occasions) == Counter((f"{n}@example.org", day) for n in READERS for day in days)
        assert server.ledger == Counter({f"{name}@example.org": 3 for name in READERS})


def _program(folder: Path, port: int) -> Program:
    return Program(
        folder,
        textwrap.dedent(f"""
            [database]
            url = "sqlite:///digest.db"
            [mail]
            transport = "smtp"
            from = "digest@example.org"
            [smtp]
            host = "127.0.0.1"
            port = {port}
            security = "plain"
        """),
    )
