"""Payloads in files: a polled folder, and single files to import."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from digest.errors import UnreadableFile
from digest.sources import FeedState, Fetched, NotModified, Request, Unavailable
from digest.sources.files import FilesSource, day_of, read_payload
from tests.support.feeds import Announced, arxiv_atom, arxiv_rss, journal_rss
from tests.support.shared import shared

NOW = datetime(2026, 4, 20, 12, tzinfo=UTC)
DAY = date(2026, 4, 20)
FEED = arxiv_rss(DAY, [Announced("2604.00001")])


def visible(folder: Path, now: datetime) -> list[str]:
    return [request.feed for request in FilesSource(path=folder).requests({}, now)]


def test_files_named_after_a_day_appear_on_it(tmp_path: Path) -> None:
    for name in (
        "2026-04-19.xml",
        "2026-04-20-cs.CL.xml",
        "2026-04-21_hf.json",
        "other.xml",
        ".hidden",
        "2026-13-99.xml",
    ):
        (tmp_path / name).write_bytes(FEED)
    (tmp_path / "folder").mkdir()
    always = ["2026-13-99.xml", "other.xml"]
    assert visible(tmp_path, datetime(2026, 4, 19, 23, 59, tzinfo=UTC)) == ["2026-04-19.xml", *always]
    assert visible(tmp_path, datetime(2026, 4, 20, tzinfo=UTC)) == ["2026-04-19.xml", "2026-04-20-cs.CL.xml", *always]


def test_an_unchanged_file_is_not_parsed_again(tmp_path: Path) -> None:
    path = tmp_path / "feed.xml"
    path.write_bytes(FEED)
    source = FilesSource(path=tmp_path)
    (request,) = source.requests({}, NOW)
    first = asyncio.run(source.fetch(request, None))
    assert isinstance(first, Fetched)
    assert len(source.parse(request, first.response).entries) == 1
    state = FeedState(etag=first.response.headers["etag"])
    assert asyncio.run(source.fetch(request, state)) == NotModified()
    path.write_bytes(FEED + b"\n")
    assert isinstance(asyncio.run(source.fetch(request, state)), Fetched)


def test_a_folder_that_is_not_there_says_so(tmp_path: Path) -> None:
    source = FilesSource(path=tmp_path / "nowhere")
    (request,) = source.requests({}, NOW)
    outcome = asyncio.run(source.fetch(request, None))
    assert isinstance(outcome, Unavailable)
    assert "nowhere cannot be read: No such file" in outcome.reason


def test_a_truncated_file_of_a_folder_keeps_its_whole_items(tmp_path: Path) -> None:
    (tmp_path / "feed.xml").write_bytes(FEED[:-20])
    source = FilesSource(path=tmp_path)
    (request,) = source.requests({}, NOW)
    outcome = asyncio.run(source.fetch(request, None))
    assert isinstance(outcome, Fetched)
    listing = source.parse(request, outcome.response)
    assert (len(listing.entries), listing.is_complete) == (1, False)


@pytest.mark.parametrize(
    ("name", "body", "feed", "day"),
    [
        ("a.xml", FEED, "cs.CL", DAY),
        ("a.atom", arxiv_atom(DAY, [Announced("2604.00001")], "cs.CV"), "cs.CV", DAY),
        (
            "2026-04-21.json",
            json.dumps([{"paper": {"id": "2604.00001", "title": "T"}}]).encode(),
            "daily papers",
            date(2026, 4, 21),
        ),
        ("journal.rss", journal_rss("<item><title>T</title></item>"), "journal.rss", None),
    ],
)
def test_the_kind_of_a_file_is_told_by_its_content(name: str, body: bytes, feed: str, day: date | None) -> None:
    listing = read_payload(Path(name), body, DAY)
    assert (listing.feed, listing.day, len(listing.entries)) == (feed, day, 1)


@pytest.mark.parametrize(
    ("body", "line", "reason"),
    [
        (b"", None, "empty"),
        (b"<!doctype html><html></html>", 1, "HTML page"),
        (b"<opml/>", None, "root element"),
        (FEED[:-20], 18, "cut off"),
        (FEED[:200], 3, "cut off"),
        (b'{"a": 1}', 1, "JSON of none of the known services"),
        (b'[{"a": \n 1}, \n x]', 3, "no JSON"),
    ],
)
def test_a_damaged_file_is_refused_whole_with_its_line(body: bytes, line: int | None, reason: str) -> None:
    with pytest.raises(UnreadableFile, match=reason) as caught:
        read_payload(Path("some/file.xml"), body, DAY)
    assert caught.value.line == line
    assert str(caught.value).startswith("some/file.xml")


def test_what_is_none_of_the_known_formats_says_which_there_are() -> None:
    with pytest.raises(UnreadableFile, match=r"none\.txt:1: none of the known formats \(an RSS"):
        read_payload(Path("none.txt"), b"Dear diary,\nnothing happened.\n", DAY)


@pytest.mark.parametrize(
    ("name", "papers"),
    [("000_878caddfffde6704.txt", 23), ("002_e8a65eb207fa7d85.txt", 119), ("004_804fe46546ba4220.txt", 31)],
)
def test_text_dumps_are_recognised(name: str, papers: int) -> None:
    path = shared(f"dumps/{name}")
    assert len(read_payload(path, path.read_bytes(), date(2026, 4, 20)).entries) == papers


def test_days_in_names_are_dates() -> None:
    assert day_of("2026-04-20.xml") == DAY
    assert day_of("2026-04-20-evening.xml") == DAY
    assert day_of("2026-04-201.xml") is None
    assert day_of("2026-02-30.xml") is None
    assert day_of("x-2026-04-20.xml") is None
    assert Request("x").feed == ""
