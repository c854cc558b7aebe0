"""arXiv's search API: both generations of its payload, its error entry, its empty pages."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from digest.sources import Response, Unreadable, arxiv_api
from digest.sources.archive import Missed, Page
from tests.support.shared import shared

_FEED = """<?xml version='1.0' encoding='UTF-8'?>
<feed xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/" xmlns="http://www.w3.org/2005/Atom">
<title>arXiv Query</title><opensearch:totalResults>{total}</opensearch:totalResults>
<opensearch:startIndex>{start}</opensearch:startIndex>{entries}</feed>"""

_OLD = """<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom">
<link href="http://arxiv.org/api/query?x" rel="self" type="application/atom+xml"/>
<title type="html">ArXiv Query: x</title>
<opensearch:totalResults xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/">1</opensearch:totalResults>
<entry><id>http://arxiv.org/abs/2604.00001v2</id><updated>2026-04-21T10:00:00Z</updated>
<published>2026-04-20T10:00:00Z</published><title>On Wrapped
  Titles</title><summary>  An abstract
over two lines.
</summary><author><name>Ada Example</name></author>
<arxiv:primary_category xmlns:arxiv="http://arxiv.org/schemas/atom" term="cs.CV" scheme="http://arxiv.org/schemas/atom"/>
<category term="cs.CV" scheme="http://arxiv.org/schemas/atom"/><category term="I.2.6" scheme="x"/></entry></feed>"""


def read(body: bytes, status: int = 200) -> Page:
    return arxiv_api.page("cs.CV", Response(status, "u", {}, body), "u")


def recordings() -> list[Path]:
    return sorted(shared("samples/arxiv_api").rglob("*.xml"))


def test_every_recorded_answer_is_read_whole_or_refused() -> None:
    refused = []
    for path in recordings():
        try:
            page = read(path.read_bytes())
        except Unreadable as error:
            refused.append((path.name.partition("_s0")[0], str(error).partition("; ")[2]))
            continue
        assert page.listing.rejections == (), path.name
        for entry in page.listing.entries:
            assert entry.authors, path.name
            assert entry.version, path.name
            assert entry.primary_category, path.name
            assert entry.published_on, path.name
    assert refused == [("id_abc", "item 1: arXiv says: incorrect id format for abc")]


def test_the_wrapped_recordings_hold_the_same_answers() -> None:
    for path in sorted(shared("samples/arxiv_api/lukasschwab").glob("*.json")):
        told = json.loads(path.read_text("utf-8"))
        if told["status_code"] == 200:
            (body,) = shared("samples/arxiv_api/bodies").glob(f"{path.stem}.*")
            assert read(told["body"].encode()) == read(body.read_bytes()), path.name


def test_the_next_page_begins_where_this_one_ended() -> None:
    (path,) = shared("samples/arxiv_api/bodies").glob("q_testing_s20_m10_*")
    page = read(path.read_bytes())
    assert (page.token, page.announced) == ("30", 214881)


def test_an_unknown_id_is_an_empty_answer() -> None:
    (path,) = shared("samples/arxiv_api/bodies").glob("id_0000.0000_*")
    page = read(path.read_bytes())
    assert (page.listing.is_empty, page.token, page.announced) == (True, None, 0)


def test_an_empty_page_in_the_middle_is_refused_so_that_it_is_asked_again() -> None:
    with pytest.raises(Unreadable, match="an empty page at 500 of 900 papers"):
        read(_FEED.format(total=900, start=500, entries="").encode())


def test_the_payload_of_old_reads_the_same() -> None:
    (entry,) = read(_OLD.encode()).listing.entries
    assert (entry.version, entry.published_on, entry.primary_category) == (2, date(2026, 4, 20), "cs.CV")
    assert " ".join(entry.title_raw.split()) == "On Wrapped Titles"
    assert entry.announcement == "caught-up"


@pytest.mark.parametrize("body", [b"<html><body>Rate exceeded.</body></html>", b"", _FEED.encode()[:150]])
def test_whatever_is_no_whole_feed_is_refused(body: bytes) -> None:
    with pytest.raises(Unreadable):
        read(body)


def test_missed_days_are_asked_by_submission_oldest_first() -> None:
    request = arxiv_api.request("https://api.example.org/q", Missed("cs.CV", date(2026, 4, 20), "api", "500"))
    assert request.url == (
        "https://api.example.org/q?search_query=cat%3Acs.CV+AND+submittedDate%3A%5B202604150000+TO+999912312359%5D"
        "&start=500&max_results=500&sortBy=submittedDate&sortOrder=ascending"
    )


def test_an_archive_is_asked_with_all_its_categories() -> None:
    assert "cat%3Aq-bio.%2A+" in arxiv_api.request("https://x", Missed("q-bio", date(2026, 4, 20), "api")).url
    assert "cat%3Ahep-th+" in arxiv_api.request("https://x", Missed("hep-th", date(2026, 4, 20), "api")).url
