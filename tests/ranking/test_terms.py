from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.ranking.terms import fold, spoken_words, surfaces, term_of, terms


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Vision-Language Models", ["vision", "language", "model"]),
        ("We show that the loss of a class is 42", ["loss", "class"]),
        ("GANs, LLMs and queries", ["gan", "llm", "query"]),
        ("Schrödinger's bridges", ["schrodinger", "bridge"]),
        ("ＢＥＲＴ", ["bert"]),
        ("深度学习模型", ["深度", "度学", "学习", "习模", "模型"]),
        ("图", ["图"]),
        ("用 Transformer 做分割", ["用", "transformer", "做分", "分割"]),
        ("हिन्दी भाषा", ["हिन्दी", "भाषा"]),
        ("snake_case", ["snake", "case"]),
        ("", []),
    ],
)
def test_words_become_terms(text: str, expected: list[str]) -> None:
    assert terms(text) == expected


@given(st.text())
def test_case_never_changes_what_a_text_is_about(text: str) -> None:
    if len(text.lower()) == len(text) == len(text.upper()) and text.isascii():
        assert terms(text.upper()) == terms(text.lower())


@given(st.text())
def test_any_text_can_be_read(text: str) -> None:
    for word in spoken_words(text):
        term_of(word)
    fold(text)
    surfaces(text, frozenset(terms(text)))


@given(st.text(alphabet=st.sampled_from("abcs -é深度学习的模型X1")))
def test_every_term_of_a_text_is_found_as_it_is_written_there(text: str) -> None:
    written = surfaces(text, frozenset(terms(text)))
    assert set(written) == set(terms(text))
    assert all(form in text for form in written.values())


def test_a_compound_is_shown_whole() -> None:
    text = "A Vision-Language approach to language"
    assert surfaces(text, frozenset({"vision", "language"})) == {
        "vision": "Vision-Language",
        "language": "Vision-Language",
    }


def test_a_version_belongs_to_its_name() -> None:
    found = surfaces("We tune Qwen2.5-VL. 7 runs", frozenset({"qwen2", "vl"}))
    assert found == {"qwen2": "Qwen2.5-VL", "vl": "Qwen2.5-VL"}


def test_neighbouring_pairs_are_shown_as_the_word_they_make() -> None:
    found = surfaces("基于深度学习的分割", frozenset({"深度", "度学", "学习", "分割"}))
    assert set(found.values()) == {"深度学习", "分割"}


def test_web_addresses_are_no_words() -> None:
    text = "Code is at https://github.com/example-org/apples, data at www.example.org/apples."
    assert terms(text) == ["code", "data"]
    assert surfaces(text, frozenset({"github", "code"})) == {"code": "Code"}
