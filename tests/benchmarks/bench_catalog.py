"""What storing papers costs beside the tools it stands on: a feed's poll, an upsert of 10,000, a diff with many.

`make bench` runs it, for about a minute. Rounds are interleaved, figures are medians, ratios are what to compare.

    poll    1,000 new items of an arXiv feed: parse, form, diff, store        beside feedparser alone (CPU)
            and the longest time the event loop waited while the daemon's own poll job did it
    upsert  10,000 formed entries, new and then all with a later version      beside the same rows by executemany
                                                                              (SQLite) and by COPY (PostgreSQL)
    diff    1,000 ids in a catalog of many papers                             beside the bare query for the ids
"""

from __future__ import annotations

import asyncio
import gc
import io
import random
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, ParamSpec
from xml.sax.saxutils import escape

import feedparser
import psycopg
from sqlalchemy import Connection, text

from digest import clock
from digest.jobs import run_due
from digest.jobs.poll import Poll
from digest.model import Alias, AliasKind, Announcement, Entry, Listing
from digest.papers.forms import Formed
from digest.plugins import build_source
from digest.sources import Request, Response
from digest.sources.arxiv import ArxivSource
from digest.sources.fetcher import Fetcher, Network
from digest.store import drafts, migrations, sources
from digest.store.database import Database
from digest.store.tables import metadata
from digest.store.upsert import formed, upsert_listing
from tests.support.feeds import Announced, arxiv_rss
from tests.support.http_server import Answer, HttpServer
from tests.support.postgres import Cluster, find_binaries

P = ParamSpec("P")

ITEMS, MANY, KNOWN, LISTING = 1_000, 10_000, 300_000, 1_000
ROUNDS = 5
MONDAY, NOW = date(2026, 4, 20), datetime(2026, 4, 20, 12, tzinfo=UTC)
CATALOG = [
    "papers",
    "paper_aliases",
    "paper_titles",
    "paper_versions",
    "paper_authors",
    "paper_affiliations",
    "paper_categories",
    "sightings",
]


# ── what is stored ───────────────────────────────────────────────────────────────────────────────


def invented(chance: random.Random, count: int, month: str = "2604") -> list[Entry]:
    """Papers as arXiv announces them: 1,400 characters, six authors, two categories, TeX in one of seven."""
    syllables = [
        "ba",
        "ce",
        "di",
        "fo",
        "gu",
        "ha",
        "je",
        "ki",
        "lo",
        "mu",
        "na",
        "pe",
        "ri",
        "so",
        "tu",
        "va",
        "we",
        "xi",
        "yo",
        "zu",
    ]
    words = ["".join(chance.choices(syllables, k=chance.randint(1, 4))) for _ in range(8_000)]
    people = [" ".join(w.title() for w in chance.sample(words, 2)) for _ in range(9_000)]
    people += [f"Jos\u00e9 {name}" for name in chance.sample(people, 900)]
    fields = [f"cs.{a}{b}" for a in "ABCDEFG" for b in "IJKLM"]
    made = []
    for n in range(1, count + 1):
        abstract = " ".join(chance.choices(words, k=230))
        if n % 7 == 0:
            abstract += r" for $\alpha \le 0.5$ and {\it all} of $x^2$."
        made.append(
            Entry(
                title_raw=" ".join(chance.sample(words, 12)).capitalize(),
                abstract_raw=abstract,
                aliases=(Alias(AliasKind.ARXIV, f"{month}.{n:05}"),),
                announcement=Announcement.NEW,
                version=1,
                authors=tuple(chance.sample(people, 6)),
                categories=tuple(chance.sample(fields, 2)),
                url=f"https://arxiv.org/abs/{month}.{n:05}",
                pdf_url=f"https://arxiv.org/pdf/{month}.{n:05}",
                published_on=MONDAY,
            )
        )
    return made


def feed_of(entries: Sequence[Entry]) -> bytes:
    """The RSS that announces the entries."""
    head = arxiv_rss(MONDAY, [Announced("2604.00001", "A")], "cs.AI").split(b"<item>")[0]
    return head + "".join(map(_item, entries)).encode() + b"</channel></rss>"


def _item(one: Entry) -> str:
    name = one.aliases[0].value
    categories = "".join(f"<category>{c}</category>" for c in one.categories)
    return (
        f"<item><title>{escape(one.title_raw)}</title><link>https://arxiv.org/abs/{name}</link>"
        f"<description>arXiv:{name}v1 Announce Type: new \nAbstract: {escape(one.abstract_raw)}</description>"
        f'<guid isPermaLink="false">oai:arXiv.org:{name}v1</guid>{categories}'
        "<pubDate>Mon, 20 Apr 2026 00:00:00 -0400</pubDate><arxiv:announce_type>new</arxiv:announce_type>"
        "<dc:rights>http://arxiv.org/licenses/nonexclusive-distrib/1.0/</dc:rights>"
        f"<dc:creator>{', '.join(one.authors)}</dc:creator></item>\n"
    )


# ── measuring ────────────────────────────────────────────────────────────────────────────────────


def cpu(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def wall(work: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> float:
    start = time.perf_counter()
    work(*args, **kwargs)
    return time.perf_counter() - start


def medians(rounds: Sequence[Sequence[float]]) -> list[float]:
    return [median(column) for column in zip(*rounds, strict=True)]


class Fresh:
    """Fresh databases, migrated once and then copied."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._made = folder, 0
        empty = Database(f"sqlite:///{folder / 'empty.db'}")
        migrations.upgrade(empty)
        empty.close()

    @contextmanager
    def database(self) -> Iterator[Database]:
        self._made += 1
        path = self._folder / f"{self._made}.db"
        shutil.copy(self._folder / "empty.db", path)
        opened = Database(f"sqlite:///{path}")
        opened.run_sync(lambda connection: connection.execute(text("SELECT 1")))
        try:
            yield opened
        finally:
            opened.close()
            for suffix in ("", "-wal", "-shm"):
                Path(f"{path}{suffix}").unlink(missing_ok=True)


# ── poll ─────────────────────────────────────────────────────────────────────────────────────────


def poll(fresh: Fresh) -> None:
    body = feed_of(invented(random.Random(1), ITEMS))
    source = ArxivSource(categories=("cs.AI",))
    request, response = Request("https://example.org/rss/cs.AI", feed="cs.AI"), Response(200, "", {}, body)
    rounds = []
    for _ in range(ROUNDS):
        plain = cpu(lambda: feedparser.parse(io.BytesIO(body)))
        lean = cpu(lambda: feedparser.parse(io.BytesIO(body), sanitize_html=False, resolve_relative_uris=False))
        with fresh.database() as database:
            start = time.process_time()
            listing = source.parse(request, response)
            parsed = time.process_time()
            entries = formed(listing)
            shaped = time.process_time()
            assert database.run_sync(upsert_listing, "arxiv", listing, NOW, entries).new == ITEMS
            stored = time.process_time()
            rounds.append((plain, lean, parsed - start, shaped - parsed, stored - shaped, stored - start))
    plain, lean, parsing, forming, storing, total = medians(rounds)
    print(f"poll of {ITEMS:,} new items, \u00b5s of CPU an item (the goal is 1.5 x feedparser alone):")
    print(f"  feedparser {per(plain)}, without its sanitiser {per(lean)}")
    print(f"  poll       {per(total)} = parse {per(parsing)} + form {per(forming)} + diff and store {per(storing)}")
    print(f"  ratio      {total / plain:.2f} x feedparser, {total / lean:.2f} x feedparser without its sanitiser")
    waits = [loop_waits(fresh, body) for _ in range(3)]
    print(f"  event loop {median(waits) * 1e3:.0f} ms at most in waiting, while the job polled (the goal is 50)")


def per(seconds: float, count: int = ITEMS) -> str:
    return f"{seconds / count * 1e6:.0f}"


def loop_waits(fresh: Fresh, body: bytes) -> float:
    """The longest time by which the loop woke a sleeper too late."""

    async def watched(database: Database, job: Poll) -> float:
        worst = 0.0
        task = asyncio.create_task(run_due(job, database, clock.fixed(NOW)))
        while not task.done():
            before = time.perf_counter()
            await asyncio.sleep(0.001)
            worst = max(worst, time.perf_counter() - before - 0.001)
        await task
        return worst

    with HttpServer({"/rss/cs.AI": Answer(200, {}, body)}) as server, fresh.database() as database:
        job = Poll(build_source, Fetcher("bench/0", network=Network(allow_hosts=(server.host,))))
        options: dict[str, object] = {"categories": ["cs.AI"], "base_url": server.url()}
        database.run_sync(sources.add, "arxiv", "arxiv", options, NOW)
        return asyncio.run(watched(database, job))


# ── upsert ───────────────────────────────────────────────────────────────────────────────────────


def upsert(fresh: Fresh, server: Cluster | None) -> None:
    entries = invented(random.Random(2), MANY)
    later = [
        replace(one, version=2, announcement=Announcement.REPLACE, title_raw=f"{one.title_raw} II") for one in entries
    ]
    batches, revised = _batches(entries), _batches(later)
    gc.collect()
    gc.freeze()  # no poll holds 20,000 formed entries that are not its own: the collector would go through all of them
    rounds = []
    for _ in range(ROUNDS - 2):
        with fresh.database() as database:
            ours = wall(_store, database, batches, NOW)
            rows = database.run_sync(_rows)
            again = wall(_store, database, revised, NOW + timedelta(days=1))
            changed = database.run_sync(_rows)
        with fresh.database() as database:
            raw, raw_again = wall(_raw_insert, database, rows), wall(_raw_upsert, database, changed)
        rounds.append((ours, raw, again, raw_again))
    ours, raw, again, raw_again = medians(rounds)
    print(f"upsert of {MANY:,} formed entries, {LISTING:,} in a transaction, SQLite, \u00b5s an entry:")
    print(
        f"  new        {per(ours, MANY)}, executemany {per(raw, MANY)}: {raw / ours:.2f} x its rate (the goal is 0.70)"
    )
    print(f"  revised    {per(again, MANY)}, executemany {per(raw_again, MANY)}: {raw_again / again:.2f} x its rate")
    if server is None:
        print("  no PostgreSQL here")
        return
    rounds = []
    for _ in range(ROUNDS - 2):
        with _postgres(server) as database:
            ours = wall(_store, database, batches, NOW)
            rows = database.run_sync(_rows)
            again = wall(_store, database, revised, NOW + timedelta(days=1))
            changed = database.run_sync(_rows)
        with _postgres(server) as database:
            raw, raw_again = wall(_copy_insert, database, rows), wall(_copy_upsert, database, changed)
        rounds.append((ours, raw, again, raw_again))
    ours, raw, again, raw_again = medians(rounds)
    print("the same on PostgreSQL:")
    print(f"  new        {per(ours, MANY)}, COPY {per(raw, MANY)}: {raw / ours:.2f} x its rate (the goal is 0.65)")
    print(f"  revised    {per(again, MANY)}, COPY into a temporary table {per(raw_again, MANY)}: ", end="")
    print(f"{raw_again / again:.2f} x its rate (the goal is 0.50)")


Batches = list[tuple[Listing, tuple[Formed, ...]]]
Rows = dict[str, list[tuple[Any, ...]]]


def _batches(entries: Sequence[Entry]) -> Batches:
    listings = [Listing("cs.AI", MONDAY, tuple(entries[i : i + LISTING])) for i in range(0, len(entries), LISTING)]
    return [(one, formed(one)) for one in listings]


def _store(database: Database, batches: Batches, now: datetime) -> None:
    for listing, entries in batches:
        database.run_sync(upsert_listing, "arxiv", listing, now, entries)


def _rows(connection: Connection) -> Rows:
    """Everything in the catalog's tables, as the driver gives it."""
    return {
        name: [tuple(row) for row in connection.exec_driver_sql(f"SELECT * FROM {name} ORDER BY {_paper(name)}")]
        for name in CATALOG
    }


def _paper(name: str) -> str:
    return "id" if name == "papers" else "paper_id"


def _slices(rows: list[tuple[Any, ...]]) -> Iterator[list[tuple[Any, ...]]]:
    """The rows in as many transactions as ours."""
    size = -(-len(rows) // (MANY // LISTING)) or 1
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def _raw(database: Database) -> sqlite3.Connection:
    connection = sqlite3.connect(str(database.engine.url.database), isolation_level=None)
    for pragma in ("synchronous=FULL", "foreign_keys=ON", "cache_size=-16000"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def _raw_insert(database: Database, rows: Rows) -> None:
    connection = _raw(database)
    parts = {name: list(_slices(rows[name])) for name in CATALOG}
    for number in range(MANY // LISTING):
        connection.execute("BEGIN IMMEDIATE")
        for name in CATALOG:
            for some in parts[name][number : number + 1]:
                connection.executemany(f"INSERT INTO {name} VALUES ({_marks(some[0])})", some)
        connection.execute("COMMIT")
    connection.close()


def _raw_upsert(database: Database, rows: Rows) -> None:
    connection = _raw(database)
    parts = {name: list(_slices(rows[name])) for name in CATALOG}
    for number in range(MANY // LISTING):
        connection.execute("BEGIN IMMEDIATE")
        for name in ("papers", "paper_titles", "paper_versions", "sightings"):
            for some in parts[name][number : number + 1]:
                statement = f"INSERT INTO {name} VALUES ({_marks(some[0])}) {_on_conflict(name)}"
                connection.executemany(statement, some)
        connection.execute("COMMIT")
    connection.close()


def _marks(row: tuple[Any, ...]) -> str:
    return ",".join("?" * len(row))


def _on_conflict(name: str) -> str:
    table = metadata.tables[name]
    keys = ",".join(column.name for column in table.primary_key)
    others = ",".join(f"{c.name}=excluded.{c.name}" for c in table.columns if not c.primary_key)
    return f"ON CONFLICT ({keys}) DO UPDATE SET {others}" if others else f"ON CONFLICT ({keys}) DO NOTHING"


@contextmanager
def _postgres(server: Cluster) -> Iterator[Database]:
    database = Database(server.create())
    migrations.upgrade(database)
    try:
        yield database
    finally:
        database.close()


def _copied(database: Database, work: Callable[[psycopg.Cursor[Any], int], None]) -> None:
    url = database.engine.url
    with psycopg.connect(f"host={url.host} port={url.port} user={url.username} dbname={url.database}") as connection:
        for number in range(MANY // LISTING):
            with connection.cursor() as cursor:
                work(cursor, number)
            connection.commit()


def _copy(cursor: psycopg.Cursor[Any], target: str, rows: list[tuple[Any, ...]]) -> None:
    with cursor.copy(f"COPY {target} FROM STDIN".encode()) as copy:
        for row in rows:
            copy.write_row(row)


def _copy_insert(database: Database, rows: Rows) -> None:
    parts = {name: list(_slices(rows[name])) for name in CATALOG}

    def insert(cursor: psycopg.Cursor[Any], number: int) -> None:
        for name in CATALOG:
            for some in parts[name][number : number + 1]:
                _copy(cursor, name, some)

    _copied(database, insert)


def _copy_upsert(database: Database, rows: Rows) -> None:
    names = ("papers", "paper_titles", "paper_versions", "sightings")
    parts = {name: list(_slices(rows[name])) for name in names}

    def change(cursor: psycopg.Cursor[Any], number: int) -> None:
        for name in names:
            for some in parts[name][number : number + 1]:
                cursor.execute(f"CREATE TEMPORARY TABLE new_{name} (LIKE {name}) ON COMMIT DROP".encode())
                _copy(cursor, f"new_{name}", some)
                cursor.execute(f"INSERT INTO {name} SELECT * FROM new_{name} {_on_conflict(name)}".encode())

    _copied(database, change)


# ── triggers ─────────────────────────────────────────────────────────────────────────────────────


def triggers(fresh: Fresh, server: Cluster | None) -> None:
    """What noting papers for the search adds to storing them: CPU, the server's too, with its triggers and without."""
    entries = invented(random.Random(3), MANY // 2)
    later = [
        replace(one, version=2, announcement=Announcement.REPLACE, title_raw=f"{one.title_raw} II") for one in entries
    ]
    batches, revised = _batches(entries), _batches(later)
    places: list[tuple[str, Callable[[], AbstractContextManager[Database]], Callable[[], float]]]
    places = [("SQLite", fresh.database, lambda: 0.0)]
    if server is not None:
        places.append(("PostgreSQL", lambda: _postgres(server), server.cpu))
    for title, opened, elsewhere in places:
        rounds = []
        for _ in range(ROUNDS):
            figures: list[float] = []
            for has_triggers in (True, False):
                with opened() as database:
                    if not has_triggers:
                        database.run_sync(_drop_triggers)
                    for some, at in ((batches, NOW), (revised, NOW + timedelta(days=1))):
                        before = elsewhere()
                        figures.append(cpu(partial(_store, database, some, at)) + elsewhere() - before)
            rounds.append(figures)
        new, again, bare, bare_again = medians(rounds)
        print(f"the search's triggers, {title}: new entries {new / bare - 1:+.0%}, ", end="")
        print(f"revised ones {again / bare_again - 1:+.0%} (the goal is +15% at most)")


def _drop_triggers(connection: Connection) -> None:
    table = " ON papers" if connection.dialect.name == "postgresql" else ""
    for name in ("papers_added", "papers_changed"):
        connection.exec_driver_sql(f"DROP TRIGGER {name}{table}")


# ── diff ─────────────────────────────────────────────────────────────────────────────────────────


def diff(fresh: Fresh, known: int) -> None:
    """Ids of new papers: the question is whether the catalog has any of them."""
    wanted = {Alias(AliasKind.ARXIV, f"2512.{n:05}") for n in range(1, ITEMS // 2)}
    wanted |= {Alias(AliasKind.ARXIV, f"{1501 + n % 12}.{n:05}") for n in range(ITEMS - len(wanted))}
    with fresh.database() as database:
        building = wall(lambda: database.run_sync(_fill, known))
        rounds = []
        for _ in range(21):
            ours = wall(lambda: database.run_sync(drafts.ids_by_alias, wanted))
            rounds.append((ours, _bare(database, wanted)))
    ours, bare = medians(rounds)
    print(f"diff of {ITEMS:,} ids with a catalog of {known:,} (built in {building:.1f} s), SQLite:")
    print(
        f"  ours       {ours * 1e3:.2f} ms, the bare query {bare * 1e3:.2f} ms: {ours / bare:.2f} x (the goal is 1.70)"
    )


def _fill(connection: Connection, count: int) -> None:
    numbers = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})"
    row = (
        "i, 't', 't', 't', 'a', 'a', printf('%032x', i), 1, 1, NULL, NULL, '2025-01-01T00:00:00.000000Z',"
        " NULL, 1, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL"
    )
    names = (
        "id, title_raw, title, title_form, abstract_raw, abstract, abstract_hash, is_authors_complete, version,"
        " primary_category, published_on, first_seen_at, first_seen_day, is_new, revised_at, withdrawn_at, url,"
        " pdf_url, code_url, has_code, discussion_url, comment, summary"
    )
    connection.exec_driver_sql(f"INSERT INTO papers ({names}) {numbers} SELECT {row} FROM n")
    alias = "'arxiv', printf('%04d.%05d', 1501 + i % 12 + 100 * (i / 99999), i % 99999), i"
    connection.exec_driver_sql(f"INSERT INTO paper_aliases (kind, value, paper_id) {numbers} SELECT {alias} FROM n")


def _bare(database: Database, wanted: set[Alias]) -> float:
    """The seconds of the bare query, 400 ids at a time: what a hand-written program would do at its fastest."""
    connection = _raw(database)
    values = sorted(alias.value for alias in wanted)

    def ask() -> list[Any]:
        found = []
        for start in range(0, len(values), 400):
            some = values[start : start + 400]
            query = f"SELECT paper_id FROM paper_aliases WHERE kind = 'arxiv' AND value IN ({_marks(tuple(some))})"
            found += connection.execute(query, some).fetchall()
        return found

    seconds = wall(ask)
    connection.close()
    return seconds


def main(known: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        fresh = Fresh(Path(folder))
        binaries = find_binaries()
        server = Cluster(binaries) if binaries else None
        try:
            poll(fresh)
            upsert(fresh, server)
            triggers(fresh, server)
            diff(fresh, known)
        finally:
            if server is not None:
                server.stop()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else KNOWN)
