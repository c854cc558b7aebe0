"""Four announcement days nobody polled: afterwards the catalog is that of a daemon that was never down.

Feeds, OAI-PMH and clock are simulated; hosts and pace are arXiv's own, reached through a proxy on loopback.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from digest.jobs import run_due
from digest.jobs.catch_up import CatchUp
from digest.jobs.compose import Compose
from digest.jobs.poll import Poll
from digest.model import Schedule
from digest.plugins import build_source
from digest.sources.fetcher import Fetcher, Network
from digest.store import batches, catch_ups, migrations, profiles, sources, subscribers
from digest.store.database import Connection, Database
from tests.support.arxiv_archive import RecordedArchive
from tests.support.arxiv_feeds import RecordedDays
from tests.support.http_server import Answer, Asked, HttpServer
from tests.support.shared import shared

FRIDAY = date(2026, 4, 17)
LAST = date(2026, 4, 27)
DOWN = [date(2026, 4, day) for day in (20, 21, 22, 23)]
BERLIN = Schedule("Europe/Berlin", 8)
EDITED = "2604.14193"  # new on Friday, its record changed on Wednesday without a new version

RSS, OAI = "http://rss.arxiv.org/rss/cs.CV", "http://oaipmh.arxiv.org/oai"


@dataclass
class Clockwork:
    """Time that only moves when somebody sleeps or a day is over."""

    at: datetime = datetime(2026, 4, 17, 6, 11, tzinfo=UTC)
    requests: list[datetime] = field(default_factory=list)

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()

    async def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@dataclass
class Run:
    """A finished run: its database and when arXiv was asked for what."""

    database: Database
    clock: Clockwork
    asked: list[str]

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        return self.database.run_sync(lambda c: [tuple(row) for row in c.exec_driver_sql(statement)])


def play(folder: Path, down: list[date]) -> Run:
    """Every morning from Friday to Monday after next, but for the days the daemon is down."""
    clock, days = Clockwork(), RecordedDays(shared("samples/arxiv_days"))
    archive = RecordedArchive(shared("samples/arxiv_days"), FRIDAY)
    archive.edited[EDITED] = date(2026, 4, 22)
    database = Database(f"sqlite:///{folder / 'digest.db'}")
    migrations.upgrade(database)
    with HttpServer() as server:

        def timed(asked: Asked) -> Answer:
            clock.requests.append(clock.at)
            return archive.oai(asked)

        server.routes[OAI] = timed
        fetcher = Fetcher("digest/0", network=Network(proxy=server.url()), sleep=clock.sleep, monotonic=clock.monotonic)
        database.run_sync(_set_up, clock.at)
        day = FRIDAY
        while day <= LAST:
            body = days.feed(day)
            archive.today = day
            if day not in down:
                clock.at = max(clock.at, datetime(day.year, day.month, day.day, 6, 11, tzinfo=UTC))

                def feed(_asked: Asked, body: bytes = body) -> Answer:
                    clock.requests.append(clock.at)
                    return Answer(200, {"Content-Type": "application/rss+xml"}, body)

                server.routes[RSS] = feed
                asyncio.run(morning(database, fetcher, clock))
            day += timedelta(days=1)
        return Run(database, clock, [asked.path for asked in server.asked])


async def morning(database: Database, fetcher: Fetcher, clock: Clockwork) -> None:
    await run_due(Poll(build_source, fetcher), database, clock.now)
    await run_due(CatchUp(build_source, fetcher), database, clock.now)
    await run_due(Compose("example.org", timedelta(hours=24)), database, clock.now)


def _set_up(connection: Connection, now: datetime) -> None:
    options = {"categories": ["cs.CV"], "base_url": "http://rss.arxiv.org", "oai_url": OAI}
    sources.add(connection, "arxiv", "arxiv", options, now)
    ada = subscribers.add(connection, "ada@example.org", "", BERLIN, 10, "admin", now, now)
    profiles.set_profile(connection, ada.id, keywords=("gaussian splatting",))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    run = play(tmp_path_factory.mktemp("whole"), [])
    yield run
    run.database.close()


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    run = play(tmp_path_factory.mktemp("broken"), DOWN)
    yield run
    run.database.close()


PAPERS = """SELECT a.value, p.title, p.abstract_hash, p.version, p.is_new,
  (SELECT group_concat(name, '|') FROM (SELECT name FROM paper_authors WHERE paper_id = p.id ORDER BY position)),
  (SELECT group_concat(category) FROM (SELECT category FROM paper_categories WHERE paper_id = p.id ORDER BY category))
  FROM papers p JOIN paper_aliases a ON a.paper_id = p.id AND a.kind = 'arxiv' ORDER BY a.value"""


@pytest.mark.slow
def test_papers_titles_authors_and_categories_equal_those_of_an_uninterrupted_run(whole: Run, broken: Run) -> None:
    expected, found = whole.rows(PAPERS), broken.rows(PAPERS)
    assert len(expected) > 1000
    assert found == expected


@pytest.mark.slow
def test_the_missed_sightings_are_marked_as_caught_up(whole: Run, broken: Run) -> None:
    counted = "SELECT announcement, count(*) FROM sightings WHERE day BETWEEN '2026-04-20' AND '2026-04-23' GROUP BY 1"
    told, caught = dict(whole.rows(counted)), dict(broken.rows(counted))
    assert set(told) == {"new", "cross", "replace", "replace-cross"}
    assert set(caught) == {"caught-up", "caught-up-old"}
    assert caught["caught-up"] == told["new"] + told["cross"]
    elsewhere = (
        "SELECT * FROM sightings WHERE announcement LIKE 'caught-up%' AND day NOT BETWEEN '2026-04-20' AND '2026-04-23'"
    )
    assert broken.rows(elsewhere) == []


@pytest.mark.slow
def test_a_record_that_only_changed_was_not_announced(broken: Run) -> None:
    seen = "SELECT announcement FROM sightings s JOIN paper_aliases a USING (paper_id) WHERE a.value = "
    assert broken.rows(f"{seen}'{EDITED}'") == [("new",)]


@pytest.mark.slow
def test_the_missed_days_count_as_caught_up(broken: Run) -> None:
    told = broken.database.run_sync(batches.of_feed, "arxiv", "cs.CV")
    assert [batch.day for batch in told if batch.how == "caught-up"] == DOWN
    assert broken.database.run_sync(catch_ups.list_open) == []


@pytest.mark.slow
def test_subscribers_have_missed_nothing(whole: Run, broken: Run) -> None:
    scanned = "SELECT sum(scanned) FROM editions"
    assert broken.rows(scanned) == whole.rows(scanned)
    assert broken.rows("SELECT count(*) FROM editions WHERE day = '2026-04-24'") == [(1,)]


@pytest.mark.slow
def test_no_request_follows_the_last_within_three_seconds(broken: Run) -> None:
    assert broken.asked.count(OAI) > 5
    assert min(after - before for before, after in pairwise(broken.clock.requests)) >= timedelta(seconds=3)


@pytest.mark.slow
def test_a_daemon_that_was_never_down_never_asks_the_archive(whole: Run) -> None:
    assert OAI not in whole.asked
