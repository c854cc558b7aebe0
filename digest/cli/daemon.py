"""`digest run` and `digest once`: the jobs, for ever or until nothing is due."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import click

from digest import clock, wiring
from digest import daemon as running
from digest.cli.desk import Desk, pass_desk
from digest.cli.output import counted, show_json
from digest.errors import UsageError


@click.command()
@click.option("--only", metavar="JOB,…", help=f"Only some of: {', '.join(wiring.JOBS)}, web.")
@pass_desk
def run(desk: Desk, only: str | None) -> None:
    """Run the daemon until SIGTERM: all jobs, and the web pages."""
    parts = _parts(only.split(",") if only else [*wiring.JOBS, "web"], [*wiring.JOBS, "web"])
    with logged(desk):
        wiring.prepare(desk.settings, desk.database, clock.now())
        workers = wiring.workers(desk.settings, desk.database, clock.now, [part for part in parts if part != "web"])
        sites = wiring.sites(desk.settings, desk.database, clock.now, with_pages="web" in parts)
        asyncio.run(wiring.catch_time(desk.database))
        status = running.run(workers, desk.database, sites, on_set_back=lambda: wiring.catch_time(desk.database))
    raise click.exceptions.Exit(status)


@click.command()
@click.argument("jobs", nargs=-1, metavar="[JOB…]")
@click.option("--now", "at", metavar="ISO8601", help="As if it were this time, such as 2026-04-20T07:00:00Z.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_desk
def once(desk: Desk, jobs: tuple[str, ...], at: str | None, as_json: bool) -> None:
    """Do all that is due, then exit: every job in the order of the flow, or the JOBs that are named."""
    wanted = _parts(list(jobs) or list(wiring.JOBS), list(wiring.JOBS))
    time = clock.fixed(instant(at)) if at else clock.now
    with logged(desk):
        wiring.prepare(desk.settings, desk.database, time())
        done = asyncio.run(wiring.run_jobs(desk.settings, desk.database, time, wanted))
    if as_json:
        show_json(done)
    else:
        units = {
            "poll": "source",
            "catch-up": "page",
            "enrich": "batch",
            "watch": "look",
            "novelty": "category",
            "compose": "batch",
            "deliver": "mail",
            "prune": "batch",
        }
        click.echo(", ".join(f"{job}: {_counted(count, units.get(job, 'claim'))}" for job, count in done.items()))


def instant(text: str) -> datetime:
    """An instant of the command line; without an offset it is UTC.

    Raises:
        UsageError: not ISO 8601.
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"--now {text}: write ISO 8601, such as 2026-04-20T07:00:00Z") from error
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


@contextmanager
def logged(desk: Desk) -> Iterator[None]:
    """Log to stderr as `[log]` says; everything of ours with `--debug`."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json() if desk.settings.log.format == "json" else logging.Formatter(_TEXT))
    root, ours = logging.getLogger(), logging.getLogger("digest")
    root.addHandler(handler)
    ours.setLevel(logging.DEBUG if desk.is_debugging else desk.settings.log.level.upper())
    try:
        yield
    finally:
        root.removeHandler(handler)
        ours.setLevel(logging.NOTSET)


_TEXT = "%(levelname)-7s %(name)s: %(message)s"  # the journal and containers add the time themselves


class _Json(logging.Formatter):
    """One object per line."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = {"at": at, "level": record.levelname.lower(), "logger": record.name, "message": record.getMessage()}
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def _parts(given: list[str], known: list[str]) -> list[str]:
    names = [name.strip() for name in given if name.strip()]
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        raise UsageError(f"no job {', '.join(unknown) or 'named'}; known: {', '.join(known)}")
    return [name for name in known if name in names]


def _counted(count: int, unit: str) -> str:
    return "nothing due" if count == 0 else counted(count, unit).replace("batchs", "batches")
