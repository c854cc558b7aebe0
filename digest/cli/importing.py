"""`digest import`: listings from files, each stored whole or not at all."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path

import click

from digest.cli.desk import Desk, pass_desk
from digest.cli.output import counted, show_json
from digest.errors import NotFound, UnreadableFile
from digest.model import DiffCounts, Listing, Rejection
from digest.sources import Unreadable, feed, files, huggingface, syndication
from digest.sources.charset import decoded
from digest.sources.dump import parse_dump
from digest.store import catalog

SOURCE = "import"
"""The name under which sightings by import are kept."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One file, read; `as_of` is the latest day that a date without a year may mean."""

    path: Path
    body: bytes
    as_of: date

    @property
    def day(self) -> date | None:
        return files.day_of(self.path.name)


FORMATS: Mapping[str, Callable[[Reading], Listing]] = {
    "auto": lambda one: files.read_payload(one.path, one.body, one.as_of),
    "feed": lambda one: feed.of_any(syndication.read(one.body), one.path.name, str(one.path)),
    "huggingface": lambda one: huggingface.daily_papers(one.body, one.day, str(one.path)),
    "dump": lambda one: parse_dump(decoded(one.body), str(one.path), one.as_of),
}

_FORMAT = click.Choice(list(FORMATS))
_DAY = click.DateTime(["%Y-%m-%d"])


@click.command("import")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PATH…")
@click.option("--format", "form", type=_FORMAT, default="auto", show_default=True, help="The format of the files.")
@click.option("--as-of", type=_DAY, help="The latest day that a date without a year may mean; default: today.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_desk
def import_(desk: Desk, paths: Sequence[Path], form: str, as_of: datetime | None, as_json: bool) -> None:
    """Import listings: feeds, Daily Papers JSON, text dumps of listing pages; folders mean the files in them.

    Each file is stored whole or not at all; importing twice changes nothing.
    """
    now = desk.now()
    day = (as_of or now).date()
    counts, rejected, imported = DiffCounts(), list[Rejection](), 0
    for path in _watched(list(_files(paths))):
        try:
            listing = _read(path, form, day)
        except UnreadableFile as error:
            rejected.append(Rejection(error.path, error.line, error.reason))
            continue
        rejected += listing.rejections
        if not listing.rejections:
            counts += desk.call(catalog.upsert_listing, SOURCE, listing, now)
            imported += 1
    _show(counts, rejected, imported, as_json)


def _show(counts: DiffCounts, rejected: Sequence[Rejection], imported: int, as_json: bool) -> None:
    if as_json:
        show_json({"files": imported, "seen": counts.seen, **asdict(counts), "rejected": rejected})
    else:
        shown = ", ".join(f"{number} {word}" for word, number in asdict(counts).items())
        click.echo(f"{counted(imported, 'file')}: {counted(counts.seen, 'paper')} seen: {shown}")
    for one in rejected:
        told = UnreadableFile(one.path, one.line, one.reason)
        click.echo(f"digest: {told}; nothing of this file was stored", err=True)
    if rejected:
        raise click.exceptions.Exit(1)


def _read(path: Path, form: str, as_of: date) -> Listing:
    """The listing of one file.

    Raises:
        UnreadableFile: it cannot be read, or is not of this format.
    """
    try:
        return FORMATS[form](Reading(path, path.read_bytes(), as_of))
    except OSError as error:
        raise UnreadableFile(str(path), None, f"cannot be read: {error.strerror}") from error
    except Unreadable as error:
        raise UnreadableFile(str(path), None, str(error)) from error


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    """The files that are meant, in order.

    Raises:
        NotFound: a path that does not exist, or a folder without files.
    """
    for path in paths:
        if not path.exists():
            raise NotFound(f"{path}: there is no such file or folder")
        inside = sorted(p for p in path.iterdir() if p.is_file() and p.name[0] != ".") if path.is_dir() else [path]
        if not inside:
            raise NotFound(f"{path}: the folder holds no files")
        yield from inside


def _watched(paths: list[Path]) -> Iterator[Path]:
    """The same, behind a bar on a terminal where there is something to wait for."""
    if len(paths) < 4 or not sys.stderr.isatty():
        yield from paths
        return
    with click.progressbar(paths, file=sys.stderr) as bar:
        yield from bar
