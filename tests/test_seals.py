"""What is sealed comes back for its own label and purpose, and for nothing else."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from digest.seals import seal, seal_number, unseal, unseal_number

KEYS = {1: bytes(range(32)), 2: bytes(range(32, 64))}


@given(st.binary(max_size=40), st.text("abc", min_size=1), st.text("abc", min_size=1))
def test_what_was_sealed_comes_back(told: bytes, label: str, purpose: str) -> None:
    assert unseal(KEYS, label, purpose, seal(KEYS, label, purpose, told)) == told


@given(st.binary(max_size=20), st.integers(min_value=0), st.integers(1, 255))
def test_no_byte_of_a_seal_may_change(told: bytes, place: int, change: int) -> None:
    sealed = bytearray(seal(KEYS, "link", "vote", told))
    sealed[place % len(sealed)] ^= change
    assert unseal(KEYS, "link", "vote", bytes(sealed)) is None


def test_neither_label_nor_purpose_passes_for_another() -> None:
    sealed = seal(KEYS, "link", "vote", b"42")
    assert unseal(KEYS, "address", "vote", sealed) is None
    assert unseal(KEYS, "link", "feed", sealed) is None


def test_every_key_verifies_and_the_highest_signs() -> None:
    old = seal(dict(list(KEYS.items())[:1]), "link", "vote", b"42")
    assert unseal(KEYS, "link", "vote", old) == b"42"
    assert seal(KEYS, "link", "vote", b"42")[0] == 2


def test_a_number_that_no_row_can_have_is_none() -> None:
    assert unseal_number(KEYS, "link", "vote", seal_number(KEYS, "link", "vote", 2**63 - 1)) == 2**63 - 1
    assert unseal_number(KEYS, "link", "vote", seal_number(KEYS, "link", "vote", 2**63)) is None
    assert unseal_number(KEYS, "link", "vote", seal(KEYS, "link", "vote", bytes(9))) is None
    assert unseal_number(KEYS, "link", "vote", seal(KEYS, "link", "vote", b"")) is None
