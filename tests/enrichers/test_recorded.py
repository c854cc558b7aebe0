"""Each service's answers as they were recorded, and as they come when something is wrong."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr

from digest.enrichers import Asked, Exhausted, Garbled, Person, Subject
from digest.enrichers.completions import Completions
from digest.enrichers.github import GitHub, repository
from digest.enrichers.hugging_face import HuggingFace
from digest.enrichers.openalex import OpenAlex
from digest.enrichers.semantic_scholar import SemanticScholar
from digest.exchange import Response
from digest.model import Alias, AliasKind
from digest.papers.enrichment import PaperSaid
from tests.support.shared import shared


def answer(body: object, status: int = 200, **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status, "https://service.example", named, json.dumps(body).encode())


def paper(number: int, *aliases: Alias, **known: str) -> Subject:
    return Subject(number, f"Title {number}", known.get("abstract", ""), aliases, known.get("code_url"))


def arxiv(name: str) -> Alias:
    return Alias(AliasKind.ARXIV, name)


def doi(name: str) -> Alias:
    return Alias(AliasKind.DOI, name)


def recorded(name: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(shared(name).read_bytes())
    return found


# ── Semantic Scholar ─────────────────────────────────────────────────────────────────────────────


def test_a_batch_asks_by_arxiv_id_before_doi_and_leaves_out_who_has_neither() -> None:
    both = paper(1, arxiv("2604.00001"), doi("10.1000/a"))
    papers = [both, paper(2, doi("10.1000/b")), paper(3)]
    (asked,) = SemanticScholar(api_key=SecretStr("k-123")).requests(papers)
    assert json.loads(asked.request.body or b"") == {"ids": ["ARXIV:2604.00001", "DOI:10.1000/b"]}
    assert asked.request.headers["x-api-key"] == "k-123"
    assert "k-123" not in asked.request.url
    assert [one.id for one in asked.papers] == [1, 2]


def test_without_a_key_none_is_sent_and_without_papers_nothing_is_asked() -> None:
    (asked,) = SemanticScholar().requests([paper(1, arxiv("2604.00001"))])
    assert "x-api-key" not in asked.request.headers
    assert SemanticScholar().requests([paper(3)]) == []


def test_nulls_in_a_recorded_batch_keep_their_places() -> None:
    tape = recorded("samples/semantic_scholar/vcr/get_papers_not_found_warning.json")
    body = tape["body"]
    assert isinstance(body, list)
    papers = tuple(paper(number, doi(f"10.1000/{number}")) for number in range(len(body)))
    found = SemanticScholar().parse(Asked(SemanticScholar().requests(papers)[0].request, papers), answer(body))
    assert sorted(found.papers) == [number for number, one in enumerate(body) if one is not None]
    assert found.papers[1].citations is not None
    assert doi("10.2139/ssrn.288970") in found.papers[1].aliases


def test_a_recorded_paper_gives_citations_summary_and_the_authors_figures() -> None:
    whole = recorded("samples/semantic_scholar/objects/Paper.trimmed.json")
    asked = SemanticScholar().requests([paper(7, doi("10.1093/mind/lix.236.433"))])[0]
    said = SemanticScholar().parse(asked, answer([whole])).papers[7]
    assert said.citations == 10059
    assert said.summary is not None
    assert said.summary.startswith("If the meaning of the words")
    assert [(one.name, one.key, one.h_index, one.papers) for one in said.people] == [("A. Turing", "2262347", 22, 57)]


def test_a_recorded_paper_of_nulls_says_nothing_and_breaks_nothing() -> None:
    nulls = recorded("samples/semantic_scholar/objects/PaperWithNullValues.json")
    asked = SemanticScholar().requests([paper(7, doi("10.1000/a"))])[0]
    said = SemanticScholar().parse(asked, answer([nulls])).papers[7]
    assert (said.citations, said.summary, said.people) == (None, None, ())


def test_an_answer_about_another_arxiv_paper_is_not_taken() -> None:
    asked = SemanticScholar().requests([paper(7, arxiv("2604.00001"))])[0]
    other = {"paperId": "x", "externalIds": {"ArXiv": "2604.00002"}, "citationCount": 4}
    assert SemanticScholar().parse(asked, answer([other])).papers == {}


def test_a_recorded_batch_of_authors_keeps_its_null() -> None:
    tape = recorded("samples/semantic_scholar/vcr/get_authors_return_not_found.json")
    people = [Person(f"author {key}", key) for key in ("0", "3234559", "1726629", "1711844")]
    (asked,) = SemanticScholar().people_requests(people)
    found = SemanticScholar().parse(asked, answer(tape["body"]))
    assert [one.name for one in found.people] == ["E. Dijkstra", "D. Parnas", "I. Sommerville"]


@pytest.mark.parametrize("name", ["not_found", "bad_query_parameters"])
def test_a_recorded_error_is_told_in_the_services_own_words(name: str) -> None:
    tape = recorded(f"samples/semantic_scholar/vcr/{name}.json")
    asked = SemanticScholar().requests([paper(7, doi("10.1000/a"))])[0]
    with pytest.raises(Garbled, match=r"Paper with id 0 not found|Unrecognized or unsupported fields"):
        SemanticScholar().parse(asked, answer(tape["body"], 400))


def test_a_batch_of_another_length_is_not_guessed_at() -> None:
    asked = SemanticScholar().requests([paper(1, doi("10.1000/a")), paper(2, doi("10.1000/b"))])[0]
    with pytest.raises(Garbled, match="a list of 2 was expected"):
        SemanticScholar().parse(asked, answer([None]))


# ── OpenAlex ─────────────────────────────────────────────────────────────────────────────────────


def test_works_are_asked_for_by_lower_case_doi_and_found_again_by_it() -> None:
    works = json.loads(shared("samples/openalex/entities/works.json").read_bytes())
    first, second = paper(1, doi("10.1007/s00401-002-0654-1")), paper(2, doi("10.1039/c4ra15833d"))
    unknown = paper(3, arxiv("2604.00001"))
    (asked,) = OpenAlex().requests([first, second, unknown])
    assert "10.48550/arxiv.2604.00001" in asked.request.url
    found = OpenAlex().parse(asked, answer({"results": list(reversed(works))})).papers
    assert {number: said.citations for number, said in found.items()} == {1: 31, 2: 10}
    assert found[1].affiliations[0] == "Ospedale Maggiore"
    assert len(set(found[1].affiliations)) == len(found[1].affiliations)
    assert found[1].people[0].key == "A5003820290"
    assert not found[1].is_retracted


def test_an_arxiv_paper_is_found_by_the_doi_that_arxiv_gave_it() -> None:
    work = {"id": "https://openalex.org/W5", "doi": "https://doi.org/10.48550/arxiv.2604.00001", "is_retracted": True}
    (asked,) = OpenAlex().requests([paper(3, arxiv("2604.00001"))])
    said = OpenAlex().parse(asked, answer({"results": [work, {"doi": None}, None]})).papers[3]
    assert (said.key, said.is_retracted, said.citations) == ("W5", True, None)


def test_of_a_preprint_and_its_published_work_the_better_cited_counts_and_a_retraction_always() -> None:
    both = paper(3, arxiv("2604.00001"), doi("10.1000/a"))
    preprint = {"doi": "https://doi.org/10.48550/arxiv.2604.00001", "cited_by_count": 2, "is_retracted": True}
    place = {"institutions": [{"display_name": "Here"}], "author": {"id": None, "display_name": "A"}}
    published = {"doi": "https://doi.org/10.1000/a", "cited_by_count": 9, "authorships": [place]}
    (asked,) = OpenAlex().requests([both])
    said = OpenAlex().parse(asked, answer({"results": [preprint, published]})).papers[3]
    assert (said.citations, said.affiliations, said.is_retracted) == (9, ("Here",), True)


def test_recorded_authors_give_h_index_and_counts_also_without_an_institution() -> None:
    authors = json.loads(shared("samples/openalex/entities/authors.json").read_bytes())
    people = [Person("a", "A5132448078"), Person("b", "A5043336333")]
    (asked,) = OpenAlex(api_key=SecretStr("k 1")).people_requests(people)
    found = {one.key: one for one in OpenAlex().parse(asked, answer({"results": authors})).people}
    assert (found["A5132448078"].h_index, found["A5132448078"].papers) == (0, 3)
    assert found["A5043336333"].affiliations == ("Izmir Kâtip Çelebi University",)
    assert "A5132448078|A5043336333" in asked.request.url


def test_a_doi_that_would_break_the_filter_is_not_asked_for() -> None:
    assert OpenAlex().requests([paper(1, doi("10.1000/a|b"))]) == []


# ── Hugging Face ─────────────────────────────────────────────────────────────────────────────────


def test_a_recorded_page_of_a_paper_gives_its_votes() -> None:
    page = recorded("samples/hf/hf_paper_page_props.json")["paper"]
    assert isinstance(page, dict)
    (asked,) = HuggingFace().requests([paper(1, arxiv("2509.24002"))])
    said = HuggingFace().parse(asked, answer(page)).papers[1]
    assert said.upvotes == page["upvotes"]
    assert said.code_url == page.get("githubRepo")
    assert said.summary == page.get("ai_summary")


def test_optional_fields_may_be_absent_and_links_must_be_https() -> None:
    (asked,) = HuggingFace().requests([paper(1, arxiv("2604.00001"))])
    bare = HuggingFace().parse(asked, answer({"id": "2604.00001", "githubRepo": "javascript:alert(1)"})).papers[1]
    assert bare == PaperSaid(key="2604.00001")


def test_a_paper_without_a_page_is_unknown_and_an_error_page_is_not_read() -> None:
    (asked,) = HuggingFace().requests([paper(1, arxiv("2604.00001"))])
    assert asked.request.speaking == {404}
    assert HuggingFace().parse(asked, answer({"error": "Paper not found"}, 404)).papers == {}
    with pytest.raises(Garbled, match="no JSON"):
        HuggingFace().parse(asked, Response(200, "", {}, b"<html>Just a moment...</html>"))


def test_papers_without_an_arxiv_id_are_not_asked_about() -> None:
    assert HuggingFace().requests([paper(1, doi("10.1000/a"))]) == []


# ── GitHub ───────────────────────────────────────────────────────────────────────────────────────


def test_papers_that_share_a_repository_share_a_request() -> None:
    papers = [paper(n, code_url=f"https://github.com/Org/{name}") for n, name in ((1, "A"), (2, "a.git"), (3, "B"))]
    asked = GitHub(token=SecretStr("t-1")).requests(papers)
    assert [[one.id for one in request.papers] for request in asked] == [[1, 2], [3]]
    assert asked[0].request.headers["Authorization"] == "Bearer t-1"


def test_stars_and_todays_address_are_read_and_a_deleted_repository_has_none() -> None:
    (asked,) = GitHub().requests([paper(1, code_url="https://github.com/org/old")])
    body = {"full_name": "org/new", "html_url": "https://github.com/org/new", "stargazers_count": 12}
    said = GitHub().parse(asked, answer(body)).papers[1]
    assert (said.stars, said.code_url) == (12, "https://github.com/org/new")
    assert GitHub().parse(asked, answer({"message": "Not Found"}, 404)).papers == {}


def test_a_used_up_allowance_says_when_it_begins_anew() -> None:
    (asked,) = GitHub().requests([paper(1, code_url="https://github.com/org/a")])
    spent = answer(
        {"message": "API rate limit exceeded"}, 403, x_ratelimit_remaining="0", x_ratelimit_reset="1776675600"
    )
    with pytest.raises(Exhausted) as found:
        GitHub().parse(asked, spent)
    assert found.value.until == datetime(2026, 4, 20, 9, tzinfo=UTC)
    with pytest.raises(Garbled, match="blocked"):
        GitHub().parse(asked, answer({"message": "Repository access blocked"}, 403, x_ratelimit_remaining="41"))


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://github.com/org/repo", "org/repo"),
        ("https://www.github.com/Org/Repo.git", "org/repo"),
        ("https://github.com/org/repo/tree/main", "org/repo"),
        ("https://github.com/org", ""),
        ("https://github.com.evil.example/org/repo", ""),
        ("https://org.github.io/repo", ""),
    ],
)
def test_only_a_repository_on_github_is_one(address: str, name: str) -> None:
    assert repository(address) == name


# ── completions ──────────────────────────────────────────────────────────────────────────────────


def model(**options: object) -> Completions:
    return Completions.model_validate({"base_url": "http://127.0.0.1:1/v1", "model": "m", **options})


def message(content: str) -> Response:
    return answer({"choices": [{"message": {"role": "assistant", "content": content}}]})


def test_answers_are_taken_by_id_whatever_their_order_and_strangers_are_not() -> None:
    papers = [paper(1, abstract="One."), paper(2, abstract="Two."), paper(3, abstract="Three."), paper(4)]
    (asked,) = model(api_key="s").requests(papers)
    question = json.loads(json.loads(asked.request.body or b"")["messages"][1]["content"])
    assert list(question) == ["paper-1", "paper-2", "paper-3"]
    said = {"paper-9": "Nobody asked.", "paper-2": "It is two.", "paper-3": 3, "paper-1": "It is one."}
    found = model().parse(asked, message(f"```json\n{json.dumps(said)}\n```")).papers
    assert {number: one.summary for number, one in found.items()} == {1: "It is one.", 2: "It is two."}


def test_a_list_instead_of_ids_is_refused() -> None:
    (asked,) = model().requests([paper(1, abstract="One."), paper(2, abstract="Two.")])
    with pytest.raises(Garbled, match="no usable sentence"):
        model().parse(asked, message('["It is one.", "It is two."]'))


@pytest.mark.parametrize("content", ["Sure! Here you go:", "", '{"paper-1": "' + "x" * 500 + '"}'])
def test_chatter_and_overlong_answers_are_refused(content: str) -> None:
    (asked,) = model().requests([paper(1, abstract="One.")])
    with pytest.raises(Garbled):
        model().parse(asked, message(content))


def test_a_batch_is_cut_into_questions() -> None:
    papers = [paper(number, abstract="A.") for number in range(5)]
    assert [len(asked.papers) for asked in model(papers_per_request=2).requests(papers)] == [2, 2, 1]
