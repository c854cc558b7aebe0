"""The Atom feeds, as a feed reader understands them."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import feedparser
import pytest
from starlette.types import ASGIApp

from digest.store.database import Database
from tests.support.public import fill, get, site

ATOM = "{http://www.w3.org/2005/Atom}"
FEEDS = (
    *("/feeds/trending.atom", "/feeds/c/cs.CV.atom", "/feeds/topics/3d-vision.atom"),
    "/feeds/a/Ada%20Lovelace.atom",
)


@pytest.fixture
def pages(database: Database) -> ASGIApp:
    fill(database)
    return site(database)


def test_a_reader_understands_every_feed(pages: ASGIApp) -> None:
    for path, answer in zip(FEEDS, get(pages, *FEEDS), strict=True):
        assert answer.headers["content-type"] == "application/atom+xml; charset=utf-8"
        read = feedparser.parse(answer.content)
        assert not read.bozo, path
        assert read.version == "atom10"
        assert read.feed.id == f"https://digest.example.org{path}"
        assert {link.rel for link in read.feed.links} == {"self", "alternate"}
        first = next(entry for entry in read.entries if "2604.00001" in entry.id)
        assert first.id == first.link == "https://digest.example.org/p/arxiv:2604.00001"
        assert first.title == "Gaussian splatting for moving scenes"
        assert [author.name for author in first.authors] == ["Ada Lovelace", "Grace Hopper"]
        assert first.updated == "2026-04-19T12:00:00Z"


def test_every_feed_has_what_the_standard_asks_for(pages: ASGIApp) -> None:
    for answer in get(pages, *FEEDS):
        root = ET.fromstring(answer.text)
        for element in (root, *root.iter(f"{ATOM}entry")):
            for name in ("id", "title", "updated"):
                assert len(element.findall(f"{ATOM}{name}")) == 1
        ids = [entry.findtext(f"{ATOM}id") for entry in root.iter(f"{ATOM}entry")]
        assert len(ids) == len(set(ids))


def test_pages_name_their_feed_and_the_feed_is_there(pages: ASGIApp) -> None:
    for page in get(pages, "/", "/c/cs.CV", "/topics/3d-vision", "/a/Ada%20Lovelace"):
        (link,) = re.findall(
            r'<link rel="alternate" type="application/atom\+xml" title="[^"]*" href="([^"]*)">', page.text
        )
        (feed,) = get(pages, link)
        assert feed.status_code == 200


def test_hostile_text_stays_text_in_a_feed(pages: ASGIApp) -> None:
    (answer,) = get(pages, "/feeds/c/cs.CR.atom")
    (entry,) = feedparser.parse(answer.content).entries
    assert "<script" not in answer.text
    assert "alert(1)" in entry.title


def test_feeds_of_nothing_are_not_there(pages: ASGIApp) -> None:
    wrong = ("/feeds/c/none.atom", "/feeds/topics/none.atom", "/feeds/a/Nobody.atom", "/feeds/none.atom")
    assert [answer.status_code for answer in get(pages, *wrong)] == [404] * 4
