"""Lists for other programs: what is written is read back the same, whatever signs it holds."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import rispy
from bibtexparser.entrypoint import parse_string
from hypothesis import given
from hypothesis import strategies as st

from digest.model import Alias, AliasKind, Reference
from digest.papers.identity import canonical_url
from digest.papers.text import readable, readable_name
from digest.references import read_body
from digest.references.names import shown
from digest.references.write import WRITERS, write
from digest.references.write_bibtex import citation_keys

_FORMS = sorted(WRITERS)
_SIGNS = st.sampled_from(list("aZ é北🙂\n{}&%#_$^~\\\"',;:-<>=@()[]|/.!?`*+0189"))
_TEXT = st.one_of(st.text(_SIGNS, max_size=40), st.text(max_size=30)).map(readable)
_WORD = st.text(st.sampled_from(list("abcXYZéß北-'.")), min_size=1, max_size=8)
_NAME = st.lists(_WORD, min_size=1, max_size=4).map(" ".join).map(readable_name)
_NAMES = st.one_of(_NAME, st.sampled_from(["Council on Care, Criticism and Cure", "A and B", "Barnes & Noble {Inc}"]))
_KEYWORD = st.text(st.sampled_from(list("abc é&{}%,")), min_size=1).map(readable).map(lambda word: word.strip(" ,"))
_ALIAS = st.sampled_from(
    [
        Alias(AliasKind.ARXIV, "1706.03762"),
        Alias(AliasKind.ARXIV, "hep-th/9711200"),
        Alias(AliasKind.DOI, "10.1000/a_b(c)%26d"),
        Alias(AliasKind.DOI, "10.1016/j.x.2016.09.028"),
        Alias(AliasKind.S2, "13756489"),
        Alias(AliasKind.OPENALEX, "W2963403868"),
        Alias(AliasKind.OPENREVIEW, "rJl-b3RcF7"),
        Alias(AliasKind.URL, "https://example.org/a_b~c?x=1&y=%23#z".partition("#")[0]),
        Alias(AliasKind.URL, "https://example.org/шеллы"),
    ]
)
_REFERENCE = st.builds(
    Reference,
    title=_TEXT.filter(bool),
    abstract=_TEXT,
    authors=st.lists(_NAMES, max_size=4).map(shown),
    aliases=st.lists(_ALIAS, max_size=5).map(lambda some: tuple(sorted(set(some)))),
    year=st.one_of(st.none(), st.integers(1400, 2099)),
    keywords=st.lists(_KEYWORD.filter(bool), max_size=3).map(lambda some: tuple(dict.fromkeys(some))),
    venue=_TEXT,
)


def _back(references: list[Reference], form: str) -> list[Reference]:
    library = read_body(write(references, form).encode(), "list")
    assert library.rejections == ()
    return [replace(one, source="") for one in library.references]


@pytest.mark.parametrize("form", _FORMS)
@given(references=st.lists(_REFERENCE, min_size=1, max_size=3))
def test_what_is_written_is_read_back_the_same(form: str, references: list[Reference]) -> None:
    assert _back(references, form) == references


_ATTENTION = Reference(
    title="Attention Is All You Need: 100% of {it} & more",
    abstract="O(n_2) costs $5 & more.\nA second line.",
    authors=("Ashish Vaswani", "Ludwig van Beethoven", "The LHC, ATLAS and CMS Teams"),
    aliases=(
        Alias(AliasKind.ARXIV, "1706.03762"),
        Alias(AliasKind.DOI, "10.1000/x_y"),
        Alias(AliasKind.S2, "13756489"),
    ),
    year=2017,
    keywords=("cs.CL", "transformers, large"),
    venue="Advances & Proceedings",
)


def test_bibtex_is_taken_apart_by_its_own_parser() -> None:
    (entry,) = parse_string(write([_ATTENTION], "bibtex")).entries
    assert entry.key == "vaswani2017attention"
    assert entry["eprint"] == "1706.03762"
    assert entry["author"] == r"Ashish Vaswani and Ludwig van Beethoven and {The LHC, ATLAS and CMS Teams}"
    assert entry["journal"] == r"Advances \& Proceedings"


def test_ris_is_taken_apart_by_its_own_parser() -> None:
    (record,) = rispy.loads(write([_ATTENTION], "ris"))
    assert record["authors"] == ["Vaswani, Ashish", "Beethoven, Ludwig van", "The LHC, ATLAS and CMS Teams,"]
    assert record["abstract"] == "O(n_2) costs $5 & more. A second line."
    assert (record["doi"], record["year"]) == ("10.1000/x_y", "2017")


def test_csl_json_has_parts_of_names_and_dates() -> None:
    (item,) = json.loads(write([_ATTENTION], "csl-json"))
    assert item["author"][0] == {"family": "Vaswani", "given": "Ashish"}
    assert item["issued"] == {"date-parts": [[2017]]}
    assert (item["number"], item["URL"]) == ("arXiv:1706.03762", "https://arxiv.org/abs/1706.03762")


def test_a_key_stays_when_the_list_grows() -> None:
    other = replace(_ATTENTION, title="Attention, again", aliases=())
    before = citation_keys([_ATTENTION, other])
    assert citation_keys([_ATTENTION, other, replace(other, year=2018), replace(other, abstract="x")])[:2] == before
    assert before[0] == "vaswani2017attention"
    assert before[1].startswith("vaswani2017attention-")


@given(st.lists(_REFERENCE, max_size=6))
def test_no_two_entries_share_a_key(references: list[Reference]) -> None:
    keys = citation_keys([*references, *references])
    assert len(set(keys)) == len(keys)
    assert all(key.isascii() and key.replace("-", "").isalnum() for key in keys)


def test_an_empty_list_is_an_empty_file() -> None:
    assert [write([], form) for form in _FORMS] == ["", "[]\n", ""]


def test_the_addresses_of_these_tests_are_canonical() -> None:
    assert canonical_url("https://example.org/a_b~c?x=1&y=%23") == "https://example.org/a_b~c?x=1&y=%23"
