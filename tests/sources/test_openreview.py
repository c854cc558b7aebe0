"""OpenReview: notes of both versions of the API as entries, page by page."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from pydantic import ValidationError

from digest.model import Alias, AliasKind, Entry, Listing
from digest.sources import FeedState, Request, Response, Unreadable
from digest.sources.openreview import OpenReviewSource

NOW = datetime(2026, 4, 20, 12, tzinfo=UTC)
SOURCE = OpenReviewSource(venues=("Inv.cc/2026/Conference",))
URL = "https://api2.openreview.net/notes?content.venueid=Inv.cc&limit=1000&offset=0"


def note(name: str = "aBc_-1", **values: object) -> dict[str, object]:
    content: dict[str, object] = {
        "title": "On Invented\n Reviews",
        "authors": ["Ada Example", "Bo Sample"],
        "abstract": "We invent.",
        "keywords": ["reviews", "invention"],
        "pdf": "/pdf/abc.pdf",
        "venueid": "Inv.cc/2026/Conference",
        "venue": "Inv 2026 oral",
        "TLDR": "Reviews are invented.",
    }
    outer: dict[str, object] = {"id": name, "forum": name, "cdate": 1_767_225_600_000, "pdate": 1_776_643_200_000}
    content |= {key: value for key, value in values.items() if key not in ("forum", "replyto", "pdate", "cdate")}
    outer |= {key: value for key, value in values.items() if key in ("forum", "replyto", "pdate", "cdate")}
    return {**outer, "content": content}


def wrapped(one: dict[str, object]) -> dict[str, object]:
    content = one["content"]
    assert isinstance(content, dict)
    return {**one, "content": {key: {"value": value} for key, value in content.items()}}


def parse(*notes: object, count: int | None = None, url: str = URL) -> Listing:
    body = json.dumps({"notes": list(notes), "count": len(notes) if count is None else count}).encode()
    return SOURCE.parse(Request(url, feed="Inv"), Response(200, url, {}, body))


def one(*notes: object) -> Entry:
    (entry,) = parse(*notes).entries
    return entry


def test_both_versions_of_the_api_say_the_same() -> None:
    assert one(note()) == one(wrapped(note()))


def test_a_note_is_a_paper() -> None:
    entry = one(wrapped(note()))
    assert entry.title_raw == "On Invented Reviews"
    assert entry.aliases == (Alias(AliasKind.OPENREVIEW, "aBc_-1"),)
    assert entry.authors == ("Ada Example", "Bo Sample")
    assert entry.categories == ("reviews", "invention")
    assert entry.published_on == entry.day == date(2026, 4, 20)
    assert entry.url == entry.discussion_url == "https://openreview.net/forum?id=aBc_-1"
    assert entry.pdf_url == "https://openreview.net/pdf?id=aBc_-1"
    assert (entry.summary, entry.comment) == ("Reviews are invented.", "Inv 2026 oral")


def test_submission_counts_where_there_is_no_publication() -> None:
    assert one(note(pdate=None)).published_on == date(2026, 1, 1)
    assert one(note(pdate=None, cdate="soon")).published_on is None
    assert one(note(pdate=10**30, cdate=True)).published_on is None


def test_replies_are_no_papers() -> None:
    review = note("rev1", forum="aBc_-1", replyto="aBc_-1")
    assert [entry.title_raw for entry in parse(note(), review).entries] == ["On Invented Reviews"]
    assert parse(review).is_empty


def test_a_blind_submission_names_nobody() -> None:
    entry = one(note(authors=["Anonymous"]))
    assert (entry.authors, entry.is_authors_complete) == ((), False)


def test_a_withdrawn_submission_says_so() -> None:
    entry = one(note(venueid="Inv.cc/2026/Conference/Withdrawn_Submission"))
    assert entry.comment == "This paper has been withdrawn by the authors"


def test_a_bad_note_costs_itself_only() -> None:
    found = parse(note(), None, note("x", title=None), {"content": {"title": "No id"}})
    assert len(found.entries) == 1
    assert len(found.rejections) == 3


@pytest.mark.parametrize(
    "body", [b'{"name":"ForbiddenError","message":"too many requests"}', b"[7]", b"<html></html>", b"{"]
)
def test_another_answer_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        SOURCE.parse(Request(URL, feed="x"), Response(200, URL, {}, body))


def test_a_full_page_is_followed_and_an_empty_one_too_early_is_not_the_end() -> None:
    body = json.dumps({"notes": [note()] * 1000, "count": 1500}).encode()
    following = SOURCE.following(Request(URL, feed="x"), Response(200, URL, {}, body))
    assert following is not None
    assert following.url.endswith("limit=1000&offset=1000")
    assert SOURCE.following(Request(URL), Response(200, URL, {}, b'{"notes": [], "count": 1500}')) is None
    cut = parse(count=1500, url=following.url)
    assert not cut.is_complete
    assert cut.rejections[-1].reason == "an empty page at note 1000 of 1500"
    assert parse(count=0).is_complete


def test_venues_and_invitations_are_asked_for() -> None:
    source = OpenReviewSource(venues=("A.cc/2026",), invitations=("B.cc/2026/-/Submission",))
    first, second = source.requests({}, NOW)
    assert first.url == "https://api2.openreview.net/notes?content.venueid=A.cc%2F2026&limit=1000&offset=0"
    assert "invitation=B.cc%2F2026%2F-%2FSubmission" in second.url
    with pytest.raises(ValidationError, match="name venues"):
        OpenReviewSource()


def test_failures_back_off() -> None:
    assert SOURCE.next_poll({}, NOW) == NOW + timedelta(hours=24)
    assert SOURCE.next_poll({"x": FeedState(failures=2)}, NOW) == NOW + timedelta(hours=2)
