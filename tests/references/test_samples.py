"""Libraries as programs write them: every file is read, what is expected beside it comes out, the rest is told."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from digest.model import Reference
from digest.papers.identity import surname, title_form
from digest.references import Library, read, read_body
from tests.support.shared import shared, shared_folder

_FOLDER = shared_folder() / "samples/library"


def _samples(pattern: str, beside: str = "") -> list[str]:
    """Files by a pattern; with `beside`, those that have a file of their name with that suffix."""
    found = [one for one in _FOLDER.glob(pattern) if not beside or one.with_suffix(beside).exists()]
    return sorted(str(one.relative_to(_FOLDER)) for one in found) or ["absent"]


def _read(name: str) -> Library:
    return read(shared(f"samples/library/{name}"))


def _told(references: Iterable[Reference]) -> set[tuple[str, tuple[str, ...], int | None]]:
    return {(title_form(one.title), tuple(sorted(map(surname, one.authors))), one.year) for one in references}


@pytest.mark.parametrize("name", _samples("*/*"))
def test_every_file_gives_references_or_says_why_not(name: str) -> None:
    library = _read(name)
    assert library.references or library.rejections
    assert all(one.title or one.aliases for one in library.references)
    assert all(one.reason for one in library.rejections)


@pytest.mark.parametrize("name", _samples("bbt/*.bib", ".expected.json"))
def test_bibtex_reads_as_zotero_reads_it(name: str) -> None:
    expected = shared("samples/library/" + name).with_suffix(".expected.json")
    mine, theirs = _read(name).references, read(expected).references
    assert _told(mine) == _told(theirs)
    mine_by_title = {title_form(one.title): one for one in mine}
    for one in theirs:
        assert set(one.aliases) <= set(mine_by_title[title_form(one.title)].aliases)


@pytest.mark.parametrize("name", _samples("jabref/*.ris"))
def test_ris_reads_as_jabref_reads_it(name: str) -> None:
    expected = read(shared("samples/library/" + name).with_suffix(".bib")).references
    found = _read(name).references
    if name.endswith("RisImporterTest1.ris"):  # every tag several times: JabRef joins the titles, the first counts here
        assert [one.title for one in found] == ["Editorial."]
        return
    assert [(title_form(one.title), one.year) for one in found] == [
        (title_form(one.title), one.year) for one in expected
    ]
    for mine, theirs in zip(found, expected, strict=True):  # JabRef counts second authors (A2) among the authors
        assert set(map(surname, mine.authors)) <= set(map(surname, theirs.authors))
    assert {a for one in expected for a in one.aliases if a.kind == "doi"} <= {a for one in found for a in one.aliases}


@pytest.mark.parametrize("kind", ["bibtex", "biblatex"])
def test_csl_json_and_bibtex_of_the_same_works_read_the_same(kind: str) -> None:
    bib = _read(f"citationjs/bibtex_test_mapping_{kind}-input.bib").references
    csl = _read(f"citationjs/bibtex_test_mapping_{kind}-csl.json").references
    assert [title_form(one.title) for one in bib] == [title_form(one.title) for one in csl]
    assert [one.year for one in bib] == [one.year for one in csl]


def test_an_arxiv_preprint_is_known_by_its_number_whatever_the_format() -> None:
    name = "bbt/export__arXiv_categories_missing_in_the_BibTeX_output_when_stored_only_in_the_Extra_field_#2483"
    for ending in ("bibtex", "json"):
        (one,) = _read(f"{name}.{ending}").references
        assert list(map(str, one.aliases)) == ["arxiv:2206.07690"]
        assert one.title.startswith("ELUDE: Generating")


def test_what_is_broken_is_refused_with_its_line() -> None:
    library = _read("citationjs/bibtex_test_input_different_delimiters.bib")
    assert [one.source for one in library.references] == ["a"]
    assert [one.line for one in library.rejections] == [7]


def test_zotero_rdf_has_items_and_not_their_attachments_and_notes() -> None:
    assert [one.title for one in _read("zotero/book_and_snapshot.rdf").references] == ["Test"]
    library = _read("zotero/zotero_rdf.xml")
    assert [one.title for one in library.references] == ["A", "B"]
    assert library.rejections == ()


def test_formats_that_are_not_read_say_what_to_do() -> None:
    for name in ("Endnote.entries.enw", "EndnoteXmlImporterTestArticle.xml", "NbibImporterTest.nbib"):
        (one,) = _read(f"jabref/{name}").rejections
        assert "export it as BibTeX, RIS or CSL-JSON" in one.reason


# ── Semantic Scholar ─────────────────────────────────────────────────────────────────────────────


def _recorded() -> list[str]:
    folder = shared_folder() / "samples/semantic_scholar/vcr"
    return sorted(one.name for one in folder.glob("*.json")) or ["absent"]


@pytest.mark.parametrize("name", _recorded())
def test_every_answer_of_semantic_scholar_gives_papers_or_says_why_not(name: str) -> None:
    recorded = json.loads(shared(f"samples/semantic_scholar/vcr/{name}").read_text(encoding="utf-8"))
    library = read_body(json.dumps(recorded["body"]).encode(), name)
    assert library.references or library.rejections


def test_papers_of_semantic_scholar_have_their_identifiers() -> None:
    library = read(shared("samples/semantic_scholar/sotawhat_search.json"))
    swin = next(one for one in library.references if one.title.startswith("Swin"))
    assert list(map(str, swin.aliases)) == ["arxiv:2103.14030", "doi:10.1109/iccv48922.2021.00986", "s2:232352874"]
    assert (swin.year, swin.authors[0]) == (2021, "Ze Liu")


def test_a_paper_without_anything_is_refused() -> None:
    (one,) = read(shared("samples/semantic_scholar/objects/PaperWithNullValues.json")).rejections
    assert "neither a title nor an identifier" in one.reason


def test_the_largest_library_is_whole() -> None:
    path = shared("samples/library/jabref/jabref-authors.bib")
    library = read(path)
    entries = [line for line in Path(path).read_text(encoding="utf-8").splitlines() if line.startswith("@")]
    comments = [line for line in entries if line.casefold().startswith(("@comment", "@string", "@preamble"))]
    assert len(library.references) + len(library.rejections) == len(entries) - len(comments)
