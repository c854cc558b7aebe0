"""`digest run`: one task per job, woken by the scheduler, drained by SIGTERM; the web server in the same loop.

    APScheduler ─tick─► Event ─► task ─► run_due ─► (did something) ─► wakes the jobs after it
    SIGTERM ─► stop ─► every task ends after its claim ─► exit 0        second signal ─► exit at once

The scheduler only wakes: its own executor would cancel running coroutines at shutdown. What is due stands in
the rows, so a tick that comes late, twice or never loses nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger
from starlette.types import ASGIApp

from digest import clock as ambient
from digest.clock import Clock
from digest.errors import DigestError
from digest.jobs import Stop
from digest.store import migrations
from digest.store.database import Database, ping

_log = logging.getLogger(__name__)
logging.getLogger("apscheduler").setLevel(logging.WARNING)  # it would log every tick

_LONGEST_BACKOFF = timedelta(minutes=5)
_AFTER_CANCEL = 5.0  # seconds a task has to end after the drain's deadline
_SET_BACK = timedelta(seconds=1)  # less is how clocks are disciplined
_LOOK = timedelta(seconds=1)  # at the clock


@dataclass(frozen=True, slots=True)
class Worker:
    """A job as the daemon sees it: `run_due` works until nothing is due or it is told to stop, and counts."""

    name: str
    run_due: Callable[[Stop], Awaitable[int]]
    every: timedelta = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Site:
    """A web application and where it listens; `option` is the setting that says so."""

    app: ASGIApp
    host: str
    port: int
    option: str = "web.listen"


def collect_seldom() -> None:
    """Look for garbage in circles more seldom than every 700 new objects.

    A corpus and a batch are hundreds of thousands of objects, hardly one of them in a circle, and looking through them
    again and again was a good part of what composing cost. What it saves while delivering was not measured by itself.
    """
    gc.set_threshold(20_000, 20, 50)


async def once(workers: Sequence[Worker]) -> dict[str, int]:
    """Let every worker, in order, do what is due: how many claims each settled.

    One that breaks does not keep the others from their work; its exception comes at the end.
    """
    collect_seldom()
    done: dict[str, int] = {}
    broken: list[Exception] = []
    for worker in workers:
        try:
            done[worker.name] = await worker.run_due(asyncio.Event())
        except DigestError:
            raise  # the database or the disk: the others would say the same
        except Exception as error:  # noqa: BLE001  # kept and raised below
            _log.exception("%s broke", worker.name)
            broken.append(error)
    if broken:
        raise broken[0]
    return done


def run(
    workers: Sequence[Worker],
    database: Database,
    sites: Sequence[Site] = (),
    drain: timedelta = timedelta(seconds=30),
    notify: Callable[[str], None] | None = None,
    *,
    clock: Clock = ambient.now,
    on_set_back: Callable[[], Awaitable[None]] | None = None,
) -> int:
    """Run until SIGTERM or SIGINT; the exit status. `notify` speaks to the service manager.

    `on_set_back` is awaited whenever `clock` was set back, before the jobs are woken.

    Raises:
        DigestError: before anything starts: the database does not fit, or the address is taken.
    """
    collect_seldom()
    migrations.check(database)
    listening = [(site, listen(site)) for site in sites]
    tense = _Tense(clock, on_set_back)
    return asyncio.run(_Daemon(workers, database, drain, notify or sd_notify, tense).run(listening))


class _Tense:
    """Whether the wall clock was set back since the last look: against a clock that cannot be set."""

    def __init__(self, clock: Clock, on_set_back: Callable[[], Awaitable[None]] | None) -> None:
        self._clock, self._on_set_back = clock, on_set_back
        self._ahead = self._offset()

    async def was_set_back(self) -> bool:
        before, self._ahead = self._ahead, self._offset()
        if self._ahead >= before - _SET_BACK.total_seconds():
            return False
        back = timedelta(seconds=round(before - self._ahead))
        if self._on_set_back is not None:
            try:
                await self._on_set_back()
            except Exception:
                self._ahead = before  # seen again at the next look
                raise
        _log.warning("the clock was set back by %s: what was due until then is due as before", back)
        return True

    def _offset(self) -> float:
        return self._clock().timestamp() - ambient.monotonic()


class _Daemon:
    def __init__(
        self,
        workers: Sequence[Worker],
        database: Database,
        drain: timedelta,
        notify: Callable[[str], None],
        tense: _Tense,
    ) -> None:
        self._workers = workers
        self._database = database
        self._drain = drain
        self._notify = notify
        self._tense = tense
        self._stop = asyncio.Event()
        self._wakes = {worker.name: asyncio.Event() for worker in workers}
        self._alive = asyncio.Event()

    async def run(self, listening: Sequence[tuple[Site, socket.socket]]) -> int:
        with self._signals(), self._ticking() as scheduler:
            tasks = [asyncio.create_task(self._attend(worker), name=worker.name) for worker in self._workers]
            tasks.append(asyncio.create_task(self._stay_alive(), name="watchdog"))
            tasks.append(asyncio.create_task(self._keep_time(scheduler), name="clock"))
            for site, listener in listening:
                name = site.option.partition(".")[0]
                tasks.append(asyncio.create_task(self._serve(site, listener), name=name))
            self._notify("READY=1")
            _log.info("ready: %s", ", ".join(task.get_name() for task in tasks))
            await self._until_stopped(tasks)
            self._notify("STOPPING=1")
            await self._drained(tasks)
        _log.info("stopped")
        return 0

    async def _attend(self, worker: Worker) -> None:
        """Run one worker whenever it is woken; whatever breaks in it is logged and tried again later."""
        wake, failures = self._wakes[worker.name], _Failures(worker)
        while not self._stop.is_set():
            await wake.wait()
            wake.clear()
            if self._stop.is_set():
                return
            try:
                done = await worker.run_due(self._stop)
            except Exception as error:  # noqa: BLE001  # a dead disk or a bug in one job must not end the others
                await self._pause(failures.note(error))
            else:
                failures.clear()
                if done:
                    self._wake_after(worker)

    def _wake_after(self, worker: Worker) -> None:
        following = self._workers[self._workers.index(worker) + 1 :]
        for other in following:
            self._wakes[other.name].set()

    async def _stay_alive(self) -> None:
        """Tell the watchdog that the loop turns, the scheduler ticks and the database answers."""
        while not self._stop.is_set():
            await self._alive.wait()
            self._alive.clear()
            if self._stop.is_set():
                return
            try:
                await self._database.run(ping)
            except Exception as error:  # noqa: BLE001  # the jobs say more; the silence is the message here
                _log.warning("the database does not answer: %s", error)
            else:
                self._notify("WATCHDOG=1")

    async def _keep_time(self, scheduler: AsyncIOScheduler) -> None:
        """Begin the intervals anew when the clock was set back: the scheduler would be silent until it caught up."""
        look = min([_LOOK, *(worker.every for worker in self._workers)])
        while not self._stop.is_set():
            await self._pause(look)
            try:
                if not await self._tense.was_set_back():
                    continue
            except Exception as error:  # noqa: BLE001  # the database, and the next look finds it as it is
                _log.error("after the clock was set back: %s", error)
            for job in scheduler.get_jobs():
                job.modify(next_run_time=ambient.now())

    async def _serve(self, site: Site, listener: socket.socket) -> None:
        from digest.web.server import server as configured

        server = configured(site.app, site.host, site.port)
        serving = asyncio.create_task(server.serve([listener]))
        stopping = asyncio.create_task(self._stop.wait())
        await asyncio.wait([serving, stopping], return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        server.should_exit = True
        await serving

    async def _until_stopped(self, tasks: Sequence[asyncio.Task[None]]) -> None:
        """Until a signal; a task never ends by itself, so one that does is a bug, and the daemon ends with it."""
        stopping = asyncio.create_task(self._stop.wait())
        ended, _ = await asyncio.wait([stopping, *tasks], return_when=asyncio.FIRST_COMPLETED)
        if stopping not in ended:
            _log.error("%s ended by itself", ", ".join(task.get_name() for task in ended))
        self._stopping()
        await stopping

    async def _drained(self, tasks: Sequence[asyncio.Task[None]]) -> None:
        _, late = await asyncio.wait(tasks, timeout=self._drain.total_seconds())
        for task in late:
            _log.warning("%s did not end within %s: cancelled, its lease will lapse", task.get_name(), self._drain)
            task.cancel()
        if late:
            await asyncio.wait(late, timeout=_AFTER_CANCEL)
        for task in tasks:
            if task.done() and not task.cancelled():
                task.result()  # a bug in the daemon itself is raised here

    async def _pause(self, delay: timedelta) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stop.wait(), delay.total_seconds())

    def _stopping(self) -> None:
        self._stop.set()
        for event in (*self._wakes.values(), self._alive):
            event.set()

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()

        def on_signal(number: signal.Signals) -> None:
            if self._stop.is_set():
                _log.warning("second %s: exit at once; what is under way will be claimed again", number.name)
                os._exit(128 + number)
            _log.info("%s: finishing what is under way", number.name)
            self._stopping()

        handled = (signal.SIGTERM, signal.SIGINT)
        for number in handled:
            loop.add_signal_handler(number, on_signal, number)
        try:
            yield
        finally:
            for number in handled:
                loop.remove_signal_handler(number)

    @contextlib.contextmanager
    def _ticking(self) -> Iterator[AsyncIOScheduler]:
        """The scheduler, setting an event per worker; the first tick comes at once."""
        defaults = {"coalesce": True, "misfire_grace_time": None, "max_instances": 1}
        scheduler = AsyncIOScheduler(timezone=UTC, job_defaults=defaults)
        ticks = [(self._wakes[worker.name], worker.every) for worker in self._workers]
        for event, every in [*ticks, (self._alive, _watchdog_interval())]:
            scheduler.add_job(_set, _Every(every), args=[event])
            event.set()
        scheduler.start()
        try:
            yield scheduler
        finally:
            scheduler.shutdown(wait=False)


class _Failures:
    """Consecutive failures of one worker: a traceback for the first of a kind, then one line, ever less often."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._count = 0
        self._last = ""

    def note(self, error: Exception) -> timedelta:
        """Log the failure; how long to wait before the next attempt."""
        told, self._last = self._last, f"{type(error).__name__}: {error}"
        delay = min(self._worker.every * float(2**self._count), _LONGEST_BACKOFF)
        self._count = min(self._count + 1, 16)
        traceback = error if told != self._last else None
        _log.error("%s broke: %s; next attempt in %s", self._worker.name, self._last, delay, exc_info=traceback)
        return delay

    def clear(self) -> None:
        if self._count:
            _log.info("%s works again", self._worker.name)
        self._count, self._last = 0, ""


def listen(site: Site) -> socket.socket:
    """The listening socket. Raises DigestError where the address cannot be had."""
    family = socket.AF_INET6 if ":" in site.host else socket.AF_INET
    try:
        return socket.create_server((site.host, site.port), family=family, backlog=512)
    except OSError as error:
        raise DigestError(
            f"{site.option}: cannot listen on {site.host}:{site.port}: {error.strerror or error}; "
            "choose another address, or find out who has it"
        ) from error


def sd_notify(message: str) -> None:
    """Tell systemd (sd_notify(3)): a datagram to the socket it names; nothing where it names none."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if address:
        name = "\0" + address[1:] if address.startswith("@") else address
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as to:
            to.sendto(message.encode(), name)


def _watchdog_interval() -> timedelta:
    """Half of what systemd allows (sd_watchdog_enabled(3)), a minute where it does not ask."""
    asked = os.environ.get("WATCHDOG_USEC", "")
    return timedelta(microseconds=int(asked) // 2) if asked.isdecimal() and int(asked) else timedelta(minutes=1)


class _Every(BaseTrigger):  # type: ignore[misc]  # APScheduler 3 has no types
    """An interval that goes on from now, not from the last tick.

    APScheduler's own lists every tick that was missed: tens of millions where a clock leaps ten years.
    """

    def __init__(self, every: timedelta) -> None:
        self._every = every

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime:  # noqa: ARG002
        return now + self._every


async def _set(event: asyncio.Event) -> None:
    event.set()
