"""Feeds of whatever publisher, and what each of them does to its own."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from pydantic import ValidationError

from digest.model import Alias, AliasKind, Announcement, Entry, Listing
from digest.sources import FeedState, Request, Response, Unreadable, publishers
from digest.sources.feed import FeedSource
from tests.support.feeds import Announced, arxiv_rss, journal_rss
from tests.support.shared import shared

NOW = datetime(2026, 4, 20, 12, tzinfo=UTC)
URL = "https://journal.example.org/feed"
SOURCE = FeedSource(url=URL)


def parse(body: bytes, content_type: str = "") -> Listing:
    return SOURCE.parse(Request(URL, feed=URL), Response(200, URL, {"content-type": content_type}, body))


def recorded(path: str) -> Listing:
    return parse(shared(f"samples/{path}").read_bytes())


def one(path: str) -> Entry:
    (entry,) = recorded(path).entries
    return entry


def item(inside: str) -> Entry:
    (entry,) = parse(journal_rss(f"<item><title>T</title>{inside}</item>")).entries
    return entry


def doi(value: str) -> Alias:
    return Alias(AliasKind.DOI, value)


# ── recorded publishers ──────────────────────────────────────────────────────────────────────────


def test_acs_asap_prefix_zone_author_line_and_picture() -> None:
    entry = one("journals/acs_jacs_rss20_excerpt.xml")
    assert entry.title_raw == "TOC-only sample"
    assert entry.published_on == date(2026, 5, 21)
    assert entry.authors == ("Yanjing Gao", "Guangrui Chen", "Jihong Yu")
    assert entry.abstract_raw == ""
    assert doi("10.1021/jacs.5c22299") in entry.aliases


def test_nature_teaser_and_repeated_first_author() -> None:
    entry = one("journals/nature_rdf_excerpt.xml")
    assert entry.abstract_raw == ""
    assert entry.summary is not None
    assert entry.summary.startswith("Direct electrocatalytic oxidation")
    assert entry.authors == ("Kalipada Koner", "Jason S. Adams")
    assert doi("10.1038/s41929-026-01535-6") in entry.aliases
    assert entry.published_on == date(2026, 5, 12)


def test_a_citation_of_science_is_no_abstract() -> None:
    entry = one("journals/science_etoc_rdf_excerpt.xml")
    assert (entry.abstract_raw, entry.summary) == ("", None)
    assert doi("10.1126/science.aeg5507") in entry.aliases
    assert entry.url == "https://www.science.org/doi/abs/10.1126/science.aeg5507"


def test_biorxiv_pairs_version_and_new_doi_prefix() -> None:
    entry = one("journals/biorxiv_rdf_new_doi_prefix_excerpt.xml")
    assert entry.authors == ("W. Powell", "N. Yan", "E. Tse")
    assert entry.version == 1
    assert doi("10.64898/2026.05.19.726321") in entry.aliases
    assert entry.url is not None
    assert "rss=1" not in entry.url


def test_biorxiv_old_style_with_leading_newlines() -> None:
    entry = one("biorxiv/feed-rs_rss_1.0_biorxiv.xml")
    assert entry.title_raw.startswith("Complete genome of the Medicago")
    assert entry.authors[-1] == "R. J. O'Connell"
    assert len(entry.authors) == 10
    assert entry.version == 1
    assert doi("10.1101/2023.12.16.571984") in entry.aliases


def test_cell_without_a_link() -> None:
    entry = one("journals/cell_rdf_excerpt.xml")
    assert entry.url == "https://www.cell.com/trends/cognitive-sciences/fulltext/S1364-6613(26)00205-6"
    assert doi("10.1016/j.tics.2026.08.006") in entry.aliases
    assert entry.published_on == date(2026, 9, 14)


def test_mdpi_title_prefix_and_empty_content() -> None:
    entry = one("rss_misc/zotero/feedArticleMetadata.rss")
    assert entry.title_raw == "Environmental Hydraulics, Turbulence, and Sediment Transport, Second Edition"
    assert entry.abstract_raw.startswith("Within river systems")
    assert entry.authors == ("Jaan H. Pu", "Manish Pandey", "Prashanth Reddy Hanmaiahgari")


def test_math_in_a_description_is_no_html() -> None:
    entry = recorded("rss_misc/iacr_eprint_rss.xml").entries[-1]
    assert "$<a,x>=0$" in entry.abstract_raw
    assert entry.authors == ("Ariel Gabizon", "Dmitry Krachun")
    assert entry.pdf_url == "https://eprint.iacr.org/2026/1148.pdf"


def test_a_blog_gives_its_description_and_not_its_articles() -> None:
    listing = recorded("rss_misc/scout_substack.xml")
    assert len(listing.entries) == 20
    assert all(len(entry.abstract_raw) <= 6000 and "<p" not in entry.abstract_raw for entry in listing.entries)


def test_windows_1252_is_read() -> None:
    assert one("rss_misc/zotero/feedWindows1252.rss").title_raw.startswith("Skriftlig spørsmål fra")


@pytest.mark.parametrize(
    ("name", "items"), [("journals/nber_rss.xml", 2), ("rss_misc/openai_blog.xml", 5), ("rss_misc/zotero/feed.rss", 3)]
)
def test_plain_feeds_are_read(name: str, items: int) -> None:
    assert len(recorded(name).entries) == items


def test_an_answer_of_arxivs_api_keeps_its_fields() -> None:
    entry = one("rss_misc/zotero/feed.atom")
    assert entry.authors == ("Author1 A. T. Rohtua", "Author2 A. Auth", "Author3 Z. McAuthorton")
    assert (entry.primary_category, entry.comment) == ("math.MG", "33 pages, 24 Figures")
    assert doi("10.12345/example") in entry.aliases


def test_an_error_of_arxivs_api_is_never_a_paper() -> None:
    body = b"""<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>http://arxiv.org/api/errors#bad_id</id>
        <title>Error</title><summary>incorrect id format</summary></entry></feed>"""
    with pytest.raises(Unreadable, match="incorrect id format"):
        parse(body)


def test_a_recorded_challenge_page_is_unreadable() -> None:
    with pytest.raises(Unreadable, match="challenge page"):
        recorded("journals/cloudflare_challenge_instead_of_feed.html")


def test_arxivs_announcements_keep_what_only_they_say() -> None:
    listing = parse(arxiv_rss(date(2026, 4, 20), [Announced("2604.00001", kind="replace", version=2)]))
    assert (listing.feed, listing.day) == ("cs.CL", date(2026, 4, 20))
    assert listing.entries[0].announcement is Announcement.REPLACE


# ── single traits ────────────────────────────────────────────────────────────────────────────────


def test_plain_text_with_signs_survives() -> None:
    assert (
        item("<description>for n&lt;m and $a&lt;b$ &amp;amp; more</description>").abstract_raw
        == "for n<m and $a<b$ &amp; more"
    )


def test_html_is_cleaned_and_scripts_are_gone() -> None:
    entry = item(
        "<description>&lt;p&gt;Good&lt;/p&gt;&lt;script&gt;alert(1)&lt;/script&gt;&lt;p&gt;text&lt;/p&gt;</description>"
    )
    assert "alert" not in entry.abstract_raw
    assert "<" not in entry.abstract_raw
    assert entry.abstract_raw.split() == ["Good", "text"]


@pytest.mark.parametrize(
    "citation",
    [
        "Science, Volume 392, Issue 6800, Page 814-814, May 2026.",
        "Proceedings of the National Academy of Sciences, Volume 123, Issue 20, May 2026.",
        "Advanced Materials, EarlyView.",
        "Advanced Materials, Volume 38, Issue 3, 2 May 2026.",
        "Journal of Samples, Ahead of Print.",
    ],
)
def test_citations_are_no_abstracts(citation: str) -> None:
    assert item(f"<description>{citation}</description>").abstract_raw == ""


def test_an_abstract_that_speaks_of_volumes_is_one() -> None:
    abstract = "We study lung imaging, Volume 3 of our series on the segmentation of tumours. " * 5
    assert item(f"<description>{abstract}</description>").abstract_raw == abstract.strip()


def test_the_longer_of_description_and_content_is_the_abstract() -> None:
    content = "<content:encoded>&lt;p&gt;The abstract.&lt;/p&gt;</content:encoded>"
    entry = item(f"<description>Wiley, EarlyView.</description>{content}")
    assert entry.abstract_raw == "The abstract."


@pytest.mark.parametrize(
    ("creator", "names"),
    [
        ("Powell, W., Yan, N.", ("W. Powell", "N. Yan")),
        ("LAPALU, N., O'Connell, R. J.", ("N. LAPALU", "R. J. O'Connell")),
        ("Ada Example, Bo Sample, and Cy Test", ("Ada Example", "Bo Sample", "Cy Test")),
        ("Ada Example and Bo Sample", ("Ada Example", "Bo Sample")),
        ("Ada Example", ("Ada Example",)),
        ("Ada Example; Bo Sample", ("Ada Example", "Bo Sample")),
    ],
)
def test_one_string_of_authors_is_split(creator: str, names: tuple[str, ...]) -> None:
    assert item(f"<dc:creator>{creator}</dc:creator>").authors == names


def test_et_al_means_that_there_are_more() -> None:
    entry = item("<dc:creator>Ada Example, et al.</dc:creator>")
    assert entry.authors == ("Ada Example",)
    assert not entry.is_authors_complete
    assert not item("").is_authors_complete


@pytest.mark.parametrize(
    ("link", "version"),
    [
        ("https://www.biorxiv.org/content/10.64898/2026.05.19.726321v2?rss=1", 2),
        ("http://biorxiv.org/cgi/content/short/2023.12.16.571984v1?rss=1", 1),
        ("https://doi.org/10.26434/chemrxiv-2026-abcde/v3", 3),
        ("https://doi.org/10.21203/rs.3.rs-1234567/v1", 1),
        ("https://arxiv.org/abs/2604.00001v4", None),
        ("https://doi.org/10.1000/pv2-sample", None),
    ],
)
def test_versions_stand_at_the_end_of_a_preprints_link(link: str, version: int | None) -> None:
    assert publishers.version_in(link) == version


def test_a_guid_that_names_a_place_on_a_page_is_no_identity() -> None:
    body = journal_rss(
        "".join(
            f"<item><title>Paper {n}</title><link>https://j.example.org/p/{n}</link>"
            f"<guid>https://j.example.org/today.html#item{n}</guid></item>"
            for n in (1, 2)
        )
    )
    first, second = parse(body).entries
    assert not set(first.aliases) & set(second.aliases)


def test_links_and_dois_shared_by_several_items_are_the_journals() -> None:
    shared_by_all = "<link>https://j.example.org/current?af=R</link><prism:doi>10.1000/journal</prism:doi>"
    body = journal_rss(f"<item><title>One</title>{shared_by_all}</item><item><title>Two</title>{shared_by_all}</item>")
    assert [(e.title_raw, e.aliases) for e in parse(body).entries] == [("One", ()), ("Two", ())]


def test_an_endless_link_is_no_alias() -> None:
    entry = item(f"<link>https://j.example.org/{'x' * 3000}</link>")
    assert entry.aliases == ()


def test_an_item_without_a_title_is_rejected() -> None:
    listing = parse(journal_rss("<item><title>One</title></item><item><link>https://j.example.org/2</link></item>"))
    assert [r.reason for r in listing.rejections] == ["item 2: no title"]


# ── options and cadence ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "options", [{}, {"url": "file:///etc/passwd"}, {"url": "x"}, {"url": URL, "minutes": 1}, {"url": URL, "x": 1}]
)
def test_options_that_cannot_work_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        FeedSource.model_validate(options)


def test_it_is_polled_again_after_its_minutes_or_when_no_longer_fresh() -> None:
    def pause(**state: object) -> timedelta:
        return SOURCE.next_poll({URL: FeedState.from_json(state)}, NOW) - NOW

    assert pause() == timedelta(hours=2)
    assert [pause(failures=n) for n in (1, 2, 9)] == [timedelta(hours=h) for h in (4, 8, 24)]
    assert pause(fresh_until="2026-04-20T20:00:00+00:00") == timedelta(hours=8)
    assert pause(fresh_until="2026-04-20T12:30:00+00:00") == timedelta(hours=2)
    assert pause(not_before="2026-04-21T00:00:00+00:00") == timedelta(hours=12)


def test_a_400_is_no_feed() -> None:
    with pytest.raises(Unreadable, match="400"):
        SOURCE.parse(Request(URL), Response(400, URL, {}, b"<rss/>"))
