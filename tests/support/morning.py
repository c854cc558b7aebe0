"""A morning of many subscribers: all are due at once, with a day's papers to choose from; the program's own wiring.

As a program (`python -m tests.support.morning CONFIG`) it composes and delivers what is due, which several processes
may do at the same time, and prints what that took.
"""

from __future__ import annotations

import asyncio
import json
import random
import resource
import sys
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, insert

from digest import clock, daemon, wiring
from digest.config import Settings
from digest.config.load import load
from digest.jobs import run_due
from digest.model import Alias, AliasKind, Announcement, Entry, Listing
from digest.store import catalog
from digest.store.database import Database
from digest.store.drafts import chunks
from digest.store.tables import interests, profiles, subscribers

AT = datetime(2026, 4, 20, 7, tzinfo=UTC)
"""A Monday, when everybody is due."""

PAPERS, LIMIT, TOPICS, TERMS = 400, 20, 40, 60

_STEMS = ("learn", "model", "train", "infer", "scale", "sample")
_COMMON = [f"{stem}{end}" for stem in _STEMS for end in ("", "s", "ing")]


def config(folder: Path, url: str, port: int, connections: int, key_file: Path | None = None) -> Path:
    """The configuration of an installation that sends to a loopback relay, signed where there is a key."""
    lines = [
        f"database.url = {json.dumps(url)}",
        'mail = { from = "Trending Papers <digest@example.org>", transport = "smtp" }',
        f'smtp = {{ host = "127.0.0.1", port = {port}, security = "plain", connections = {connections} }}',
        'web = { public_url = "https://digest.example.org" }',
    ]
    if key_file is not None:
        lines.append(f'dkim = {{ selector = "s1", key_file = {json.dumps(str(key_file))} }}')
    file = folder / "digest.toml"
    file.write_text("\n".join(lines) + "\n", "utf-8")
    return file


def settings_of(file: Path) -> Settings:
    return load(file, {}, file.parent)


def seed(connection: Connection, count: int, limit: int = LIMIT, papers: int = PAPERS) -> None:
    """`count` subscribers with words of three topics each, who get `limit` papers at most, and the papers of a day."""
    chance = random.Random(20260420)
    seen_at = AT - timedelta(hours=7)
    entries = tuple(_entry(chance, number) for number in range(1, papers + 1))
    catalog.upsert_listing(connection, "arxiv", Listing("cs.LG", date(2026, 4, 20), entries), seen_at)
    for numbers in chunks(range(1, count + 1), 5000):
        for table, rows in _rows(chance, numbers, limit):
            connection.execute(insert(table), rows)


def _rows(chance: random.Random, numbers: list[int], limit: int) -> Iterator[tuple[Table, list[dict[str, Any]]]]:
    yield subscribers, [_subscriber(number) | {"limit": limit} for number in numbers]
    yield profiles, [{"subscriber_id": number, "muted": [], "options": {"bar": "off"}} for number in numbers]
    yield interests, [_interest(chance, number) for number in numbers]


def address(number: int) -> str:
    return f"reader{number}@example{number % 500}.org"


def _subscriber(number: int) -> dict[str, Any]:
    return {
        "id": number,
        "address": address(number),
        "address_key": address(number),
        "state": "active",
        "consent": "admin",
        "time_zone": "UTC",
        "hour": 7,
        "days": "daily",
        "created_at": AT - timedelta(days=30),
        "edition_at": AT,
        "covered_until": AT - timedelta(days=1),
    }


def _interest(chance: random.Random, number: int) -> dict[str, Any]:
    topics = chance.sample(range(TOPICS), 3)
    words = [_term(topic, chance) for topic in topics for _ in range(3)]
    nothing: dict[str, Any] = {"categories": [], "authors": [], "institutions": [], "text": ""}
    return {"subscriber_id": number, "name": "", "position": 0, "keywords": words, **nothing}


def _term(topic: int, chance: random.Random) -> str:
    return f"term{topic}x{int(chance.triangular(0, TERMS, 0))}"


def _entry(chance: random.Random, number: int) -> Entry:
    topic = number % TOPICS
    words = [_term(topic, chance) if chance.random() < 0.3 else chance.choice(_COMMON) for _ in range(110)]
    return Entry(
        title_raw=f"Paper {number}: {' '.join(words[:8])}",
        abstract_raw=f"We {' '.join(words)}.",
        aliases=(Alias(AliasKind.ARXIV, f"2604.{number:05}"),),
        announcement=Announcement.NEW,
        version=1,
        authors=tuple(f"Author {number * 7 + i} Lumen" for i in range(5)),
        categories=("cs.LG", "cs.CV"),
    )


def work(settings: Settings, database: Database) -> dict[str, float]:
    """Compose and deliver what is due; seconds of wall time and CPU for both."""
    daemon.collect_seldom()
    told: dict[str, float] = {}
    compose, deliver = wiring.compose(settings), wiring.deliver(settings, database, clock.fixed(AT))
    for name in ("compose", "deliver"):
        wall, cpu = time.perf_counter(), time.process_time()
        if name == "compose":
            asyncio.run(run_due(compose, database, clock.fixed(AT)))
        else:
            told["sent"] = asyncio.run(deliver.run_due())
        told |= {f"{name} wall": time.perf_counter() - wall, f"{name} cpu": time.process_time() - cpu}
    return told


def _main(file: str) -> None:
    settings = settings_of(Path(file))
    database = Database(settings.database.url)
    start = time.time()
    told = work(settings, database)
    database.close()
    rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({**told, "start": start, "end": time.time(), "rss": rss}), flush=True)


if __name__ == "__main__":
    _main(sys.argv[1])
