"""Daemons as they are run: told to stop in the middle, and two of them on one database."""

from __future__ import annotations

import subprocess
import textwrap
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from digest.model import OutboxState
from digest.store import outbox
from digest.store.database import Connection, Database
from tests.support.people import announce, subscribe
from tests.support.program import Program
from tests.support.smtp_server import HOLD, SmtpServer

READERS = 40
EVERYBODY = {f"reader{number}@example.org": 1 for number in range(READERS)}


def due(connection: Connection) -> None:
    """Papers of the last hours, and everybody's edition due since a minute."""
    now = datetime.now(UTC)  # the daemon's clock is the machine's
    announce(connection, now - timedelta(hours=2), 1, 2, 3, 4)
    for number in range(READERS):
        subscribe(connection, f"reader{number}", now - timedelta(minutes=1))


@pytest.fixture
def installed(database: Database, tmp_path: Path) -> Iterator[tuple[Program, Database, SmtpServer]]:
    """An installation of forty, and the server that takes its mail."""
    with SmtpServer({"DOT": [HOLD] * 10}) as server:
        config = f"""
            [database]
            url = "{database.url}"
            [mail]
            transport = "smtp"
            from = "digest@example.org"
            [smtp]
            host = "127.0.0.1"
            port = {server.port}
            security = "plain"
            connections = 10
        """
        program = Program(tmp_path, textwrap.dedent(config))
        database.run_sync(due)
        yield program, database, server


def start(program: Program, stack: ExitStack) -> subprocess.Popen[str]:
    process = program.start("run", "--only", "compose,deliver")
    stack.callback(process.wait)
    stack.callback(process.kill)
    assert process.stderr is not None
    assert "ready: " in process.stderr.readline()  # before that a signal just ends it
    return process


def stop(*processes: subprocess.Popen[str]) -> None:
    for process in processes:
        process.terminate()
    for process in processes:
        ended(process)


def ended(process: subprocess.Popen[str]) -> None:
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said


def test_a_daemon_that_is_told_to_stop_finishes_what_is_in_flight_and_another_goes_on(
    installed: tuple[Program, Database, SmtpServer],
) -> None:
    """Fault 14: ten in flight, exit 0, nothing ambiguous, nobody twice."""
    program, database, server = installed
    with ExitStack() as stack:
        first = start(program, stack)
        server.wait_held(10)
        first.terminate()
        server.release()
        ended(first)
        sent = len(server.mails)
        found = database.run_sync(outbox.counts)
        assert found.pop(OutboxState.PENDING, 0) == READERS - sent
        assert found == {OutboxState.SENT: sent}
        second = start(program, stack)
        server.wait_taken(READERS)
        stop(second)
    assert server.ledger == EVERYBODY
    assert database.run_sync(outbox.counts) == {OutboxState.SENT: READERS}


def test_two_daemons_on_one_database_mail_everybody_once(installed: tuple[Program, Database, SmtpServer]) -> None:
    """Fault 17: both compose, both deliver."""
    program, database, server = installed
    with ExitStack() as stack:
        both = [start(program, stack) for _ in range(2)]
        server.wait_held(10)
        server.release()
        server.wait_taken(READERS)
        stop(*both)
    assert server.ledger == EVERYBODY
    assert database.run_sync(outbox.counts) == {OutboxState.SENT: READERS}
