"""DKIM signatures: dkimpy verifies what is signed here, and what must not be signed is refused."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime
from email.parser import BytesParser
from email.policy import default
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from dkim.canonicalization import Relaxed  # type: ignore[import-untyped]  # dkimpy has no types
from hypothesis import example, given, settings
from hypothesis import strategies as st

from digest.delivery.dkim import SIGNED, Signer, body_digest, head_fields
from digest.delivery.dkim_keys import Key, read_key
from digest.editions.message import MessageHeaders, build
from digest.editions.render import Rendered, render_digest
from tests.support.dkim import key_of, keys, pem, published, rsa_key, verdicts
from tests.support.editions import HEADERS, PAPER, READER, edition_of

# In the past of every clock: dkimpy refuses signatures of the future.
AT = datetime(2024, 4, 20, 5, tzinfo=UTC)
MESSAGE = (
    b"From: a@example.org\r\nTo: b@example.org\r\nSubject: s\r\nDate: Sat, 20 Apr 2024 05:00:00 +0000\r\n\r\nHi.\r\n"
)
BOTH = keys()


def signed(message: bytes, *signing: Key) -> bytes:
    return Signer(signing or BOTH).sign(message, AT)


def header(message: bytes, index: int = 0) -> str:
    """A signature, unfolded."""
    found = BytesParser(policy=default).parsebytes(message).get_all("DKIM-Signature") or []
    return " ".join(str(found[index]).split())


def listed(message: bytes) -> list[str]:
    found = re.search(r" h=([^;]*);", header(message))
    assert found is not None
    return [name.strip() for name in found[1].split(":")]


def test_a_digest_signed_with_both_algorithms_verifies() -> None:
    message = build(render_digest(edition_of([PAPER] * 3), READER), HEADERS)
    done = signed(message)
    assert done.endswith(message)
    assert verdicts(done, published(BOTH)) == [True, True]
    assert "a=rsa-sha256; c=relaxed/relaxed; d=example.org; s=s1;" in header(done, 0)
    assert "a=ed25519-sha256; c=relaxed/relaxed; d=example.org; s=s2;" in header(done, 1)


def test_two_signatures_add_little_and_stand_before_everything_else() -> None:
    message = build(render_digest(edition_of([PAPER] * 20), READER), HEADERS)
    done = signed(message)
    assert done.startswith(b"DKIM-Signature: v=1; a=rsa-sha256; ")
    assert len(done) - len(message) < 1_600
    assert len(done) < 100_000


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=300), st.text("ab \t", max_size=200))
def test_any_text_as_the_program_encodes_it_verifies(text: str, blanks: str) -> None:
    part = "".join(f"{line}\n" for line in f"{blanks}{text}{blanks}".replace("\r", "").split("\n"))
    message = build(Rendered("s", (part, part), (part,)), HEADERS)
    assert verdicts(signed(message, BOTH[1]), published(BOTH)) == [True]


def test_a_mail_that_is_no_list_mail_verifies_too() -> None:
    notice = MessageHeaders("a@example.org", "b@example.org", AT, "<x@example.org>")
    assert verdicts(signed(build(Rendered("Confirm", ("text\n",)), notice)), published(BOTH)) == [True, True]


def test_the_unsubscribe_headers_and_the_feedback_id_are_covered_and_the_four_are_oversigned() -> None:
    done = signed(build(render_digest(edition_of([PAPER]), READER), HEADERS))
    names = listed(done)
    assert {"List-Unsubscribe", "List-Unsubscribe-Post", "Feedback-ID", "Message-ID", "Content-Type"} <= set(names)
    assert [names.count(name) for name in ("From", "To", "Subject", "Date")] == [2, 2, 2, 2]
    # All but what a relay may rightly rewrite or drop.
    unsigned = set(BytesParser(policy=default).parsebytes(done).keys()) - set(names)
    assert unsigned == {"DKIM-Signature", "Precedence"}


@pytest.mark.parametrize("name", ["From", "To", "Subject", "Date"])
def test_another_one_of_the_four_breaks_the_signatures(name: str) -> None:
    more = f"{name}: x@example.net\r\n".encode()
    done = signed(MESSAGE)
    assert verdicts(done, published(BOTH)) == [True, True]
    assert verdicts(more + done, published(BOTH)) == [False, False]


@pytest.mark.parametrize("name", [name for name in SIGNED if name.startswith(("List-", "Feedback"))])
def test_changing_a_covered_header_breaks_the_signatures(name: str) -> None:
    done = signed(f"{name}: one\r\n".encode() + MESSAGE)
    assert verdicts(done, published(BOTH)) == [True, True]
    changed = done.replace(f"{name}: one".encode(), f"{name}: two".encode())
    assert verdicts(changed, published(BOTH)) == [False, False]


def test_what_relays_do_to_blanks_and_header_order_does_not_matter() -> None:
    done = signed(b"List-Id: digest.example.org\r\n" + MESSAGE)
    moved = done.replace(b"Subject: s\r\n", b"").replace(b"\r\nDate:", b"\r\nSUBJECT:\r\n\ts \r\nDate:  ")
    moved = b"Received: from x\r\n" + moved.replace(b"Hi.", b"Hi. \t") + b"\r\n"
    assert verdicts(moved, published(BOTH)) == [True, True]


def test_a_header_that_was_not_there_may_be_added_by_a_list_but_for_the_four() -> None:
    assert "Reply-To" not in listed(signed(MESSAGE))
    assert verdicts(b"Reply-To: c@example.org\r\n" + signed(MESSAGE), published(BOTH)) == [True, True]
    without = MESSAGE.replace(b"Subject: s\r\n", b"")
    assert listed(signed(without)).count("Subject") == 1
    assert verdicts(b"Subject: x\r\n" + signed(without), published(BOTH)) == [False, False]


def test_the_whole_body_is_signed() -> None:
    done = signed(MESSAGE)
    assert re.search(r"[; ][lx]=", header(done)) is None
    assert verdicts(done + b"And more.\r\n", published(BOTH)) == [False, False]


def test_the_instant_is_the_given_one_and_signing_again_gives_the_same_bytes() -> None:
    assert f" t={int(AT.timestamp())};" in header(signed(MESSAGE))
    assert signed(MESSAGE) == signed(MESSAGE)
    assert Signer(BOTH).sign(MESSAGE, AT.replace(hour=6)) != signed(MESSAGE)


def test_another_key_in_dns_does_not_verify() -> None:
    other = keys("example.net")
    records = {name: other[0].record.value.encode() for name in published(BOTH)}
    records[b"s1._domainkey.example.org."] = key_of(rsa_key(3072)).record.value.encode()
    assert verdicts(signed(MESSAGE, BOTH[0]), records) == [False]


def test_the_header_is_folded_within_78_columns_whatever_the_key() -> None:
    message = build(render_digest(edition_of([PAPER]), READER), HEADERS)
    for key in (*BOTH, replace(key_of(rsa_key(4096)), selector="a-selector-with-a-longer-name.of-two-labels")):
        done = signed(message, key)
        head = done.removesuffix(message)
        assert max(map(len, head.split(b"\r\n"))) <= 78
        assert verdicts(done, published([key])) == [True]


def test_a_domain_of_253_octets_keeps_its_line_and_verifies() -> None:
    key = replace(BOTH[0], domain=".".join(["a" * 62] * 4 + ["b"]), selector="c" * 63)
    done = signed(MESSAGE, key)
    assert max(map(len, done.split(b"\r\n"))) <= 998
    assert verdicts(done, published([key])) == [True]


# ── what is signed, against dkimpy's reading of it ────────────────────────────────────────────────

_TEXT = st.text(st.sampled_from("ab.=\t  \x0b\x7f"), max_size=12)
_BODY = st.lists(_TEXT, max_size=8).map(lambda lines: "".join(f"{line}\r\n" for line in lines).encode())
_VALUE = st.lists(st.text(st.sampled_from("ab:;,\t  "), max_size=9), min_size=1, max_size=4).map(
    lambda words: f"{words[0]}{''.join(chr(13) + chr(10) + ' ' + word for word in words[1:])}"
)
_HEADER = st.tuples(st.sampled_from([*SIGNED, "from", "SUBJECT", "lIsT-iD", "Received", "X-Else"]), _VALUE)


@settings(max_examples=400, deadline=None)
@given(_BODY)
@example(b"")
@example(b"\r\n")
@example(b"\r\n\r\n")
@example(b" \r\n\t\r\n")
@example(b"a\r\n \r\n")
@example(b"a \t\r\n\r\n\r\n")
@example(b"\t a\t b\r\n")
@example(b"\r\na\r\n")
def test_any_body_is_hashed_as_dkimpy_canonicalises_it(body: bytes) -> None:
    expected = sha256(Relaxed.canonicalize_body(body)).digest()
    assert body_digest(body) == expected
    head = b"head  \t\r\n\r\n"
    assert body_digest(head + body, len(head)) == expected


@settings(max_examples=400, deadline=None)
@given(st.lists(_HEADER, max_size=8), _BODY)
def test_any_message_verifies(more: list[tuple[str, str]], body: bytes) -> None:
    head = "".join(f"{name}:{value}\r\n" for name, value in [*more, ("From", " a@example.org")])
    message = head.encode() + b"\r\n" + body
    done = signed(message, BOTH[1])
    assert verdicts(done, published(BOTH)) == [True]
    assert verdicts(b"Subject: more\r\n" + done, published(BOTH)) == [False]


def test_headers_of_one_name_are_taken_from_the_bottom() -> None:
    assert head_fields(b"To: a\r\nCc:  x\t\r\n y\r\nTO : b\r\n".replace(b"TO :", b"TO:")) == {
        b"to": [b"to:a", b"to:b"],
        b"cc": [b"cc:x y"],
    }
    done = signed(b"List-Id: one\r\nList-Id: two\r\n" + MESSAGE)
    assert listed(done).count("List-Id") == 2
    swapped = done.replace(b"List-Id: one\r\nList-Id: two", b"List-Id: two\r\nList-Id: one")
    assert (verdicts(done, published(BOTH)), verdicts(swapped, published(BOTH))) == ([True] * 2, [False] * 2)


def test_the_body_hash_of_the_example_in_rfc_8463() -> None:
    body = b"Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n"
    assert b64encode(body_digest(body)) == b"2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8="


# ── what is refused ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("message", "why"),
    [
        ("From: ü@example.org\r\n\r\n".encode(), "only 7-bit"),
        (b"From: a\r\n\r\n\x00\r\n", "only 7-bit"),
        (MESSAGE + b"\xff\r\n", "only 7-bit"),
        (MESSAGE + b"no end", "must end with CRLF"),
        (MESSAGE + b"a\nb\r\n", "must end with CRLF"),
        (MESSAGE + b"a\rb\r\n", "must end with CRLF"),
        (MESSAGE.replace(b"\r\n", b"\n"), "must end with CRLF"),
        (MESSAGE + b"x" * 999 + b"\r\n", "998 columns"),
        (b"From: a\r\n", "no empty line"),
        (b"To: a\r\n\r\n", "no From"),
        (b"\r\n\r\n", "no header"),
        (b"From: a\r\nnonsense\r\n\r\n", "no header"),
        (b" From: a\r\n\r\n", "no header"),
        (b"From a: b\r\nFrom: a\r\n\r\n", "no header"),
        (b"From: a\r\nSubject: \x0b\r\n\r\n", "control character"),
        (b"", "must end with CRLF"),
    ],
)
def test_what_a_relay_would_change_is_not_signed(message: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        signed(message)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 30) | st.integers(980, 1010), max_size=12))
def test_lines_up_to_998_columns_are_signed(lengths: list[int]) -> None:
    message = b"From: a\r\n\r\n" + b"".join(b"x" * length + b"\r\n" for length in lengths)
    if max(lengths, default=0) <= 998:
        assert signed(message, BOTH[1])
    else:
        with pytest.raises(ValueError, match="998 columns"):
            signed(message, BOTH[1])


# ── keys and records ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("bits", [2048, 3072, 4096])
def test_rsa_keys_of_the_usual_sizes_are_taken(bits: int) -> None:
    key = key_of(rsa_key(bits))
    assert key.shown == f"RSA-{bits}"
    assert verdicts(signed(MESSAGE, key), published([key])) == [True]


def test_an_ed25519_key_has_the_record_of_rfc_8463() -> None:
    secret = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    record = Key("football.example.com", "brisbane", Ed25519PrivateKey.from_private_bytes(secret)).record
    assert (record.name, record.type) == ("brisbane._domainkey.football.example.com", "TXT")
    assert record.value == "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
    assert record.zone == f'brisbane._domainkey.football.example.com. IN TXT "{record.value}"'


def test_a_long_record_is_cut_into_strings_of_255_octets() -> None:
    record = key_of(rsa_key(4096)).record
    assert [len(string) for string in record.strings[:-1]] == [255, 255]
    assert "".join(record.strings) == record.value
    assert re.findall(r'"([^"]*)"', record.zone) == list(record.strings)
    assert record.zone.startswith('s1._domainkey.example.org. IN TXT (\n    "v=DKIM1; k=rsa; p=')
    assert record.zone.endswith('" )')


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "no private key in PEM form"),
        (b"-----BEGIN PRIVATE KEY-----\nnonsense\n-----END PRIVATE KEY-----\n", "no private key in PEM form"),
        (pem(rsa_key(1024)), "1024 bits, where receivers take 2048 to 4096"),
        (pem(ec.generate_private_key(ec.SECP256R1())), "neither an RSA nor an Ed25519 key"),
        (pem(rsa_key(), b"passphrase"), "is encrypted"),
    ],
)
def test_other_keys_are_refused_with_what_would_be_right(content: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        read_key(content, "example.org", "s1")
