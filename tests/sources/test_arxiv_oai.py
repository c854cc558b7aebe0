"""arXiv's OAI-PMH: what is asked, what every recorded answer says, what is refused."""

from __future__ import annotations

from datetime import date

import pytest

from digest.model import Alias, AliasKind, Entry
from digest.sources import Response, Unreadable, arxiv_oai
from digest.sources.archive import Missed, Page, StaleToken
from tests.support.shared import shared

_HEAD = "<?xml version='1.0'?><OAI-PMH xmlns='http://www.openarchives.org/OAI/2.0/'>"

RECORDS = {
    "ads/input_arxiv_0901_2443.xml": 1,
    "ads/input_arxiv_1711_04702.xml": 1,
    "ads/input_arxiv_1711_05739.xml": 1,
    "ads/input_arxiv_math_0306266.xml": 1,
    "ads/input_arxiv_multi_20230125.xml": 3,
    "fatcat/arxivraw_1810.09584.xml": 1,
    "hepcrawl/func_arxiv-physics-hep-ex.xml": 3,
    "hepcrawl/func_arxiv-physics-hep-th.xml": 3,
    "hepcrawl/func_arxiv-single.xml": 1,
    "hepcrawl/sample_arxiv_record.xml": 12,
    **{f"hepcrawl/sample_arxiv_record{n}.xml": 1 for n in range(11)},
}


def read(body: bytes) -> Page:
    return arxiv_oai.page("cs.CV", Response(200, "u", {}, body), "u")


def recorded(name: str) -> Page:
    return read(shared(f"samples/arxiv_oai/{name}").read_bytes())


def one(name: str) -> Entry:
    (entry,) = recorded(name).listing.entries
    return entry


@pytest.mark.parametrize(("name", "records"), RECORDS.items())
def test_every_recorded_answer_is_read_whole(name: str, records: int) -> None:
    listing = recorded(name).listing
    assert (len(listing.entries), listing.rejections) == (records, ())
    for entry in listing.entries:
        assert entry.authors
        assert entry.published_on
        assert "\n" not in entry.title_raw


@pytest.mark.parametrize("name", ["header", "noheader"])
def test_an_answer_that_is_not_whole_is_refused(name: str) -> None:
    with pytest.raises(Unreadable, match="not whole"):
        recorded(f"ads/output_arxiv_multi_20230125_{name}.txt")


def test_a_resumption_token_and_the_size_of_the_list_are_read() -> None:
    page = recorded("ads/input_arxiv_multi_20230125.xml")
    assert (page.token, page.announced) == ("6460044|1001", 1090)


def test_the_raw_format_numbers_versions_and_dates_the_first() -> None:
    entry = one("fatcat/arxivraw_1810.09584.xml")
    assert entry.version == 2
    assert entry.published_on == date(2018, 10, 22)
    assert entry.authors == ("Raphael Chetrite", "Shamik Gupta", "Izaak Neri", "Édgar Roldán")
    assert entry.aliases == (
        Alias(AliasKind.ARXIV, "1810.09584"),
        Alias(AliasKind.DOI, "10.1209/0295-5075/124/60006"),
    )


def test_the_first_category_is_the_primary_one() -> None:
    entry = one("hepcrawl/func_arxiv-single.xml")
    assert entry.primary_category == "math.AP"
    assert entry.categories == ("math.AP", "hep-th", "math-ph", "math.DG", "math.MP", "nlin.SI")


def test_a_collaboration_cut_up_as_people_is_one_name_again() -> None:
    authors = one("hepcrawl/sample_arxiv_record4.xml").authors
    assert authors[:2] == ("Keck Array BICEP2 Collaborations", "P. Ade")


@pytest.mark.parametrize(
    ("category", "expected"),
    [
        ("cs.AI", "cs:cs:AI"),
        ("hep-th", "physics:hep-th"),
        ("math.NA", "math:math:NA"),
        ("astro-ph.CO", "physics:astro-ph:CO"),
        ("physics.optics", "physics:physics:optics"),
        ("physics", "physics:physics"),
        ("cs", "cs"),
    ],
)
def test_a_category_is_a_set_of_the_archive(category: str, expected: str) -> None:
    assert arxiv_oai.set_of(category) == expected


def test_the_first_page_names_day_and_set_and_a_further_one_its_token_only() -> None:
    missed = Missed("cs.CV", date(2026, 4, 20), "oai")
    first = arxiv_oai.request("https://oai.example.org/oai", missed)
    assert first.url == (
        "https://oai.example.org/oai?verb=ListRecords&metadataPrefix=arXivRaw&set=cs:cs:CV&from=2026-04-19"
    )
    more = arxiv_oai.request("https://oai.example.org/oai", Missed("cs.CV", date(2026, 4, 20), "oai", "1|2 3"))
    assert more.url == "https://oai.example.org/oai?verb=ListRecords&resumptionToken=1%7C2+3"


def test_no_records_are_an_empty_last_page() -> None:
    page = read(f"{_HEAD}<error code='noRecordsMatch'>none</error></OAI-PMH>".encode())
    assert page.listing.is_empty
    assert page.token is None


def test_a_token_that_is_worth_no_more_is_told_apart() -> None:
    with pytest.raises(StaleToken, match="badResumptionToken: expired"):
        read(f"{_HEAD}<error code='badResumptionToken'>expired</error></OAI-PMH>".encode())


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "empty"),
        (b"<!DOCTYPE html><html><body>Down</body></html>", "HTML page"),
        (f"{_HEAD}<error code='badArgument'>no</error></OAI-PMH>".encode(), "badArgument: no"),
        (b"<!DOCTYPE x [<!ENTITY a 'b'>]><OAI-PMH/>", "entities"),
        (b"<rss/>", "root element is <rss>"),
        (f"{_HEAD}<ListRecords><record/></ListRecords></OAI-PMH>".encode(), "none of its 1 items"),
    ],
)
def test_whatever_is_no_answer_of_the_protocol_is_refused(body: bytes, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        read(body)


def test_deleted_records_are_left_out() -> None:
    record = "<record><header status='deleted'><identifier>oai:arXiv.org:2604.00001</identifier></header></record>"
    assert read(f"{_HEAD}<ListRecords>{record}</ListRecords></OAI-PMH>".encode()).listing.is_empty
