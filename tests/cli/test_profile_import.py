"""`digest profile EMAIL import` and `saved`: libraries of other programs, in and out."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
import rispy

from digest.cli.zotero import read_all
from digest.errors import DigestError
from digest.exchange import Fetched, Outcome, Request, Response, Unavailable
from digest.references import read_body, zotero
from tests.support.cli import Cli
from tests.support.http_server import Answer, Asked, HttpServer

_ADA = "ada@example.org"
_KEY = "P9NiFoyLeZu2bZNvvuQPDWsd"

_FEED = """<?xml version="1.0"?>
<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:arxiv="http://arxiv.org/schemas/atom"><channel>
<title>cs.CL updates on arXiv.org</title><link>http://rss.arxiv.org/rss/cs.CL</link>
<pubDate>Mon, 20 Apr 2026 00:00:00 -0400</pubDate>
<item><title>Reading with fewer words</title><link>https://arxiv.org/abs/2604.00001</link>
<description>arXiv:2604.00001v1 Announce Type: new
Abstract: We read less and know more.</description>
<guid isPermaLink="false">oai:arXiv.org:2604.00001v1</guid><category>cs.CL</category>
<pubDate>Mon, 20 Apr 2026 00:00:00 -0400</pubDate><arxiv:announce_type>new</arxiv:announce_type>
<dc:creator>Ada Lovelace, Charles Babbage</dc:creator></item>
<item><title>Weaving engines &amp; looms</title><link>https://arxiv.org/abs/2604.00002</link>
<description>arXiv:2604.00002v1 Announce Type: new
Abstract: Looms weave.</description>
<guid isPermaLink="false">oai:arXiv.org:2604.00002v1</guid><category>cs.CL</category>
<pubDate>Mon, 20 Apr 2026 00:00:00 -0400</pubDate><arxiv:announce_type>new</arxiv:announce_type>
<dc:creator>Joseph Jacquard</dc:creator></item>
</channel></rss>
"""

_BIB = r"""@misc{lovelace2026, title = {{R}eading with fewer words}, author = {Lovelace, Ada}, eprint = {2604.00001},
  archiveprefix = {arXiv}, year = 2026}
@article{menabrea1842, title = {Sketch of the Analytical Engine}, author = {Menabrea, L. F.}, year = 1842,
  abstract = {The engine weaves algebraical patterns.}}
@article{empty, year = 1999}
@article{broken, title = {Never closed
"""


@pytest.fixture
def program(cli: Cli) -> Cli:
    feed = cli.folder / "2026-04-20.xml"
    feed.write_text(_FEED, encoding="utf-8")
    cli("import", str(feed))
    cli("subscriber", "add", _ADA)
    return cli


def _file(program: Cli, name: str, text: str) -> str:
    path = program.folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_an_import_tells_what_it_found_what_it_keeps_and_what_it_refuses(program: Cli) -> None:
    path = _file(program, "library.bib", _BIB)
    done = program.run("profile", _ADA, "import", path)
    assert done.exit_code == 1
    assert "liked, in the catalog: 1\n  arxiv:2604.00001: Reading with fewer words" in done.stdout
    assert "not in the catalog: 1\n  Sketch of the Analytical Engine" in done.stdout
    first, second = done.stderr.splitlines()
    assert first.startswith(f"digest: {path}:5: empty: neither a title nor an identifier")
    assert second.startswith(f"digest: {path}:6: broken entry @article{{broken")


def test_what_is_imported_is_liked_and_known_the_second_time(program: Cli) -> None:
    path = _file(program, "library.bib", _BIB.partition("@article{empty")[0])
    program("profile", _ADA, "import", path)
    shown = program.json("profile", _ADA, "library")
    assert [one["title"] for one in shown] == ["Sketch of the Analytical Engine"]
    again = program.json("profile", _ADA, "import", path)
    assert (again["resolved"], again["stored"]) == ([], [])
    assert [one["source"] for one in again["known"]] == ["lovelace2026", "menabrea1842"]


def test_an_import_is_undone_as_a_whole(program: Cli) -> None:
    ids = _file(program, "ids.txt", "2604.00001\nhttps://arxiv.org/abs/2604.00002v3\n")
    bib = _file(program, "library.bib", _BIB.partition("@article{empty")[0])
    program("profile", _ADA, "import", ids, bib)
    program("profile", _ADA, "undo")
    assert program.json("profile", _ADA, "library") == []
    assert len(program.json("profile", _ADA, "import", ids)["resolved"]) == 2


def test_an_identifier_that_nobody_knows_is_refused_with_its_line(program: Cli) -> None:
    path = _file(program, "ids.txt", "2604.00001\n\n2401.99999\n")
    done = program.run("profile", _ADA, "import", path, "--json")
    assert done.exit_code == 1
    found = json.loads(done.stdout)
    assert [one["key"] for one in found["resolved"]] == ["arxiv:2604.00001"]
    assert found["refused"][0]["reason"].startswith("line 3: arxiv:2401.99999: not in the catalog")


def test_works_that_were_read_teach_nothing_and_are_known(program: Cli) -> None:
    path = _file(program, "library.bib", _BIB.partition("@article{empty")[0])
    told = program("profile", _ADA, "import", path, "--as", "read")
    assert "marked as read, in the catalog: 1" in told
    assert [one["key"] for one in program.json("profile", _ADA, "read")] == ["arxiv:2604.00001"]
    assert "likes" not in program("profile", _ADA, "show").split("\n\n")[0]
    assert len(program.json("profile", _ADA, "import", path, "--as", "read")["known"]) == 2


def test_a_list_of_own_works_tells_who_the_subscriber_is(program: Cli) -> None:
    entries = "".join(
        f"@misc{{k{n}, title={{My work number {n}}}, author={{Ada Lovelace and {other}}}}}\n"
        for n, other in enumerate(["A. Turing", "B. Russell", "C. Babbage"])
    )
    found = program.json("profile", _ADA, "import", _file(program, "own.bib", entries), "--as", "own")
    assert found["own_names"] == ["Ada Lovelace"]
    assert program.json("profile", _ADA, "own")["names"] == ["Ada Lovelace"]


def test_an_import_goes_to_the_interest_that_is_named(program: Cli) -> None:
    program("profile", _ADA, "interest", "add", "looms")
    path = _file(program, "library.ris", "TY  - JOUR\nTI  - Jacquard's loom\nAU  - Essinger, James\nER  - \n")
    program("profile", _ADA, "import", path, "--interest", "looms")
    (work,) = program.json("profile", _ADA, "library")
    assert (work["interest"], work["title"]) == ("looms", "Jacquard's loom")
    assert "no interest" in program.error("profile", _ADA, "import", path, "--interest", "spinning").lower()


def test_a_library_may_come_on_standard_input(program: Cli) -> None:
    done = program("profile", _ADA, "import", "-", stdin="On computable numbers with an application\n")
    assert done.startswith("-: 1 reference\n")
    assert "On computable numbers with an application" in done


def test_nothing_to_import_is_wrong_usage(program: Cli) -> None:
    assert "name a FILE" in program.error("profile", _ADA, "import", status=2)


def test_a_file_that_is_not_there_does_not_keep_others_from_coming(program: Cli) -> None:
    path = _file(program, "ids.txt", "2604.00001")
    done = program.run("profile", _ADA, "import", str(program.folder / "none.bib"), path)
    assert done.exit_code == 1
    assert "arxiv:2604.00001" in done.stdout
    assert "none.bib: cannot be read: No such file or directory" in done.stderr


# ── saved papers ─────────────────────────────────────────────────────────────────────────────────


def test_saved_papers_are_written_for_other_programs(program: Cli) -> None:
    program("profile", _ADA, "save", "2604.00002")
    program("profile", _ADA, "save", "2604.00001")
    bib = program.folder / "saved.bib"
    assert "2 papers" in program("profile", _ADA, "saved", "--format", "bibtex", "-o", str(bib))
    assert "@misc{jacquard2026weaving," in bib.read_text(encoding="utf-8")
    titles = {"Weaving engines & looms", "Reading with fewer words"}
    for form in ("bibtex", "ris", "csl-json"):
        library = read_body(program("profile", _ADA, "saved", "--format", form).encode(), form)
        assert {one.title for one in library.references} == titles
        assert {str(one.aliases[0]) for one in library.references} == {"arxiv:2604.00001", "arxiv:2604.00002"}
    (first, _) = rispy.loads(program("profile", _ADA, "saved", "--format", "ris"))
    assert first["title"] in titles


def test_saved_papers_are_listed_and_a_file_wants_a_format(program: Cli) -> None:
    assert "Nothing is saved" in program("profile", _ADA, "saved")
    program("profile", _ADA, "save", "2604.00002")
    (one,) = program.json("profile", _ADA, "saved")
    assert one["key"] == "arxiv:2604.00002"
    assert "Weaving engines" in program("profile", _ADA, "saved")
    assert "--output goes with --format" in program.error("profile", _ADA, "saved", "-o", "x.bib", status=2)


# ── Zotero ───────────────────────────────────────────────────────────────────────────────────────


def _items(numbers: Sequence[int]) -> bytes:
    return json.dumps(
        [
            {
                "key": f"KEY{n}",
                "data": {"itemType": "journalArticle", "title": f"Work number {n} of many", "date": "2020"},
            }
            for n in numbers
        ]
    ).encode()


def _pages(asked: Asked) -> Answer:
    """Three items, one per page, with the Link header that Zotero sends."""
    if asked.headers.get("zotero-api-key") != _KEY:
        return Answer(403, body=b"Forbidden")
    start = int(asked.query.partition("start=")[2].partition("&")[0])
    host = asked.headers["host"]
    link = f'<http://{host}{asked.path}?limit=1&start={start + 1}>; rel="next", <http://{host}/x>; rel="alternate"'
    headers = {"Total-Results": "3", "Zotero-API-Version": "3", **({"Link": link} if start < 2 else {})}
    return Answer(200, headers, _items([start]))


@pytest.fixture
def key_file(tmp_path: Path) -> str:
    path = tmp_path / "zotero.key"
    path.write_text(f"{_KEY}\n", encoding="utf-8")
    return str(path)


@pytest.fixture
def online(program: Cli) -> Cli:
    program.file.write_text('[fetch]\nallow_hosts = ["127.0.0.1"]\n', encoding="utf-8")
    return program


def test_a_zotero_library_is_read_page_by_page(online: Cli, key_file: str) -> None:
    with HttpServer({"/groups/2386895/items/top": _pages}) as server:
        found = online.json(
            "profile", _ADA, "import", "--zotero", "group:2386895", "--key-file", key_file, "--zotero-url", server.url()
        )
    assert [one["title"] for one in found["stored"]] == [f"Work number {n} of many" for n in range(3)]
    assert found["files"] == [{"path": "zotero group:2386895", "references": 3, "refused": 0}]
    assert server.asked[0].headers["zotero-api-version"] == "3"
    assert [asked.query.partition("start=")[2] for asked in server.asked] == ["0", "1", "2"]


def test_a_wrong_key_is_told(online: Cli, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.key"
    wrong.write_text("abc", encoding="utf-8")
    with HttpServer({"/users/1/items/top": _pages}) as server:
        asked = ("profile", _ADA, "import", "--zotero", "user:1", "--zotero-url", server.url())
        assert "does not let this key read user:1" in online.error(*asked, "--key-file", str(wrong))
    assert "write user:NUMBER" in online.error("profile", _ADA, "import", "--zotero", "me", status=2)
    wrong.write_text("two words", encoding="utf-8")
    assert "no key of Zotero's" in online.error(*asked, "--key-file", str(wrong))


def test_a_collection_is_asked_for_by_its_key(online: Cli) -> None:
    route = Answer(200, {"Total-Results": "1"}, _items([7]))
    with HttpServer({"/users/1/collections/JX7PSIGS/items/top": route}) as server:
        found = online.json("profile", _ADA, "import", "--zotero", "user:1:JX7PSIGS", "--zotero-url", server.url())
    assert len(found["stored"]) == 1


def test_zotero_is_waited_for_as_long_as_it_asks() -> None:
    slept: list[float] = []
    answers: list[Outcome] = [
        Unavailable("HTTP 429 Too Many Requests", timedelta(seconds=7)),
        Fetched(Response(200, "", {"total-results": "2", "backoff": "30"}, _items([1]))),
        Unavailable("HTTP 503"),
        Fetched(Response(200, "", {"total-results": "2"}, _items([2]))),
    ]

    async def fetch(_request: Request) -> Outcome:
        return answers.pop(0)

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    library = asyncio.run(read_all(zotero.first(zotero.account("user:1")), fetch, sleep))
    assert len(library.references) == 2
    assert slept == [7, 30, 2]


def test_items_that_vanish_between_pages_are_told() -> None:
    async def fetch(_request: Request) -> Outcome:
        return Fetched(Response(200, "", {"total-results": "5"}, _items([1]) if "start=0" in _request.url else b"[]"))

    async def sleep(_seconds: float) -> None:
        raise AssertionError("nobody asked to wait")

    library = asyncio.run(read_all(zotero.first(zotero.account("user:1")), fetch, sleep))
    assert [one.reason for one in library.rejections] == [
        "1 of 5 items came: the library changed meanwhile, import it again"
    ]


def test_what_waiting_does_not_mend_is_told_at_once() -> None:
    async def fetch(_request: Request) -> Outcome:
        return Unavailable("ConnectError: connection refused")

    async def sleep(_seconds: float) -> None:
        raise AssertionError("waiting mends no wrong address")

    with pytest.raises(DigestError, match="Zotero cannot be read: ConnectError"):
        asyncio.run(read_all(zotero.first(zotero.account("user:1")), fetch, sleep))
