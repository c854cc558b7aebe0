"""Whatever bytes come in, there is an answer and never an exception."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.delivery.bounces import read
from digest.delivery.received import MAX_BYTES, MAX_PARTS, parse
from digest.delivery.verdicts import Verdict
from tests.support.returned import dsn, feedback, message, recipient_fields

PIECES = st.sampled_from(
    [
        b"From: MAILER-DAEMON@x.example\n", b"Content-Type: multipart/report; boundary=b\n", b"\n", b"\r\n", b"\r",
        b"--b\n", b"--b--", b"Content-Type: message/delivery-status\n", b"Content-Type: message/feedback-report\n",
        b"Content-Type: text/plain; charset=punycode\n", b"Content-Type: text/plain; charset=\x00\n",
        b"Content-Transfer-Encoding: base64\n", b"Content-Transfer-Encoding: quoted-printable\n", b"=", b"=\n", b"\x00",
        b"Final-Recipient: rfc822; a@b.example\n", b"Action: failed\n", b"Status: 5.1.1\n", b"Status: 5.9999.1\n",
        b"Diagnostic-Code: smtp; 550 user unknown\n", b"Feedback-Type: abuse\n", b"<a@b.example>: 550 5.1.1 no\n",
        b"\xff\xfe\x80", b"Content-Type: message/rfc822\n", b"Subject: undeliverable\n", b" folded\n", b"From \n",
        b'{"notificationType":"Bounce","bounce":', b"[" * 5_000, b"@", b"a@", b";boundary=", b'"',
    ]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(PIECES, st.binary(max_size=40)), max_size=40))
def test_any_bytes_are_read(pieces: list[bytes]) -> None:
    found = read(b"".join(pieces))
    assert found
    assert all(one.why and isinstance(one.verdict, Verdict) for one in found)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_damaged_report_is_read(data: st.DataObject) -> None:
    raw = data.draw(st.sampled_from([dsn(recipient_fields()), feedback(), message("<a@b.example>: 550 5.1.1 no")]))
    start, end = sorted(data.draw(st.tuples(st.integers(0, len(raw)), st.integers(0, len(raw)))))
    assert read(raw[:start] + data.draw(st.binary(max_size=20)) + raw[end:])


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\n\n\n",
        b"From x\n",
        b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(3_000)),
        b"From: MAILER-DAEMON\n" + b"Content-Type: message/rfc822\n\n" * 3_000,
        b"Subject: x\n" + b" folded\n" * 100_000,
        b"From: MAILER-DAEMON\n\n" + b"<" * 300_000,
        b"From: MAILER-DAEMON\n\n" + b"a@b " * 100_000,
        b"From: MAILER-DAEMON\nContent-Type: multipart/mixed" + b"; boundary   " * 50_000 + b"\n\nx",
        b'From: a@b.example\n\n{"notificationType":' + b"[" * 500_000,
        b"From: MAILER-DAEMON\nContent-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 20_000,
    ],
    ids=["empty", "blank", "mbox", "nested", "messages", "folded", "angles", "ats", "boundaries", "json", "parts"],
)
def test_hostile_shapes_are_read_within_bounds(raw: bytes) -> None:
    assert len(read(raw)) == 1


def test_a_message_is_read_up_to_a_size_and_a_number_of_parts() -> None:
    raw = b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nsome text\n" * 1_000
    assert len(parse(raw).leaves) <= MAX_PARTS
    huge = dsn(recipient_fields()) + b"x" * (3 * MAX_BYTES)
    assert [one.verdict for one in read(huge)] == [Verdict.HARD]


@pytest.mark.parametrize(
    "charset", ["no-such-charset", "punycode", "unicode_escape", "zlib", "utf-16", "iso-2022-jp", ""]
)
def test_a_wrong_charset_costs_no_more_than_a_few_characters(charset: str) -> None:
    raw = message("<ada@example.com>: 550 5.1.1 unbekannt \\x für alle\n").replace(b"\xc3\xbc", b"\xfc")
    typed = raw.replace(b"Subject:", f"Content-Type: text/plain; charset={charset}\nSubject:".encode(), 1)
    assert len(read(typed)) == 1
    if charset != "utf-16":
        assert read(typed)[0].verdict is Verdict.HARD


def test_control_characters_of_a_report_stay_on_one_line() -> None:
    (one,) = read(dsn(recipient_fields(reply="smtp; 550 5.1.1 no\n such\n\tuser")))
    assert one.reply == "550 5.1.1 no such user"
