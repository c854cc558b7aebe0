"""`digest poll --since`: the days since one, from the archives of the sources that have one."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime

import click

from digest import clock, wiring
from digest.cli.desk import Desk
from digest.cli.output import counted, show_json, table
from digest.errors import DigestError, UsageError
from digest.jobs import run_due
from digest.plugins import build_source
from digest.sources.archive import Archived
from digest.store import catch_ups, sources
from digest.store.catch_ups import CatchUpRow
from digest.store.database import Connection

_PART = 1000  # of the bar, per feed

Look = Callable[[], list[CatchUpRow]]


def catch_up_since(desk: Desk, names: Sequence[str], since: date, *, as_json: bool) -> None:
    """Fetch page by page, behind a bar on a terminal; killed and called again it goes on where it was.

    Raises:
        UsageError: a day in the future, or a named source has no archive.
    """
    today = desk.now().date()
    if since > today:
        raise UsageError(f"--since {since}: that day is still to come")
    ids = desk.call(_open, list(names), since, today, desk.now())
    with _watching(lambda: desk.call(catch_ups.get, ids), len(ids)) as watched:
        asyncio.run(run_due(wiring.catch_up(desk.settings, desk.database, ids), desk.database, clock.now, watched))
    _show(desk.call(catch_ups.get, ids), as_json=as_json)


def _open(connection: Connection, names: list[str], since: date, until: date, now: datetime) -> list[int]:
    """Rows for every feed of these sources, or of all that can; one that is under way goes on at once."""
    rows = [sources.get(connection, name) for name in names] or sources.list_all(connection)
    found: list[int] = []
    for row in rows:
        if row.is_paused:
            if names:
                raise DigestError(f"source {row.name!r} is paused: 'digest source resume {row.name}' first")
            continue
        built = build_source(row.kind, row.options)
        if isinstance(built, Archived):
            days, route = (since, until), built.routes[0]
            found += [catch_ups.open_(connection, row.name, feed, days, route, now) for feed in built.feeds()]
        elif names:
            raise UsageError(f"source {row.name!r} is of kind {row.kind}, which has no archive of days gone by")
    if not found:
        raise UsageError("no source has an archive of days gone by: only those of kind arxiv have")
    catch_ups.make_due(connection, found, now)
    return found


class _Progress:
    """Asked before each page whether to stop: never, but it moves the bar."""

    def __init__(self, look: Look, move: Callable[[int, str], None]) -> None:
        self._look = look
        self._move = move
        self._shown = 0

    def is_set(self) -> bool:
        rows = self._look()
        done = sum(map(_part, rows))
        words = counted(sum(row.seen for row in rows), "paper")
        self._move(max(done - self._shown, 0), words)
        self._shown = max(done, self._shown)
        return False


def _part(row: CatchUpRow) -> int:
    """How much of a feed's part of the bar is done; where nobody says how much there is, it fills ever more slowly."""
    if row.due_at is None:
        return _PART
    if row.announced:
        return min(_PART - 1, _PART * row.seen // row.announced)
    return int(_PART * (1 - 0.7**row.pages))


@contextmanager
def _watching(look: Look, feeds: int) -> Iterator[_Progress]:
    """A bar on a terminal, nothing elsewhere."""
    if not sys.stderr.isatty():
        yield _Progress(look, lambda _steps, _words: None)
        return
    with click.progressbar(length=feeds * _PART, file=sys.stderr, item_show_func=lambda words: words) as bar:
        watched = _Progress(look, bar.update)
        yield watched
        watched.is_set()


def _show(rows: Sequence[CatchUpRow], *, as_json: bool) -> None:
    if as_json:
        show_json(rows)
    else:
        shown = [(row.source, row.feed, str(row.since), f"{row.seen:,}", f"{row.new:,}", _state(row)) for row in rows]
        table(("SOURCE", "FEED", "SINCE", "PAPERS", "NEW", "STATE"), shown, empty="Nothing to catch up.")
    failed = [row for row in rows if row.due_at is not None]
    for row in failed:
        click.echo(f"digest: source {row.source}, {row.feed}: {row.last_error or 'not finished'}", err=True)
    if failed:
        raise click.exceptions.Exit(1)


def _state(row: CatchUpRow) -> str:
    return "caught up" if row.due_at is None else "will be tried again"
