"""Tokens say who and what for, and nothing else opens anything."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.editions.links import UNSUBSCRIBE, check_public_url, sign, unsubscribe_mailto, unsubscribe_url, verify

KEYS = {1: b"a" * 32, 2: b"b" * 32}
_LARGEST = 2**63 - 1


@given(st.integers(0, _LARGEST), st.sampled_from([UNSUBSCRIBE, "confirm", "preferences"]))
def test_a_token_verifies_as_what_was_signed(subscriber_id: int, purpose: str) -> None:
    assert verify(KEYS, purpose, sign(KEYS, purpose, subscriber_id)) == subscriber_id


@given(st.integers(0, _LARGEST))
def test_a_token_is_good_for_its_purpose_only(subscriber_id: int) -> None:
    assert verify(KEYS, "confirm", sign(KEYS, UNSUBSCRIBE, subscriber_id)) is None


@given(st.text(max_size=40))
def test_any_other_text_is_no_token(text: str) -> None:
    assert verify(KEYS, UNSUBSCRIBE, text) is None


@given(st.integers(0, _LARGEST), st.integers(0, 33), st.sampled_from("ABCxyz019-_=. \n"))
def test_a_changed_character_breaks_a_token(subscriber_id: int, place: int, character: str) -> None:
    token = sign(KEYS, UNSUBSCRIBE, subscriber_id)
    place %= len(token)
    changed = token[:place] + character + token[place + 1 :]
    assert verify(KEYS, UNSUBSCRIBE, changed) == (subscriber_id if changed == token else None)


@given(st.integers(0, _LARGEST), st.sampled_from(["=", "==", " ", "\n", "A", "%3D"]))
def test_a_token_with_anything_after_it_is_no_token(subscriber_id: int, tail: str) -> None:
    assert verify(KEYS, UNSUBSCRIBE, sign(KEYS, UNSUBSCRIBE, subscriber_id) + tail) is None


def test_the_newest_key_signs_and_older_ones_still_verify() -> None:
    old = sign({1: KEYS[1]}, UNSUBSCRIBE, 7)
    assert verify(KEYS, UNSUBSCRIBE, old) == 7
    assert verify({1: KEYS[1]}, UNSUBSCRIBE, sign(KEYS, UNSUBSCRIBE, 7)) is None


def test_signing_twice_gives_the_same_token() -> None:
    assert sign(KEYS, UNSUBSCRIBE, 7) == sign(KEYS, UNSUBSCRIBE, 7) != sign(KEYS, UNSUBSCRIBE, 8)


@pytest.mark.parametrize("subscriber_id", [1, 100_000, _LARGEST])
def test_the_unsubscribe_address_stays_within_74_columns(subscriber_id: int) -> None:
    public_url = "https://digest.example-one.org"
    assert len(public_url) == 30
    url = unsubscribe_url(public_url + "/", sign(KEYS, UNSUBSCRIBE, subscriber_id))
    assert url.startswith("https://digest.example-one.org/u/")
    assert len(f"<{url}>") <= 74


def test_the_longest_public_url_that_passes_the_check_still_fits() -> None:
    longest = max(
        (url for n in range(60) if check_public_url(url := "https://" + "a" * n + ".org") is None),
        key=len,
    )
    assert len(longest) >= 30
    assert len(f"<{unsubscribe_url(longest, sign(KEYS, UNSUBSCRIBE, _LARGEST))}>") <= 74


@pytest.mark.parametrize(
    "public_url",
    ["https://digest.example.org", "https://example.org/digest", "https://example.org:8443", "http://localhost:8080"],
)
def test_a_good_public_url_passes(public_url: str) -> None:
    assert check_public_url(public_url) is None


@pytest.mark.parametrize(
    ("public_url", "problem"),
    [
        ("http://digest.example.org", "must start with https://"),
        ("ftp://digest.example.org", "must start with https://"),
        ("digest.example.org", "must start with https://"),
        ("https://", "must be https://HOST"),
        ("https://user@example.org", "without a user"),
        ("https://example.org/?a=b", "query"),
        ("https://exämple.org", "xn--"),
        ("https://example.org/\r\nBcc: x", "plain ASCII"),
        ("https://192.0.2.7", "must name a host"),
        ("https://[2001:db8::1]", "must name a host"),
        ("https://a-rather-long-name.digest.example.org", "at most 35 characters"),
    ],
)
def test_a_bad_public_url_is_told_what_would_be_right(public_url: str, problem: str) -> None:
    assert problem in (check_public_url(public_url) or "")


def test_the_mailto_form_carries_the_token_too() -> None:
    assert unsubscribe_mailto("inbox@example.org", "TOKEN") == "mailto:inbox@example.org?subject=unsubscribe%20TOKEN"
