"""Subscription lists, also as badly as other programs write them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.sources import Unreadable
from digest.sources.opml import address, parse, source_name, write
from tests.support.shared import shared

# What the files say in their comments that a list of feeds has.
_FEEDS = re.compile(r"result\['feeds'\]\)? ?(?:\[|== (\d+))")
_TITLE = re.compile(r"result\['feeds'\]\[0\]\['title'\] == '([^']+)'")


def opml(body: str, head: str = "") -> bytes:
    return f'<?xml version="1.0"?>{head}<opml version="2.0"><head/><body>{body}</body></opml>'.encode()


def urls(body: str) -> list[str]:
    return [feed.url for feed in parse(opml(body)).feeds]


def test_zoteros_list_has_five_feeds_in_folders_also_by_the_wrong_attribute() -> None:
    found = parse(shared("samples/opml/zotero_feeds.opml").read_bytes())
    assert [feed.url for feed in found.feeds] == [f"http://example.com/feed{n}.rss" for n in range(1, 6)]
    assert found.feeds[2].folders == ("Non-standard format",)
    assert found.feeds[4].title == ""
    assert not found.skipped


def test_the_recorded_lists_give_what_they_expect() -> None:
    folder = shared("samples/opml/listparser")
    files = [path for path in sorted(folder.iterdir()) if not path.name.startswith("rdf_")]
    assert len(files) > 40
    for path in files:
        text = path.read_text(encoding="utf-8")
        found = parse(path.read_bytes())
        assert bool(found.feeds) == _expects_feeds(text), path.name
        if expected := _TITLE.search(text):
            assert found.feeds[0].title == expected[1], path.name


def _expects_feeds(text: str) -> bool:
    counted = _FEEDS.search(text)
    return counted[1] != "0" if counted else 'xmlUrl="http' in text


@pytest.mark.parametrize("name", ["rdf__version.xml", "rdf__foaf_agent-url.xml"])
def test_lists_of_friends_are_no_opml(name: str) -> None:
    with pytest.raises(Unreadable, match="no OPML, it begins with <rdf:RDF>"):
        parse(shared(f"samples/opml/listparser/{name}").read_bytes())


def test_what_is_no_feed_is_skipped_with_the_reason() -> None:
    found = parse(
        opml(
            '<outline text="Folder"><outline text="A" xmlUrl="https://example.org/a"/></outline>\n'
            '<outline text="Again" xmlUrl="HTTPS://EXAMPLE.org/a"/>\n'
            '<outline text="List" type="include" url="https://example.org/list.opml"/>\n'
            '<outline text="Page" htmlUrl="https://example.org/"/>\n'
            '<outline text="None" xmlUrl=""/>\n'
            '<outline text="Script" xmlUrl="javascript:alert(1)"/>'
        )
    )
    assert [(feed.title, feed.folders) for feed in found.feeds] == [("A", ("Folder",))]
    assert [(one.line, one.title) for one in found.skipped] == [
        (2, "Again"),
        (3, "List"),
        (4, "Page"),
        (5, "None"),
        (6, "Script"),
    ]
    assert found.skipped[0].reason == "the same feed as on line 1"
    assert "no http address" in found.skipped[4].reason


def test_attributes_are_read_in_any_case_and_with_stray_ampersands() -> None:
    assert urls('<outline TEXT="A & B" XMLURL="https://example.org/a?x=1&y=2"/>') == ["https://example.org/a?x=1&y=2"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "empty"),
        (b"<html><body>x</body></html>", "HTML page"),
        (b"<rss/>", "no OPML"),
        (b'<opml><body><outline xmlUrl="https://example.org/a">', "line 1: "),
        (opml("", '<!DOCTYPE opml [<!ENTITY a "aaaa">]>'), "entities of its own"),
        (opml("", '<!DOCTYPE opml [<!ENTITY a SYSTEM "file:///etc/passwd">]>'), "entities of its own"),
        (opml("<outline>" * 200 + "</outline>" * 200), "levels: refused"),
    ],
)
def test_damage_refuses_the_whole_file(body: bytes, reason: str) -> None:
    """Fault row 25 for lists of feeds: what attacks is refused before it is read."""
    with pytest.raises(Unreadable, match=reason):
        parse(body)


@given(st.lists(st.tuples(st.text(st.characters(codec="utf-8", exclude_categories=["C"])), st.integers(0, 99))))
def test_what_is_written_is_read_again(feeds: list[tuple[str, int]]) -> None:
    named = {f"https://example.org/{n}?a=1&b=2": " ".join(name.split()) for name, n in feeds}
    found = parse(write("T <&>", [(name, url) for url, name in named.items()]))
    assert {feed.url: feed.title for feed in found.feeds} == named


def test_names_are_derived_from_titles_and_never_taken_twice() -> None:
    assert source_name("Nature — Physics & Chémie!", "https://x.example", ()) == "nature-physics-chemie"
    assert source_name("日本", "https://www.example.org/feed", ()) == "example-org"
    assert source_name("A", "https://example.org/", ("a", "a-2")) == "a-3"
    assert re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,63}", source_name("x" * 200, "https://example.org", ()))


def test_addresses_are_compared_in_one_form() -> None:
    assert address("http://Example.org/feed/?utm_source=x") == address("https://example.org/feed")
    assert address("http://intranet/feed") == "http://intranet/feed"
    assert address("feed://example.org/x") is None
    assert address("http://[broken") is None


def test_the_recorded_lists_are_all_looked_at() -> None:
    folder: Path = shared("samples/opml")
    assert len([path for path in folder.rglob("*") if path.suffix in (".xml", ".opml")]) == 58
