"""`digest poll --since`, `digest source list` and the alerts of `digest status`."""

from __future__ import annotations

from collections.abc import Iterator
from email import policy
from email.parser import BytesParser
from pathlib import Path

import pytest

from tests.support.cli import Cli
from tests.support.http_server import Answer, HttpServer
from tests.support.program import Program

_CONFIG = """
[mail]
from = "Trending Papers <digest@example.org>"
[maildir]
path = "mail"
[admin]
address = "admin@example.org"
[fetch]
allow_hosts = ["127.0.0.1"]
[sources.arxiv]
kind = "arxiv"
categories = ["cs.CL"]
base_url = "{url}"
oai_url = "{url}/oai"
api_url = "{url}/api"
[sources.local]
kind = "files"
path = "in"
"""
_OAI = "<OAI-PMH><ListRecords>{records}<resumptionToken>{token}</resumptionToken></ListRecords></OAI-PMH>"
_RECORD = """<record><header><identifier>oai:arXiv.org:{id}</identifier><datestamp>2026-04-20</datestamp></header>
<metadata><arXivRaw><id>{id}</id><version version="v1"><date>2026-04-19T10:00:00Z</date></version>
<title>Title of {id}</title><authors>Ada Example</authors><categories>cs.CL</categories><abstract>Words.</abstract>
</arXivRaw></metadata></record>"""


def page(*ids: str, token: str = "") -> Answer:
    records = "".join(_RECORD.format(id=name) for name in ids)
    return Answer(200, {"Content-Type": "text/xml"}, _OAI.format(records=records, token=token).encode())


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with HttpServer() as running:
        yield running


@pytest.fixture
def program(tmp_path: Path, server: HttpServer) -> Cli:
    (tmp_path / "in").mkdir()
    made = Cli(tmp_path, _CONFIG.format(url=server.url()))
    made("db", "upgrade")
    return made


def test_days_are_caught_up_from_the_archive(program: Cli, server: HttpServer) -> None:
    server.routes["/oai"] = [page("2604.00001", token="t1"), page("2604.00002", "2604.00003")]
    (row,) = program.json("poll", "--since", "2026-04-20")
    assert (row["feed"], row["seen"], row["new"], row["pages"]) == ("cs.CL", 3, 3, 2)
    assert program.json("status")["papers"] == 3
    assert "caught up" in program("poll", "arxiv", "--since", "2026-04-20")


def test_killed_and_called_again_it_goes_on_where_it_was(tmp_path: Path, server: HttpServer) -> None:
    server.routes["/oai"] = [page("2604.00001", token="t1"), page("2604.00002", token="t2"), page("2604.00003")]
    program = Program(tmp_path, _CONFIG.format(url=server.url()))
    killed = program.run("poll", "arxiv", "--since", "2026-04-20", env={"DIGEST_FAILPOINT": "catch-up.after-settle:2"})
    assert killed.returncode < 0
    (row,) = program.json("poll", "arxiv", "--since", "2026-04-20")
    assert (row["seen"], row["pages"], row["ended_at"] is not None) == (3, 3, True)
    assert len(server.asked) == 3


def test_what_cannot_be_caught_up_is_refused(program: Cli) -> None:
    assert "of kind files, which has no archive" in program.error("poll", "local", "--since", "2026-04-20", status=2)
    assert "still to come" in program.error("poll", "--since", "2126-04-20", status=2)


def test_a_service_that_is_down_fails_the_command_and_is_asked_again_later(program: Cli, server: HttpServer) -> None:
    server.routes["/oai"] = Answer(503)
    done = program.run("poll", "arxiv", "--since", "2026-04-20")
    assert done.exit_code == 1
    assert "will be tried again" in done.stdout
    assert done.stderr == "digest: source arxiv, cs.CL: HTTP 503 Service Unavailable\n"
    (arxiv, _) = program.json("source", "list")
    assert arxiv["catching_up"][0]["errors"] == 1


def test_the_list_says_last_batch_counts_health_and_why(program: Cli, server: HttpServer) -> None:
    server.routes["/rss/cs.CL"] = Answer(404)
    arxiv, local = program.json("source", "list")
    assert (arxiv["health"], arxiv["why"], arxiv["last_batch"]) == ("new", "not polled yet", None)
    program.run("poll")
    arxiv, local = program.json("source", "list")
    assert (arxiv["health"], arxiv["why"]) == ("failing", "cs.CL: HTTP 404 Not Found")
    assert local["health"] == "ok"
    program("source", "pause", "arxiv")
    told = program("source", "list")
    assert "NAME" in told
    assert "paused" in told


def test_alerts_are_mailed_to_the_admin_and_shown(program: Cli, server: HttpServer, tmp_path: Path) -> None:
    server.routes["/rss/cs.CL"] = Answer(500)
    for _ in range(3):
        program.run("poll", "arxiv")
    program("once", "watch", "deliver")
    (file,) = (tmp_path / "mail").glob("**/new/*")
    mail = BytesParser(policy=policy.default).parsebytes(file.read_bytes())
    assert mail["To"] == "admin@example.org"
    assert mail["Subject"].startswith("Alert: source arxiv fails again and again: cs.CL: HTTP 500")
    assert "List-Id" not in mail
    text = mail.get_body(("plain",))
    html = mail.get_body(("html",))
    assert text is not None
    assert html is not None
    assert "- source arxiv fails again and again" in text.get_content()
    assert "digest doctor" in html.get_content()
    (problem,) = program.json("status")["problems"]
    assert problem.startswith("source arxiv: cs.CL: HTTP 500")
