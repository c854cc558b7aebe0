"""What the admin sees of the services and of what they said."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from digest import clock
from tests.support.feeds import Announced, arxiv_rss
from tests.support.http_server import Answer, Asked, HttpServer
from tests.support.program import Program

_CONFIG = """
[fetch]
allow_hosts = ["{host}"]
[sources.arxiv]
kind = "arxiv"
categories = ["cs.CL"]
base_url = "{url}"
[enrich.s2]
kind = "semantic_scholar"
base_url = "{url}"
api_key_file = "key"
[enrich.stars]
kind = "github"
base_url = "{url}"
"""


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with HttpServer() as running:
        yield running


def program(folder: Path, server: HttpServer) -> Program:
    (folder / "key").write_text("sk-secret\n")
    return Program(folder, _CONFIG.format(host=server.host, url=server.url()))


def _today() -> Answer:
    announced = [Announced("2604.00001", "Folding", categories=("cs.CL",))]
    return Answer(200, {}, arxiv_rss(clock.now().date(), announced, "cs.CL"))


def _scholar(asked: Asked) -> Answer:
    assert asked.headers["x-api-key"] == "sk-secret"
    ids = json.loads(asked.body)["ids"]
    one = {"paperId": "x", "citationCount": 12, "tldr": {"text": "It folds paper."}}
    return Answer(200, {}, json.dumps([one for _ in ids]).encode())


def test_a_paper_shows_each_fact_with_its_service_and_its_age(tmp_path: Path, server: HttpServer) -> None:
    server.routes |= {"/rss/cs.CL": _today(), "/graph/v1/paper/batch": _scholar}
    digest = program(tmp_path, server)
    assert "enrich: 1 batch" in digest("once", "poll", "enrich")
    shown = " ".join(digest("paper", "show", "2604.00001").split())
    assert "citations 12 (Semantic Scholar, just now)" in shown
    assert "summary (Semantic Scholar, just now)" in shown
    assert "It folds paper." in shown
    found = digest.json("paper", "show", "2604.00001")
    assert (found["summary_source"], found["enriched"][0]["said"]["citations"]) == ("semantic_scholar", 12)
    listed = {row["name"]: row for row in digest.json("enricher", "list")}
    assert (listed["s2"]["known"], listed["s2"]["last_error"]) == (1, None)
    assert "ok" in digest("enricher", "list")


def test_a_service_that_is_down_is_shown_with_its_reason_and_can_be_asked_again(
    tmp_path: Path, server: HttpServer
) -> None:
    server.routes |= {"/rss/cs.CL": _today(), "/graph/v1/paper/batch": Answer(503)}
    digest = program(tmp_path, server)
    digest("once", "poll", "enrich")
    shown = digest("enricher", "list")
    assert "HTTP 503" in shown
    assert "sk-secret" not in shown + digest("config", "show") + digest("--debug", "once", "enrich")
    server.routes["/graph/v1/paper/batch"] = _scholar
    digest("enricher", "resume", "s2")
    (row,) = [row for row in digest.json("enricher", "list") if row["name"] == "s2"]
    assert row["ask_at"] <= clock.now().isoformat()
    assert digest.run("enricher", "resume", "s3").stderr.startswith("digest: no service named 's3'")


def test_every_mistake_in_a_service_is_told(tmp_path: Path, server: HttpServer) -> None:
    digest = program(tmp_path, server)
    (tmp_path / "digest.toml").write_text(
        "[enrich.s2]\nkind = 'semantic_scholer'\n[enrich.x]\nkind = 'github'\ntokn = 1\n"
    )
    done = digest.run("config", "check")
    assert done.returncode == 2
    assert "enrich.s2: unknown kind 'semantic_scholer' (did you mean 'semantic_scholar'?)" in done.stderr
    assert "enrich.x: unknown option 'tokn' (did you mean 'token'?)" in done.stderr
