"""The daemon: it wakes the jobs, survives what breaks in them, and ends when it is told to."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from starlette.applications import Starlette

from digest import daemon
from digest.daemon import Site, Worker
from digest.errors import DatabaseError, DigestError
from digest.jobs import Stop
from digest.store.database import Database

SOON = timedelta(milliseconds=20)


async def terminate(stop: Stop) -> None:
    """Ask this process to end, and go on when the daemon has heard it: a second signal would end the tests."""
    os.kill(os.getpid(), signal.SIGTERM)
    while not stop.is_set():
        await asyncio.sleep(0)


def worker(name: str, *steps: Callable[[], int]) -> Worker:
    """A worker that takes one step at each wake, and asks for the daemon's end when they are used up."""
    left = list(steps)

    async def run_due(stop: Stop) -> int:
        if left:
            return left.pop(0)()
        await terminate(stop)
        return 0

    return Worker(name, run_due, SOON)


def failing(error: Exception) -> Callable[[], int]:
    def step() -> int:
        raise error

    return step


def test_a_job_is_woken_until_the_daemon_is_terminated(sqlite_database: Database) -> None:
    seen: list[int] = []

    def step() -> int:
        seen.append(1)
        return 0

    assert daemon.run([worker("poll", step, step, step)], sqlite_database) == 0
    assert len(seen) == 3


def test_work_that_was_done_wakes_the_jobs_after_it(sqlite_database: Database) -> None:
    runs: list[str] = []
    is_first = asyncio.Event()

    async def poll(_stop: Stop) -> int:
        runs.append("poll")
        return int(is_first.is_set())

    async def compose(stop: Stop) -> int:
        runs.append("compose")
        if is_first.is_set():
            await terminate(stop)
        is_first.set()
        return 0

    # The tick of compose is hours away: its second run can only come from the work of poll.
    daemon.run([Worker("poll", poll, SOON), Worker("compose", compose, timedelta(hours=1))], sqlite_database)
    assert runs.count("compose") == 2


def test_a_job_that_breaks_is_logged_once_with_its_traceback_and_tried_again(
    sqlite_database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    broken = failing(DatabaseError("the disk is gone"))
    assert daemon.run([worker("poll", broken, broken, lambda: 0)], sqlite_database) == 0
    errors = [record for record in caplog.records if "the disk is gone" in record.getMessage()]
    assert [record.exc_info is not None for record in errors] == [True, False]
    assert "poll works again" in caplog.messages


def test_a_job_that_breaks_does_not_hinder_the_others(sqlite_database: Database) -> None:
    done: list[str] = []

    def step() -> int:
        done.append("deliver")
        return 0

    async def broken(_stop: Stop) -> int:
        raise LookupError("always")

    daemon.run([Worker("poll", broken, SOON), worker("deliver", step, step, step)], sqlite_database)
    assert done == ["deliver"] * 3


def test_termination_waits_for_the_work_in_flight(sqlite_database: Database) -> None:
    finished: list[str] = []

    async def slow(stop: Stop) -> int:
        await terminate(stop)
        finished.append("settled")
        return 1

    assert daemon.run([Worker("deliver", slow, SOON)], sqlite_database) == 0
    assert finished == ["settled"]


def test_work_that_outlives_the_deadline_is_cancelled_and_the_exit_is_still_clean(sqlite_database: Database) -> None:
    cancelled: list[str] = []

    async def endless(stop: Stop) -> int:
        await terminate(stop)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append("deliver")
            raise
        return 0

    status = daemon.run([Worker("deliver", endless, SOON)], sqlite_database, drain=timedelta(milliseconds=50))
    assert (status, cancelled) == (0, ["deliver"])


def test_the_service_manager_hears_of_ready_alive_and_stopping(sqlite_database: Database) -> None:
    told: list[str] = []

    async def until_alive(stop: Stop) -> int:
        if "WATCHDOG=1" in told:
            await terminate(stop)
        return 0

    daemon.run([Worker("poll", until_alive, SOON)], sqlite_database, notify=told.append)
    assert told[0] == "READY=1"
    assert told[-1] == "STOPPING=1"


@pytest.mark.parametrize("is_abstract", [False, True])
def test_notifications_are_datagrams_to_the_socket_of_the_service_manager(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_abstract: bool
) -> None:
    name = f"\0digest-test-{os.getpid()}" if is_abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(name)
        manager.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", name.replace("\0", "@"))
        daemon.sd_notify("READY=1")
        assert manager.recv(100) == b"READY=1"


def test_without_a_service_manager_notifications_go_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    daemon.sd_notify("READY=1")


class Settable:
    """A clock that somebody may set."""

    def __init__(self) -> None:
        self.off = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.off


def test_a_clock_that_is_set_back_is_noticed_and_every_job_is_woken(sqlite_database: Database) -> None:
    """Fault 19: the scheduler counts in wall time, and would be silent until the clock has caught up."""
    clock, order = Settable(), list[str]()
    clock.off = timedelta(days=3650)

    async def on_set_back() -> None:
        order.append("set back")

    async def rare(stop: Stop) -> int:
        order.append("rare")
        clock.off = timedelta()
        if "set back" in order:
            await terminate(stop)
        return 0

    async def frequent(_stop: Stop) -> int:
        return 0

    # The tick of the rare one is hours away: its second run can only come from the clock.
    workers = [Worker("rare", rare, timedelta(hours=1)), Worker("frequent", frequent, SOON)]
    assert daemon.run(workers, sqlite_database, clock=clock, on_set_back=on_set_back) == 0
    assert order == ["rare", "set back", "rare"]


def test_a_database_that_fails_while_the_clock_is_set_back_is_asked_again(sqlite_database: Database) -> None:
    """Fault 19."""
    clock, tries = Settable(), list[int]()
    clock.off = timedelta(hours=1)

    async def on_set_back() -> None:
        tries.append(1)
        if len(tries) == 1:
            raise DatabaseError("locked")

    async def run_due(stop: Stop) -> int:
        clock.off = timedelta()
        if len(tries) == 2:
            await terminate(stop)
        return 0

    worker = Worker("poll", run_due, SOON)
    assert daemon.run([worker], sqlite_database, clock=clock, on_set_back=on_set_back) == 0
    assert len(tries) == 2


def test_a_clock_that_goes_ahead_wakes_nobody_too_early(sqlite_database: Database) -> None:
    """Fault 19: what is due stands in the rows, so a leap is only a late tick."""
    clock = Settable()
    told: list[int] = []

    async def on_set_back() -> None:
        raise AssertionError("it was not")

    def leap() -> int:
        clock.off += timedelta(days=365)
        told.append(1)
        return 0

    assert daemon.run([worker("poll", *[leap] * 5)], sqlite_database, clock=clock, on_set_back=on_set_back) == 0
    assert len(told) == 5


def test_the_web_server_answers_beside_the_jobs_and_ends_with_them(sqlite_database: Database) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    answers: list[bytes] = []

    async def ask(stop: Stop) -> int:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /nothing HTTP/1.0\r\n\r\n")
        answers.append(await reader.read())
        writer.close()
        await terminate(stop)
        return 1

    daemon.run([Worker("poll", ask, SOON)], sqlite_database, [Site(Starlette(), "127.0.0.1", port)])
    assert answers[0].startswith(b"HTTP/1.1 404")


def test_an_address_that_is_taken_is_one_clear_line(sqlite_database: Database) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        site = Site(Starlette(), "127.0.0.1", taken.getsockname()[1])
        with pytest.raises(DigestError, match=r"web\.listen: cannot listen on 127\.0\.0\.1:\d+: Address already"):
            daemon.run([], sqlite_database, [site])


def test_a_database_without_tables_is_refused_before_anything_starts(tmp_path: Path) -> None:
    empty = Database(f"sqlite:///{tmp_path / 'empty.db'}")
    with pytest.raises(DatabaseError, match="digest db upgrade"):
        daemon.run([worker("poll", failing(AssertionError("started")))], empty)
    empty.close()


def test_once_runs_every_job_in_order_and_counts() -> None:
    order: list[str] = []

    def job(name: str, count: int) -> Worker:
        async def run_due(_stop: Stop) -> int:
            order.append(name)
            return count

        return Worker(name, run_due)

    jobs = [job("poll", 2), job("compose", 1), job("deliver", 0)]
    assert asyncio.run(daemon.once(jobs)) == {"poll": 2, "compose": 1, "deliver": 0}
    assert order == ["poll", "compose", "deliver"]


def test_once_lets_the_other_jobs_work_before_it_reports_the_one_that_broke() -> None:
    order: list[str] = []

    async def fine(_stop: Stop) -> int:
        order.append("deliver")
        return 0

    jobs = [worker("poll", failing(LookupError("a bug"))), Worker("deliver", fine)]
    with pytest.raises(LookupError, match="a bug"):
        asyncio.run(daemon.once(jobs))
    assert order == ["deliver"]


# ── as a process ─────────────────────────────────────────────────────────────────────────────────

PROGRAM = """
import asyncio, logging, sys
from digest import daemon
from digest.daemon import Worker
from digest.store.database import Database

async def run_due(stop):
    print("working", flush=True)
    while not (stop.is_set() and {is_drained}):
        await asyncio.sleep(0.001)
    print("settled", flush=True)
    return 1

database = Database(sys.argv[1])
status = daemon.run([Worker("deliver", run_due)], database)
print("status", status, flush=True)
sys.exit(status)
"""


@contextmanager
def running(database: Database, *, is_drained: bool) -> Iterator[subprocess.Popen[str]]:
    program = PROGRAM.format(is_drained=is_drained)
    root = Path(__file__).resolve().parents[1]
    process = subprocess.Popen(
        [sys.executable, "-c", program, database.url], stdout=subprocess.PIPE, text=True, cwd=root, env=dict(os.environ)
    )
    killer = threading.Timer(60, process.kill)
    killer.start()
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "working\n"
        yield process
    finally:
        killer.cancel()
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.mark.parametrize("signal_number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_drains_and_exits_0(sqlite_database: Database, signal_number: signal.Signals) -> None:
    with running(sqlite_database, is_drained=True) as process:
        process.send_signal(signal_number)
        output, _ = process.communicate()
        assert (process.returncode, output) == (0, "settled\nstatus 0\n")


def test_a_second_signal_exits_at_once(sqlite_database: Database) -> None:
    with running(sqlite_database, is_drained=False) as process:
        process.send_signal(signal.SIGTERM)
        while process.poll() is None:  # signals of one kind merge while one is pending
            process.send_signal(signal.SIGTERM)
        assert process.returncode == 128 + signal.SIGTERM
