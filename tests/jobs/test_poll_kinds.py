"""Polling the further kinds: pages, versions, and signals that bring no papers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from digest import clock
from digest.jobs import run_due
from digest.jobs.poll import Poll
from digest.model import Alias, AliasKind
from digest.plugins import build_source
from digest.sources import FeedState
from digest.sources.fetcher import Fetcher, Network
from digest.store import catalog, sources
from digest.store.database import Database
from digest.store.sources import SourceRow
from tests.support.feeds import Announced, arxiv_rss
from tests.support.http_server import Answer, Asked, HttpServer

NOON = datetime(2026, 4, 20, 12, tzinfo=UTC)


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with HttpServer() as running:
        yield running


async def _at_once(_seconds: float) -> None:
    pass


def run(database: Database, server: HttpServer, now: datetime = NOON) -> None:
    fetcher = Fetcher("digest/0", network=Network(allow_hosts=(server.host,)), sleep=_at_once)
    asyncio.run(run_due(Poll(build_source, fetcher), database, clock.fixed(now)))


def add(database: Database, kind: str, **options: object) -> None:
    database.run_sync(sources.add, kind, kind, options, NOON)


def polled(database: Database, name: str) -> SourceRow:
    return database.run_sync(sources.get, name)


def papers(database: Database) -> int:
    return database.run_sync(catalog.count)


def preprint(number: int, version: int = 1) -> dict[str, object]:
    return {
        "title": f"On invented cells of kind {number}",
        "authors": "Example, A.",
        "doi": f"10.64898/2026.04.20.{700000 + number}",
        "date": "2026-04-20",
        "version": str(version),
        "type": "new results",
        "category": "genomics",
        "abstract": f"We invent kind {number}, version {version}.",
        "published": "NA",
        "server": "bioRxiv",
    }


def biorxiv(*pages: list[dict[str, object]], total: int) -> dict[str, Answer]:
    routes, cursor = {}, 0
    for page in pages:
        message = {"status": "ok", "cursor": cursor, "count": len(page), "total": str(total)}
        body = json.dumps({"messages": [message], "collection": page}).encode()
        routes[f"/details/biorxiv/2026-04-18/2026-04-20/{cursor}/json"] = Answer(200, {"ETag": "x"}, body)
        cursor += len(page)
    return routes


def test_all_pages_of_a_feed_are_one_listing(database: Database, server: HttpServer) -> None:
    server.routes |= biorxiv([preprint(n) for n in range(100)], [preprint(n) for n in range(100, 130)], total=130)
    add(database, "biorxiv", base_url=server.url())
    run(database, server)
    assert papers(database) == 130
    assert len(server.asked) == 2
    assert polled(database, "biorxiv").last_error is None
    state = FeedState.from_json(polled(database, "biorxiv").state["all"])
    assert state.day == date(2026, 4, 20)


def test_a_page_is_asked_for_without_the_etag_of_the_first(sqlite_database: Database, server: HttpServer) -> None:
    server.routes |= biorxiv([preprint(1)], total=1)
    add(sqlite_database, "biorxiv", base_url=server.url())
    run(sqlite_database, server)
    sqlite_database.run_sync(sources.make_due, [], NOON)
    run(sqlite_database, server)
    assert [asked.headers.get("if-none-match") for asked in server.asked] == [None, None]


def test_every_version_is_kept_and_a_later_one_is_a_revision(database: Database, server: HttpServer) -> None:
    server.routes |= biorxiv([preprint(1, 2), preprint(1, 1), preprint(2, 3)], total=3)
    add(database, "biorxiv", base_url=server.url())
    run(database, server)
    counts = polled(database, "biorxiv").last_counts
    assert counts is not None
    assert (counts["new"], counts["revised"]) == (1, 2)
    assert papers(database) == 2


@pytest.mark.parametrize("second", [Answer(503, {"Retry-After": "60"}), Answer(200, {}, b"<html>"), None])
def test_a_page_that_fails_keeps_the_others_and_the_feed_is_asked_for_again(
    sqlite_database: Database, server: HttpServer, second: Answer | None
) -> None:
    """Fault row 22 for feeds in pages: an empty page in the middle (None) is no end either."""
    routes = biorxiv([preprint(n) for n in range(100)], [], total=130)
    if second is not None:
        routes["/details/biorxiv/2026-04-18/2026-04-20/100/json"] = second
    server.routes |= routes
    add(sqlite_database, "biorxiv", base_url=server.url())
    run(sqlite_database, server)
    row = polled(sqlite_database, "biorxiv")
    assert papers(sqlite_database) == 100
    assert row.last_error
    assert row.poll_at == NOON + timedelta(hours=1)
    assert FeedState.from_json(row.state["all"]).failures == 1


def test_hacker_news_counts_for_known_papers_and_brings_none(database: Database, server: HttpServer) -> None:
    feed = arxiv_rss(date(2026, 4, 20), [Announced("2604.90001")])
    hits = [
        {"title": "A known paper", "url": "https://arxiv.org/abs/2604.90001v1", "points": 120, "num_comments": 45},
        {"title": "Another paper", "url": "https://arxiv.org/abs/2604.90002", "points": 300, "num_comments": 5},
        {"title": "Tulips", "url": "https://example.org/tulips", "points": 30, "num_comments": 1},
    ]
    server.routes["/rss/cs.CL"] = Answer(200, {}, feed)
    server.routes["/api/v1/search_by_date"] = Answer(200, {}, json.dumps({"hits": hits}).encode())
    add(database, "arxiv", categories=["cs.CL"], base_url=server.url())
    run(database, server)
    add(database, "hacker-news", sites=["arxiv.org"], base_url=server.url())
    run(database, server)
    assert papers(database) == 1
    paper = database.run_sync(catalog.find, str(Alias(AliasKind.ARXIV, "2604.90001")))
    assert paper is not None
    assert paper.signals == {"HN points": 120, "HN comments": 45}
    counts = polled(database, "hacker-news").last_counts
    assert counts is not None
    assert sum(counts.values()) == counts["unchanged"] == 1


def test_recommendations_are_posted_for_and_listed(sqlite_database: Database, server: HttpServer) -> None:
    def recommend(asked: Asked) -> Answer:
        liked = json.loads(asked.body)["positivePaperIds"]
        paper = {"paperId": "a" * 40, "externalIds": {"CorpusId": 7}, "title": f"Like {liked[0]}"}
        return Answer(200, {}, json.dumps({"recommendedPapers": [paper]}).encode())

    server.routes["/recommendations/v1/papers/"] = recommend
    kind = "semantic-scholar-recommendations"
    add(sqlite_database, kind, positive=["1706.03762"], base_url=server.url())
    run(sqlite_database, server)
    assert papers(sqlite_database) == 1
    assert polled(sqlite_database, kind).last_error is None


def test_an_unknown_example_is_said_in_the_services_words(sqlite_database: Database, server: HttpServer) -> None:
    server.routes["/recommendations/v1/papers/"] = Answer(404, {}, b'{"error": "Paper with id 0 not found"}')
    kind = "semantic-scholar-recommendations"
    add(sqlite_database, kind, positive=["0"], base_url=server.url())
    run(sqlite_database, server)
    error = polled(sqlite_database, kind).last_error
    assert error is not None
    assert "Paper with id 0 not found" in error
