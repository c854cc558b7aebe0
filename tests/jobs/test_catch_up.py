"""Missed days are found by the next poll and fetched page by page, over whichever way works."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from xml.sax.saxutils import escape

import pytest

from digest import clock
from digest.jobs import run_due
from digest.jobs.catch_up import CatchUp
from digest.jobs.poll import Poll
from digest.plugins import build_source
from digest.sources.fetcher import Fetcher, Network
from digest.store import batches, catalog, catch_ups, sources
from digest.store.catch_ups import CatchUpRow
from digest.store.database import Database
from tests.support.feeds import Announced, arxiv_rss
from tests.support.http_server import Answer, HttpServer

FRIDAY, TUESDAY = date(2026, 4, 17), date(2026, 4, 21)
MORNING = datetime(2026, 4, 21, 6, 11, tzinfo=UTC)

_SAME = escape(Announced("1").abstract)
_OAI = "<OAI-PMH xmlns='http://www.openarchives.org/OAI/2.0/'>{}</OAI-PMH>"
_API = """<feed xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/" xmlns="http://www.w3.org/2005/Atom">
<title>arXiv Query</title><opensearch:totalResults>1</opensearch:totalResults>
<opensearch:startIndex>0</opensearch:startIndex>
<entry><id>http://arxiv.org/abs/2604.10001v1</id><title>Missed</title><published>2026-04-17T10:00:00Z</published>
<summary>Words.</summary><author><name>Ada Example</name></author><category term="cs.CL"/></entry></feed>"""


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with HttpServer() as running:
        yield running


def record(name: str, *versions: str, changed: str = "2026-04-20") -> str:
    told = "".join(
        f"<version version='v{n}'><date>{day}T10:00:00Z</date></version>" for n, day in enumerate(versions, 1)
    )
    return (
        f"<record><header><identifier>oai:arXiv.org:{name}</identifier><datestamp>{changed}</datestamp></header>"
        f"<metadata><arXivRaw><id>{name}</id>{told}<title>Title of {name}</title><authors>Ada Example</authors>"
        f"<categories>cs.CL</categories><abstract>{_SAME}</abstract></arXivRaw></metadata></record>"
    )


def page(*records: str, token: str = "") -> Answer:
    listed = f"<ListRecords>{''.join(records)}<resumptionToken>{token}</resumptionToken></ListRecords>"
    return Answer(200, {"Content-Type": "text/xml"}, _OAI.format(listed).encode())


def error(code: str) -> Answer:
    return Answer(200, {"Content-Type": "text/xml"}, _OAI.format(f"<error code='{code}'>no</error>").encode())


def fetcher(server: HttpServer) -> Fetcher:
    return Fetcher("digest/0", network=Network(allow_hosts=(server.host,)))


def poll(database: Database, server: HttpServer, day: date, *ids: str) -> None:
    announced = [Announced(name, f"Title of {name}", categories=("cs.CL",)) for name in ids]
    server.routes["/rss/cs.CL"] = Answer(200, {}, arxiv_rss(day, announced, "cs.CL"))
    now = datetime(day.year, day.month, day.day, 6, 11, tzinfo=UTC)
    database.run_sync(sources.make_due, [], now)
    asyncio.run(run_due(Poll(build_source, fetcher(server)), database, clock.fixed(now)))


def catch_up(database: Database, server: HttpServer, now: datetime = MORNING) -> int:
    return asyncio.run(run_due(CatchUp(build_source, fetcher(server)), database, clock.fixed(now)))


@pytest.fixture
def gap(database: Database, server: HttpServer) -> Database:
    """Monday was missed."""
    options = {
        "categories": ["cs.CL"],
        "base_url": server.url(),
        "oai_url": server.url("/oai"),
        "api_url": server.url("/api"),
    }
    database.run_sync(sources.add, "arxiv", "arxiv", options, MORNING - timedelta(days=9))
    poll(database, server, FRIDAY, "2604.00001")
    poll(database, server, TUESDAY, "2604.20001")
    return database


def open_rows(database: Database) -> list[CatchUpRow]:
    return database.run_sync(catch_ups.list_open)


def sightings(database: Database, name: str) -> list[tuple[date, str]]:
    paper = database.run_sync(catalog.find, name)
    return [(day, kind) for _, _, day, kind in database.run_sync(catalog.sightings_of, paper.id)]


def test_the_next_poll_finds_the_missed_day(gap: Database) -> None:
    (row,) = open_rows(gap)
    assert (row.feed, row.since, row.until, row.route) == ("cs.CL", date(2026, 4, 20), date(2026, 4, 20), "oai")


def test_the_pages_are_stored_and_the_day_is_marked(gap: Database, server: HttpServer) -> None:
    server.routes["/oai"] = [
        page(record("2604.10001", "2026-04-17"), token="t1"),
        page(record("2604.10002", "2026-04-17")),
    ]
    assert catch_up(gap, server) == 2
    assert open_rows(gap) == []
    assert sightings(gap, "2604.10001") == [(date(2026, 4, 20), "caught-up")]
    told = gap.run_sync(batches.of_feed, "arxiv", "cs.CL")
    assert [(batch.day.day, batch.how.value) for batch in told] == [(17, "polled"), (20, "caught-up"), (21, "polled")]
    asked = [asked.query for asked in server.asked if asked.path == "/oai"]
    assert asked[0].endswith("from=2026-04-19")
    assert asked[1] == "verb=ListRecords&resumptionToken=t1"
    poll(gap, server, TUESDAY, "2604.20001", "2604.20002")
    assert open_rows(gap) == []


def test_an_unseen_replacement_is_stored_but_no_news(gap: Database, server: HttpServer) -> None:
    server.routes["/oai"] = page(record("2601.00001", "2026-01-05", "2026-04-17"))
    catch_up(gap, server)
    assert sightings(gap, "2601.00001") == [(date(2026, 4, 20), "caught-up-old")]
    found = gap.run_sync(catalog.candidates, MORNING - timedelta(days=9), MORNING)
    assert "arxiv:2601.00001" not in [paper.key for paper in found]


def test_a_known_paper_whose_record_changed_gets_no_sighting(gap: Database, server: HttpServer) -> None:
    server.routes["/oai"] = page(record("2604.00001", "2026-04-16"))
    catch_up(gap, server)
    assert sightings(gap, "2604.00001") == [(FRIDAY, "new")]


def test_a_known_paper_that_was_replaced_is_a_revision(gap: Database, server: HttpServer) -> None:
    server.routes["/oai"] = page(record("2604.00001", "2026-04-16", "2026-04-17"))
    catch_up(gap, server)
    assert sightings(gap, "2604.00001") == [(FRIDAY, "new"), (date(2026, 4, 20), "caught-up-old")]
    assert gap.run_sync(catalog.find, "2604.00001").version == 2


def test_a_token_worth_no_more_begins_again_at_once(gap: Database, server: HttpServer) -> None:
    first = page(record("2604.10001", "2026-04-17"), token="t1")
    server.routes["/oai"] = [first, error("badResumptionToken"), first, page()]
    assert catch_up(gap, server) == 4
    assert open_rows(gap) == []


def test_the_services_wish_to_wait_is_kept(gap: Database, server: HttpServer) -> None:
    server.routes["/oai"] = Answer(503, {"Retry-After": "1800"})
    assert catch_up(gap, server) == 1
    (row,) = open_rows(gap)
    assert row.due_at == MORNING + timedelta(minutes=30)
    assert row.last_error is not None
    assert row.last_error.startswith("HTTP 503")


def test_after_three_failures_the_api_is_asked(gap: Database, server: HttpServer) -> None:
    server.routes["/oai"] = Answer(200, {}, b"<!DOCTYPE html><html>Sorry</html>")
    server.routes["/api"] = Answer(200, {"Content-Type": "application/atom+xml"}, _API.encode())
    for hour in (0, 1, 2, 3):
        catch_up(gap, server, MORNING + timedelta(hours=hour))
    assert open_rows(gap) == []
    assert sightings(gap, "2604.10001") == [(date(2026, 4, 20), "caught-up")]


def test_a_worker_that_died_loses_only_its_page(gap: Database, server: HttpServer) -> None:
    server.routes["/oai"] = [page(record("2604.10001", "2026-04-17"), token="t1"), page()]
    job = CatchUp(build_source, fetcher(server))
    first = gap.run_sync(job.claim, MORNING)
    assert first is not None
    gap.run_sync(job.settle, first, asyncio.run(job.work(first)), MORNING)
    assert gap.run_sync(job.claim, MORNING) is not None  # and dies
    assert catch_up(gap, server) == 0
    assert catch_up(gap, server, MORNING + timedelta(minutes=11)) == 1
    assert [asked.query[-2:] for asked in server.asked if asked.path == "/oai"] == ["19", "t1"]


def test_who_lost_the_claim_stores_nothing(gap: Database, server: HttpServer) -> None:
    server.routes["/oai"] = page(record("2604.10001", "2026-04-17"))
    job = CatchUp(build_source, fetcher(server))
    slow = gap.run_sync(job.claim, MORNING)
    assert slow is not None
    result = asyncio.run(job.work(slow))
    gap.run_sync(catch_ups.make_due, [slow.id], MORNING)
    assert gap.run_sync(job.claim, MORNING) is not None
    before = gap.run_sync(catalog.count)
    gap.run_sync(job.settle, slow, result, MORNING)
    assert gap.run_sync(catalog.count) == before


def test_a_wider_gap_begins_again_and_a_narrower_one_goes_on(gap: Database) -> None:
    (row,) = open_rows(gap)
    days = date(2026, 4, 20), date(2026, 4, 22)
    assert gap.run_sync(catch_ups.open_, "arxiv", "cs.CL", days, "oai", MORNING) == row.id
    assert open_rows(gap)[0].until == date(2026, 4, 22)
    wider = date(2026, 4, 14), date(2026, 4, 20)
    gap.run_sync(catch_ups.open_, "arxiv", "cs.CL", wider, "oai", MORNING)
    (row,) = open_rows(gap)
    assert (row.since, row.until) == (date(2026, 4, 14), date(2026, 4, 22))


def test_a_feed_dated_in_the_future_opens_no_gap(gap: Database, server: HttpServer) -> None:
    server.routes["/oai"] = page()
    catch_up(gap, server)
    announced = [Announced("2604.30001", categories=("cs.CL",))]
    server.routes["/rss/cs.CL"] = Answer(200, {}, arxiv_rss(date(2031, 4, 21), announced, "cs.CL"))
    gap.run_sync(sources.make_due, [], MORNING)
    asyncio.run(run_due(Poll(build_source, fetcher(server)), gap, clock.fixed(MORNING)))
    assert open_rows(gap) == []
    assert max(batch.day for batch in gap.run_sync(batches.of_feed, "arxiv", "cs.CL")) == TUESDAY


def test_an_empty_weekday_is_asked_for_again_once_the_next_batch_is_there(gap: Database, server: HttpServer) -> None:
    server.routes["/oai"] = page()
    catch_up(gap, server)
    poll(gap, server, date(2026, 4, 22))
    assert open_rows(gap) == []
    poll(gap, server, date(2026, 4, 23), "2604.40001")
    (row,) = open_rows(gap)
    assert (row.since, row.until) == (date(2026, 4, 22), date(2026, 4, 22))


def test_a_paused_source_waits(gap: Database, server: HttpServer) -> None:
    gap.run_sync(sources.pause, "arxiv")
    assert catch_up(gap, server) == 0
