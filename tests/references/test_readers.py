"""What the readers make of a record: readable text, names with given names first, every identifier that it shows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.errors import UnreadableFile
from digest.model import Reference
from digest.references import FORMATS, Library, read, read_body


def _library(text: str) -> Library:
    return read_body(text.encode(), "mine")


def _one(text: str) -> Reference:
    library = _library(text)
    assert library.rejections == ()
    (one,) = library.references
    return one


def _ids(text: str) -> list[str]:
    return list(map(str, _one(text).aliases))


# ── BibTeX ───────────────────────────────────────────────────────────────────────────────────────


def test_tex_in_titles_and_names_becomes_readable() -> None:
    one = _one(
        r"""@article{k, title = {{{BERT}}: {Na\"{\i}ve} {\textit{Pre}}-training of $\alpha$ \& {$x^2$}},
        author = {G{\"o}del, Kurt and Erd\H{o}s, P{\'a}l and {Research, Inc. and Sons} and others}, year = 1931}"""
    )
    assert one.title == "BERT: Naïve Pre-training of α & x²"
    assert one.authors == ("Kurt Gödel", "Pál Erdős", "Research, Inc. and Sons")


@pytest.mark.parametrize(
    ("fields", "known"),
    [
        ("eprint = {1706.03762}, archivePrefix = {arXiv}, primaryClass = {cs.CL}", ["arxiv:1706.03762"]),
        ("eprint = {9711200}, archiveprefix = {arXiv}, primaryclass = {hep-th}", ["arxiv:hep-th/9711200"]),
        ("eprint = {0601001v2}, eprinttype = {arxiv}, eprintclass = {astro-ph}", ["arxiv:astro-ph/0601001"]),
        ("eprint = {hal-02090402}, eprinttype = {hal}", []),
        ("journal = {arXiv preprint arXiv:1706.03762}", ["arxiv:1706.03762"]),
        ("journal = {CoRR}, volume = {abs/1706.03762}", ["arxiv:1706.03762"]),
        (r"doi = {10.1007/978\_3-1}", ["doi:10.1007/978_3-1"]),
        ("doi = {https://doi.org/10.48550/arXiv.1706.03762}", ["arxiv:1706.03762"]),
        (r"url = {\url{https://openreview.net/forum?id=rJl-b3RcF7}}", ["openreview:rJl-b3RcF7"]),
        ("note = {arXiv: 1706.03762 [cs.CL]}", ["arxiv:1706.03762"]),
        ("note = {arXiv:1706.03762 [cs]}", ["arxiv:1706.03762"]),
        ("note = {10.1007/s10344-009-0327-7}", ["doi:10.1007/s10344-009-0327-7"]),
        ("note = {A comment on arXiv:1706.03762, which we refute}", []),
        ("url = {https://www.example.org/}", []),
    ],
)
def test_identifiers_are_found_in_the_fields_that_hold_them(fields: str, known: list[str]) -> None:
    assert _ids(f"@misc{{k, title = {{A title}}, {fields}}}") == known


def test_strings_are_put_together() -> None:
    text = '@string{a = "Proc. "}\n@string(b = a # {of })\n@misc{k, title = {T}, journal = b # "ICML" # { \'24}}'
    assert _one(text).venue == "Proc. of ICML '24"


def test_an_entry_that_comes_twice_or_without_a_key_is_not_lost() -> None:
    library = _library("@misc{k, title={One}}\n@misc{k, title={Two}, title={Zwei}}\n@misc{title={Three}}\n")
    assert [one.title for one in library.references] == ["One", "Two", "Three"]


def test_an_entry_takes_from_its_parent_what_it_lacks() -> None:
    text = "@inproceedings{c, title={Paper}, crossref={P}}\n@proceedings{p, title={Proceedings}, year={2006}}"
    child = _library(text).references[0]
    assert (child.title, child.venue, child.year) == ("Paper", "Proceedings", 2006)


def test_windows_and_latin_files_are_read() -> None:
    entry = "@misc{k, title={Café “au lait”}}"
    assert read_body(entry.encode("cp1252"), "x").references[0].title == "Café “au lait”"
    assert read_body(b"\xef\xbb\xbf" + entry.encode(), "x").references[0].title == "Café “au lait”"
    assert read_body(entry.replace(" ", "\r\n").encode("utf-16"), "x").references[0].title == "Café “au lait”"


# ── RIS ──────────────────────────────────────────────────────────────────────────────────────────


def test_ris_records_without_an_end_are_not_lost() -> None:
    library = _library("TY  - JOUR\nTI  - One\n\nTY  - JOUR\nTI  - Two\nAU  - Last, First, Jr.\nDO  - 10.1000/X")
    assert [one.title for one in library.references] == ["One", "Two"]
    assert library.references[1].authors == ("First Last Jr.",)
    assert str(library.references[1].aliases[0]) == "doi:10.1000/x"


def test_ris_lines_outside_of_records_are_told() -> None:
    library = _library("TY  - JOUR\nTI  - One\nER  - \nTI  - Stray title\n")
    assert [(one.line, one.reason) for one in library.rejections] == [
        (4, "outside of any record (no TY line before it): TI - Stray title")
    ]


def test_ris_of_a_preprint_has_its_arxiv_id() -> None:
    assert _ids("TY  - GEN\nTI  - T\nUR  - http://arxiv.org/abs/1706.03762v5\nER  - ") == ["arxiv:1706.03762"]
    assert _ids("TY  - GEN\nTI  - T\nN1  - arXiv:1706.03762 [cs]\nER  - ") == ["arxiv:1706.03762"]


# ── JSON ─────────────────────────────────────────────────────────────────────────────────────────


def test_the_extra_field_of_zotero_is_read() -> None:
    item = {
        "itemType": "journalArticle",
        "title": "T",
        "extra": "Citation Key: k\narXiv: 1706.03762 [cs]\nDOI: 10.1000/x",
    }
    assert _ids(json.dumps([item])) == ["arxiv:1706.03762", "doi:10.1000/x"]


def test_parts_of_zotero_items_are_no_references_and_lone_ones_are_told() -> None:
    items = [
        {"key": "A", "data": {"itemType": "attachment", "parentItem": "B", "title": "PDF"}},
        {
            "key": "B",
            "data": {"itemType": "preprint", "title": "T", "creators": [{"name": "Ada", "creatorType": "author"}]},
        },
        {"key": "C", "data": {"itemType": "attachment", "title": "lone.pdf"}},
    ]
    library = _library(json.dumps(items))
    assert [(one.source, one.authors) for one in library.references] == [("B", ("Ada",))]
    assert [one.reason for one in library.rejections] == ["C: a Zotero attachment of its own (lone.pdf), no reference"]


def test_json_that_is_no_library_says_what_it_is() -> None:
    for text, reason in [
        ('{"title": ', "no JSON"),
        ("[]", "an empty list"),
        ("{}", "of none of the known forms"),
        ('{"error": "Paper not found"}', "Paper not found"),
        ("[1, null]", "item 1: no object"),
    ]:
        assert reason in _library(text).rejections[0].reason


# ── Zotero RDF ───────────────────────────────────────────────────────────────────────────────────

_RDF = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:z="http://www.zotero.org/namespaces/export#" xmlns:bib="http://purl.org/net/biblio#"
 xmlns:dcterms="http://purl.org/dc/terms/" xmlns:foaf="http://xmlns.com/foaf/0.1/">
 <bib:Article rdf:about="http://arxiv.org/abs/1706.03762">
  <z:itemType>preprint</z:itemType>
  <bib:authors><rdf:Seq><rdf:li><foaf:Person><foaf:surname>Vaswani</foaf:surname>
   <foaf:givenName>Ashish</foaf:givenName></foaf:Person></rdf:li></rdf:Seq></bib:authors>
  <dc:title>Attention &amp; more</dc:title><dc:date>2017-06-12</dc:date><dcterms:abstract>Abstract.</dcterms:abstract>
  <dc:subject><z:AutomaticTag><rdf:value>cs.CL</rdf:value></z:AutomaticTag></dc:subject>
  <dc:description>arXiv: 1706.03762</dc:description>
 </bib:Article>
 <bib:Article rdf:about="#item_2"><z:itemType>journalArticle</z:itemType>
  <dcterms:isPartOf rdf:resource="urn:issn:1"/><dc:title>In a journal</dc:title></bib:Article>
 <bib:Journal rdf:about="urn:issn:1"><dc:title>The Journal</dc:title><dc:identifier>DOI 10.1000/x</dc:identifier>
 </bib:Journal>
 <z:Attachment rdf:about="#item_9"><z:itemType>attachment</z:itemType><dc:title>lone.pdf</dc:title></z:Attachment>
</rdf:RDF>"""


def test_zotero_rdf_is_read_with_people_journals_and_extra() -> None:
    library = _library(_RDF)
    preprint, article = library.references
    assert (preprint.title, preprint.authors, preprint.year) == ("Attention & more", ("Ashish Vaswani",), 2017)
    assert (list(map(str, preprint.aliases)), preprint.keywords) == (["arxiv:1706.03762"], ("cs.CL",))
    assert (article.venue, list(map(str, article.aliases))) == ("The Journal", ["doi:10.1000/x"])
    assert [(one.line, one.reason.partition(":")[0]) for one in library.rejections] == [(16, "#item_9")]


def test_a_doi_of_a_journal_that_two_articles_share_is_nobodys() -> None:
    second = '<bib:Article rdf:about="#item_3"><dcterms:isPartOf rdf:resource="urn:issn:1"/><dc:title>Other</dc:title>'
    library = _library(_RDF.replace("<bib:Journal", f"{second}</bib:Article><bib:Journal"))
    assert [one.aliases for one in library.references if one.venue] == [(), ()]


def test_xml_that_declares_entities_is_refused_unparsed() -> None:
    bomb = '<!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>' + _RDF.replace("Attention", "&b;")
    (one,) = _library(bomb).rejections
    assert "refused" in one.reason
    assert "no XML" in _library(_RDF[:-20]).rejections[0].reason


# ── tables ───────────────────────────────────────────────────────────────────────────────────────


def test_a_table_with_headings_is_read() -> None:
    zotero = '"Key","Item Type","Publication Year","Author","Title","DOI","Extra"\n'
    zotero += '"K1","preprint","2017","Vaswani, Ashish; Shazeer, Noam","Attention,\nall","","arXiv: 1706.03762"\n'
    zotero += '"","","","","","",""\n'
    one = _one(zotero)
    assert (one.source, one.title, one.year) == ("K1", "Attention, all", 2017)
    assert one.authors == ("Ashish Vaswani", "Noam Shazeer")
    assert list(map(str, one.aliases)) == ["arxiv:1706.03762"]
    assert _one("Title;Authors;CorpusId\nOne title;A. Lovelace, C. Babbage;42\n").authors == (
        "A. Lovelace",
        "C. Babbage",
    )


def test_a_row_that_names_nothing_is_told_with_its_line() -> None:
    library = _library("title\tyear\nOne\t2001\n\t2002\na\tb\tc\n")
    assert [(one.line, one.reason.partition(":")[2].strip()[:7]) for one in library.rejections] == [
        (3, "neither"),
        (4, ""),
    ]


# ── plain lists ──────────────────────────────────────────────────────────────────────────────────


def test_a_list_of_identifiers_and_titles_is_read_line_by_line() -> None:
    library = _library(
        "# my list\n1706.03762, hep-th/9711200\n- https://doi.org/10.1000/X\n[4] Attention is all you need\n\n"
        "5. Vaswani, A. (2017). Attention is all you need. NeurIPS. arXiv:1706.03762.\n12345\n"
    )
    found = [(one.source, one.title, list(map(str, one.aliases))) for one in library.references]
    assert found == [
        ("line 2", "", ["arxiv:1706.03762"]),
        ("line 2", "", ["arxiv:hep-th/9711200"]),
        ("line 3", "", ["doi:10.1000/x"]),
        ("line 4", "Attention is all you need", []),
        ("line 6", "Attention is all you need", ["arxiv:1706.03762"]),
    ]
    assert [(one.line, one.reason) for one in library.rejections] == [(7, "neither a title nor an identifier: 12345")]


# ── all of them ──────────────────────────────────────────────────────────────────────────────────


def test_files_that_cannot_be_opened_say_so(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="cannot be read"):
        read(tmp_path / "none.bib")
    with pytest.raises(UnreadableFile, match="cannot be read"):
        read(tmp_path)


@pytest.mark.parametrize("body", [b"", b" \n", b"%PDF-1.7 \x00", b"PK\x03\x04", b"<html><body>", b"\x00\x01\x02"])
def test_what_is_no_library_is_one_rejection(body: bytes) -> None:
    library = read_body(body, "x")
    assert (library.references, len(library.rejections)) == ((), 1)


_PIECES = [
    "@misc{k,",
    "title",
    "=",
    "{",
    "}",
    '"',
    "#",
    ",",
    "\n",
    "TY  - JOUR",
    "\nTI  - x",
    "ER  - ",
    "PT J\n",
    "\\",
    "$",
]
_PIECES += [
    "[",
    "]",
    '{"title": 1}',
    '"data":',
    "<rdf:RDF>",
    "</",
    "<a",
    "1706.03762",
    "é",
    "\x00",
    "title;doi\n",
    "a;b;c",
]


@pytest.mark.parametrize("form", [None, *FORMATS])
@given(st.lists(st.sampled_from(_PIECES), max_size=12).map("".join))
def test_no_text_makes_a_reader_fail_or_fall_silent(form: str | None, text: str) -> None:
    library = read_body(text.encode(), "x", form)
    assert library.references or library.rejections


def test_an_address_in_a_plain_list_does_not_make_it_bibtex() -> None:
    assert _one("A title of ada@example (draft)").title == "A title of ada@example (draft)"
