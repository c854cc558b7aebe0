"""Semantic Scholar: what is asked, and its lists, nulls and errors as listings."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, date, datetime, timedelta

import pytest
from pydantic import ValidationError

from digest.model import Alias, AliasKind, Listing
from digest.sources import FeedState, Fetched, Unreadable
from digest.sources.fetcher import Fetcher, Network
from digest.sources.semantic_scholar import SemanticScholarSource, papers
from tests.support.http_server import Answer, HttpServer

NOW = datetime(2026, 4, 20, 12, tzinfo=UTC)


def paper(**values: object) -> dict[str, object]:
    return {
        "paperId": "a" * 40,
        "externalIds": {"ArXiv": "2604.90001", "DOI": "10.1000/X", "CorpusId": 77},
        "title": "On Invented Recommendations",
        "abstract": "We recommend.",
        "publicationDate": "2026-04-17",
        "authors": [{"authorId": "1", "name": "Ada Example"}, None],
        "openAccessPdf": {"url": "https://arxiv.org/pdf/2604.90001"},
        "fieldsOfStudy": ["Computer Science"],
        **values,
    }


def read(value: object) -> Listing:
    return papers(json.dumps(value).encode(), "recommendations", "x")


def test_a_recommendation_is_known_by_every_id_it_has() -> None:
    (entry,) = read({"recommendedPapers": [paper()]}).entries
    assert entry.aliases == (
        Alias(AliasKind.ARXIV, "2604.90001"),
        Alias(AliasKind.DOI, "10.1000/x"),
        Alias(AliasKind.S2, "77"),
        Alias(AliasKind.URL, f"https://www.semanticscholar.org/paper/{'a' * 40}"),
    )
    assert entry.url == "https://arxiv.org/abs/2604.90001"
    assert entry.authors == ("Ada Example",)
    assert entry.published_on == date(2026, 4, 17)


def test_nothing_but_a_title_and_its_own_id_is_a_paper_too() -> None:
    (entry,) = read({"recommendedPapers": [{"paperId": "b" * 40, "title": "Bare"}]}).entries
    assert [alias.kind for alias in entry.aliases] == [AliasKind.URL]
    assert (entry.authors, entry.is_authors_complete) == ((), False)


def test_null_in_a_batch_costs_itself_only() -> None:
    found = read(
        [paper(), None, {"paperId": None, "title": "Unknown"}, paper(paperId="c", externalIds=None, title=None)]
    )
    assert len(found.entries) == 1
    assert [one.reason for one in found.rejections] == [
        "item 2: null: the service knows no paper by this id",
        "item 3: no id: the service knows only its title",
        "item 4: no title",
    ]


def test_a_search_without_hits_has_no_list_and_is_empty() -> None:
    assert read({"total": 0, "offset": 0}).is_empty
    assert read({"recommendedPapers": []}).is_empty


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({"error": "No positive paper examples given"}, "No positive paper examples given"),
        ({"message": "Too Many Requests"}, "Too Many Requests"),
        ({"data": "x"}, "a list of papers was expected"),
        ([None, None], "none of its 2 items"),
        (7, "a JSON int"),
    ],
)
def test_another_answer_is_unreadable(value: object, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        read(value)


def test_both_lists_are_posted_with_the_key_and_conditions_are_not() -> None:
    body = json.dumps({"recommendedPapers": [paper()]}).encode()
    with HttpServer({"/recommendations/v1/papers/": Answer(200, {"ETag": "x"}, body)}) as server:
        source = SemanticScholarSource(
            positive=("https://arxiv.org/abs/1706.03762v5", "10.1000/X", "CorpusId:1"),
            negative=("ARXIV:2604.90002",),
            api_key="secret",
            base_url=server.url(),
        )
        (request,) = source.requests({}, NOW)
        outcome = asyncio.run(Fetcher("digest/0", network=Network(allow_hosts=(server.host,))).fetch(request, None))
    assert isinstance(outcome, Fetched)
    assert len(source.parse(request, outcome.response).entries) == 1
    (asked,) = server.asked
    assert (asked.method, asked.headers["x-api-key"]) == ("POST", "secret")
    assert json.loads(asked.body) == {
        "positivePaperIds": ["ARXIV:1706.03762", "DOI:10.1000/x", "CorpusId:1"],
        "negativePaperIds": ["ARXIV:2604.90002"],
    }


def test_something_to_be_like_is_needed() -> None:
    with pytest.raises(ValidationError):
        SemanticScholarSource(positive=())


def test_failures_back_off() -> None:
    source = SemanticScholarSource(positive=("x",))
    assert source.next_poll({}, NOW) == NOW + timedelta(hours=24)
    assert source.next_poll({"recommendations": FeedState(failures=3)}, NOW) == NOW + timedelta(hours=4)
