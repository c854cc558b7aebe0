"""What a page costs the server, in a catalog of 100,000 papers, on SQLite and on PostgreSQL.

`make bench` runs it, for some two minutes; `python -m tests.benchmarks.bench_pages 10000` takes fewer papers. Requests
go straight to the application, as uvicorn hands them over: no socket, no parsing of HTTP. Figures are milliseconds.

    first         the first request of a program that has just started: templates, connections, nothing remembered
    its CPU       of this process, of the first request
    median worst  of the later ones; other pages were asked for between two of them, so no cache of ours is warm for one
    CPU           of this process, a request; with SQLite the database is in it
    server CPU    of PostgreSQL's processes, a request
    database      from the begin to the end of the transactions, median: what is not in there is rendering
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from statistics import median
from urllib.parse import quote, unquote

from sqlalchemy import Connection, event, select
from starlette.types import ASGIApp, Message, Scope

from digest.editions import templates
from digest.editions.links import FEED, sign_numbers
from digest.editions.select import facts_of
from digest.model import Reason, ReasonKind, ShownPick
from digest.store import catalog, editions, migrations, profiles, shelf
from digest.store.database import Database
from digest.store.editions import Composed
from digest.store.tables import paper_authors
from tests.support.full_catalog import CATEGORIES, fill, words
from tests.support.postgres import Cluster, find_binaries
from tests.support.private import archive_page, own_page, private_site
from tests.support.web import KEYS, NOW, add_jane

PAPERS, ROUNDS = 100_000, 15
MOST_MS, MOST_KB = 50.0, 50.0


# ── what is asked for ────────────────────────────────────────────────────────────────────────────


def public_pages(database: Database, papers: int) -> dict[str, str]:
    """Every kind of page for everybody."""
    vocabulary = words()
    quiet = database.run_sync(_name_of, papers // 2)
    few = " ".join(database.run_sync(_title_of, papers // 3).split()[:4])
    return {
        "landing": "/",
        "topics": "/topics",
        "topic": "/topics/language-models",
        "category, large": f"/c/{CATEGORIES[0]}",
        "category, small": f"/c/{CATEGORIES[-1]}",
        "category, page 50": f"/c/{CATEGORIES[0]}?page=50",
        "search, common word": "/search?q=model",
        "search, rare word": f"/search?q={vocabulary[-7]}",
        "search, common words": "/search?q=language+model",
        "search, several words": f"/search?q={quote(few)}",
        "search, author": "/search?q=wei+wang",
        "search, nothing": "/search?q=zzzzzz",
        "search, far pages": "/search?q=model&page=50",
        "paper, latest": f"/p/{database.run_sync(_key_of, papers - 1)}",
        "paper, older": f"/p/{database.run_sync(_key_of, papers // 2)}",
        "paper, first": f"/p/{database.run_sync(_key_of, 1)}",
        "paper, unknown": "/p/arxiv:2604.9999",
        "author of most": f"/a/{quote(database.run_sync(_busiest))}",
        "author of hundreds": "/a/Wei%20Wang",
        "author of a few": f"/a/{quote(quiet)}",
        "author, unknown": "/a/Weii%20Wang",
        "author, nobody": "/a/Zzzz%20Zzzz",
        "feed, trending": "/feeds/trending.atom",
        "feed, category": f"/feeds/c/{CATEGORIES[0]}.atom",
        "feed, topic": "/feeds/topics/language-models.atom",
        "feed, author": "/feeds/a/Wei%20Wang.atom",
        "not found": "/nothing",
    }


def private_pages(database: Database, papers: int) -> dict[str, str]:
    """Those of a reader of 60 editions, with votes and saved papers."""
    person = add_jane(database)
    last = database.run_sync(_live, person, papers)
    archive = archive_page(person)
    return {
        "preferences": own_page(person),
        "archive": archive,
        "archive, one of it": f"{archive}/{last}",
        "feed of one's own": f"/feeds/{sign_numbers(KEYS, FEED, person, 0)}.atom",
        "export": f"{own_page(person)}/data.json",
        "saved as BibTeX": f"{own_page(person)}/saved.bib",
        "sample": "/sample?topic=language-models",
    }


def _name_of(connection: Connection, paper_id: int) -> str:
    names = select(paper_authors.c.name).where(paper_authors.c.paper_id == paper_id)
    few = min(connection.execute(names).scalars(), key=lambda name: len(catalog.papers_of(connection, name, 100)))
    return str(few)


def _busiest(connection: Connection) -> str:
    ((name, _papers),) = catalog.authors(connection, 1)
    return str(name)


def _title_of(connection: Connection, paper_id: int) -> str:
    return catalog.papers_by_id(connection, [paper_id])[paper_id].title


def _key_of(connection: Connection, paper_id: int) -> str:
    return catalog.papers_by_id(connection, [paper_id])[paper_id].key


def _live(connection: Connection, person: int, papers: int) -> int:
    """Sixty editions of twenty papers, fifty votes and saved papers each; the number of the last edition."""
    profiles.set_profile(connection, person, keywords=["language model", "image"], categories=CATEGORIES[:3])
    last = 0
    for number in range(60):
        at = NOW - timedelta(days=60 - number)
        ids = range(papers - 20 * (number + 1), papers - 20 * number)
        reasons = (Reason(ReasonKind.TERMS, ("language", "model"), 1.0),)
        picks = tuple(ShownPick(facts_of(one), 1.0, reasons) for one in catalog.papers_by_id(connection, ids).values())
        composed = Composed(person, f"{at:%Y-%m-%d}", at.date(), at - timedelta(days=1), at, 400, picks)
        last = editions.store_edition(connection, composed) or last
    liked = list(range(papers - 50, papers))
    profiles.like(connection, person, liked, NOW)
    shelf.mark(connection, person, liked, shelf.Kind.SAVED, NOW)
    return last


# ── measuring ────────────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class Figures:
    """Of one page, in seconds and bytes."""

    status: int = 0
    size: int = 0
    first: float = 0.0
    first_cpu: float = 0.0
    walls: list[float] = field(default_factory=list)
    inside: list[float] = field(default_factory=list)  # transactions
    cpu: float = 0.0
    server: float = 0.0


class Watch:
    """How long a database's transactions take."""

    def __init__(self, database: Database) -> None:
        self.spent = 0.0
        self._begun: dict[int, float] = {}
        event.listen(database.engine, "begin", self._begin)
        event.listen(database.engine, "commit", self._end)
        event.listen(database.engine, "rollback", self._end)

    def _begin(self, connection: Connection) -> None:
        self._begun[id(connection)] = time.perf_counter()

    def _end(self, connection: Connection) -> None:
        self.spent += time.perf_counter() - self._begun.pop(id(connection), time.perf_counter())


async def get(application: ASGIApp, path: str) -> tuple[int, int]:
    """Status and bytes of the answer to a request."""
    plain, _, query = path.partition("?")
    scope: Scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
        "path": unquote(plain), "raw_path": plain.encode(), "query_string": query.encode(), "root_path": "",
        "headers": [(b"host", b"digest.example.org")], "client": ("192.0.2.1", 4000), "server": ("127.0.0.1", 80),
    }  # fmt: skip
    status = size = 0

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        nonlocal status, size
        status = message.get("status", status)
        size += len(message.get("body", b""))

    await application(scope, receive, send)
    return status, size


async def measure(url: str, paths: dict[str, str], rounds: int, server_cpu: Callable[[], float]) -> dict[str, Figures]:
    """The pages one after another, again and again."""
    found = {name: Figures() for name in paths}
    for name, path in paths.items():
        with started(url) as (application, _watch):
            cpu, begun = time.process_time(), time.perf_counter()
            await get(application, path)
            found[name].first = time.perf_counter() - begun
            found[name].first_cpu = time.process_time() - cpu
    with started(url) as (application, watch):
        for path in paths.values():
            await get(application, path)
        for _ in range(rounds):
            for name, path in paths.items():
                await _once(application, path, found[name], watch)
        for name, path in paths.items():  # ticks are of 10 ms: only many requests in a row have a measurable sum
            before = server_cpu()
            for _ in range(rounds):
                await get(application, path)
            found[name].server = (server_cpu() - before) / rounds
    return found


async def _once(application: ASGIApp, path: str, figures: Figures, watch: Watch) -> None:
    watch.spent = 0.0
    cpu, wall = time.process_time(), time.perf_counter()
    figures.status, figures.size = await get(application, path)
    figures.walls.append(time.perf_counter() - wall)
    figures.cpu += time.process_time() - cpu
    figures.inside.append(watch.spent)


@contextlib.contextmanager
def started(url: str) -> Iterator[tuple[ASGIApp, Watch]]:
    """The application as a program has it when it says that it is ready."""
    templates.forget()
    database = Database(url)
    try:
        migrations.check(database)
        watch = Watch(database)
        yield private_site(database), watch
    finally:
        database.close()


def report(title: str, found: dict[str, Figures]) -> None:
    print(f"{title}: milliseconds (goal {MOST_MS:.0f}) and KB (goal {MOST_KB:.0f})")
    heads = ("first", "its CPU", "median", "worst", "CPU", "server CPU", "database", "KB")
    print(f"  {'page':24}{''.join(f'{head:>11}' for head in heads)}")
    for name, one in found.items():
        rounds = len(one.walls)
        seconds = (
            one.first, one.first_cpu, median(one.walls), max(one.walls), one.cpu / rounds, one.server,
            median(one.inside),
        )  # fmt: skip
        figures = "".join(f"{each * 1e3:>11.1f}" for each in seconds)
        told = "" if one.status == 200 else f"  ({one.status})"
        print(f"  {name:24}{figures}{one.size / 1e3:>11.1f}{told}{_missed(one)}")


def _missed(one: Figures) -> str:
    missed = [
        *(["first"] if one.first * 1e3 > MOST_MS else []),
        *(["median"] if median(one.walls) * 1e3 > MOST_MS else []),
        *(["size"] if one.size / 1e3 > MOST_KB else []),
    ]
    return f"  above the goal: {', '.join(missed)}" if missed else ""


def compare(title: str, url: str, papers: int, rounds: int, server_cpu: Callable[[], float]) -> None:
    database = Database(url)
    try:
        migrations.upgrade(database)
        begun = time.perf_counter()
        fill(database, papers)
        print(f"{title}: {papers:,} papers filled in within {time.perf_counter() - begun:.0f} s")
        paths = {**public_pages(database, papers), **private_pages(database, papers)}
    finally:
        database.close()
    report(title, asyncio.run(measure(url, paths, rounds, server_cpu)))


def main(papers: int = PAPERS, rounds: int = ROUNDS) -> None:
    with tempfile.TemporaryDirectory() as folder:
        compare("SQLite", f"sqlite:///{folder}/digest.db", papers, rounds, lambda: 0.0)
    binaries = find_binaries()
    if binaries is None:
        print("no PostgreSQL here")
        return
    server = Cluster(binaries)
    try:
        compare("PostgreSQL", server.create(), papers, rounds, server.cpu)
    finally:
        server.stop()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
