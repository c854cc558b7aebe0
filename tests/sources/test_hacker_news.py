"""Hacker News: stories as signals of papers that somebody else lists."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from digest.model import Alias, AliasKind, Listing, Signal
from digest.sources import FeedState, Unreadable
from digest.sources.hacker_news import HackerNewsSource, stories

NOW = datetime(2026, 4, 20, 12, tzinfo=UTC)
SOURCE = HackerNewsSource()


def story(**values: object) -> dict[str, object]:
    return {
        "objectID": "4711",
        "title": "On Invented Stories [pdf]",
        "url": "https://arxiv.org/pdf/2604.90001v2",
        "points": 120,
        "num_comments": 45,
        **values,
    }


def read(*hits: object) -> Listing:
    return stories(json.dumps({"hits": list(hits)}).encode(), "arxiv.org", "x")


def test_a_story_is_a_signal_of_the_paper_it_links_to() -> None:
    (entry,) = read(story()).entries
    assert entry.is_signal_only
    assert entry.aliases == (Alias(AliasKind.ARXIV, "2604.90001"),)
    assert entry.signals == (Signal("HN points", 120), Signal("HN comments", 45))
    assert entry.discussion_url == "https://news.ycombinator.com/item?id=4711"


def test_of_several_stories_on_one_paper_the_strongest_counts() -> None:
    (entry,) = read(story(points=3), story(points=500), story(url="http://arxiv.org/abs/2604.90001")).entries
    assert entry.signals[0] == Signal("HN points", 500)


def test_questions_link_nowhere_and_are_no_fault() -> None:
    found = read(story(url=None), story(url=""), story())
    assert len(found.entries) == 1
    assert not found.rejections


def test_garbage_costs_itself_only() -> None:
    found = read(story(), None, 7, story(url="mailto:x"), story(title=None, url="https://example.org/x"))
    assert len(found.entries) == 1
    assert len(found.rejections) == 4


@pytest.mark.parametrize("points", [None, "12", True, -1, 1.5])
def test_a_count_that_is_none_is_no_reading(points: object) -> None:
    (entry,) = read(story(points=points)).entries
    assert entry.signals == (Signal("HN comments", 45),)


@pytest.mark.parametrize("body", [b'{"message":"indexName is not valid","status":400}', b"[]", b"", b"<html></html>"])
def test_another_answer_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        stories(body, "x", "x")


def test_one_search_per_site_of_the_last_days() -> None:
    requests = HackerNewsSource(sites=("arxiv.org", "doi.org"), days=2, least_points=5).requests({}, NOW)
    assert [request.feed for request in requests] == ["arxiv.org", "doi.org"]
    query = parse_qs(urlsplit(requests[0].url).query)
    since = int((NOW - timedelta(days=2)).timestamp())
    assert query["numericFilters"] == [f"created_at_i>={since},points>=5"]
    assert query["query"] == ["arxiv.org"]


def test_failures_back_off() -> None:
    assert SOURCE.next_poll({}, NOW) == NOW + timedelta(hours=3)
    assert SOURCE.next_poll({"arxiv.org": FeedState(failures=1)}, NOW) == NOW + timedelta(minutes=30)
