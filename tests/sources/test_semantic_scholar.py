"""Semantic Scholar: what is asked, and its lists, nulls and errors as listings."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from pydantic import ValidationError

from digest.model import Alias, AliasKind, Listing, Taste
from digest.sources import FeedState, Fetched, Idle, Request, Response, Unreadable
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


ADA = "ada@example.org"
LIKED = (
    (Alias(AliasKind.ARXIV, "2604.90001"), Alias(AliasKind.DOI, "10.1000/x"), Alias(AliasKind.S2, "77")),
    (Alias(AliasKind.ARXIV, "2604.90002"), Alias(AliasKind.DOI, "10.1000/y")),
    (Alias(AliasKind.DOI, "10.1000/z"),),
    (Alias(AliasKind.URL, "https://example.org/paper"),),
)
DISLIKED = ((Alias(AliasKind.ARXIV, "2604.90009"),),)


def for_ada(taste: Taste | None = None) -> SemanticScholarSource:
    found = SemanticScholarSource(subscriber=ADA).suited_to(taste or Taste(ADA, LIKED, DISLIKED))
    assert isinstance(found, SemanticScholarSource)
    return found


def posted(request: Request) -> list[list[str]]:
    lists = json.loads(request.body or b"")
    return [lists["positivePaperIds"], lists["negativePaperIds"]]


def refusal(error: str, status: int = 404) -> Response:
    return Response(status, "x", {}, json.dumps({"error": error}).encode())


def test_what_a_subscriber_likes_is_asked_for_by_the_ids_the_service_knows_best() -> None:
    (request,) = for_ada().requests({}, NOW)
    assert posted(request) == [["CorpusId:77", "ARXIV:2604.90002", "DOI:10.1000/z"], ["ARXIV:2604.90009"]]
    assert ADA not in f"{request}"


def test_whose_likes_it_wants_is_known_before_anything_is_asked() -> None:
    source = SemanticScholarSource(subscriber=f" {ADA} ")
    assert source.wants_likes_of == ADA
    assert source.requests({}, NOW) == []
    assert SemanticScholarSource(positive=("x",)).wants_likes_of is None


def test_without_likes_there_is_nothing_to_ask_for() -> None:
    source = SemanticScholarSource(subscriber=ADA)
    assert source.suited_to(Taste(ADA, (), DISLIKED)) == Idle(f"{ADA} has liked no paper yet")
    assert source.suited_to(Taste(ADA, LIKED[3:])) == Idle(
        f"{ADA} has liked no paper with an arXiv id, a DOI or a CorpusId yet"
    )


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({}, "name positive = .* or subscriber = "),
        ({"subscriber": ADA, "positive": ["x"]}, "either subscriber, or positive and negative"),
        ({"subscriber": ADA, "negative": ["x"]}, "either subscriber, or positive and negative"),
        ({"negative": ["x"]}, "name positive = "),
        ({"subscriber": "ada"}, "'ada' is no mail address"),
    ],
)
def test_either_a_subscriber_or_papers_are_named(options: dict[str, object], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        SemanticScholarSource.model_validate(options)


@pytest.mark.parametrize("error", ["Paper with id ARXIV:2604.90002 not found", "Not found: ['arxiv:2604.90002']."])
def test_a_liked_paper_that_the_service_does_not_know_yet_is_left_out(error: str) -> None:
    source = for_ada()
    (request,) = source.requests({}, NOW)
    assert source.parse(request, refusal(error)).is_empty
    following = source.following(request, refusal(error))
    assert following is not None
    assert posted(following) == [["CorpusId:77", "DOI:10.1000/z"], ["ARXIV:2604.90009"]]
    assert replace(following, body=request.body) == request


def test_where_it_knows_none_of_them_the_listing_is_empty() -> None:
    source = for_ada(Taste(ADA, LIKED[1:2]))
    (request,) = source.requests({}, NOW)
    answer = refusal("Paper with id ARXIV:2604.90002 not found")
    assert source.following(request, answer) is None
    assert source.parse(request, answer).is_empty


@pytest.mark.parametrize("answer", [refusal("Input papers not found"), refusal("CorpusId:77 is odd", 400)])
def test_another_refusal_is_unreadable_and_not_asked_again(answer: Response) -> None:
    source = for_ada()
    (request,) = source.requests({}, NOW)
    assert source.following(request, answer) is None
    with pytest.raises(Unreadable):
        source.parse(request, answer)


def test_after_twenty_unknown_papers_it_gives_up() -> None:
    likes = tuple((Alias(AliasKind.S2, str(number)),) for number in range(1, 31))
    source = for_ada(Taste(ADA, likes))
    request, asked = source.requests({}, NOW)[0], 0
    while following := source.following(request, refusal(f"Paper with id {posted(request)[0][0]} not found")):
        request, asked = following, asked + 1
    assert asked == 20
    with pytest.raises(Unreadable, match="Paper with id"):
        source.parse(request, refusal(f"Paper with id {posted(request)[0][0]} not found"))


def test_papers_you_named_yourself_are_not_left_out() -> None:
    source = SemanticScholarSource(positive=("CorpusId:1", "CorpusId:2"))
    (request,) = source.requests({}, NOW)
    answer = refusal("Paper with id CorpusId:1 not found")
    assert source.following(request, answer) is None
    with pytest.raises(Unreadable, match="CorpusId:1 not found"):
        source.parse(request, answer)
