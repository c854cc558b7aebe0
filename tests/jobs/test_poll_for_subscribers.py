"""Polling for what a subscriber likes: looked up when the source is claimed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from digest import clock
from digest.cli.health import Health, conditions
from digest.cli.source import outcome
from digest.jobs import run_due
from digest.jobs.poll import Poll
from digest.jobs.watch import look
from digest.plugins import build_source
from digest.sources import Source
from digest.sources.fetcher import Fetcher, Network
from digest.store import catalog, profiles, sources, subscribers
from digest.store.database import Database
from digest.store.sources import SourceRow
from tests.support.http_server import Answer, Asked, HttpServer
from tests.support.people import announce, subscribe

NOON = datetime(2026, 4, 20, 12, tzinfo=UTC)
KIND = "semantic-scholar-recommendations"
ADA = "ada@example.org"


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with HttpServer() as running:
        running.routes["/recommendations/v1/papers/"] = recommend
        yield running


def recommend(asked: Asked) -> Answer:
    """Like the service: it has one paper like the first example, and knows no paper of number 3."""
    liked = json.loads(asked.body)["positivePaperIds"]
    if "ARXIV:2604.00003" in liked:
        return Answer(404, {}, b'{"error": "Paper with id ARXIV:2604.00003 not found"}')
    paper = {"paperId": "a" * 40, "externalIds": {"CorpusId": 7}, "title": f"Like {liked[0]}"}
    return Answer(200, {}, json.dumps({"recommendedPapers": [paper]}).encode())


async def _at_once(_seconds: float) -> None:
    pass


def run(database: Database, server: HttpServer, now: datetime = NOON) -> SourceRow:
    fetcher = Fetcher("digest/0", network=Network(allow_hosts=(server.host,)), sleep=_at_once)
    asyncio.run(run_due(Poll(build_source, fetcher), database, clock.fixed(now)))
    return database.run_sync(sources.get, "for-ada")


def add(database: Database, server: HttpServer) -> None:
    options = {"subscriber": ADA, "base_url": server.url()}
    database.run_sync(sources.add, "for-ada", KIND, options, NOON)


def join(database: Database, likes: list[int], dislikes: list[int]) -> int:
    with database.engine.begin() as connection:
        announce(connection, NOON, 1, 2, 3)
        ada = subscribe(connection, edition_at=NOON)
        profiles.like(connection, ada.id, likes, NOON)
        profiles.dislike(connection, ada.id, dislikes, NOON)
    return ada.id


def health(database: Database, now: datetime = NOON) -> Health:
    (found,) = database.run_sync(conditions, now)
    return found.health


def posted(server: HttpServer) -> list[object]:
    return [json.loads(asked.body) for asked in server.asked]


def test_the_papers_a_subscriber_likes_and_dislikes_are_the_examples(database: Database, server: HttpServer) -> None:
    join(database, [1], [2])
    add(database, server)
    row = run(database, server)
    assert (row.last_error, row.poll_at) == (None, NOON + timedelta(hours=24))
    assert posted(server) == [{"positivePaperIds": ["ARXIV:2604.00001"], "negativePaperIds": ["ARXIV:2604.00002"]}]
    assert database.run_sync(catalog.find, "s2:7").title == "Like ARXIV:2604.00001"
    assert health(database).word == "ok"
    assert row.options["subscriber"] == ADA
    assert "positive" not in row.options


def test_what_is_liked_since_counts_at_the_next_poll(database: Database, server: HttpServer) -> None:
    ada = join(database, [1], [])
    add(database, server)
    run(database, server)
    database.run_sync(profiles.like, ada, [2], NOON + timedelta(hours=1))
    run(database, server, NOON + timedelta(hours=24))
    assert posted(server)[1:] == [
        {"positivePaperIds": ["ARXIV:2604.00002", "ARXIV:2604.00001"], "negativePaperIds": []}
    ]


def test_as_long_as_nothing_is_liked_nothing_is_asked_and_the_list_says_why(
    database: Database, server: HttpServer
) -> None:
    ada = join(database, [], [2])
    add(database, server)
    row = run(database, server)
    assert server.asked == []
    assert (row.last_error, row.errors, row.poll_at) == (None, 0, NOON + timedelta(hours=24))
    assert health(database) == Health("quiet", "ada@example.org has liked no paper yet")
    assert outcome(row) == "ada@example.org has liked no paper yet"
    assert dict(database.run_sync(lambda c: list(look(c, None, NOON + timedelta(days=30))))) == {}
    database.run_sync(profiles.like, ada, [1], NOON)
    row = run(database, server, NOON + timedelta(hours=24))
    assert row.idle is None
    assert health(database).word == "ok"


def test_an_address_nobody_subscribed_is_a_clear_error(database: Database, server: HttpServer) -> None:
    with database.engine.begin() as connection:
        subscribe(connection, "adam")
    add(database, server)
    row = run(database, server)
    assert server.asked == []
    assert row.last_error is not None
    assert "no subscriber ada@example.org (did you mean adam@example.org?)" in row.last_error
    assert row.poll_at == NOON + timedelta(hours=6)
    assert health(database).word == "failing"


def test_after_an_unsubscribe_no_likes_are_passed_on(database: Database, server: HttpServer) -> None:
    ada = join(database, [1], [])
    add(database, server)
    run(database, server)
    database.run_sync(subscribers.unsubscribe, ada, NOON)
    row = run(database, server, NOON + timedelta(hours=24))
    assert len(server.asked) == 1
    assert row.last_error is not None
    assert "ada@example.org has unsubscribed" in row.last_error


def test_a_liked_paper_that_is_not_known_yet_does_not_spoil_the_others(
    sqlite_database: Database, server: HttpServer
) -> None:
    join(sqlite_database, [1, 3], [])
    add(sqlite_database, server)
    row = run(sqlite_database, server)
    assert row.last_error is None
    assert len(server.asked) == 2
    assert sqlite_database.run_sync(catalog.find, "s2:7").title == "Like ARXIV:2604.00001"


def test_a_source_that_cannot_be_built_is_leased_all_the_same(sqlite_database: Database, server: HttpServer) -> None:
    """What kills a poll must count as a lapse, also where the taste would be looked up."""

    def broken(_kind: str, _options: object) -> Source:
        raise RuntimeError("a plugin broke")

    add(sqlite_database, server)
    poll = Poll(broken, Fetcher("digest/0"))
    with pytest.raises(RuntimeError, match="a plugin broke"):
        asyncio.run(run_due(poll, sqlite_database, clock.fixed(NOON)))
    row = sqlite_database.run_sync(sources.get, "for-ada")
    assert row.poll_at is not None
    assert row.poll_at > NOON
