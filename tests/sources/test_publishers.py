"""What single publishers do to their feeds, in layouts of theirs with words of ours."""

from __future__ import annotations

import pytest

from digest.model import Entry
from digest.sources import publishers
from digest.sources.explain import reasons
from digest.sources.feed import read_item
from digest.sources.publishers import CITATIONS, LEADS, TEASERS, TITLES, Quirk
from digest.sources.syndication import Item, read

PLOS = b"""<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom"><title>PLOS Invented Biology: New Articles</title>
<entry><title>On invented cells</title><author><name>Ada Example</name></author>
<link rel="alternate" href="https://journals.plos.org/plosinv/article?id=10.1371/journal.pinv.1000001"/>
<link rel="related" type="application/pdf" href="https://journals.plos.org/plosinv/article/file?id=10.1371/x"/>
<id>10.1371/journal.pinv.1000001</id><published>2026-04-17T14:00:00Z</published><updated>2026-04-18T14:00:00Z</updated>
<content type="html">&lt;p&gt;by Ada Example, Bo C. Sample, Caf&#233; Third&lt;/p&gt;
We invent cells with n &amp;lt; 5.</content></entry></feed>"""

ACM = b"""<?xml version="1.0" encoding="UTF-8"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:prism="http://prismstandard.org/namespaces/basic/2.0/">
<channel rdf:about="https://dl.acm.org/loi/inv"><title>ACM Invented Surveys</title><link>https://dl.acm.org/</link></channel>
<item rdf:about="https://dl.acm.org/doi/abs/10.1145/9999999?af=R"><title>A Survey of Inventions</title>
<link>https://dl.acm.org/doi/abs/10.1145/9999999?af=R</link>
<description>ACM Invented Surveys, Volume 58, Issue 3, Page 1-38, February 2026.
&lt;br/&gt;We survey all of them.</description>
<dc:creator>Ada Example</dc:creator><dc:creator>Bo Sample</dc:creator><dc:date>2026-02-02</dc:date>
<prism:doi>10.1145/9999999</prism:doi></item></rdf:RDF>"""


def one(body: bytes) -> tuple[Entry, Item]:
    (item,) = read(body).items
    return read_item(item), item


def test_plos_names_its_authors_before_the_abstract() -> None:
    entry, item = one(PLOS)
    assert entry.authors == ("Ada Example", "Bo C. Sample", "Café Third")
    assert entry.abstract_raw == "We invent cells with n < 5."
    assert "10.1371/journal.pinv.1000001" in {alias.value for alias in entry.aliases}
    assert any("(PLOS)" in reason for reason in reasons(entry, item))


def test_acm_puts_the_citation_before_the_abstract() -> None:
    entry, item = one(ACM)
    assert entry.abstract_raw == "We survey all of them."
    assert entry.authors == ("Ada Example", "Bo Sample")
    why = reasons(entry, item)
    assert "abstract: the citation before the abstract is cut (ACM and others on Atypon)" in why
    assert "doi:10.1145/9999999 from the guid and the link and prism:doi" in why


@pytest.mark.parametrize("quirk", [*TITLES, *CITATIONS, *LEADS, *TEASERS], ids=lambda quirk: f"{quirk.of}: {quirk.why}")
def test_every_quirk_says_whose_it_is_and_why(quirk: Quirk) -> None:
    assert quirk.of
    assert quirk.why
    assert not quirk.pattern.match("We prove that all inventions are invented.")


@pytest.mark.parametrize(
    "title", ["[Articles] On Cells", "[ASAP] On Cells", "Cells, Vol. 12, Pages 345: On Cells", "On Cells"]
)
def test_what_stands_before_a_title_is_no_part_of_it(title: str) -> None:
    assert publishers.without(TITLES, title) == "On Cells"


def test_an_ordinary_abstract_is_left_alone() -> None:
    for words in ("By Jove, this works.", "<p>by design</p>", "Volume rendering is old. <br/>We make it new."):
        assert publishers.byline(words) == ""
        assert publishers.without(LEADS, words) == words
