"""Readable text: what becomes of TeX, entities and mark-up, and what must survive."""

from __future__ import annotations

import json
import re
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from digest.papers.text import clean_html, excerpt, readable, readable_name
from tests.support.shared import shared

TEX = r"""\ $ { } ^ _ ~ ` `` '' -- --- &amp; &lt; &#92; &#36; <b> </b> <sub>2</sub> <p> \alpha \' \'{\i} \textbf {x}
\frac \sqrt \url{ https://a.example/b_c 5 10 word x \$ \{ \} \not \left( \ion{H}{1} \href \cite \unicode{x24} \b{eta}
\begin{a} \lbrace \textasciitilde \textless \textgreater / \textunderscore , < > & amp; lt; # ( ) [ ]"""
STRANGE = [" ", "\n", "é", "e\u0301", "\u1fef", "\u037e", "\x00", "\x1c", "\ud800", "\u202e"]
FRAGMENTS = [*TEX.split(), *STRANGE]

raw_text = st.one_of(st.text(max_size=80), st.lists(st.sampled_from(FRAGMENTS), max_size=25).map("".join))

READABLE = [
    ("$α$", "α"),
    (r"\textbf{T}ext", "Text"),
    (r"code at \url{https://github.com/a/b_c}.", "code at https://github.com/a/b_c."),
    (r"\href{https://a.example}{our page}", "our page (https://a.example)"),
    (r"\href{https://a.example}{https://a.example}", "https://a.example"),
    ("$x^2$", "x²"),
    ("CD$_3$", "CD₃"),
    ("$10^{-12}$-$10^5$ eV", "10⁻¹²-10⁵ eV"),
    (r"$\nu_{\rm max}$", "ν_max"),
    (r"$M \sim 5 \times 10^4 \; M_\odot$", "M ∼ 5 × 10⁴ M⊙"),
    (r"at $z\simeq 6$", "at z≃6"),
    (r"$O(n\log n)$", "O(n log n)"),
    (r"$\frac{a+b}{2}$ and $\sqrt{s_{NN}}$", "(a+b)/2 and √(s_NN)"),
    (r"$\mathbb{R}^n$, $\mathcal{M}$", "ℝⁿ, M"),
    (r"a framework \framework that", "a framework framework that"),
    (r"we propose \ti{GlassRecon}", "we propose GlassRecon"),
    (r"\LambdaCDM", "ΛCDM"),
    (r"\emph{\textbf{deep}er}", "deeper"),
    (r"Poincar\'{e} and Lema\^{\i}tre and Dvo\v{r}\'ak", "Poincaré and Lemaître and Dvořák"),
    (r"Sk\aa lid, {\O}rsted, Stra{\ss}e", "Skålid, Ørsted, Straße"),
    (r"$\b{eta}$ and \b{eta}", "β and β"),
    (r"the \ion{H}{2} region", "the H II region"),
    (r"at 50--90\% of Jensen--Shannon", "at 50–90% of Jensen–Shannon"),
    ("training -- while --- in short", "training – while — in short"),
    ("the ``stagnant motion'' of `El Gordo'", "the “stagnant motion” of ‘El Gordo’"),
    ("O~{\\small VI} in 1.74~s", "O VI in 1.74 s"),
    ("2{,}208 questions of {BERT}", "2,208 questions of BERT"),
    ("wrapped\n  lines\tand  blanks", "wrapped lines and blanks"),
    ("a &lt; b &amp;amp; c", "a < b & c"),
    ("<p>CO<sub>2</sub> and <i>E. coli</i></p>", "CO₂ and E. coli"),
    ("zero\u200bwidth, bell\x07, \u202ereversed\u202c, null\x00", "zerowidth, bell, reversed, null"),
    (r"an unclosed $\alpha", "an unclosed α"),
    (r"polarization of \\Cosmic Microwave", "polarization of Cosmic Microwave"),
]

PLAIN = [
    "n<m and (a<b)",
    "costs $5 and $10",
    "from $3M to $300M+, at $0.30/M tokens",
    "a $5-$10 range",
    "the <SEG> token, <s> and </s>",
    "run it with --verbose (--quiet)",
    "about ~20 s, 1.5~1.8x, (~70%)",
    "https://example.org/~user/a--b_c?x=1&y=2",
    "set {0, 1} and {(a+b)/2}",
    "100% of a_b^c & more # here",
    "AT&T; R&D",
    "`code` in backticks",
    "our LLM-->VLM-->VLA pipeline",
]


@pytest.mark.parametrize(("raw", "shown"), READABLE)
def test_tex_entities_and_markup_become_readable(raw: str, shown: str) -> None:
    assert readable(raw) == shown


@pytest.mark.parametrize("text", PLAIN)
def test_plain_text_survives(text: str) -> None:
    assert readable(text) == text


def test_comparisons_and_dollars_survive_beside_math() -> None:
    assert readable("n<m and $a<b$; it costs $5, not $x$") == "n<m and a<b; it costs $5, not x"


@given(raw_text)
@example(r"\$\alpha\$")
@example("&amp;lt;b&amp;gt;x&lt;/b&gt;")
@settings(max_examples=300, deadline=None)
def test_readable_text_stays_as_it_is_when_read_again(raw: str) -> None:
    once = readable(raw)
    assert readable(once) == once


@given(raw_text)
@settings(max_examples=300, deadline=None)
def test_readable_text_is_one_line_of_nfc_without_controls(raw: str) -> None:
    text = readable(raw)
    assert text == " ".join(text.split())
    assert unicodedata.is_normalized("NFC", text)
    assert not re.search("[\x00-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]", text)


WRAPS = [
    r"\textbf{%s}",
    r"{\it %s}",
    r"$\text{%s}$",
    r"\emph{a %s b}",
    "``%s''",
    r"\unknown{%s}",
    "<b>%s</b>",
    r"\footnote{%s}",
]


@given(st.lists(st.tuples(st.sampled_from(["%s", *WRAPS]), st.from_regex(r"[a-z]{3,9}", fullmatch=True)), max_size=12))
@settings(max_examples=200, deadline=None)
def test_no_word_is_lost(pieces: list[tuple[str, str]]) -> None:
    shown = readable(" ".join(wrap % word for wrap, word in pieces))
    words = re.findall(r"[a-z]{3,}", shown)
    assert [word for _, word in pieces] == words


@pytest.mark.parametrize(
    "bomb",
    [
        "{" * 20_000,
        "{" * 9_000 + "}" * 9_000,
        "$" * 20_000,
        "$x" * 9_000,
        "&amp;" * 9_000,
        "&#38;" * 99 + "#38;" * 999,
        "\\" * 20_000,
        r"\frac" * 9_000,
        r"\not" * 9_000,
        r"\textbf{" * 5_000 + "}" * 5_000,
        "<b>" * 9_000,
        "``a" * 9_000,
    ],
)
def test_hostile_nesting_neither_fails_nor_keeps_tex(bomb: str) -> None:
    assert readable(readable(bomb)) == readable(bomb)


def test_titles_agree_with_arxivs_own_pages() -> None:
    """arXiv converts accents and Greek and leaves other math to the browser: what it shows must read as ours does."""
    titles = json.loads(shared("samples/latex/titles_with_latex.json").read_text())
    pairs = [(t["title"], t["arxiv_html_title"]) for t in titles if t.get("arxiv_html_title")]
    differ = [(raw, readable(raw), readable(shown)) for raw, shown in pairs if readable(raw) != readable(shown)]
    assert len(pairs) == 79
    assert [raw for raw, _, _ in differ] == [
        # arXiv's own conversion eats the blank before the minus sign: "Δν- ρ̄"
        r"On the seismic scaling relations $\Delta \nu - \bar{\rho}$ and $\nu_{\rm max}-\nu_{\rm c}$"
    ]
    assert sum(readable(raw) == shown for raw, shown in pairs) == 20  # those without math


def test_author_lines_agree_with_arxivs_own_pages() -> None:
    lines = json.loads(shared("samples/latex/author_strings_with_latex.json").read_text())
    pairs = [(line["authors"], line["arxiv_shows"]) for line in lines if line.get("arxiv_shows")]
    differ = [raw for raw, shown in pairs if readable(raw) != shown]
    assert len(pairs) == 47
    assert len(differ) == 1  # arXiv leaves the accent in "Amor\'{\i}n"; here it reads Amorín
    assert "Amorín" in readable(differ[0])


# arXiv's own pairs where this differs on purpose: (input, arXiv's, ours).
BETTER = [
    (r"\alpha", r"\alpha", "α"),  # with greek=False, as arXiv shows abstracts
    (r"\alpha{\beta{\gamma}}", "α{βγ}", "αβγ"),
    (r"\alpha{\beta{\gamma\macro}", r"α{β{γ\macro}", "α{βγmacro"),
    (r"\alpha\ \beta{something}", "α β{something}", "α βsomething"),
    (r"foo \alpha{-}bar", "foo α{-}bar", "foo α-bar"),
]


def test_arxivs_own_conversion_pairs_agree_but_for_known_ones() -> None:
    pairs = json.loads(shared("samples/latex/arxiv_tex2utf_pairs.json").read_text())
    differ = {
        (pair["in"], pair["out"].strip(), readable(pair["in"]))
        for pair in pairs
        if readable(pair["in"]) != pair["out"].strip()
    }
    assert len(pairs) == 38
    assert differ == set(BETTER)


def test_real_abstracts_keep_no_tex() -> None:
    for abstract in json.loads(shared("samples/latex/abstracts_with_latex.json").read_text()):
        shown = readable(abstract["abstract"])
        assert "\\" not in shown
        assert "$" not in shown
        assert readable(shown) == shown


def test_names_lose_ties_and_trailing_commas() -> None:
    assert readable_name(r"D.~E.~Knuth, ") == "D. E. Knuth"
    assert readable_name(r"P. \.Zo{\l}\k{a}dek") == "P. Żołądek"


def test_html_becomes_text_and_scripts_vanish() -> None:
    markup = "<p>One &amp; two</p><p>three <a href='x'>four</a></p><script>alert(1)</script><!-- no -->"
    assert clean_html(markup) == "One & two three four"


def test_html_cleaning_keeps_text_that_only_looks_like_tags() -> None:
    assert clean_html("n<m and $a<b$") == "n<m and $a<b$"
    assert clean_html("<p>n<m and $a<b$</p>") == "n<m and $a<b$"
    assert clean_html("a &lt; b") == "a < b"


def test_an_excerpt_ends_with_a_sentence_or_a_word() -> None:
    text = "The first sentence is here. The second one goes on and on and on."
    assert excerpt(text, 200) == text
    assert excerpt(text, 40) == "The first sentence is here. …"
    assert excerpt(text, 20) == "The first sentence…"


@given(st.text(max_size=60), st.integers(min_value=0, max_value=70))
@settings(deadline=None)
def test_an_excerpt_never_exceeds_its_limit(text: str, limit: int) -> None:
    assert len(excerpt(text, limit)) <= limit
