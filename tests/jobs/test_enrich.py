"""The enrich job: real services on loopback, a real database, the fetcher and the enrichers as they are."""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import textwrap
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from digest import clock
from digest.enrichers import Enricher
from digest.enrichers.completions import Completions
from digest.enrichers.github import GitHub
from digest.enrichers.hugging_face import HuggingFace
from digest.enrichers.openalex import OpenAlex
from digest.enrichers.semantic_scholar import SemanticScholar
from digest.jobs import run_due
from digest.jobs.enrich import DueBatch, Enrich
from digest.model import Alias, AliasKind, Entry, Listing, Paper, Signal
from digest.papers.enrichment import PaperSaid
from digest.sources.fetcher import Fetcher, Network
from digest.store import authors, catalog, said
from digest.store.database import Database
from digest.store.said import EnricherRow
from tests.support.http_server import Answer, Asked, HttpServer
from tests.support.program import Program

NOW = datetime(2026, 4, 20, 12, tzinfo=UTC)
S2, HF, OA, GH = "/graph/v1/paper/batch", "/api/papers/", "/works", "/repos/"


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with HttpServer() as running:
        yield running


def job(server: HttpServer, *services: Enricher, lease: timedelta = timedelta(minutes=5)) -> Enrich:
    fetcher = Fetcher("digest/0", network=Network(allow_hosts=(server.host,)))
    return Enrich({service.kind: service for service in services}, fetcher, lease)


def run(database: Database, server: HttpServer, *services: Enricher, now: datetime = NOW) -> int:
    return asyncio.run(run_due(job(server, *services), database, clock.fixed(now)))


def s2(server: HttpServer, key: str = "") -> SemanticScholar:
    return SemanticScholar(base_url=server.url(), api_key=SecretStr(key))


def hf(server: HttpServer) -> HuggingFace:
    return HuggingFace(base_url=server.url())


def gh(server: HttpServer) -> GitHub:
    return GitHub(base_url=server.url())


def add(database: Database, *entries: Entry, now: datetime = NOW) -> None:
    database.run_sync(catalog.upsert_listing, "arxiv", Listing("cs.CL", now.date(), entries), now)


def entry(number: int = 1, **known: object) -> Entry:
    name = f"2604.{number:05}"
    values: dict[str, object] = {"abstract_raw": f"Abstract {number}.", "authors": ("Esther Duflo", "Ada Lovelace")}
    aliases = (Alias(AliasKind.ARXIV, name),)
    return Entry(title_raw=f"Title of number {number}", aliases=aliases, **{**values, **known})  # type: ignore[arg-type]  # a table of cases


def paper(database: Database, number: int = 1) -> Paper:
    return database.run_sync(catalog.find, f"2604.{number:05}")


def service(database: Database, name: str, now: datetime = NOW) -> EnricherRow:
    return next(row for row in database.run_sync(said.list_all, now) if row.name == name)


def told(database: Database, number: int = 1) -> dict[str, PaperSaid]:
    one = paper(database, number)
    return {row.service: row.said for row in database.run_sync(said.said_of, [one.id]).get(one.id, [])}


def body(value: object, status: int = 200, **headers: str) -> Answer:
    return Answer(status, {name.replace("_", "-"): v for name, v in headers.items()}, json.dumps(value).encode())


def scholar(asked: Asked) -> Answer:
    """Semantic Scholar: knows papers with an odd number."""
    ids = json.loads(asked.body)["ids"]
    return body([_scholarly(name) if int(name[-1]) % 2 else None for name in ids])


def _scholarly(name: str) -> dict[str, object]:
    person = {"authorId": "2259683", "name": "E. Duflo", "hIndex": 91, "paperCount": 282, "citationCount": 58740}
    return {
        "paperId": f"sha-{name}",
        "externalIds": {"ArXiv": name.removeprefix("ARXIV:"), "DOI": f"10.1000/{name[-5:]}"},
        "citationCount": 12,
        "tldr": {"model": "tldr@v2.0.0", "text": "It says what it does."},
        "authors": [person],
    }


def page(number: int = 1, **known: object) -> Answer:
    return body({"id": f"2604.{number:05}", **known})


def test_facts_stand_where_readers_look_with_service_and_time(database: Database, server: HttpServer) -> None:
    server.routes[S2] = scholar
    server.routes[f"{HF}2604.00001"] = page(
        upvotes=7, githubRepo="https://github.com/org/a", githubStars=3, organization={"fullname": "The Institute"}
    )
    add(database, entry(1), entry(2))
    run(database, server, s2(server), hf(server))
    found = paper(database)
    assert (found.summary, found.summary_source) == ("It says what it does.", "semantic_scholar")
    assert (found.code_url, found.has_code, found.affiliations) == (
        "https://github.com/org/a",
        True,
        ("The Institute",),
    )
    assert found.signals == {"upvotes": 7, "stars": 3}
    assert database.run_sync(catalog.find, "10.1000/00001").id == found.id
    assert told(database)["semantic_scholar"].citations == 12
    assert [one.asked_at for one in database.run_sync(said.said_of, [found.id])[found.id]] == [NOW, NOW]
    assert paper(database, 2).summary is None


def test_an_authors_figures_stand_on_a_card_of_the_service(database: Database, server: HttpServer) -> None:
    server.routes[S2] = scholar
    add(database, entry(1))
    run(database, server, s2(server))
    (card,) = database.run_sync(authors.find, "Esther Duflo").imported
    assert (card.source, card.seen_at) == ("semantic_scholar", NOW)
    assert (card.card.h_index, card.card.papers, card.card.citations) == (91, 282, 58740)


def test_what_was_answered_is_not_asked_again_before_it_is_stale(database: Database, server: HttpServer) -> None:
    server.routes[S2] = scholar
    add(database, entry(1))
    for hours in (0, 1, 100, 169, 170):
        run(database, server, s2(server), now=NOW + timedelta(hours=hours))
    assert len([asked for asked in server.asked if asked.path == S2]) == 2


def test_an_unknown_paper_is_asked_about_ever_less_often(database: Database, server: HttpServer) -> None:
    add(database, entry(1))
    hours = [hour for hour in range(0, 24 * 4, 2) if run(database, server, hf(server), now=NOW + timedelta(hours=hour))]
    assert hours == [0, 6, 18, 42, 90]
    assert told(database) == {}


def test_papers_beyond_the_horizon_are_left_alone(database: Database, server: HttpServer) -> None:
    server.routes[S2] = scholar
    add(database, entry(1), now=NOW - timedelta(days=31))
    assert run(database, server, s2(server)) == 0
    assert server.asked == []


def test_a_service_that_is_down_costs_its_own_fields_only(database: Database, server: HttpServer) -> None:
    server.routes[S2] = body({"message": "sorry"}, 503, Retry_After="3600")
    server.routes[f"{HF}2604.00001"] = page(upvotes=7)
    add(database, entry(1))
    assert run(database, server, s2(server), hf(server)) == 2
    assert paper(database).signals == {"upvotes": 7}
    row = service(database, "semantic_scholar")
    assert (row.errors, row.ask_at) == (1, NOW + timedelta(hours=1))
    assert row.last_error is not None
    assert "503" in row.last_error
    server.routes[S2] = scholar
    assert run(database, server, s2(server), now=NOW + timedelta(minutes=59)) == 0
    assert run(database, server, s2(server), now=NOW + timedelta(minutes=61)) == 1
    assert paper(database).summary == "It says what it does."
    assert service(database, "semantic_scholar").errors == 0


def test_the_first_refusal_ends_a_batch_and_the_rest_stays_due(database: Database, server: HttpServer) -> None:
    add(database, *(entry(n, code_url=f"https://github.com/org/r{n}") for n in range(1, 6)))
    reset = str(int((NOW + timedelta(minutes=40)).timestamp()))
    refusal = body({"message": "limit"}, 403, X_RateLimit_Remaining="0", X_RateLimit_Reset=reset)
    server.routes[f"{GH}org/r5"] = body({"full_name": "org/r5", "stargazers_count": 5})
    server.routes[f"{GH}org/r4"] = refusal
    run(database, server, gh(server))
    assert [asked.path for asked in server.asked] == [f"{GH}org/r5", f"{GH}org/r4"]
    assert paper(database, 5).signals == {"stars": 5}
    row = service(database, "github")
    assert (row.ask_at, row.waiting) == (NOW + timedelta(minutes=40), 4)


def test_a_renamed_repository_is_followed_and_keeps_its_stars(database: Database, server: HttpServer) -> None:
    server.routes[f"{GH}org/old"] = Answer(301, {"Location": "/repositories/5"})
    server.routes["/repositories/5"] = body({"full_name": "org/new", "stargazers_count": 12})
    add(database, entry(1, code_url="https://github.com/org/old"))
    run(database, server, gh(server))
    assert paper(database).signals == {"stars": 12}


def test_a_code_link_that_one_service_finds_is_asked_about_at_another(database: Database, server: HttpServer) -> None:
    server.routes[f"{HF}2604.00001"] = page(githubRepo="https://github.com/org/a", githubStars=3)
    server.routes[f"{GH}org/a"] = body({"full_name": "org/a", "stargazers_count": 50})
    add(database, entry(1))
    run(database, server, hf(server))
    run(database, server, gh(server), now=NOW + timedelta(minutes=2))
    assert paper(database).signals == {"stars": 50}
    later = NOW + timedelta(days=2)
    server.routes[f"{HF}2604.00001"] = page(githubRepo="https://github.com/org/a", githubStars=4)
    run(database, server, hf(server), now=later)
    assert paper(database).signals == {"stars": 50}, "a stale copy of the count must not look like lost stars"


def test_what_a_listing_said_stays(database: Database, server: HttpServer) -> None:
    server.routes[S2] = scholar
    server.routes[f"{HF}2604.00001"] = page(githubRepo="https://github.com/org/b", organization={"name": "Elsewhere"})
    add(database, entry(1, summary="Ours.", affiliations=("Here",), code_url="https://github.com/org/a"))
    run(database, server, s2(server), hf(server))
    found = paper(database)
    assert (found.summary, found.summary_source) == ("Ours.", None)
    assert (found.affiliations, found.code_url) == (("Here",), "https://github.com/org/a")


def test_a_better_summary_replaces_a_services_and_polls_keep_it(database: Database, server: HttpServer) -> None:
    server.routes[S2] = scholar
    add(database, entry(1))
    run(database, server, s2(server))
    server.routes[f"{HF}2604.00001"] = page(ai_summary="It says it better.")
    run(database, server, hf(server))
    add(database, entry(1, signals=(Signal("upvotes", 2),)), now=NOW + timedelta(hours=1))
    assert (paper(database).summary, paper(database).summary_source) == ("It says it better.", "hugging_face")


def test_the_model_is_asked_last_and_only_where_nobody_has_a_summary(database: Database, server: HttpServer) -> None:
    server.routes[S2] = scholar
    model = Completions(base_url=server.url("/v1"), model="m")
    server.routes["/v1/chat/completions"] = _model_says
    add(database, entry(1), entry(2))
    run(database, server, model, s2(server))
    assert [asked.path for asked in server.asked] == [S2, "/v1/chat/completions"]
    assert (paper(database, 1).summary_source, paper(database, 2).summary_source) == ("semantic_scholar", "completions")
    assert paper(database, 2).summary == "A sentence about Title of number 2."


def _model_says(asked: Asked) -> Answer:
    question = json.loads(json.loads(asked.body)["messages"][1]["content"])
    said = {name: f"A sentence about {one['title']}." for name, one in reversed(question.items())}
    return body({"choices": [{"message": {"content": json.dumps(said)}}]})


def test_works_and_their_authors_come_from_two_requests(database: Database, server: HttpServer) -> None:
    author = {
        "author": {"id": "https://openalex.org/A7", "display_name": "E. Duflo"},
        "raw_author_name": "Esther Duflo",
    }
    work = {"id": "https://openalex.org/W1", "doi": "https://doi.org/10.48550/arxiv.2604.00001", "cited_by_count": 4}
    place = {"institutions": [{"display_name": "MIT"}]}
    server.routes[OA] = body({"results": [{**work, "authorships": [{**author, **place}]}]})
    figures = {"id": "https://openalex.org/A7", "display_name": "Esther Duflo", "summary_stats": {"h_index": 80}}
    server.routes["/authors"] = body({"results": [{**figures, "works_count": 400, "cited_by_count": 9}]})
    add(database, entry(1))
    for minutes in (0, 2, 4):
        run(database, server, OpenAlex(base_url=server.url()), now=NOW + timedelta(minutes=minutes))
    assert [asked.path for asked in server.asked] == [OA, "/authors"]
    assert paper(database).affiliations == ("MIT",)
    (card,) = database.run_sync(authors.find, "Esther Duflo").imported
    assert (card.source, card.card.h_index, card.card.papers) == ("openalex", 80, 400)


def test_keys_are_in_no_log_and_no_row(
    sqlite_database: Database, server: HttpServer, caplog: pytest.LogCaptureFixture
) -> None:
    secret = "sk-very-secret"
    server.routes[S2] = body({"error": f"key {secret} is not valid"}, 400)
    server.routes[OA] = Answer(302, {"Location": "/elsewhere?api_key=sk-very-secret"})
    server.routes["/elsewhere"] = Answer(302, {"Location": "/elsewhere?api_key=sk-very-secret"})
    add(sqlite_database, entry(1))
    openalex = OpenAlex(base_url=server.url(), api_key=SecretStr(secret))
    with caplog.at_level(logging.DEBUG):
        run(sqlite_database, server, s2(server, secret), openalex)
    shown = [row.last_error or "" for row in sqlite_database.run_sync(said.list_all, NOW)]
    assert len([line for line in shown if "***" in line]) == 2
    assert secret not in caplog.text + "".join(shown)
    assert secret in server.asked[-1].query or any(secret in asked.query for asked in server.asked)


def test_a_worker_that_dies_loses_nothing_and_after_three_the_service_waits_for_the_admin(
    database: Database, server: HttpServer
) -> None:
    server.routes[S2] = scholar
    add(database, entry(1))
    doing = job(server, s2(server))
    at = NOW
    for _ in range(3):
        assert database.run_sync(doing.claim, at) is not None
        assert database.run_sync(doing.claim, at) is None, "leased"
        at += timedelta(minutes=6)
    assert database.run_sync(doing.claim, at) is None
    assert service(database, "semantic_scholar").is_stuck
    database.run_sync(said.resume, "semantic_scholar", at)
    assert run(database, server, s2(server), now=at) == 1
    assert paper(database).summary is not None


def test_a_late_settle_of_a_lost_claim_is_discarded(database: Database, server: HttpServer) -> None:
    server.routes[S2] = scholar
    add(database, entry(1))
    doing = job(server, s2(server))
    first = database.run_sync(doing.claim, NOW)
    assert first is not None
    answers = asyncio.run(doing.work(first))
    second = database.run_sync(doing.claim, NOW + timedelta(minutes=6))
    assert isinstance(second, DueBatch)
    database.run_sync(doing.settle, first, answers, NOW + timedelta(minutes=7))
    assert paper(database).summary is None
    database.run_sync(doing.settle, second, answers, NOW + timedelta(minutes=8))
    database.run_sync(doing.settle, second, answers, NOW + timedelta(minutes=8))
    assert paper(database).summary is not None


def test_three_unreadable_answers_in_a_row_are_taken_for_an_outage(database: Database, server: HttpServer) -> None:
    add(database, *(entry(n) for n in range(1, 9)))
    server.routes[f"{HF}2604.00008"] = page(8, upvotes=1)
    for number in range(1, 8):
        server.routes[f"{HF}2604.{number:05}"] = Answer(200, {}, b"<html>Just a moment...</html>")
    run(database, server, hf(server))
    assert len(server.asked) == 4
    assert service(database, "hugging_face").errors == 1
    assert paper(database, 8).signals == {"upvotes": 1}


def test_without_services_there_is_nothing_to_do(sqlite_database: Database, server: HttpServer) -> None:
    add(sqlite_database, entry(1))
    assert run(sqlite_database, server) == 0


@pytest.mark.parametrize("failpoint", ["enrich.after-claim", "enrich.after-work", "enrich.before-settle-commit"])
def test_a_killed_process_leaves_nothing_half_stored_and_the_next_one_does_it(
    tmp_path: Path, server: HttpServer, failpoint: str
) -> None:
    server.routes[S2] = scholar
    config = f"""
        [database]
        url = "sqlite:///digest.db"
        [fetch]
        allow_hosts = ["{server.host}"]
        [enrich.semantic_scholar]
        kind = "semantic_scholar"
        base_url = "{server.url()}"
    """
    program = Program(tmp_path, textwrap.dedent(config))
    database = Database(f"sqlite:///{tmp_path / 'digest.db'}")
    add(database, entry(1))
    killed = program.run("once", "enrich", "--now", NOW.isoformat(), env={"DIGEST_FAILPOINT": failpoint})
    assert killed.returncode == -signal.SIGKILL
    assert paper(database).summary is None
    assert told(database) == {}
    assert "nothing due" in program("once", "enrich", "--now", (NOW + timedelta(minutes=29)).isoformat())
    assert "enrich: 1" in program("once", "enrich", "--now", (NOW + timedelta(minutes=31)).isoformat())
    assert paper(database).summary == "It says what it does."
    database.close()
