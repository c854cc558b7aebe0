"""Mail addresses: one form to send to, one key to find them by."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.errors import DigestError
from digest.store.addresses import parse_address


@pytest.mark.parametrize(
    ("text", "address", "key"),
    [
        ("ada@example.org", "ada@example.org", "ada@example.org"),
        ("  Ada.Lovelace@Example.ORG ", "Ada.Lovelace@example.org", "ada.lovelace@example.org"),
        ("bo@bücher.example", "bo@xn--bcher-kva.example", "bo@xn--bcher-kva.example"),
        ("bo@BÜCHER.example", "bo@xn--bcher-kva.example", "bo@xn--bcher-kva.example"),
        ("cy@straße.example", "cy@xn--strae-oqa.example", "cy@xn--strae-oqa.example"),  # IDNA 2008 keeps the ß
        ("cy+papers@xn--bcher-kva.example", "cy+papers@xn--bcher-kva.example", "cy+papers@xn--bcher-kva.example"),
        ("me@localhost", "me@localhost", "me@localhost"),
    ],
)
def test_an_address_has_one_form_and_one_key(text: str, address: str, key: str) -> None:
    assert parse_address(text) == (address, key)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is no mail address"),
        ("ada", "is no mail address"),
        ("@example.org", "is no mail address"),
        ("ada@", "is no mail address"),
        ("Ada <ada@example.org>", "write the bare address"),
        ("ada@example.org, bo@example.org", "cannot stand before the @"),
        ("ada @example.org", "cannot stand before the @"),
        ("ada@example.org\nBcc: eve@example.org", "no control characters"),
        ("ada\0@example.org", "no control characters"),
        ("a\u202eda@example.org", "no control characters"),
        ("ädä@example.org", "only ASCII"),
        (".ada@example.org", "a dot stands between"),
        ("ada..l@example.org", "a dot stands between"),
        ("ada@example", "no complete domain name"),
        ("ada@example.org.", "no complete domain name"),
        ("ada@127.0.0.1", "no complete domain name"),
        ("ada@[127.0.0.1]", "is no domain name"),
        ("ada@exa_mple.org", "is no domain name"),
        ("ada@-example.org", "is no domain name"),
        ("ada@example..org", "is no domain name"),
        ("a" * 65 + "@example.org", "at most 64 characters"),
        ("ada@" + "a" * 64 + ".org", "is no domain name"),
        ("a" * 60 + "@" + ".".join(["b" * 60] * 4), "at most 254 characters"),
    ],
)
def test_what_is_no_address_is_refused_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(DigestError, match=why):
        parse_address(text)


@given(st.text(max_size=60).map(lambda text: f"ada@{text}") | st.text(max_size=60))
def test_parsing_its_own_result_changes_nothing(text: str) -> None:
    try:
        address, key = parse_address(text)
    except DigestError:
        return
    assert address.isascii()
    assert parse_address(address) == (address, key)
    assert parse_address(key) == (key, key)
