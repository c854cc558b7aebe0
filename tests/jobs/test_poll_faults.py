"""What a hostile or broken server costs: its own feed, and nothing else."""

from __future__ import annotations

import asyncio
import gzip
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from digest import clock
from digest.jobs import run_due
from digest.jobs.poll import Poll
from digest.plugins import build_source
from digest.sources import Request, Unavailable
from digest.sources.fetcher import Fetcher, Limits, Network
from digest.store import catalog, sources
from digest.store.database import Database
from tests.support.feeds import Announced, arxiv_rss, journal_rss
from tests.support.http_server import Answer, HttpServer

NOON = datetime(2026, 4, 20, 12, tzinfo=UTC)
DAY = date(2026, 4, 20)
_LIMITS = Limits()
ITEM = "<item><title>On Quiet Feeds</title><link>https://example.org/q</link></item>"


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with HttpServer() as running:
        yield running


async def _at_once(_seconds: float) -> None:
    pass


def run(database: Database, server: HttpServer, limits: Limits = _LIMITS) -> None:
    fetcher = Fetcher("digest/0", network=Network(allow_hosts=(server.host,)), limits=limits, sleep=_at_once)
    asyncio.run(run_due(Poll(build_source, fetcher), database, clock.fixed(NOON)))


def add_feed(database: Database, server: HttpServer, name: str) -> None:
    database.run_sync(sources.add, name, "feed", {"url": server.url(f"/{name}")}, NOON)


def error_of(database: Database, name: str) -> str:
    return database.run_sync(sources.get, name).last_error or ""


def test_floods_stop_at_the_cap_and_other_sources_are_read(sqlite_database: Database, server: HttpServer) -> None:
    """Fault row 23: a gzip bomb, a body without end and one announced as 100 MB, each beside an honest feed."""

    def endless() -> Iterator[bytes]:
        while True:
            yield b"x" * 65536

    server.routes |= {
        "/bomb": Answer(200, {"Content-Encoding": "gzip"}, gzip.compress(b"\0" * 30_000_000)),
        "/endless": Answer(chunks=endless()),
        "/honest": Answer(200, {}, journal_rss(ITEM)),
    }
    for name in ("bomb", "endless", "honest"):
        add_feed(sqlite_database, server, name)
    run(sqlite_database, server, Limits(size=2_000_000))
    assert "larger than 2 MB" in error_of(sqlite_database, "bomb")
    assert "larger than 2 MB" in error_of(sqlite_database, "endless")
    assert error_of(sqlite_database, "honest") == ""
    assert sqlite_database.run_sync(catalog.count) == 1


def test_a_bomb_costs_no_more_memory_than_its_cap(server: HttpServer) -> None:
    """Fault row 23: 60 MB in 60 KB, of which the cap of 2 MB is unpacked."""
    server.routes["/bomb"] = Answer(200, {"Content-Encoding": "gzip"}, gzip.compress(b"\0" * 60_000_000))
    fetcher = Fetcher("digest/0", network=Network(allow_hosts=(server.host,)), limits=Limits(size=2_000_000))
    tracemalloc.start()
    try:
        outcome = asyncio.run(fetcher.fetch(Request(server.url("/bomb")), None))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert isinstance(outcome, Unavailable)
    assert peak < 12_000_000


def test_ten_thousand_items_are_read_and_the_next_one_is_told(sqlite_database: Database, server: HttpServer) -> None:
    """Fault row 23: a feed at the cap is read whole."""
    items = "".join(f"<item><title>Quiet {n}</title><link>https://example.org/{n}</link></item>" for n in range(10_001))
    server.routes["/long"] = Answer(200, {}, journal_rss(items))
    add_feed(sqlite_database, server, "long")
    run(sqlite_database, server)
    counts = sqlite_database.run_sync(sources.get, "long").last_counts
    assert counts is not None
    assert (counts["new"], counts["rejected"]) == (10_000, 1)


@pytest.mark.parametrize("charset", ["utf-16", "no-such-charset", "latin-1", "utf-7"])
def test_a_wrong_charset_never_loses_what_was_known(
    sqlite_database: Database, server: HttpServer, charset: str
) -> None:
    """Fault row 22: read as far as it can be, else counted; what was stored stays as it was."""
    body = arxiv_rss(DAY, [Announced("2604.90001", "On Cafés")])
    lie = Answer(200, {"Content-Type": f"text/xml; charset={charset}"}, body)
    server.routes["/rss/cs.CL"] = [Answer(200, {"Content-Type": "text/xml"}, body), lie]
    sqlite_database.run_sync(sources.add, "arxiv", "arxiv", {"categories": ["cs.CL"], "base_url": server.url()}, NOON)
    run(sqlite_database, server)
    sqlite_database.run_sync(sources.make_due, [], NOON)
    run(sqlite_database, server)
    assert len(server.asked) == 2
    assert sqlite_database.run_sync(catalog.count) == 1
    assert sqlite_database.run_sync(catalog.find, "arxiv:2604.90001").id


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("wish", "waits"),
    [
        ("43200", timedelta(hours=12)),
        ("Sun, 20 Apr 2099 12:00:00 GMT", timedelta(hours=24)),  # measured from the server's own Date, the real one
        ("315360000", timedelta(hours=24)),
        ("next week", timedelta(hours=4)),
    ],
)
def test_a_source_that_asks_for_time_is_left_alone(
    sqlite_database: Database, server: HttpServer, status: int, wish: str, waits: timedelta
) -> None:
    """Fault row 26: honoured up to a day; garbage is our own back-off."""
    server.routes["/busy"] = Answer(status, {"Retry-After": wish})
    add_feed(sqlite_database, server, "busy")
    run(sqlite_database, server)
    assert sqlite_database.run_sync(sources.get, "busy").poll_at == NOON + waits
