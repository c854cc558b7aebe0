"""`digest source`, `poll`, `import`, `paper` and `author`: how papers come in, and how they are looked at."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from digest import assets
from tests.support.cli import Cli
from tests.support.http_server import Answer, HttpServer
from tests.support.shared import shared

_CONFIG = f"""
[fetch]
allow_hosts = ["127.0.0.1"]
[sources.samples]
kind = "files"
path = "{assets.samples()}"
"""

_FEED = b"""<?xml version="1.0"?><rss version="2.0"><channel><title>Sample</title>
<item><title>On Quiet Feeds</title><link>https://example.org/quiet</link><description>Nothing.</description></item>
</channel></rss>"""


@pytest.fixture
def program(tmp_path: Path) -> Cli:
    made = Cli(tmp_path, _CONFIG)
    made("db", "upgrade")
    return made


def test_empty_lists_say_what_would_fill_them(cli: Cli) -> None:
    assert cli("source", "list").startswith("No sources yet: add a [sources.NAME]")
    assert cli("paper", "list").startswith("No papers yet: 'digest poll' asks the sources")
    assert cli("author", "list").startswith("No authors yet")
    assert cli("subscriber", "list").startswith("No subscribers yet")
    assert cli("outbox", "list").startswith("No mails yet")
    assert cli("suppression", "list").startswith("No address is suppressed")


def test_a_polled_source_fills_the_catalog(program: Cli) -> None:
    assert "samples" in program("poll")
    (source,) = program.json("source", "list")
    assert source["last_counts"]["new"] > 50
    assert program.json("status")["papers"] >= source["last_counts"]["new"]
    assert source["last_error"] is None
    assert len(program.json("paper", "list", "--limit", "5")) == 5


def test_a_source_of_the_database_is_added_polled_and_removed(program: Cli) -> None:
    with HttpServer({"/rss": Answer(200, {"Content-Type": "application/rss+xml"}, _FEED)}) as server:
        program("source", "add", "quiet", "--kind", "feed", "--set", f"url={server.url('/rss')}")
        program("poll", "quiet")
    (paper,) = program.json("paper", "search", "quiet", "feeds")
    assert paper["title"] == "On Quiet Feeds"
    program("source", "remove", "quiet")
    assert [source["name"] for source in program.json("source", "list")] == ["samples"]
    assert program.json("paper", "show", paper["key"])["title"] == "On Quiet Feeds"


def test_the_configuration_keeps_its_names(program: Cli) -> None:
    assert "already in the config file" in program.error("source", "add", "samples", "--kind", "huggingface")
    assert "remove [sources.samples] there" in program.error("source", "remove", "samples")


def test_one_unreachable_source_fails_the_poll_and_keeps_the_others(program: Cli) -> None:
    with HttpServer() as server:
        gone = server.url("/rss")
    program("source", "add", "gone", "--kind", "feed", "--set", f"url={gone}")
    done = program.run("poll")
    assert done.exit_code == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("digest: source gone: ")
    assert program.json("status")["papers"] > 50
    (problem,) = program.json("status")["problems"]
    assert problem.startswith("source gone: ")


def test_a_paused_source_is_not_polled(program: Cli) -> None:
    program("source", "pause", "samples")
    assert program("poll").startswith("No sources yet") or "samples" not in program("poll")
    assert program.error("poll", "samples").endswith("'digest source resume samples' first")
    program("source", "resume", "samples")
    assert program.json("once", "poll") == {"poll": 1}


def test_files_are_imported_whole_and_twice_changes_nothing(cli: Cli) -> None:
    samples = str(assets.samples())
    first = cli.json("import", samples)
    again = cli.json("import", samples)
    assert first["seen"] == first["new"] + first["revised"] + first["merged"] + first["unchanged"]
    assert first["rejected"] == []
    assert (again["new"], again["revised"], again["merged"]) == (0, 0, 0)
    assert again["unchanged"] == first["seen"]


def test_a_file_of_no_known_kind_is_rejected_and_the_others_are_kept(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.xml").write_bytes(_FEED)
    (tmp_path / "in" / "b.txt").write_text("a shopping list\nmilk\n")
    (tmp_path / "in" / "c.xml").write_bytes(_FEED[:120])
    done = cli.run("import", "--json", str(tmp_path / "in"))
    assert done.exit_code == 1
    assert '"new": 1' in done.stdout
    first, second = done.stderr.splitlines()
    assert first.startswith(f"digest: {tmp_path}/in/b.txt:1: none of the known formats")
    assert second.startswith(f"digest: {tmp_path}/in/c.xml")


def test_a_stated_format_is_insisted_on(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "feed.xml"
    file.write_bytes(_FEED)
    assert cli.json("import", str(file), "--format", "feed")["new"] == 1
    assert cli.run("import", str(file), "--format", "huggingface").exit_code == 1
    assert cli.run("import", str(file), "--format", "dump").exit_code == 1


def test_listing_dumps_become_one_catalog(cli: Cli) -> None:
    folder = shared("dumps")
    first = cli.json("import", str(folder), "--as-of", "2026-05-01")
    again = cli.json("import", str(folder), "--as-of", "2026-05-01")
    assert (first["seen"], first["new"], first["rejected"]) == (173, 172, [])
    assert again["unchanged"] == 173
    assert cli.json("status")["papers"] == 172


def test_papers_are_narrowed_by_day_category_and_words(program: Cli) -> None:
    program("poll")
    day = date(2026, 3, 10)
    shown = program.json("paper", "list", "--day", str(day), "--category", "cs.CV", "--limit", "100")
    assert shown
    assert all("cs.CV" in paper["categories"] for paper in shown)
    found = program.json("paper", "search", "picture", "TWICE")
    assert "arxiv:2603.91001" in [paper["key"] for paper in found]
    told = program("paper", "show", "2603.91001")
    assert "Mirela Tavastson" in told
    assert "seen at" in told
    assert program("paper", "search", "zzzz") == "No paper holds 'zzzz'.\n"


def test_the_search_finds_what_was_just_polled_as_the_pages_do(program: Cli) -> None:
    program("poll")
    (by_name, *_) = program.json("paper", "search", "TAVASTSON")
    assert "Mirela Tavastson" in by_name["authors"]
    found = [paper["key"] for paper in program.json("paper", "search", "pictures", "twice")]
    assert "arxiv:2603.91001" in found
    assert program.json("paper", "search", "the", "of") == []


def test_an_author_is_found_with_their_papers(program: Cli) -> None:
    program("poll")
    (author,) = program.json("author", "list", "tavastson")
    shown = program.json("author", "show", author["name"])
    assert len(shown["papers"]) == author["papers"]
    assert shown["card"] is None


def test_tables_fit_a_narrow_terminal(program: Cli) -> None:
    program("poll")
    told = program.run("paper", "list", env={"COLUMNS": "80"}).stdout.splitlines()
    assert len(told) == 21
    assert max(map(len, told)) <= 80
