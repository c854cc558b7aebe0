"""bioRxiv and medRxiv: rows of the API and items of the feeds as entries, page by page."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from pydantic import ValidationError

from digest.model import Alias, AliasKind, Announcement, Listing
from digest.sources import FeedState, Request, Response, Unreadable
from digest.sources.biorxiv import BiorxivSource, details
from tests.support.shared import shared

NOW = datetime(2026, 7, 18, 12, tzinfo=UTC)
SOURCE = BiorxivSource()
URL = "https://api.biorxiv.org/details/biorxiv/2026-07-15/2026-07-18/0/json"


def row(**values: object) -> dict[str, object]:
    return {
        "title": "On Invented Cells",
        "authors": "Example, A.; van Sample, B. C.",
        "doi": "10.64898/2026.07.13.700001",
        "date": "2026-07-15",
        "version": "1",
        "type": "new results",
        "category": "cell biology",
        "abstract": "We invent cells.",
        "published": "NA",
        "server": "bioRxiv",
        **values,
    }


def answer(*rows: object, cursor: object = 0, total: object = None, status: str = "ok") -> bytes:
    count = len(rows) if total is None else total
    message = {"status": status, "cursor": cursor, "count": len(rows), "total": str(count)}
    return json.dumps({"messages": [message], "collection": list(rows)}).encode()


def parse(body: bytes, url: str = URL) -> Listing:
    return SOURCE.parse(Request(url, feed="all"), Response(200, url, {}, body))


def test_a_row_is_one_version_of_a_preprint() -> None:
    (entry,) = parse(answer(row())).entries
    assert entry.title_raw == "On Invented Cells"
    assert entry.authors == ("A. Example", "B. C. van Sample")
    assert entry.aliases == (Alias(AliasKind.DOI, "10.64898/2026.07.13.700001"),)
    assert (entry.announcement, entry.version) == (Announcement.NEW, 1)
    assert entry.published_on == entry.day == date(2026, 7, 15)
    assert entry.categories == ("cell biology",)
    assert entry.url == "https://www.biorxiv.org/content/10.64898/2026.07.13.700001v1"
    assert entry.comment is None


def test_a_later_version_is_a_revision_and_says_nothing_of_the_first_days_date() -> None:
    (entry,) = parse(answer(row(version="3"))).entries
    assert (entry.announcement, entry.version) == (Announcement.REPLACE, 3)
    assert entry.published_on is None
    assert entry.day == date(2026, 7, 15)


def test_two_versions_in_one_answer_are_two_entries_the_first_one_first() -> None:
    found = parse(answer(row(version="2"), row(version="1"), row(version="2")))
    assert [entry.version for entry in found.entries] == [1, 2]


def test_na_is_no_value_and_a_published_doi_is_the_same_paper() -> None:
    published, plain = parse(
        answer(row(published="10.1000/J.1"), row(doi="10.1101/2025.01.01.600002", authors="NA", abstract="NA"))
    ).entries
    assert published.aliases[1] == Alias(AliasKind.DOI, "10.1000/j.1")
    assert (plain.authors, plain.is_authors_complete, plain.abstract_raw) == ((), False, "")
    assert len(plain.aliases) == 1


def test_a_withdrawn_preprint_says_so() -> None:
    (entry,) = parse(answer(row(type="WITHDRAWN"))).entries
    assert entry.comment == "This paper has been withdrawn"


def test_a_bad_row_costs_itself_only() -> None:
    found = parse(answer(row(), None, row(doi="NA"), row(title="NA", doi="10.64898/2026.07.13.700009")))
    assert len(found.entries) == 1
    assert [one.reason.partition(":")[0] for one in found.rejections] == ["item 2", "item 3", "item 4"]


def test_an_interval_without_posts_is_empty_and_no_error() -> None:
    found = details(answer(status="no posts found"), "all", "x")
    assert found.is_empty
    assert found.is_complete


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"messages":[{"status":"error: bad interval"}],"collection":[]}', "error: bad interval"),
        (b'{"error": "too many"}', "too many"),
        (b"[]", "a JSON list"),
        (b"<html><title>x</title></html>", "HTML page"),
        (b"", "no JSON"),
    ],
)
def test_another_answer_is_unreadable(body: bytes, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        parse(body)


def test_pages_follow_until_the_total_is_reached() -> None:
    request = SOURCE.requests({}, NOW)[0]
    first = Response(200, request.url, {}, answer(*[row()] * 100, total=150))
    following = SOURCE.following(request, first)
    assert following is not None
    assert following.url == request.url.replace("/0/json", "/100/json")
    assert following.feed == request.feed
    last = Response(200, following.url, {}, answer(*[row()] * 50, cursor="100", total=150))
    assert SOURCE.following(following, last) is None


def test_an_empty_page_in_the_middle_is_no_end() -> None:
    found = parse(answer(cursor=100, total=150))
    assert not found.is_complete
    assert found.rejections[-1].reason == "an empty page at row 100 of 150"
    assert SOURCE.following(Request(URL), Response(200, URL, {}, answer(cursor=100, total=150))) is None


def test_one_request_per_category_from_the_last_day_that_was_read() -> None:
    source = BiorxivSource(server="medrxiv", categories=("Cell Biology", "cell_biology", "pain-medicine"))
    state = {"cell_biology": FeedState(day=date(2026, 7, 10)), "pain_medicine": FeedState(day=date(2020, 1, 1))}
    requests = source.requests(state, NOW)
    assert [request.feed for request in requests] == ["cell_biology", "pain_medicine"]
    base = "https://api.biorxiv.org/details/medrxiv"
    assert requests[0].url == f"{base}/2026-07-10/2026-07-18/0/json?category=cell_biology"
    assert requests[1].url == f"{base}/2026-06-18/2026-07-18/0/json?category=pain_medicine"


def test_rss_is_asked_for_by_subject_and_read_like_the_api() -> None:
    source = BiorxivSource(mode="rss", categories=("genomics",))
    (request,) = source.requests({}, NOW)
    assert request.url == "https://connect.biorxiv.org/biorxiv_xml.php?subject=genomics"
    body = shared("samples/biorxiv/feed-rs_rss_1.0_biorxiv.xml").read_bytes()
    response = Response(200, request.url, {}, body)
    (entry,) = source.parse(request, response).entries
    assert (entry.announcement, entry.version) == (Announcement.NEW, 1)
    assert entry.published_on == entry.day == date(2023, 12, 16)
    assert entry.authors[0] == "N. LAPALU"
    assert source.following(request, response) is None


def test_failures_back_off() -> None:
    assert SOURCE.next_poll({}, NOW) == NOW + timedelta(hours=6)
    assert SOURCE.next_poll({"all": FeedState(failures=1)}, NOW) == NOW + timedelta(hours=1)
    assert SOURCE.next_poll({"all": FeedState(failures=9)}, NOW) == NOW + timedelta(hours=12)


def test_a_subject_that_cannot_be_one_is_refused() -> None:
    with pytest.raises(ValidationError, match="is no subject"):
        BiorxivSource(categories=("a&b",))
    assert BiorxivSource(categories=("all",)).categories == ()
