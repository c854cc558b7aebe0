"""Eleven recorded days of cs.CV announcements, served as feeds and polled day by day."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date, timedelta

import pytest

from digest.model import Announcement
from digest.store import catalog
from digest.store.database import Database
from tests.support.arxiv_feeds import RecordedDays
from tests.support.http_server import Answer, HttpServer
from tests.support.program import Program
from tests.support.shared import shared

CONFIG = """
[database]
url = "sqlite:///digest.db"
[mail]
transport = "maildir"
from = "Trending Papers <digest@example.org>"
[maildir]
path = "mail"
[fetch]
allow_hosts = ["127.0.0.1"]
[sources.arxiv]
kind = "arxiv"
categories = ["cs.CV"]
base_url = "{base_url}"
"""

FRIDAY = date(2026, 4, 17)
WEEKDAYS = [FRIDAY, *(date(2026, 4, d) for d in (20, 21, 22, 23, 24, 27))]
EXPECTED = {
    "new": [95, 84, 276, 106, 94, 88, 61],
    "cross": [19, 21, 48, 13, 12, 14, 13],
    "replace": [62, 59, 138, 64, 53, 56, 32],
    "replace-cross": [10, 7, 39, 16, 12, 14, 7],
}
READERS = {
    "ada@example.org": ("vision-language", "multimodal large language model"),
    "bo@example.org": ("medical image segmentation", "MRI"),
    "cy@example.org": ("gaussian splatting", "3D reconstruction"),
}


def serve(server: HttpServer, body: bytes) -> None:
    server.routes["/rss/cs.CV"] = Answer(200, {"Content-Type": "application/rss+xml"}, body)


@pytest.fixture(scope="module")
def polled(tmp_path_factory: pytest.TempPathFactory) -> Program:
    """The program after eleven days: the fetch before the roll-over first, then one `once` each morning."""
    days = RecordedDays(shared("samples/arxiv_days"))
    folder = tmp_path_factory.mktemp("days")
    with HttpServer({}) as server:
        program = Program(folder, CONFIG.format(base_url=server.url("")))
        serve(server, days.feed(FRIDAY - timedelta(days=1), "fetched_2026-04-17T0323Z_still_previous_day"))
        program("once", "poll", "--now", "2026-04-17T03:23:00Z")
        for address, keywords in READERS.items():
            program("subscriber", "add", address, "--time-zone", "Europe/Berlin", "--hour", "8")
            program("profile", address, "set", *(f"--keyword={word}" for word in keywords))
        for offset in range(11):
            day = FRIDAY + timedelta(days=offset)
            serve(server, days.feed(day))
            program("once", "--now", f"{day}T06:11:00Z")
    return program


@pytest.mark.slow
def test_each_day_holds_what_was_announced_on_it(polled: Program) -> None:
    database = Database(f"sqlite:///{polled.folder / 'digest.db'}")
    counts = database.run_sync(catalog.announcements, "arxiv")
    database.close()
    assert sorted(counts) == [FRIDAY - timedelta(days=1), *WEEKDAYS]
    for announcement, expected in EXPECTED.items():
        assert [counts[day].get(announcement, 0) for day in WEEKDAYS] == expected, announcement
    assert sum(counts[FRIDAY - timedelta(days=1)].values()) == 190


@pytest.mark.slow
def test_a_replacement_of_a_paper_never_seen_is_no_news(polled: Program) -> None:
    days = RecordedDays(shared("samples/arxiv_days"))
    seen: dict[str, str] = {}
    for name in ("fetched_2026-04-17T0323Z_still_previous_day", *map(str, WEEKDAYS)):
        for paper in days.papers(name):
            seen.setdefault(paper["arxiv_id"], paper["announce_type"])
    database = Database(f"sqlite:///{polled.folder / 'digest.db'}")
    rows = database.run_sync(lambda c: c.exec_driver_sql("SELECT change, count(*) FROM sightings GROUP BY 1").all())
    papers = database.run_sync(catalog.count)
    database.close()
    stored = {change: n for change, n in rows}  # noqa: C416
    assert papers == len(seen)
    assert stored["new"] == sum(not Announcement(kind).is_replacement for kind in seen.values())


@pytest.mark.slow
def test_weekends_are_silent_without_an_error(polled: Program) -> None:
    (source,) = polled.json("source", "list")
    assert source["errors"] == 0
    assert source["last_error"] is None


@pytest.mark.slow
def test_each_subscriber_gets_each_paper_at_most_once(polled: Program) -> None:
    mailed: Counter[tuple[str, str]] = Counter()
    for mail in polled.mails():
        body = mail.get_body(("plain",))
        assert body is not None
        for paper in set(re.findall(r"arxiv\.org/abs/(\d{4}\.\d{5})", body.get_content())):
            mailed[mail["To"].addresses[0].addr_spec, paper] += 1
    assert {address for address, _ in mailed} == set(READERS)
    assert set(mailed.values()) == {1}
    chosen = {address: {p for a, p in mailed if a == address} for address in READERS}
    for one in READERS:
        for other in READERS:
            assert one == other or len(chosen[one] & chosen[other]) < len(chosen[one]) / 2
