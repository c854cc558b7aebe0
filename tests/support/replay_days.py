"""Six written profiles on three recorded days, as tables of docs/ranking.md.

Run from the project's folder, with the recorded payloads beside it:

    python -m tests.support.replay_days            print the tables
    python -m tests.support.replay_days --write    put them into docs/ranking.md, between their markers
    python -m tests.support.replay_days --abstracts    print each pick with its abstract, to check the reasons by

Nothing is downloaded: the days are read from DIGEST_SHARED into a database that is thrown away.
"""

from __future__ import annotations

import sys
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from digest.sources.recognise import Payload, recognise
from digest.store import catalog, migrations
from digest.store.database import Database
from tests.support.arxiv_feeds import RecordedDays
from tests.support.cli import Cli
from tests.support.shared import shared_folder

ROOT = Path(__file__).resolve().parents[2]
PROFILES = sorted((ROOT / "docs" / "profiles").glob("*.toml"))
DAYS = (date(2026, 4, 17), date(2026, 4, 21), date(2026, 4, 23))
READ = ROOT / "docs" / "profiles" / "read.tsv"
BEGIN, END = "<!-- replayed days: begin -->\n", "<!-- replayed days: end -->\n"

_FIRST = date(2026, 4, 16)
_BEFORE_ROLL_OVER = "fetched_2026-04-17T0323Z_still_previous_day"
_MORNING = time(6, 11, tzinfo=UTC)


def load_days(database: Database, until: date, folder: Path) -> None:
    """Store the recorded announcements up to a day as polls of each morning would have."""
    days = RecordedDays(folder)
    for offset in range((until - _FIRST).days + 1):
        day = _FIRST + timedelta(days=offset)
        name = _BEFORE_ROLL_OVER if day == _FIRST else day.isoformat()
        if not days.papers(name):
            continue
        found = recognise(Payload(days.feed(day, name), "cs.CV", name, day))
        database.run_sync(catalog.upsert_listing, "arxiv", found.listing, datetime.combine(day, _MORNING))


def program(folder: Path) -> Cli:
    """The program over a catalog that holds the days."""
    cli = Cli(folder, f'[database]\nurl = "sqlite:///{folder / "digest.db"}"\n')
    database = Database(f"sqlite:///{folder / 'digest.db'}")
    migrations.upgrade(database)
    load_days(database, max(DAYS), shared_folder() / "samples" / "arxiv_days")
    database.close()
    return cli


def tables(cli: Cli, *options: str) -> str:
    """The first ten of each day for each profile, as markdown."""
    given = [f"--profile={path}" for path in PROFILES]
    return "\n".join(cli("evaluate", f"--day={day}", *given, "--format=markdown", *options) for day in DAYS)


def verdicts() -> dict[tuple[str, str], tuple[str, str]]:
    """What a reader said of a paper for a profile: fits, near or off, and what it is about."""
    found = {}
    for line in READ.read_text("utf-8").splitlines():
        if not line.startswith("#"):
            profile, paper, verdict, *about = line.split("\t")
            found[profile, f"arxiv:{paper}"] = verdict, "".join(about)
    return found


def tally(cli: Cli) -> str:
    """How many of the first five of each table fit, and which plainly do not."""
    given, read = [f"--profile={path}" for path in PROFILES], verdicts()
    counts: Counter[str] = Counter()
    off = []
    for day in DAYS:
        told = cli.json("evaluate", f"--day={day}", *given, "--top=5")["profiles"]
        for path, one in zip(PROFILES, told, strict=True):
            for place, pick in enumerate(one["picks"], start=1):
                verdict, about = read.get((path.stem[0], pick["paper"]), ("not read yet", ""))
                counts[verdict] += 1
                if verdict == "off":
                    off.append(f"- {one['name']}, {day:%d} April, place {place}: {about} ({pick['paper']})")
    shares = ", ".join(f"{counts[verdict]} {verdict}" for verdict in ("fits", "near", "off", "not read yet"))
    head = f"Of {counts.total()} papers in the first fives: {shares}. Plainly off topic:"
    return "\n".join([head, "", *sorted(off)])


def reading(cli: Cli) -> str:
    """Every pick with its reason and its abstract, for whoever checks one by the other."""
    lines = []
    for path in PROFILES:
        for day in DAYS:
            (told,) = cli.json("evaluate", f"--day={day}", f"--profile={path}")["profiles"]
            lines.append(f"\n════ {told['name']} · {day}")
            lines += [_pick(cli, place, pick) for place, pick in enumerate(told["picks"], start=1)]
    return "\n".join(lines)


def written(document: str, content: str) -> str:
    """The document with `content` between the markers."""
    before, _, rest = document.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{content}\n{END}{after}"


def _pick(cli: Cli, place: int, pick: Any) -> str:
    abstract = cli.json("paper", "show", pick["paper"])["abstract"]
    about = f"[{pick['interest']}] " if pick["interest"] else ""
    return f"\n{place:>2} {pick['score']:.3f} {about}{pick['title']}\n   » {pick['because']}\n   {abstract[:900]}"


def main() -> None:
    with TemporaryDirectory() as folder:
        cli = program(Path(folder))
        if "--abstracts" in sys.argv:
            print(reading(cli))
            return
        content = f"{tally(cli)}\n\n{tables(cli)}"
    if "--write" in sys.argv:
        file = ROOT / "docs" / "ranking.md"
        file.write_text(written(file.read_text("utf-8"), content), "utf-8")
    else:
        print(content)


if __name__ == "__main__":
    main()
