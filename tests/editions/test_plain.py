"""Strangers' text and links cannot do harm."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.editions.plain import clean, cut, excerpt, https_link, wrap


@given(st.text(alphabet=st.characters(exclude_categories=()), max_size=300), st.integers(4, 200))
def test_clean_text_is_one_printable_line_within_its_limit(text: str, limit: int) -> None:
    cleaned = clean(text, limit)
    assert len(cleaned.encode()) <= limit
    assert "\n" not in cleaned
    assert "\x00" not in cleaned
    assert cleaned == " ".join(cleaned.split())


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("a\x00b\x1bc\x7f\x9b", "abc"),
        ("safe \u202eexe.fdp\u2066 name\u2069", "safe exe.fdp name"),
        ("half \ud83d emoji", "half emoji"),
        ("two\r\nlines\u2028and\u0085more", "two lines and more"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("n<m and $a<b$ & c", "n<m and $a<b$ & c"),
    ],
)
def test_what_stays_and_what_goes(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


def test_a_megabyte_is_cut() -> None:
    assert len(clean("word " * 200_000, 300).encode()) <= 300


@given(st.text(max_size=400), st.integers(4, 300))
def test_a_cut_never_splits_a_character(text: str, limit: int) -> None:
    assert len(cut(text, limit).encode()) <= limit


def test_an_excerpt_ends_at_a_sentence_when_that_fills_most_of_it() -> None:
    text = "One sentence of some length here. A second one that is as long. And a third that is cut away."
    assert excerpt(text, 75) == "One sentence of some length here. A second one that is as long.\u00a0…"
    assert excerpt(text, 57) == "One sentence of some length here. A second one that…"
    assert excerpt(text, 500) == text
    assert excerpt("As Lumen et al. wrote in another year of the light.", 20) == "As Lumen et al.…"


@pytest.mark.parametrize(
    ("url", "link"),
    [
        ("https://arxiv.org/abs/2604.00001", "https://arxiv.org/abs/2604.00001"),
        ("http://arxiv.org/abs/2604.00001v2", "https://arxiv.org/abs/2604.00001v2"),
        ("HTTPS://GitHub.com/A/b", "https://github.com/A/b"),
        ("https://doi.org/10.1000/a(b)c;d", "https://doi.org/10.1000/a(b)c;d"),
        ("https://münchen.example/ä?q=ö#ß", "https://xn--mnchen-3ya.example/%C3%A4?q=%C3%B6#%C3%9F"),
        ('https://example.org/a"onclick="x', "https://example.org/a%22onclick=%22x"),
        ("https://example.org/<script>", "https://example.org/%3Cscript%3E"),
        ("https://example.org/\u202egpj", "https://example.org/gpj"),
        ("javascript:alert(1)", None),
        ("java\x00script:alert(1)", None),
        ("data:text/html,x", None),
        ("//example.org/x", None),
        ("/abs/2604.00001", None),
        ("https://user:pass@example.org/", None),
        ("https://example.org@evil.example/", None),
        ("https://127.0.0.1/", None),
        ("https://0x7f000001/", None),
        ("https://[::1]/", None),
        ("https://localhost/", None),
        ("https://example.org/a b", None),
        ("https://example.org/" + "a" * 500, None),
        ("https://[broken", None),
        ("https://example.org:99999/", None),
        ("", None),
        (None, None),
    ],
)
def test_a_link_is_https_or_none(url: str | None, link: str | None) -> None:
    assert https_link(url) == link


@given(st.text(max_size=120))
def test_no_text_makes_a_link_that_leaves_its_attribute(text: str) -> None:
    for link in (https_link(text), https_link("https://example.org/" + text)):
        assert link is None or (link.isascii() and link.isprintable() and not set(link) & set("\"<> '"))


@given(st.lists(st.text("abcdefg", min_size=1, max_size=30), max_size=60))
def test_wrapped_text_keeps_its_words_and_its_width(words: list[str]) -> None:
    wrapped = wrap(" ".join(words), 40, "  ")
    assert wrapped.split() == words
    assert all(len(line) <= 40 for line in wrapped.split("\n"))
