from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.ranking.mutes import Wordings

TEXTS = ["Federated Learning\nfor clinics", "A survey.", "Surveying land", "Vision-language", "深度学习综述", ""]


@pytest.mark.parametrize(
    ("phrase", "expected"),
    [
        ("survey", {1}),
        ("SURVEY", {1}),
        ("federated  learning", {0}),
        ("learning for", {0}),
        ("language", {3}),
        ("learn", set()),
        ("深度学习", {4}),
        ("综述", {4}),
        ("   ", set()),
    ],
)
def test_whole_words_are_found_whatever_their_case(phrase: str, expected: set[int]) -> None:
    assert set(Wordings(TEXTS).saying(phrase).tolist()) == expected


@given(st.lists(st.text(alphabet="ab \n"), max_size=6), st.text(alphabet="ab ", min_size=1, max_size=4))
def test_searching_all_texts_is_searching_each(texts: list[str], phrase: str) -> None:
    def words(text: str) -> list[str]:
        return text.split()

    wanted = words(phrase)
    expected = {
        i
        for i, text in enumerate(texts)
        if wanted and any(words(text)[k : k + len(wanted)] == wanted for k in range(len(words(text))))
    }
    assert set(Wordings(texts).saying(phrase).tolist()) == expected
