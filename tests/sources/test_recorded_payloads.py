"""Every recorded payload that a source of ours reads: how many items it gives, how many are refused, and why.

The counts were compared with the payloads' own: `test_nothing_is_lost_between_the_payload_and_the_listing` counts the
items without our readers. OAI-PMH and the API of arXiv have tables of their own. As a program, this file prints the
table as Markdown.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from digest.model import Listing
from digest.sources import Unreadable, semantic_scholar
from digest.sources.recognise import Payload, recognise
from tests.support.shared import shared, shared_folder

S2 = "semantic-scholar-recommendations"
NO_ID = "no id: the service knows only its title"
_FOLDERS = ("arxiv_rss", "biorxiv", "openreview", "semantic_scholar", "hn", "journals", "rss_misc", "hf")
_LISTS = ("recommendedPapers", "data", "collection", "notes", "hits")
_ITEM = re.compile(rb"<(?:item|entry)[ >]")


@dataclass(frozen=True)
class Row:
    """A file, the kind that reads it ("" where nothing of it is used), what it gives and what is refused, and why."""

    file: str
    kind: str
    items: int
    refused: int
    why: str


def untitled(file: str, items: int) -> Row:
    """An answer to a question that did not ask for titles."""
    return Row(file, "", 0, 1, f"none of its {items} items can be read; item 1: no title")


ROWS = (
    Row(
        "arxiv_rss/atom_csAI_2025-08-20_4entries.xml",
        "arxiv",
        4,
        1,
        "the payload is cut off here; 4 items before it kept",
    ),
    Row(
        "arxiv_rss/atom_csAI_2025-08-20_86entries.xml",
        "arxiv",
        86,
        1,
        "the payload is cut off here; 86 items before it kept",
    ),
    Row("arxiv_rss/atom_csAI_2025-08-20_repaired.xml", "arxiv", 86, 0, ""),
    Row("arxiv_rss/derived/rss20_csCV_2026-04-20_DERIVED.xml", "arxiv", 171, 0, ""),
    Row("arxiv_rss/derived/rss20_csCV_2026-04-21_DERIVED.xml", "arxiv", 501, 0, ""),
    Row("arxiv_rss/derived/rss20_csCV_2026-04-22_DERIVED.xml", "arxiv", 199, 0, ""),
    Row("arxiv_rss/oldstyle_rss10_2021_hep-ex.rdf", "arxiv", 3, 0, ""),
    Row("arxiv_rss/oldstyle_rss10_physbiblio_content_example.rdf", "arxiv", 3, 0, ""),
    Row("arxiv_rss/rss20_csCL_allnewsai.xml", "arxiv", 4, 1, "no title"),
    Row(
        "arxiv_rss/rss20_csCV_2025-09-19_head.xml",
        "",
        0,
        1,
        "line 21: the payload is cut off here, and no item before it is whole",
    ),
    Row("arxiv_rss/rss20_weekend_empty.xml", "arxiv", 0, 0, ""),
    Row("biorxiv/biorxiv_details_pu5ha.json", "biorxiv", 3, 0, ""),
    Row("biorxiv/feed-rs_rss_1.0_biorxiv.xml", "biorxiv", 1, 0, ""),
    Row("openreview/SYNTHETIC_notes_v2_shape.json", "openreview", 2, 0, ""),
    Row("openreview/colm2024_paperlists_first40.json", "openreview", 40, 0, ""),
    Row("semantic_scholar/objects/Author.json", "", 0, 1, "not a JSON dict"),
    Row("semantic_scholar/objects/Citation.json", "", 0, 1, "not a JSON dict"),
    Row("semantic_scholar/objects/Paper.trimmed.json", S2, 1, 0, ""),
    untitled("semantic_scholar/objects/PaperWithNullValues.json", 1),
    Row("semantic_scholar/objects/Reference.json", "", 0, 1, "not a JSON dict"),
    Row("semantic_scholar/sotawhat_search.json", S2, 5, 0, ""),
    Row(
        "semantic_scholar/vcr/bad_query_parameters.json",
        "",
        0,
        1,
        "not the error 'Unrecognized or unsupported fields: [unknown]'",
    ),
    Row("semantic_scholar/vcr/empty_paginated_results.json", S2, 0, 0, ""),
    Row("semantic_scholar/vcr/get_author.json", "", 0, 1, "not a JSON dict"),
    Row("semantic_scholar/vcr/get_author_papers.1.json", S2, 100, 0, ""),
    Row("semantic_scholar/vcr/get_author_papers.8.json", S2, 75, 0, ""),
    Row("semantic_scholar/vcr/get_author_papers.json", S2, 100, 0, ""),
    Row(
        "semantic_scholar/vcr/get_authors.json",
        "",
        0,
        1,
        "none of its 3 items can be read; item 1: no id: the service knows only its title",
    ),
    Row(
        "semantic_scholar/vcr/get_authors_not_found_warning.json",
        "",
        0,
        1,
        "none of its 4 items can be read; item 1: null: the service knows no paper by this id",
    ),
    Row(
        "semantic_scholar/vcr/get_authors_return_not_found.json",
        "",
        0,
        1,
        "none of its 4 items can be read; item 1: null: the service knows no paper by this id",
    ),
    Row("semantic_scholar/vcr/get_paper.json", S2, 1, 0, ""),
    Row(
        "semantic_scholar/vcr/get_paper_authors.json",
        "",
        0,
        1,
        "none of its 4 items can be read; item 1: no id: the service knows only its title",
    ),
    Row("semantic_scholar/vcr/get_paper_citations.1.json", S2, 100, 0, ""),
    Row("semantic_scholar/vcr/get_paper_citations.18.json", S2, 77, 4, NO_ID),
    Row("semantic_scholar/vcr/get_paper_citations.json", S2, 100, 0, ""),
    Row("semantic_scholar/vcr/get_paper_references.1.json", S2, 4, 13, NO_ID),
    Row("semantic_scholar/vcr/get_paper_references.json", S2, 40, 10, NO_ID),
    untitled("semantic_scholar/vcr/get_papers.json", 3),
    Row(
        "semantic_scholar/vcr/get_papers_not_found_warning.json",
        S2,
        3,
        1,
        "null: the service knows no paper by this id",
    ),
    Row(
        "semantic_scholar/vcr/get_papers_return_not_found.json", S2, 3, 1, "null: the service knows no paper by this id"
    ),
    Row("semantic_scholar/vcr/get_recommended_papers.json", S2, 100, 0, ""),
    Row("semantic_scholar/vcr/get_recommended_papers_from_lists.json", S2, 100, 0, ""),
    Row(
        "semantic_scholar/vcr/get_recommended_papers_from_lists_negative_only.json",
        "",
        0,
        1,
        "not the error 'No positive paper examples given'",
    ),
    Row("semantic_scholar/vcr/get_recommended_papers_from_lists_positive_only.json", S2, 100, 0, ""),
    Row("semantic_scholar/vcr/get_recommended_papers_pool_from.json", S2, 100, 0, ""),
    Row("semantic_scholar/vcr/not_found.1.json", "", 0, 1, "not the error 'Author with id 0 not found'"),
    Row("semantic_scholar/vcr/not_found.json", "", 0, 1, "not the error 'Paper with id 0 not found'"),
    Row(
        "semantic_scholar/vcr/search_author.json",
        "",
        0,
        1,
        "none of its 59 items can be read; item 1: no id: the service knows only its title",
    ),
    Row("semantic_scholar/vcr/search_paper.json", S2, 100, 0, ""),
    Row("semantic_scholar/vcr/search_paper_bulk_retrieval.json", S2, 1000, 0, ""),
    untitled("semantic_scholar/vcr/search_paper_fields_of_study.json", 100),
    Row("semantic_scholar/vcr/search_paper_match_title.json", S2, 1, 0, ""),
    untitled("semantic_scholar/vcr/search_paper_min_citation_count.json", 70),
    Row("semantic_scholar/vcr/search_paper_next_page.1.json", S2, 100, 0, ""),
    Row("semantic_scholar/vcr/search_paper_next_page.json", S2, 100, 0, ""),
    untitled("semantic_scholar/vcr/search_paper_open_access_pdf.json", 100),
    Row("semantic_scholar/vcr/search_paper_publication_date_or_year.1.json", S2, 79, 0, ""),
    Row("semantic_scholar/vcr/search_paper_publication_date_or_year.2.json", S2, 100, 0, ""),
    Row("semantic_scholar/vcr/search_paper_publication_date_or_year.3.json", S2, 100, 0, ""),
    Row("semantic_scholar/vcr/search_paper_publication_date_or_year.4.json", S2, 100, 0, ""),
    Row("semantic_scholar/vcr/search_paper_publication_date_or_year.5.json", S2, 100, 0, ""),
    Row("semantic_scholar/vcr/search_paper_publication_date_or_year.6.json", S2, 100, 0, ""),
    Row("semantic_scholar/vcr/search_paper_publication_date_or_year.7.json", S2, 100, 0, ""),
    Row("semantic_scholar/vcr/search_paper_publication_date_or_year.8.json", S2, 100, 0, ""),
    Row("semantic_scholar/vcr/search_paper_publication_date_or_year.json", S2, 77, 0, ""),
    untitled("semantic_scholar/vcr/search_paper_publication_types.1.json", 100),
    untitled("semantic_scholar/vcr/search_paper_publication_types.json", 100),
    untitled("semantic_scholar/vcr/search_paper_venue.json", 100),
    Row("semantic_scholar/vcr/search_paper_with_relevance_and_sort.json", S2, 100, 0, ""),
    untitled("semantic_scholar/vcr/search_paper_year.json", 21),
    untitled("semantic_scholar/vcr/search_paper_year_range.json", 47),
    Row("semantic_scholar/vcr/search_snippet.json", S2, 2, 0, ""),
    Row("hn/scout_hn.json", "hacker-news", 30, 0, ""),
    Row("journals/acs_jacs_rss20_excerpt.xml", "feed", 1, 0, ""),
    Row("journals/biorxiv_rdf_new_doi_prefix_excerpt.xml", "biorxiv", 1, 0, ""),
    Row("journals/cell_rdf_excerpt.xml", "feed", 1, 0, ""),
    Row("journals/cloudflare_challenge_instead_of_feed.html", "", 0, 1, "a challenge page for browsers"),
    Row("journals/nature_rdf_excerpt.xml", "feed", 1, 0, ""),
    Row("journals/nber_rss.xml", "feed", 2, 0, ""),
    Row("journals/science_etoc_rdf_excerpt.xml", "feed", 1, 0, ""),
    Row("rss_misc/iacr_eprint_rss.xml", "feed", 3, 0, ""),
    Row("rss_misc/openai_blog.xml", "feed", 5, 0, ""),
    Row("rss_misc/scout_substack.xml", "feed", 20, 0, ""),
    Row("rss_misc/zotero/feed.atom", "feed", 1, 0, ""),
    Row("rss_misc/zotero/feed.rss", "feed", 3, 0, ""),
    Row("rss_misc/zotero/feedArticleMetadata.rss", "feed", 1, 0, ""),
    Row("rss_misc/zotero/feedCDATA.rss", "feed", 2, 0, ""),
    Row("rss_misc/zotero/feedDetailed.rss", "feed", 3, 0, ""),
    Row("rss_misc/zotero/feedMedia.xml", "feed", 1, 0, ""),
    Row("rss_misc/zotero/feedModified.rss", "feed", 3, 1, "no title"),
    Row("rss_misc/zotero/feedRichText.rss", "feed", 3, 0, ""),
    Row("rss_misc/zotero/feedWindows1252.rss", "feed", 1, 0, ""),
    Row("hf/hf_daily_papers_allnewsai.json", "huggingface", 5, 0, ""),
    Row("hf/hf_daily_papers_sotawhat.json", "huggingface", 30, 0, ""),
    Row("hf/hf_models.json", "", 0, 1, "none of its 6 items can be read; item 1: an object was expected, not NoneType"),
    Row("hf/hf_paper_page_props.json", "", 0, 1, "line 1: JSON of none of the known services, but a JSON dict"),
    Row("hf/hf_papers_page_reonokiy.html", "", 0, 1, "line 1: an HTML page; save its text, or the feed instead"),
    Row(
        "hf/scout_hf_models.json",
        "",
        0,
        1,
        "none of its 15 items can be read; item 1: an object was expected, not NoneType",
    ),
    Row("hf/scout_hf_papers.json", "huggingface", 30, 0, ""),
)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.file)
def test_a_recorded_payload_gives_what_its_description_says(row: Row) -> None:
    body = _body(shared(f"samples/{row.file}"))
    if not row.kind:
        with pytest.raises(Unreadable, match=re.escape(row.why)):
            _read(row.file, body)
        return
    kind, listing = _read(row.file, body)
    assert (kind, len(listing.entries), len(listing.rejections)) == (row.kind, row.items, row.refused)
    assert all(row.why in rejection.reason for rejection in listing.rejections)


@pytest.mark.parametrize("row", [row for row in ROWS if row.kind], ids=lambda row: row.file)
def test_nothing_is_lost_between_the_payload_and_the_listing(row: Row) -> None:
    assert row.items + row.refused == _count(_body(shared(f"samples/{row.file}")))


def test_the_table_has_every_recorded_payload() -> None:
    found = [path for folder in _FOLDERS for path in _files(shared(f"samples/{folder}"))]
    assert {str(path.relative_to(shared_folder() / "samples")) for path in found} == {row.file for row in ROWS}


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != "SOURCES.md")


def _body(path: Path) -> bytes:
    """The payload itself, where it was recorded with its request."""
    body = path.read_bytes()
    return json.dumps(json.loads(body)["body"]).encode() if path.parent.name == "vcr" else body


def _read(file: str, body: bytes) -> tuple[str, Listing]:
    """As its source reads it."""
    if file.startswith("semantic_scholar/"):
        return S2, semantic_scholar.papers(body, file, file)
    found = recognise(Payload(body, file, file, date(2026, 8, 2)))
    return found.kind, found.listing


def _count(body: bytes) -> int:
    """The items of a payload, without our readers."""
    if body.lstrip().startswith(b"<"):
        return len(_ITEM.findall(body))
    found = json.loads(body)
    if isinstance(found, dict):
        found = next((found[name] for name in _LISTS if name in found), [found] if "paperId" in found else [])
    return len(found)


def _markdown() -> Iterator[str]:
    yield "| file | kind | items | refused | why |"
    yield "|---|---|---:|---:|---|"
    for row in ROWS:
        yield f"| {row.file} | {row.kind or 'refused as a whole'} | {row.items} | {row.refused} | {row.why} |"


if __name__ == "__main__":
    print("\n".join(_markdown()))
