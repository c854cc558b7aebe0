"""Return paths with a signed token: what comes back is known, and nobody can make one up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.delivery import verp
from digest.delivery.bounces import read
from tests.support.returned import dsn, recipient_fields

KEYS = {1: b"a" * 32, 2: b"b" * 32}
NUMBERS = st.integers(0, 2**63 - 1)


@given(NUMBERS, st.sampled_from([verp.RETURN, verp.UNSUBSCRIBE]))
def test_a_token_gives_back_its_number_for_its_own_purpose_only(number: int, purpose: str) -> None:
    token = verp.sign(KEYS, purpose, number)
    other = verp.UNSUBSCRIBE if purpose == verp.RETURN else verp.RETURN
    assert verp.verify(KEYS, purpose, token) == number
    assert verp.verify(KEYS, other, token) is None
    assert verp.verify({1: KEYS[1]}, purpose, token) is None


@given(NUMBERS)
def test_mail_systems_may_fold_the_case_of_a_token(number: int) -> None:
    token = verp.sign(KEYS, verp.RETURN, number)
    assert token == token.lower()
    assert verp.verify(KEYS, verp.RETURN, token.upper()) == number


@given(NUMBERS, st.integers(0, 39), st.sampled_from("abcdefghijklmnopqrstuvwxyz234567"))
def test_a_changed_character_makes_a_token_worthless(number: int, place: int, character: str) -> None:
    token = verp.sign(KEYS, verp.RETURN, number)
    place %= len(token)
    changed = token[:place] + character + token[place + 1 :]
    assert changed == token or verp.verify(KEYS, verp.RETURN, changed) is None


@given(st.text(max_size=60))
def test_anything_else_is_no_token(text: str) -> None:
    assert verp.verify(KEYS, verp.RETURN, text) is None


@given(NUMBERS)
def test_an_address_with_a_token_is_one_that_smtp_can_carry(number: int) -> None:
    address = verp.address("b" * 23 + "@example.org", verp.sign(KEYS, verp.RETURN, number))
    assert len(address.rpartition("@")[0]) <= 64
    assert verp.check_base("b" * 23 + "@example.org") is None


@pytest.mark.parametrize("base", ["", "example.org", "Ada <a@example.org>", "b" * 24 + "@example.org", "ä@example.org"])
def test_a_base_that_cannot_carry_a_token_is_told(base: str) -> None:
    assert verp.check_base(base)


def test_the_reader_of_returned_mail_finds_the_token() -> None:
    token = verp.sign(KEYS, verp.RETURN, 2**63 - 1)
    returned = read(dsn(recipient_fields(), to=verp.address("bounces@example.org", token)))
    assert verp.first_genuine(KEYS, verp.RETURN, returned[0].tokens) == 2**63 - 1
