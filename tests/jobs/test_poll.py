"""The poll job: a real server on loopback, a real database, the fetcher and the sources as they are."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import BaseModel

from digest import clock
from digest.jobs import run_due
from digest.jobs.poll import DuePoll, Poll, PolledSource
from digest.model import Listing
from digest.plugins import build_source
from digest.sources import FeedState, Reader, Request, Response, Source
from digest.sources.fetcher import Fetcher, Network
from digest.store import catalog, sources
from digest.store.database import Database
from digest.store.sources import SourceRow
from tests.support.feeds import Announced, arxiv_rss, journal_rss
from tests.support.http_server import Answer, HttpServer

MONDAY = date(2026, 4, 20)
NOON = datetime(2026, 4, 20, 12, tzinfo=UTC)
AFTER_REBUILD = datetime(2026, 4, 20, 4, 10, tzinfo=UTC)


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with HttpServer() as running:
        yield running


def poll_job(server: HttpServer, lease: timedelta = timedelta(minutes=5)) -> Poll:
    return Poll(build_source, Fetcher("digest/0", network=Network(allow_hosts=(server.host,))), lease)


def run(database: Database, server: HttpServer, now: datetime = NOON) -> int:
    return asyncio.run(run_due(poll_job(server), database, clock.fixed(now)))


def add(database: Database, kind: str, now: datetime = NOON, **options: object) -> None:
    database.run_sync(sources.add, kind, kind, options, now)


def add_arxiv(database: Database, server: HttpServer, *categories: str, now: datetime = NOON) -> None:
    add(database, "arxiv", now, categories=list(categories), base_url=server.url())


def row(database: Database, name: str = "arxiv") -> SourceRow:
    return database.run_sync(sources.get, name)


def state(database: Database, feed: str, name: str = "arxiv") -> FeedState:
    return FeedState.from_json(row(database, name).state[feed])


def papers(database: Database) -> int:
    return database.run_sync(catalog.count)


def make_due(database: Database, now: datetime) -> None:
    database.run_sync(sources.make_due, [], now)


def rss(*ids: str, day: date = MONDAY, category: str = "cs.CL", kind: str = "new") -> Answer:
    announced = [Announced(name, f"Title of {name}", categories=(category,), kind=kind) for name in ids]
    return Answer(200, {"ETag": f"{category}-{day}-{len(ids)}"}, arxiv_rss(day, announced, category))


def test_a_polled_source_fills_the_catalog_and_says_when_it_is_next_due(database: Database, server: HttpServer) -> None:
    server.routes["/rss/cs.CL"] = rss("2604.00001", "2604.00002")
    add_arxiv(database, server, "cs.CL")
    assert run(database, server) == 1
    assert papers(database) == 2
    found = row(database)
    assert found.poll_at == datetime(2026, 4, 21, 4, 10, tzinfo=UTC)
    assert (found.errors, found.last_error) == (0, None)
    assert found.last_counts == {"new": 2, "revised": 0, "merged": 0, "unchanged": 0, "rejected": 0}
    assert state(database, "cs.CL").day == MONDAY
    assert run(database, server) == 0


def test_one_request_per_category_and_a_paper_of_both_is_one(database: Database, server: HttpServer) -> None:
    server.routes["/rss/cs.CL"] = rss("2604.00001", "2604.00002")
    server.routes["/rss/cs.CV"] = rss("2604.00002", "2604.00003", category="cs.CV", kind="cross")
    add_arxiv(database, server, "cs.CL", "cs.CV")
    run(database, server)
    assert [asked.path for asked in server.asked] == ["/rss/cs.CL", "/rss/cs.CV"]
    assert papers(database) == 3
    paper = database.run_sync(catalog.find, "2604.00002")
    seen = database.run_sync(catalog.sightings_of, paper.id)
    assert [(feed, kind) for _, feed, _, kind in seen] == [("cs.CL", "new"), ("cs.CV", "cross")]


def test_polling_twice_changes_nothing(database: Database, server: HttpServer) -> None:
    server.routes["/rss/cs.CL"] = rss("2604.00001", "2604.00002")
    add_arxiv(database, server, "cs.CL")
    run(database, server)
    make_due(database, NOON)
    run(database, server)
    assert papers(database) == 2
    assert row(database).last_counts == {"new": 0, "revised": 0, "merged": 0, "unchanged": 2, "rejected": 0}
    assert row(database).changed_at == NOON


def test_the_second_request_is_conditional_and_a_304_keeps_everything(database: Database, server: HttpServer) -> None:
    server.routes["/rss/cs.CL"] = [rss("2604.00001"), Answer(304)]
    add_arxiv(database, server, "cs.CL")
    run(database, server)
    before = state(database, "cs.CL")
    make_due(database, NOON)
    run(database, server)
    assert server.asked[1].headers["if-none-match"] == before.etag
    assert state(database, "cs.CL") == before
    assert row(database).errors == 0


def test_one_feeds_failure_costs_the_others_nothing(database: Database, server: HttpServer) -> None:
    """Fault rows 22 and 23: other feeds are unaffected."""
    server.routes["/rss/cs.CL"] = Answer(500)
    server.routes["/rss/cs.CV"] = rss("2604.00003", category="cs.CV")
    server.routes["/rss/cs.LG"] = Answer(200, {}, b"<!doctype html><html>Just a moment...</html>")
    add_arxiv(database, server, "cs.CL", "cs.CV", "cs.LG")
    run(database, server)
    assert papers(database) == 1
    found = row(database)
    assert found.errors == 1
    assert found.last_error == (
        "cs.CL: HTTP 500 Internal Server Error; cs.LG: a challenge page for browsers instead of a feed"
    )
    assert found.poll_at == NOON + timedelta(hours=1)
    assert (state(database, "cs.CL").failures, state(database, "cs.CV").failures) == (1, 0)


@pytest.mark.parametrize(
    "broken",
    [
        Answer(200, {}, b""),
        Answer(200, {}, b"<rss><channel><title>cut"),
        Answer(200, {}, b"<html></html>"),
        Answer(200, {}, b"\x00\xff\xfe garbage"),
        Answer(400, {}, b"<rss version='2.0'><channel><title>Feed error for query: cs.CL</title></channel></rss>"),
        Answer(304),
        Answer(429, {"Retry-After": "garbage"}),
        Answer(404),
    ],
    ids=["empty", "truncated", "page", "garbage", "feed-error", "304", "429", "404"],
)
def test_a_broken_answer_keeps_what_was_known_and_backs_off(
    sqlite_database: Database, server: HttpServer, broken: Answer
) -> None:
    """Fault row 22: malformed, truncated, an HTML page, an empty 200, a 304 without a prior."""
    server.routes["/rss/cs.CL"] = [replace(rss("2604.00001"), headers={}), broken, broken, rss("2604.00001")]
    add_arxiv(sqlite_database, server, "cs.CL")
    run(sqlite_database, server)
    before = state(sqlite_database, "cs.CL")
    for failures in (1, 2):
        make_due(sqlite_database, NOON)
        run(sqlite_database, server)
        assert papers(sqlite_database) == 1
        assert state(sqlite_database, "cs.CL") == replace(before, failures=failures)
        assert row(sqlite_database).errors == failures
        assert row(sqlite_database).poll_at == NOON + timedelta(hours=failures)
    make_due(sqlite_database, NOON)
    run(sqlite_database, server)
    assert (row(sqlite_database).errors, state(sqlite_database, "cs.CL").failures) == (0, 0)


def test_a_truncated_batch_is_kept_but_not_taken_for_the_whole(sqlite_database: Database, server: HttpServer) -> None:
    """Fault row 22: truncated after some whole items."""
    whole = rss("2604.00001", "2604.00002", "2604.00003")
    cut = replace(whole, body=whole.body[: whole.body.rindex(b"<item>") + 100])
    server.routes["/rss/cs.CL"] = [cut, whole]
    add_arxiv(sqlite_database, server, "cs.CL", now=AFTER_REBUILD)
    run(sqlite_database, server, AFTER_REBUILD)
    assert papers(sqlite_database) == 2
    assert state(sqlite_database, "cs.CL") == FeedState(failures=1)
    assert "cut off" in str(row(sqlite_database).last_error)
    again = AFTER_REBUILD + timedelta(hours=1)
    assert row(sqlite_database).poll_at == again
    run(sqlite_database, server, again)
    assert "if-none-match" not in server.asked[1].headers
    assert papers(sqlite_database) == 3
    assert state(sqlite_database, "cs.CL").day == MONDAY


def test_a_feed_before_its_rebuild_is_yesterdays_batch_and_asked_for_again(
    sqlite_database: Database, server: HttpServer
) -> None:
    friday = date(2026, 4, 17)
    server.routes["/rss/cs.CL"] = [
        rss("2604.00001", day=friday),
        rss("2604.00001", day=friday),
        rss("2604.00002", day=MONDAY),
    ]
    add_arxiv(sqlite_database, server, "cs.CL", now=AFTER_REBUILD)
    for now in (AFTER_REBUILD, AFTER_REBUILD + timedelta(minutes=30)):
        run(sqlite_database, server, now)
        assert state(sqlite_database, "cs.CL").day == friday
        assert row(sqlite_database).poll_at == now + timedelta(minutes=30)
    run(sqlite_database, server, AFTER_REBUILD + timedelta(hours=1))
    assert state(sqlite_database, "cs.CL").day == MONDAY
    assert row(sqlite_database).poll_at == datetime(2026, 4, 21, 4, 10, tzinfo=UTC)


def test_a_feed_that_is_only_rebuilt_is_no_new_batch(sqlite_database: Database, server: HttpServer) -> None:
    server.routes["/rss/cs.CL"] = [rss("2604.00001", day=date(2026, 4, 17)), rss("2604.00001", day=MONDAY)]
    add_arxiv(sqlite_database, server, "cs.CL", now=AFTER_REBUILD)
    run(sqlite_database, server, AFTER_REBUILD)
    run(sqlite_database, server, AFTER_REBUILD + timedelta(minutes=30))
    assert state(sqlite_database, "cs.CL").day == date(2026, 4, 17)


def test_an_empty_weekend_is_silent_and_erases_nothing(sqlite_database: Database, server: HttpServer) -> None:
    saturday = datetime(2026, 4, 25, 12, tzinfo=UTC)
    server.routes["/rss/cs.CL"] = [rss("2604.00001"), rss(day=saturday.date())]
    add_arxiv(sqlite_database, server, "cs.CL")
    run(sqlite_database, server)
    before = state(sqlite_database, "cs.CL")
    make_due(sqlite_database, saturday)
    run(sqlite_database, server, saturday)
    assert (papers(sqlite_database), row(sqlite_database).errors) == (1, 0)
    after = state(sqlite_database, "cs.CL")
    assert (after.batch, after.day) == (before.batch, before.day)
    assert row(sqlite_database).poll_at == datetime(2026, 4, 27, 4, 10, tzinfo=UTC)


def test_a_wish_to_wait_is_remembered(sqlite_database: Database, server: HttpServer) -> None:
    """Fault row 26: ten years are a day."""
    server.routes["/rss/cs.CL"] = Answer(429, {"Retry-After": "315360000"})
    add_arxiv(sqlite_database, server, "cs.CL")
    run(sqlite_database, server)
    assert row(sqlite_database).poll_at == NOON + timedelta(hours=24)


def test_upvotes_become_a_series(sqlite_database: Database, server: HttpServer) -> None:
    def votes(n: int) -> Answer:
        paper = {"id": "2604.00001", "title": "T", "upvotes": n, "submittedOnDailyAt": "2026-04-20T00:00:00.000Z"}
        return Answer(200, {}, json.dumps([{"paper": paper}]).encode())

    server.routes["/api/daily_papers"] = [votes(3), votes(3), votes(3), votes(11), votes(11), votes(11)]
    add(sqlite_database, "huggingface", base_url=server.url())
    run(sqlite_database, server)
    assert [asked.query for asked in server.asked] == [f"limit=100&date=2026-04-{d}" for d in (18, 19, 20)]
    later = row(sqlite_database, "huggingface").poll_at
    assert later == NOON + timedelta(hours=3)
    assert run(sqlite_database, server, later) == 1
    paper = sqlite_database.run_sync(catalog.find, "2604.00001")
    series = sqlite_database.run_sync(catalog.signal_series, paper.id)
    assert [(name, at, value) for name, _, at, value in series] == [("upvotes", NOON, 3), ("upvotes", later, 11)]


def test_a_generic_feed_is_polled(sqlite_database: Database, server: HttpServer) -> None:
    body = journal_rss("<item><title>One</title><link>https://j.example.org/1</link></item>")
    server.routes["/feed"] = Answer(200, {"Cache-Control": "max-age=36000"}, body)
    add(sqlite_database, "feed", url=server.url("/feed"))
    run(sqlite_database, server)
    assert papers(sqlite_database) == 1
    assert row(sqlite_database, "feed").poll_at == NOON + timedelta(hours=10)


def test_dates_of_the_future_do_not_reach_the_catalog(sqlite_database: Database, server: HttpServer) -> None:
    server.routes["/rss/cs.CL"] = rss("2604.00001", day=date(2037, 1, 5))
    add_arxiv(sqlite_database, server, "cs.CL")
    run(sqlite_database, server)
    paper = sqlite_database.run_sync(catalog.find, "2604.00001")
    assert (paper.published_on, paper.first_seen_day) == (None, MONDAY)
    assert state(sqlite_database, "cs.CL").day is None


def test_files_of_a_day_are_polled_on_that_day(sqlite_database: Database, server: HttpServer, tmp_path: Path) -> None:
    folder = tmp_path / "listings"
    folder.mkdir()
    for day, name in ((MONDAY, "2604.00001"), (MONDAY + timedelta(days=1), "2604.00002")):
        (folder / f"{day}.xml").write_bytes(rss(name, day=day).body)
    add(sqlite_database, "files", path=str(folder))
    run(sqlite_database, server)
    assert papers(sqlite_database) == 1
    run(sqlite_database, server, NOON + timedelta(hours=1))
    assert row(sqlite_database, "files").last_counts == {
        "new": 1,
        "revised": 0,
        "merged": 0,
        "unchanged": 0,
        "rejected": 0,
    }
    run(sqlite_database, server, NOON + timedelta(days=1))
    assert papers(sqlite_database) == 2
    assert server.asked == []


def test_a_file_that_cannot_be_read_costs_the_others_nothing(
    sqlite_database: Database, server: HttpServer, tmp_path: Path
) -> None:
    folder = tmp_path / "listings"
    folder.mkdir()
    (folder / "a.txt").write_text("Dear diary,\nnothing.\n")
    (folder / "b.xml").write_bytes(rss("2604.00001").body)
    add(sqlite_database, "files", path=str(folder))
    run(sqlite_database, server)
    assert papers(sqlite_database) == 1
    assert "a.txt: " in str(row(sqlite_database, "files").last_error)


def test_options_that_no_longer_fit_are_an_error_and_keep_the_state(
    sqlite_database: Database, server: HttpServer
) -> None:
    add(sqlite_database, "arxiv", categories=["cs.XX"])
    run(sqlite_database, server)
    found = row(sqlite_database)
    assert "arXiv has no category 'cs.XX'" in str(found.last_error)
    assert found.poll_at == NOON + timedelta(hours=6)


def test_a_poller_that_lost_its_lease_discards_everything(database: Database, server: HttpServer) -> None:
    server.routes["/rss/cs.CL"] = [rss("2604.00001"), rss("2604.00002")]
    add_arxiv(database, server, "cs.CL")
    job = poll_job(server)
    slow, slow_result = _claim_and_work(database, job, NOON)
    later = NOON + timedelta(minutes=6)
    fast, fast_result = _claim_and_work(database, job, later)
    database.run_sync(job.settle, fast, fast_result, later)
    settled = row(database)
    database.run_sync(job.settle, slow, slow_result, later)
    assert row(database) == settled
    assert papers(database) == 1


def _claim_and_work(database: Database, job: Poll, now: datetime) -> tuple[DuePoll, PolledSource]:
    claim = database.run_sync(job.claim, now)
    assert claim is not None
    return claim, asyncio.run(job.work(claim))


def test_a_poller_that_died_is_followed_after_its_lease(database: Database, server: HttpServer) -> None:
    server.routes["/rss/cs.CL"] = rss("2604.00001")
    add_arxiv(database, server, "cs.CL")
    _claim_and_work(database, poll_job(server), NOON)
    assert run(database, server, NOON + timedelta(minutes=4)) == 0
    assert run(database, server, NOON + timedelta(minutes=5)) == 1
    assert papers(database) == 1


class Threads(BaseModel):
    """A source of somebody's own that remembers which thread parsed."""

    url: str

    def requests(self, state: Mapping[str, FeedState], now: datetime) -> list[Request]:
        del state, now
        return [Request(self.url, feed="x")]

    def parse(self, request: Request, response: Response) -> Listing:
        del request, response
        return Listing(threading.current_thread().name, None, ())

    def next_poll(self, state: Mapping[str, FeedState], now: datetime) -> datetime:
        del state
        return now + timedelta(hours=1)


def test_parsing_never_happens_on_the_event_loop(sqlite_database: Database, server: HttpServer) -> None:
    server.routes["/x"] = Answer()
    add(sqlite_database, "arxiv")

    def build(_kind: str, _options: Mapping[str, object]) -> Source:
        return Threads(url=server.url("/x"))

    reader: Reader = Fetcher("digest/0", network=Network(allow_hosts=(server.host,)))
    _, result = _claim_and_work(sqlite_database, Poll(build, reader), NOON)
    assert result.listings[0].feed != threading.main_thread().name
