"""Daily Papers: optional fields, wraps, garbage, votes that grow."""

from __future__ import annotations

import copy
import json
from datetime import UTC, date, datetime, timedelta

import pytest
from pydantic import ValidationError

from digest.model import Alias, AliasKind, Listing, Signal
from digest.sources import FeedState, Request, Response, Unreadable
from digest.sources.huggingface import HuggingFaceSource, daily_papers
from tests.support.shared import shared

NOW = datetime(2026, 4, 20, 12, tzinfo=UTC)
SOURCE = HuggingFaceSource()
PAPER: dict[str, object] = {
    "id": "2604.00001",
    "title": "Invented Results\n  on Invented Things",
    "summary": "We invent\nthings.",
    "authors": [{"name": "Ada Example", "hidden": False}, {"name": "Bo Sample"}, {"name": "Secret", "hidden": True}],
    "publishedAt": "2026-04-17T00:00:00.000Z",
    "submittedOnDailyAt": "2026-04-20T01:58:54.337Z",
    "upvotes": 12,
}


def element(**changes: object) -> dict[str, object]:
    return {"paper": {**copy.deepcopy(PAPER), **changes}, "publishedAt": "2026-04-16T20:00:00.000Z", "numComments": 3}


def parse(*elements: object, status: int = 200) -> Listing:
    request = Request("https://huggingface.co/api/daily_papers?date=2026-04-20", feed="2026-04-20")
    return SOURCE.parse(request, Response(status, request.url, {}, json.dumps(elements).encode()))


def test_an_element_with_the_least_it_can_have_is_read() -> None:
    (entry,) = parse(element()).entries
    assert entry.title_raw == "Invented Results on Invented Things"
    assert entry.abstract_raw == "We invent things."
    assert entry.aliases == (Alias(AliasKind.ARXIV, "2604.00001"),)
    assert entry.authors == ("Ada Example", "Bo Sample")
    assert entry.version is None
    assert entry.published_on == date(2026, 4, 17)
    assert entry.signals == (Signal("upvotes", 12), Signal("comments", 3))
    assert (entry.code_url, entry.has_code, entry.summary, entry.affiliations) == (None, False, None, ())
    assert entry.discussion_url == "https://huggingface.co/papers/2604.00001"


def test_the_lists_day_is_that_of_the_submission_in_utc() -> None:
    listing = parse(element(), element(id="2604.00002", submittedOnDailyAt=None))
    assert [entry.day for entry in listing.entries] == [date(2026, 4, 20), None]
    assert listing.day == date(2026, 4, 20)


def test_optional_fields_are_taken_where_they_are() -> None:
    (entry,) = parse(
        element(
            ai_summary="In short.",
            githubRepo="https://github.com/example/repo",
            githubStars=7,
            organization={"name": "lab", "fullname": "The Lab"},
        )
    ).entries
    assert entry.summary == "In short."
    assert (entry.code_url, entry.has_code) == ("https://github.com/example/repo", True)
    assert entry.affiliations == ("The Lab",)
    assert Signal("stars", 7) in entry.signals


def test_garbage_elements_are_rejections() -> None:
    garbage: list[object] = [
        None,
        7,
        "x",
        [],
        {},
        {"paper": None},
        {"paper": []},
        element(id="no"),
        element(id=7),
        element(title=None),
    ]
    listing = parse(*garbage, element())
    assert len(listing.entries) == 1
    assert len(listing.rejections) == len(garbage)
    assert listing.rejections[0].reason == "item 1: an object was expected, not NoneType"


@pytest.mark.parametrize("votes", [None, "12", True, -1, 1.5, 2**40, []])
def test_a_count_that_is_none_is_no_reading(votes: object) -> None:
    (entry,) = parse(element(upvotes=votes)).entries
    assert entry.signals == (Signal("comments", 3),)


def test_what_no_database_takes_is_dropped() -> None:
    body = json.dumps([element(title="A\x00B", summary="x")]).encode().replace(b"AB", b"A\\ud800B")
    (entry,) = daily_papers(body, None, "x").entries
    assert entry.title_raw == "AB"


def test_a_weekend_is_an_empty_listing() -> None:
    listing = parse()
    assert (listing.is_empty, listing.day, listing.rejections) == (True, date(2026, 4, 20), ())


def test_a_day_that_is_not_open_yet_is_empty_too() -> None:
    assert parse(status=400).is_empty


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "no JSON"),
        (b"{", "no JSON"),
        (b'{"error": "overloaded"}', "the error 'overloaded'"),
        (b'{"a": 1}', "a JSON dict"),
        (b"<!doctype html><html>", "HTML page"),
        (b"[" * 100_000, "no JSON"),
        (b"[null]", "none of its 1 items"),
    ],
)
def test_an_answer_of_another_form_is_unreadable(body: bytes, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        daily_papers(body, None, "x")


# ── recorded payloads ────────────────────────────────────────────────────────────────────────────


def recorded(name: str) -> Listing:
    return daily_papers(shared(f"samples/hf/{name}").read_bytes(), None, name)


@pytest.mark.parametrize(
    ("name", "day", "papers", "summaries"),
    [
        ("hf_daily_papers_sotawhat.json", date(2026, 6, 12), 30, 30),
        ("scout_hf_papers.json", date(2026, 7, 31), 30, 0),
        ("hf_daily_papers_allnewsai.json", date(2026, 7, 31), 5, 0),
    ],
)
def test_recorded_lists_are_read_whole(name: str, day: date, papers: int, summaries: int) -> None:
    listing = recorded(name)
    assert (listing.day, len(listing.entries), listing.rejections) == (day, papers, ())
    assert sum(entry.summary is not None for entry in listing.entries) == summaries
    assert all(entry.abstract_raw and entry.authors and entry.signals for entry in listing.entries)


def test_two_moments_of_one_day_differ_in_their_readings_only() -> None:
    first = {e.aliases: e for e in recorded("hf_daily_papers_allnewsai.json").entries}
    second = {e.aliases: e for e in recorded("scout_hf_papers.json").entries}
    both = first.keys() & second.keys()
    assert both
    assert all(first[key].title_raw == second[key].title_raw for key in both)
    assert any(first[key].signals != second[key].signals for key in both)


@pytest.mark.parametrize("name", ["hf_models.json", "hf_paper_page_props.json", "hf_papers_page_reonokiy.html"])
def test_other_answers_of_the_service_are_no_lists(name: str) -> None:
    with pytest.raises(Unreadable):
        recorded(name)


# ── requests and cadence ─────────────────────────────────────────────────────────────────────────


def days(state: dict[str, FeedState], now: datetime = NOW) -> list[str]:
    return [request.feed for request in SOURCE.requests(state, now)]


def test_the_last_days_are_asked_for_again() -> None:
    assert days({}) == ["2026-04-18", "2026-04-19", "2026-04-20"]
    assert SOURCE.requests({}, NOW)[0].url == "https://huggingface.co/api/daily_papers?limit=100&date=2026-04-18"


def test_days_missed_while_down_are_caught_up() -> None:
    state = {"2026-04-14": FeedState(), "2026-04-15": FeedState(failures=2)}
    assert days(state)[0] == "2026-04-14"
    assert len(days({"2025-01-01": FeedState()})) == 15


def test_the_day_is_utcs() -> None:
    late = datetime(2026, 4, 20, 23, 30, tzinfo=UTC).astimezone(tz=None)
    assert days({}, late)[-1] == "2026-04-20"


def test_it_is_polled_several_times_a_day_and_backs_off() -> None:
    def pause(**state: object) -> timedelta:
        return SOURCE.next_poll({"2026-04-20": FeedState.from_json(state)}, NOW) - NOW

    assert pause() == timedelta(hours=3)
    assert [pause(failures=n) for n in (1, 2, 3, 9)] == [timedelta(minutes=m) for m in (30, 60, 120, 360)]
    assert pause(failures=1, not_before="2026-04-21T12:00:00+00:00") == timedelta(hours=24)


@pytest.mark.parametrize("options", [{"days": 0}, {"hours": 48}, {"base_url": "x"}, {"limit": 3}])
def test_options_that_cannot_work_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        HuggingFaceSource.model_validate(options)
