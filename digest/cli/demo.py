"""`digest demo`: the whole loop on the bundled listings, offline: poll, compose, deliver, one sample day at a time."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import click

from digest import assets, clock, wiring
from digest.cli.output import counted, shortened, terminal_width, write_file
from digest.config import Settings, load
from digest.config.load import FILE_NAME
from digest.config.reference import toml
from digest.editions.assemble import words
from digest.editions.calendar import next_edition
from digest.editions.preview import PreviewEntry, reasons_summary, render_preview_index
from digest.editions.reasons import because
from digest.errors import UsageError
from digest.model import Edition, Interest, Schedule, Subscriber
from digest.sources.files import day_of
from digest.store import catalog, editions, migrations, profiles, subscribers
from digest.store.database import Connection, Database

_MARK = "# Made by 'digest demo', which empties this folder when it is run again."
_TOP = 3
_LIMIT = 6
_HOUR = 9  # UTC, when the jobs run each day; the readers' editions are due before


@dataclass(frozen=True, slots=True)
class DemoReader:
    """One of the three invented subscribers."""

    name: str
    wants: str
    schedule: Schedule
    interest: Interest
    muted: tuple[str, ...] = ()

    @property
    def address(self) -> str:
        return f"{self.name.lower()}@example.org"


READERS = (
    DemoReader(
        "Ines",
        "medical imaging and what vision-language models really see",
        Schedule("Europe/Lisbon", 7),
        Interest(categories=("cs.CV",), keywords=("medical imaging", "segmentation", "vision-language models")),
    ),
    DemoReader(
        "Tomas",
        "fast, small language models, and nothing on robots",
        Schedule("Europe/Prague", 8),
        Interest(
            categories=("cs.CL", "cs.LG"),
            keywords=("language model inference", "key-value cache", "retrieval"),
        ),
        muted=("robot",),
    ),
    DemoReader(
        "Noor",
        "brains and proteins, and hands for robots",
        Schedule("Asia/Kolkata", 12),
        Interest(categories=("q-bio.NC", "q-bio.BM", "cs.RO"), keywords=("cortex", "neurons", "proteins", "grasping")),
    ),
)


@click.command()
@click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default="demo",
    show_default=True,
    help="Where.",
)
def demo(folder: Path) -> None:
    """Run the whole loop on bundled listings of invented papers, offline, into DIR; a second run starts afresh."""
    settings = installed(folder.absolute())
    days = sample_days(assets.samples())
    database = wiring.connect(settings, is_creating=True)
    try:
        click.echo(
            f"{counted(len(days), 'day')} of invented sample papers, polled, ranked and mailed for three readers:\n"
        )
        furnish(settings, database, click.echo)
        past = database.run_sync(_editions)
        subjects = _write_pages(settings, database, folder, past)
    finally:
        database.close()
    _tell(folder, past, subjects)


def furnish(settings: Settings, database: Database, tell: Callable[[str], object] | None = None) -> datetime:
    """Live through the sample days, in a new database; when the last of them was."""
    days = sample_days(assets.samples())
    migrations.upgrade(database)
    database.run_sync(_subscribe, _at(days[0]) - timedelta(days=1))
    for day in days:
        line = _live(settings, database, day)
        if tell is not None:
            tell(line)
    return _at(days[-1])


def sample_days(folder: Path) -> list[date]:
    """The days of which there are sample listings, in order."""
    return sorted({day for path in folder.iterdir() if (day := day_of(path.name)) is not None})


def installed(folder: Path) -> Settings:
    """An empty folder with a configuration; whatever is not an earlier demo is left alone."""
    file = folder / FILE_NAME
    if folder.exists() and any(folder.iterdir()):
        if not file.is_file() or _MARK not in file.read_text(encoding="utf-8", errors="replace"):
            raise UsageError(f"{folder} holds something else: name an empty folder with --dir")
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    write_file(file, _config().encode())
    return load(file, {}, folder)


def _config() -> str:
    return f"""\
{_MARK}
# Its unsubscribe links work while 'digest run' runs in this folder.

[mail]
from = "Trending Papers <digest@example.org>"

[web]
public_url = "http://127.0.0.1:8080"

[sources.samples]
kind = "files"
path = {toml(str(assets.samples()))}
"""


def _subscribe(connection: Connection, now: datetime) -> None:
    for reader in READERS:
        due = next_edition(reader.schedule, now)
        added = subscribers.add(connection, reader.address, reader.name, reader.schedule, _LIMIT, "demo", now, due)
        profiles.set_profile(
            connection,
            added.id,
            categories=reader.interest.categories,
            keywords=reader.interest.keywords,
            muted=reader.muted,
        )


def _live(settings: Settings, database: Database, day: date) -> str:
    """What came of one day.

    The jobs run as by `digest once --now`; after the first edition everybody likes its first paper.
    """
    now = _at(day)
    known = database.run_sync(catalog.count)
    wiring.prepare(settings, database, now)
    asyncio.run(wiring.run_jobs(settings, database, clock.fixed(now), wiring.JOBS))
    made = [edition for edition in database.run_sync(_editions) if edition.day == day]
    database.run_sync(_like_first, made, now)
    new = database.run_sync(catalog.count) - known
    return f"  {day:%a} {day}  {counted(new, 'new paper'):>14}  {counted(len(made), 'digest')}"


def _like_first(connection: Connection, made: Sequence[Edition], now: datetime) -> None:
    """Who likes nothing yet likes the first paper of their edition that is of a category they read."""
    for edition in made:
        profile = profiles.get_profile(connection, edition.subscriber_id)
        read = [pick.facts.paper_id for pick in edition.picks if pick.facts.category in profile.interests[0].categories]
        if read and not profile.likes:
            profiles.like(connection, edition.subscriber_id, read[:1], now)


def _editions(connection: Connection) -> list[Edition]:
    """All editions, by reader and day."""
    people = subscribers.list_all(connection)
    ids = [
        chapter.edition_id
        for person in people
        for chapter in editions.history(connection, person.id)
        if chapter.skip_reason is None
    ]
    return sorted(editions.load_editions(connection, ids).values(), key=lambda one: (one.subscriber_id, one.day))


def _write_pages(settings: Settings, database: Database, folder: Path, past: Sequence[Edition]) -> dict[int, str]:
    """A page per edition and one that lists them, the newest first; edition id → subject."""
    head = wiring.letterhead(settings, database, _at(past[0].day)) if past else None
    people = {person.id: person for person in database.run_sync(subscribers.list_all)}
    subjects, entries = dict[int, str](), list[PreviewEntry]()
    for edition in sorted(past, key=lambda one: (-one.day.toordinal(), one.subscriber_id)):
        assert head is not None, "there is an edition"
        reader = people[edition.subscriber_id]
        rendered = words(head, edition, reader.address)
        name = f"{edition.day}-{reader.name.lower()}.html"
        write_file(folder / name, rendered.html.encode())
        subjects[edition.id] = rendered.subject
        entries.append(_entry(reader, edition, name))
    note = "Invented samples: no paper, author, institution or result here is real."
    page = render_preview_index(entries, heading="Three readers, one week", note=note)
    write_file(folder / "index.html", page.encode())
    return subjects


def _entry(reader: Subscriber, edition: Edition, link: str) -> PreviewEntry:
    return PreviewEntry(reader.name, edition.day, len(edition.picks), reasons_summary(edition.picks), link)


def _tell(folder: Path, past: Sequence[Edition], subjects: dict[int, str]) -> None:
    for number, reader in enumerate(READERS, 1):
        mine = [edition for edition in past if edition.subscriber_id == number]
        click.echo(f"\n{click.style(reader.name, bold=True)} reads about {reader.wants}:")
        for edition in mine:
            click.echo(shortened(f"  {edition.day:%a}  {subjects[edition.id]}", terminal_width()))
        for line in _best(mine[-1]) if mine else ():
            click.echo(line)
    click.echo(f"\nLook at   {folder / 'index.html'}  (open it in a browser)")
    click.echo(f"Mails in  {folder / 'maildir' / 'new'}  (a Maildir: {counted(len(past), 'mail')})")
    click.echo(f"Go on     cd {folder} && digest why {READERS[0].address}")


def _best(edition: Edition) -> Iterator[str]:
    """The first papers of an edition, each with its reason."""
    columns = terminal_width()
    yield f"  On {edition.day:%A} first:"
    for pick in edition.picks[:_TOP]:
        yield shortened(f"    • {pick.facts.title}", columns)
        yield click.style(shortened(f"      because: {because(pick.reasons)}", columns), dim=True)


def _at(day: date) -> datetime:
    return datetime.combine(day, time(_HOUR), UTC)
