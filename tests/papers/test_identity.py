"""Identifiers and normal forms."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.model import Alias, AliasKind
from digest.papers.identity import (
    aliases_of,
    arxiv_id,
    code_link,
    doi,
    fold_name,
    public_key,
    surname,
    text_form,
    title_form,
)

ARXIV = [
    ("2604.14630", ("2604.14630", None)),
    ("2604.14630v2", ("2604.14630", 2)),
    ("0704.0001", ("0704.0001", None)),
    ("arXiv:2508.13426v1", ("2508.13426", 1)),
    ("arxiv: 2508.13426", ("2508.13426", None)),
    ("oai:arXiv.org:2508.13426v11", ("2508.13426", 11)),
    ("https://arxiv.org/abs/2508.13426", ("2508.13426", None)),
    ("http://www.arxiv.org/pdf/2508.13426v3.pdf", ("2508.13426", 3)),
    ("https://export.arxiv.org/html/2508.13426v1#S2", ("2508.13426", 1)),
    ("arxiv.org/src/2508.13426?x=1", ("2508.13426", None)),
    ("https://huggingface.co/papers/2508.13426", ("2508.13426", None)),
    ("10.48550/arXiv.2508.13426", ("2508.13426", None)),
    ("https://doi.org/10.48550/arxiv.2508.13426", ("2508.13426", None)),
    ("doi:10.48550/ARXIV.math/0611800", ("math/0611800", None)),
    ("math.CA/0611800", ("math/0611800", None)),
    ("https://arxiv.org/abs/math/0611800v2", ("math/0611800", 2)),
    ("Hep-Th/9901001v1", ("hep-th/9901001", 1)),
    ("arXiv:2107.03419v1 [hep-ex]", ("2107.03419", 1)),
]
NOT_ARXIV = (
    "172.0000 mat.CO/1234567 1712.000 1713.00001 0000.0000 2604.1463 1412.00001 0703.0001 math/9913001 math/0704001 "
    "2604.14630v0 10.1000/xyz https://arxiv.org/list/cs.CL/new https://example.org/abs/2508.13426 abc arXiv:"
)


@pytest.mark.parametrize(("text", "expected"), ARXIV)
def test_every_form_of_an_arxiv_identifier_is_read(text: str, expected: tuple[str, int | None]) -> None:
    assert arxiv_id(text) == expected


@pytest.mark.parametrize("text", [*NOT_ARXIV.split(), ""])
def test_what_is_no_arxiv_identifier_is_none(text: str) -> None:
    assert arxiv_id(text) is None


DOIS = [
    ("10.1000/XYZ.1", "10.1000/xyz.1"),
    ("doi:10.1038/s41586-020-1234-5", "10.1038/s41586-020-1234-5"),
    ("https://doi.org/10.1038/S41586-020-1234-5", "10.1038/s41586-020-1234-5"),
    ("http://dx.doi.org/10.1016/j.x.2020.01.001.", "10.1016/j.x.2020.01.001"),
    ("https://www.biorxiv.org/content/10.64898/2026.05.19.726321v1?rss=1", "10.64898/2026.05.19.726321"),
    ("https://www.biorxiv.org/content/10.1101/2020.01.01.123456v2.full.pdf", "10.1101/2020.01.01.123456"),
    ("https://www.biorxiv.org/content/10.1101/123456v1", "10.1101/123456"),
    ("10.26434/chemrxiv-2024-abcde/v3", "10.26434/chemrxiv-2024-abcde/v3"),
    ("https://www.science.org/doi/full/10.1126/science.abc1234?af=R", "10.1126/science.abc1234"),
    ("2604.14630", None),
    ("https://example.org/page", None),
    ("see 10.1000/xyz for more", None),
]


@pytest.mark.parametrize(("text", "expected"), DOIS)
def test_dois_have_one_form(text: str, expected: str | None) -> None:
    assert doi(text) == expected


def test_aliases_come_in_the_order_that_decides_identity() -> None:
    found = aliases_of(
        "https://Example.org:443/a/?utm_source=x&id=7#top",
        "10.1000/B 10.1000/a",
        None,
        "oai:arXiv.org:2604.14630v2",
        "https://doi.org/10.48550/arXiv.2604.14630",
    )
    assert found == (
        Alias(AliasKind.ARXIV, "2604.14630"),
        Alias(AliasKind.DOI, "10.1000/a"),
        Alias(AliasKind.DOI, "10.1000/b"),
        Alias(AliasKind.URL, "https://example.org/a?id=7"),
    )


def test_aliases_sort_by_authority_and_not_by_the_alphabet() -> None:
    shuffled = [Alias(kind, "1") for kind in (AliasKind.S2, AliasKind.URL, AliasKind.OPENREVIEW, AliasKind.DOI)]
    shuffled += [Alias(AliasKind.OPENALEX, "W1"), Alias(AliasKind.ARXIV, "2604.00002"), Alias(AliasKind.ARXIV, "1")]
    assert [str(alias) for alias in sorted(shuffled)] == [
        "arxiv:1", "arxiv:2604.00002", "doi:1", "s2:1", "openalex:W1", "openreview:1", "url:1",
    ]  # fmt: skip


REGISTERED = [
    ("https://openreview.net/forum?id=aB3_dEf-9X", "openreview:aB3_dEf-9X"),
    ("https://openreview.net/pdf?id=aB3_dEf-9X&noteId=zz", "openreview:aB3_dEf-9X"),
    ("openreview:aB3_dEf-9X", "openreview:aB3_dEf-9X"),
    ("https://openreview.net/group?id=ICLR.cc", "url:https://openreview.net/group?id=ICLR.cc"),
    ("CorpusID:215416146", "s2:215416146"),
    ("CorpusId: 215416146", "s2:215416146"),
    ("https://api.semanticscholar.org/CorpusID:215416146", "s2:215416146"),
    ("s2:215416146", "s2:215416146"),
    ("https://openalex.org/W2741809807", "openalex:W2741809807"),
    ("https://api.openalex.org/works/w2741809807", "openalex:W2741809807"),
    ("https://openalex.org/A5023888391", "url:https://openalex.org/A5023888391"),
]


@pytest.mark.parametrize(("text", "expected"), REGISTERED)
def test_identifiers_of_registries_are_read_from_their_addresses(text: str, expected: str) -> None:
    assert str(aliases_of(text)[0]) == expected


def test_addresses_that_cannot_be_identities_are_none() -> None:
    assert aliases_of("javascript:alert(1)", "http://[broken", "mailto:a@example.org", "http://", "words only") == ()


def test_the_public_key_is_the_strongest_identifier() -> None:
    arxiv, of_journal = Alias(AliasKind.ARXIV, "2604.14630"), Alias(AliasKind.DOI, "10.1000/x")
    page = Alias(AliasKind.URL, "https://example.org/a")
    assert public_key((of_journal, arxiv), 3) == "arxiv:2604.14630"
    assert public_key((page, of_journal), 3) == "doi:10.1000/x"
    assert public_key((page,), 3) == "p:3"


def test_titles_that_differ_in_typography_have_one_form() -> None:
    form = title_form("H$_0$ Poincaré's $\\gamma$-ray Straße: CO2")
    assert form == "h0 poincare s γ ray strasse co2"
    assert title_form("H₀ Poincar\\'{e}'s  γ–ray STRASSE — CO$_2$") == form
    assert title_form("{\\it Gaia} Ørsted") == title_form("GAIA Orsted")
    assert text_form("A ``quoted'' word.") == text_form('A "quoted" word')


@given(st.text(max_size=60))
@settings(max_examples=300, deadline=None)
def test_a_normal_form_is_its_own_form(text: str) -> None:
    assert title_form(title_form(text)) == title_form(text)
    assert fold_name(fold_name(text)) == fold_name(text)


NAMES = [
    ("Gómez, J., Jr.", "gomez", "j gomez"),
    ("José Gómez Jr.", "gomez", "jose gomez"),
    ("van de Sompel, Herbert", "sompel", "herbert van de sompel"),
    ("Herbert Van de Sompel", "sompel", "herbert van de sompel"),
    ("S. Simón-Díaz", "simondiaz", "s simon diaz"),
    ("Łukasz Kaiser", "kaiser", "lukasz kaiser"),
    ("The BELLE Collaboration", "the belle collaboration", "the belle collaboration"),
    ("BELLE", "belle", "belle"),
    ("", "", ""),
    ("李四", "李四", "李四"),
]


@pytest.mark.parametrize(("name", "family", "folded"), NAMES)
def test_names_fold_to_what_people_compare(name: str, family: str, folded: str) -> None:
    assert (surname(name), fold_name(name)) == (family, folded)


LINKS = [
    ("Code: https://github.com/ORG/REPO.", "https://github.com/ORG/REPO", "Code: https://github.com/ORG/REPO."),
    ("in https://github.com/ ORG/REPO.", "https://github.com/ORG/REPO", "in https://github.com/ORG/REPO."),
    ("in https://github.com/ORG/ REPO.", "https://github.com/ORG/REPO", "in https://github.com/ORG/REPO."),
    ("at https: //github.com/a/b now", "https://github.com/a/b", "at https://github.com/a/b now"),
    (r"at \url{https://github.com/a/b\_c}.", "https://github.com/a/b_c", r"at \url{https://github.com/a/b\_c}."),
    ("see github.com/a/b, please", "https://github.com/a/b", "see github.com/a/b, please"),
    ("(https://gitlab.com/a/b/c)", "https://gitlab.com/a/b/c", "(https://gitlab.com/a/b/c)"),
    ("https://github.com/org/ for details", "https://github.com/org", "https://github.com/org/ for details"),
    ("https://huggingface.co/org/model", "https://huggingface.co/org/model", "https://huggingface.co/org/model"),
    ("https://huggingface.co/papers/2604.14630", None, "https://huggingface.co/papers/2604.14630"),
    ("on GitHub, https://notgithub.com/a/b", None, "on GitHub, https://notgithub.com/a/b"),
    ("https://github.com/", None, "https://github.com/"),
]


@pytest.mark.parametrize(("text", "link", "repaired"), LINKS)
def test_the_first_code_link_is_found_and_split_ones_are_repaired(text: str, link: str | None, repaired: str) -> None:
    assert code_link(text) == (link, repaired)
