"""How a source is, in one word, and why: from its row, its batches and what is being caught up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from digest.cli.output import counted
from digest.jobs.watch import latest, silences
from digest.papers.completeness import ARXIV_CUT, Batch, is_near_cut
from digest.store import batches, catch_ups, sources
from digest.store.catch_ups import CatchUpRow
from digest.store.database import Connection
from digest.store.sources import SourceRow


@dataclass(frozen=True, slots=True)
class Health:
    """`word` is ok, new, quiet (known silence, nothing to ask for), behind, thin, failing, silent, stuck or paused."""

    word: str
    why: str


@dataclass(frozen=True, slots=True)
class Condition:
    """A source with its last batch: of `announced` items `seen` were read, in all its feeds of `day` together."""

    row: SourceRow
    health: Health
    day: date | None
    announced: int | None
    seen: int
    feeds: Mapping[str, Batch]
    catching_up: tuple[CatchUpRow, ...]


def conditions(connection: Connection, now: datetime) -> list[Condition]:
    """Every source, by name."""
    told, behind = batches.recent(connection, now), catch_ups.list_open(connection)
    return [
        _condition(row, told.get(row.name, []), [one for one in behind if one.source == row.name], now)
        for row in sources.list_all(connection)
    ]


def _condition(row: SourceRow, told: Sequence[Batch], behind: Sequence[CatchUpRow], now: datetime) -> Condition:
    feeds = latest(told)
    day = max((batch.day for batch in feeds.values()), default=None)
    of_day = [batch for batch in feeds.values() if batch.day == day]
    return Condition(
        row=row,
        health=health(row, told, behind, now),
        day=day,
        announced=sum(batch.announced or 0 for batch in of_day) if of_day else None,
        seen=sum(batch.seen for batch in of_day),
        feeds=feeds,
        catching_up=tuple(behind),
    )


def health(row: SourceRow, told: Sequence[Batch], behind: Sequence[CatchUpRow], now: datetime) -> Health:  # noqa: PLR0911 - one line per word
    """The worst that can be said of a source."""
    if row.is_paused:
        return Health("paused", f"'digest source resume {row.name}' polls it again")
    if row.is_stuck:
        return Health("stuck", f"polling it died three times: 'digest source resume {row.name}'")
    if row.last_error:
        times = f" ({row.errors} times in a row)" if row.errors > 1 else ""
        return Health("failing", row.last_error + times)
    if row.polled_at is None:
        return Health("new", "not polled yet")
    quiet = silences(row, told, now)
    for silence in quiet:
        if not silence.is_known:
            return Health("silent", f"{silence.feed}: {silence.reason}")
    if behind:
        return Health("behind", "; ".join(map(_progress, behind)))
    if lacking := _lacking(row, told):
        return Health("thin", lacking)
    if quiet or row.idle:
        return Health("quiet", row.idle or quiet[0].reason)
    return Health("ok", "every batch is whole" if told else "nothing listed yet")


def _progress(one: CatchUpRow) -> str:
    trouble = f", {one.last_error}" if one.last_error else ""
    return f"catching up {one.feed} since {one.since}: {counted(one.seen, 'paper')} so far{trouble}"


def _lacking(row: SourceRow, told: Sequence[Batch]) -> str:
    """What is not as expected about the last batches."""
    for feed, batch in latest(told).items():
        if row.kind == "arxiv" and is_near_cut(batch.announced or 0, ARXIV_CUT):
            return f"{feed}: {batch.announced} papers, arXiv cuts at {ARXIV_CUT}: ask for its categories one by one"
        if not batch.is_whole:
            return f"{feed}: the batch of {batch.day} was cut off"
        if batch.announced and batch.seen < batch.announced:
            return f"{feed}: {batch.announced - batch.seen} of {batch.announced} could not be read, see the log"
    return ""
