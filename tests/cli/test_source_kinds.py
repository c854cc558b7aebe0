"""`digest source test`, `import` and `export`: what would be read and why, and lists of feeds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.cli import Cli
from tests.support.feeds import journal_rss
from tests.support.http_server import Answer, HttpServer
from tests.support.shared import shared

_ITEMS = """<item><title>[ASAP] On Quiet Feeds</title><link>https://doi.org/10.1000/quiet</link>
<guid>https://doi.org/10.1000/quiet</guid>
<description>Journal of Quiet, Volume 3, Issue 1, Page 2-9, May 2026.</description>
<author>Ada Example, Bo Sample, and Cy Third</author><pubDate>Mon, 20 Apr 2026 00:00:00 GMT</pubDate></item>
<item><link>https://doi.org/10.1000/loud</link></item>"""

_LIST = """<?xml version="1.0"?><opml version="2.0"><body>
<outline text="Journals">
<outline text="Quiet Letters" type="rss" xmlUrl="https://quiet.example.org/rss"/>
<outline text="Quiet Letters" type="rss" url="https://loud.example.org/rss"/></outline>
<outline text="Again" xmlUrl="http://quiet.example.org/rss/"/>
<outline text="Another list" type="link" url="https://example.org/list.opml"/>
</body></opml>"""


@pytest.fixture
def program(tmp_path: Path) -> Cli:
    made = Cli(tmp_path, '[fetch]\nallow_hosts = ["127.0.0.1"]\n')
    made("db", "upgrade")
    return made


# ── source test ──────────────────────────────────────────────────────────────────────────────────


def test_an_address_is_read_shown_and_explained_and_nothing_is_stored(program: Cli) -> None:
    with HttpServer({"/rss": Answer(200, {"Content-Type": "application/rss+xml"}, journal_rss(_ITEMS))}) as server:
        found = program.json("source", "test", server.url("/rss"))
        shown = program.run("source", "test", server.url("/rss"))
    assert (found["kind"], found["status"], found["is_complete"]) == ("feed", 200, True)
    (entry,) = found["entries"]
    assert entry["title"] == "On Quiet Feeds"
    assert entry["authors"] == ["Ada Example", "Bo Sample", "Cy Third"]
    assert (entry["published_on"], entry["abstract"]) == ("2026-04-20", "")
    assert "doi:10.1000/quiet from the guid and the link" in entry["why"]
    assert "title: '[ASAP]' is no part of the title (ACS)" in entry["why"]
    assert "abstract: a citation is no abstract (Science, PNAS, ACM, Wiley)" in entry["why"]
    assert found["rejected"][0]["reason"] == "item 2: no title"
    assert shown.exit_code == 0
    assert "- authors: one string, split" in shown.stdout
    assert "rejected: item 2: no title" in shown.stderr
    assert program.json("status")["papers"] == 0
    assert program.json("source", "list") == []


def test_a_page_names_the_feeds_it_has(program: Cli) -> None:
    page = b'<!doctype html><html><head><link rel="alternate" type="application/rss+xml" href="/rss"></head></html>'
    with HttpServer({"/": Answer(200, {"Content-Type": "text/html"}, page)}) as server:
        said = program.error("source", "test", server.url("/"))
        assert said.endswith(f"an HTML page, no feed; it names these feeds: {server.url('/rss')}")


def test_what_the_daemon_may_not_reach_this_may_not_either(cli: Cli) -> None:
    """Fault row 24: refused before connecting, also by hand."""
    assert "is not a public address" in cli.error("source", "test", "http://169.254.169.254/latest")
    assert "is not a public address" in cli.error("source", "test", "http://0x7f000001/")
    assert "only http and https" in cli.error("source", "test", "file:///etc/passwd")


def test_a_server_that_says_no_is_told(program: Cli) -> None:
    with HttpServer({"/rss": Answer(429, {"Retry-After": "90"})}) as server:
        assert program.error("source", "test", server.url("/rss")).endswith("Too Many Requests; it asks to wait 90 s")


def test_a_file_is_read_by_its_content_or_as_a_kind(program: Cli) -> None:
    file = program.folder / "saved.xml"
    file.write_bytes(journal_rss(_ITEMS))
    assert program.json("source", "test", str(file))["kind"] == "feed"
    assert program.json("source", "test", str(file), "--kind", "feed")["kind"] == "feed"
    assert "it is of kind feed" in program.error("source", "test", str(file), "--kind", "arxiv")
    assert "unknown kind 'fed'" in program.error("source", "test", str(file), "--kind", "fed", status=2)
    assert "cannot be read" in program.error("source", "test", str(program.folder / "gone.xml"))


@pytest.mark.parametrize(
    ("file", "kind", "entries"),
    [
        ("biorxiv/biorxiv_details_pu5ha.json", "biorxiv", 3),
        ("openreview/SYNTHETIC_notes_v2_shape.json", "openreview", 2),
        ("hn/scout_hn.json", "hacker-news", 30),
        ("semantic_scholar/sotawhat_search.json", "semantic-scholar-recommendations", 5),
        ("hf/scout_hf_papers.json", "huggingface", 30),
        ("arxiv_rss/atom_csAI_2025-08-20_repaired.xml", "arxiv", 86),
    ],
)
def test_recorded_payloads_are_recognised(program: Cli, file: str, kind: str, entries: int) -> None:
    found = program.json("source", "test", str(shared(f"samples/{file}")))
    assert (found["kind"], len(found["entries"])) == (kind, entries)
    assert all(entry["why"] for entry in found["entries"])


# ── lists of feeds ───────────────────────────────────────────────────────────────────────────────


def test_a_list_of_feeds_becomes_sources_and_what_is_skipped_is_named(program: Cli) -> None:
    file = program.folder / "feeds.opml"
    file.write_text(_LIST)
    done = program.run("source", "import", str(file))
    assert done.exit_code == 0
    assert "2 sources added, 2 skipped" in done.stdout
    assert f"{file}:5: skipped Again: the same feed as on line 3" in done.stderr
    assert "type 'link': another list or a page" in done.stderr
    made = {one["name"]: one["options"]["url"] for one in program.json("source", "list")}
    assert made == {
        "quiet-letters": "https://quiet.example.org/rss",
        "quiet-letters-2": "https://loud.example.org/rss",
    }


def test_importing_twice_adds_nothing(program: Cli) -> None:
    file = program.folder / "feeds.opml"
    file.write_text(_LIST)
    program("source", "import", str(file))
    again = program.json("source", "import", str(file))
    assert again["imported"] == []
    assert "already there as quiet-letters" in [one["reason"] for one in again["skipped"]]
    assert len(program.json("source", "list")) == 2


def test_a_damaged_list_adds_nothing(program: Cli) -> None:
    file = program.folder / "feeds.opml"
    file.write_text(_LIST[:-40])
    assert str(file) in program.error("source", "import", str(file))
    assert program.json("source", "list") == []


def test_what_is_exported_is_imported_elsewhere(program: Cli, tmp_path_factory: pytest.TempPathFactory) -> None:
    file = program.folder / "feeds.opml"
    file.write_text(_LIST)
    program("source", "import", str(file))
    program("source", "add", "cl", "--kind", "arxiv", "--set", "categories=cs.CL")
    out = program.folder / "out.opml"
    done = program.run("source", "export", "-o", str(out))
    assert "not exported, as they are no feeds: cl (arxiv)" in done.stderr
    assert program.run("source", "export").stdout.encode() == out.read_bytes()
    other = Cli(tmp_path_factory.mktemp("other"))
    other("db", "upgrade")
    assert [one["name"] for one in other.json("source", "import", str(out))["imported"]] == [
        "quiet-letters",
        "quiet-letters-2",
    ]


def test_keys_of_a_source_are_never_shown(program: Cli) -> None:
    kind = "semantic-scholar-recommendations"
    program("source", "add", "s2", "--kind", kind, "--set", "positive=1706.03762", "--set", "api_key=hidden-key")
    assert "hidden-key" not in program("source", "list", "--json")
