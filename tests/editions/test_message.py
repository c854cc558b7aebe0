"""The bytes of a mail mean what was meant, by the standard library's own reading of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import compat32, default
from email.utils import parsedate_to_datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.editions.headers import a_label, ascii_address, mailbox
from digest.editions.links import UNSUBSCRIBE, sign, unsubscribe_url
from digest.editions.message import MessageHeaders, build, derive_message_id, feedback_id, quoted_printable
from digest.editions.render import Rendered, render_digest
from digest.model import OutboxKind
from tests.support.editions import COMPOSED_AT, DAY, HEADERS, PAPER, READER, edition, edition_of, pick


def _parsed(raw: bytes) -> EmailMessage:
    message = BytesParser(policy=default).parsebytes(raw)
    assert isinstance(message, EmailMessage)
    assert message.defects == []
    return message


def _part(message: EmailMessage, subtype: str) -> str:
    part = message.get_body((subtype,))
    assert part is not None
    assert part.defects == []
    content = part.get_content()
    assert isinstance(content, str)
    return content.replace("\r\n", "\n")


def _raw_header(raw: bytes, name: str) -> list[str]:
    head = raw.split(b"\r\n\r\n", 1)[0].decode("ascii")
    return [line for line in head.split("\r\n") if line.lower().startswith(name.lower() + ":")]


def test_the_parts_parse_back_to_what_was_rendered_text_first() -> None:
    rendered = render_digest(edition_of([PAPER] * 3), READER)
    message = _parsed(build(rendered, HEADERS))
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert _part(message, "plain") == rendered.text
    assert _part(message, "html") == rendered.html


def test_the_standard_library_writes_a_message_that_means_the_same() -> None:
    rendered = render_digest(edition_of([PAPER] * 2), READER)
    oracle = EmailMessage(policy=default)
    oracle["Subject"] = rendered.subject
    oracle["From"], oracle["To"] = HEADERS.sender, "Jane Doe <jane.doe@example.org>"
    oracle.set_content(rendered.text, cte="quoted-printable")
    oracle.add_alternative(rendered.html, subtype="html", cte="quoted-printable")
    ours, theirs = _parsed(build(rendered, HEADERS)), _parsed(oracle.as_bytes())
    for subtype in ("plain", "html"):
        assert _part(ours, subtype) == _part(theirs, subtype)
    for header in ("Subject", "From", "To"):
        assert str(ours[header]) == str(theirs[header])


def test_every_header_of_a_digest_is_there() -> None:
    message = _parsed(build(render_digest(edition(pick()), READER), HEADERS))
    assert dict(message.items()) == {
        "From": "Trending Papers <digest@example.org>",
        "To": "Jane Doe <jane.doe@example.org>",
        "Subject": PAPER.title,
        "Date": "Mon, 20 Apr 2026 05:00:00 +0000",
        "Message-ID": HEADERS.message_id,
        "MIME-Version": "1.0",
        "Auto-Submitted": "auto-generated",
        "List-Id": "Trending Papers <digest.example.org>",
        "List-Post": "NO",
        "List-Unsubscribe": f"<{READER.unsubscribe_url}>, <{READER.unsubscribe_mailto}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "List-Help": "<https://digest.example.org>",
        "List-Owner": "<mailto:admin@example.org>",
        "Feedback-ID": str(HEADERS.feedback_id),
        "Precedence": "bulk",
        "Content-Type": message["Content-Type"],
    }
    assert parsedate_to_datetime(str(message["Date"])) == COMPOSED_AT
    assert str(HEADERS.feedback_id).count(":") == 3


def test_list_unsubscribe_stands_on_one_line_and_each_address_within_74_columns() -> None:
    url = unsubscribe_url("https://a-digest-of.example-one.org", sign({1: b"k" * 32}, UNSUBSCRIBE, 2**63 - 1))
    raw = build(Rendered("s", ("t\n",), ("h\n",)), replace(HEADERS, unsubscribe_url=url))
    assert _raw_header(raw, "List-Unsubscribe") == [
        f"List-Unsubscribe: <{url}>, <{HEADERS.unsubscribe_mailto}>",
    ]
    assert len(f"<{url}>") <= 74


def test_without_a_page_there_is_no_one_click_header() -> None:
    raw = build(Rendered("s", ("t\n",)), replace(HEADERS, unsubscribe_url=None))
    assert _raw_header(raw, "List-Unsubscribe") == [f"List-Unsubscribe: <{HEADERS.unsubscribe_mailto}>"]
    assert _raw_header(raw, "List-Unsubscribe-Post") == []
    raw = build(Rendered("s", ("t\n",)), replace(HEADERS, unsubscribe_url=None, unsubscribe_mailto=None))
    assert b"List-Unsubscribe" not in raw


def test_a_mail_that_is_no_list_mail_has_no_list_headers() -> None:
    raw = build(
        Rendered("Confirm", ("text\n",)), MessageHeaders("a@example.org", "b@example.org", COMPOSED_AT, "<x@y>")
    )
    message = _parsed(raw)
    assert message.get_content_type() == "text/plain"
    assert _part(message, "plain") == "text\n"
    assert not [name for name in message if name.startswith("List-") or name == "Precedence"]


def test_every_line_is_ascii_ends_with_crlf_and_is_short() -> None:
    papers = [replace(PAPER, title="Ünïcödé " * 20, abstract="漢字" * 400), PAPER]
    raw = build(render_digest(edition_of(papers), READER), HEADERS)
    raw.decode("ascii")
    assert raw.count(b"\n") == raw.count(b"\r\n") == raw.count(b"\r")
    long_lines = [line for line in raw.split(b"\r\n") if len(line) > 78]
    assert all(line.startswith(b"List-Unsubscribe: ") for line in long_lines)
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert raw.endswith(b"--\r\n")


def test_the_same_edition_gives_the_same_bytes() -> None:
    assert build(render_digest(edition(pick()), READER), HEADERS) == build(
        render_digest(edition(pick()), READER), HEADERS
    )


def test_twenty_papers_with_reasons_stay_under_80_kilobytes() -> None:
    long = replace(
        PAPER,
        title="A Study of the Long Titles that Occur in Listings, Their Causes, and What They Do to the Layout",
        abstract="This sentence is about as long as the sentences that people write in abstracts. " * 20,
        affiliations=("University of Sampletown, Department of Lamps",) * 3,
        version=2,
    )
    raw = build(render_digest(edition_of([long] * 20), READER), HEADERS)
    assert 40_000 < len(raw) < 80_000


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet=st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), min_size=1, max_size=200))
def test_any_subject_survives_the_way_and_never_ends_its_line(words: str) -> None:
    words = " ".join(words.split()) or "x"
    raw = build(Rendered(words, ("t\n",)), HEADERS)
    assert max(len(line) for line in raw.split(b"\r\n\r\n")[0].split(b"\r\n") if not line.startswith(b"List-Un")) <= 78
    assert str(_parsed(raw)["Subject"]) == words


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=400))
def test_any_text_survives_quoted_printable(text: str) -> None:
    lines = "".join(f"{line}\n" for line in text.replace("\r", "").split("\n"))
    message = _parsed(build(Rendered("s", (lines,), ("h\n",)), HEADERS))
    assert _part(message, "plain") == lines


def test_parts_encoded_apart_are_the_whole_encoded() -> None:
    lines = ["From here =\n", ".\n", "trailing blank \n", "é" * 60 + "\n"]
    assert b"".join(map(quoted_printable, lines)) == quoted_printable("".join(lines))


@pytest.mark.parametrize("bad", ["a\r\nBcc: x@example.org", "a\nX: y", "a\rX", "a\x00b", "a\u2028b", "a\x85b"])
@pytest.mark.parametrize(
    "field",
    [
        *("sender", "recipient", "recipient_name", "message_id", "list_id", "list_name"),
        *("unsubscribe_url", "unsubscribe_mailto", "help_url", "owner", "feedback_id", "reply_to"),
    ],
)
def test_no_value_can_add_a_header(field: str, bad: str) -> None:
    with pytest.raises(
        ValueError, match=r"cannot stand here|a link may not hold|only printable ASCII|no address|no domain"
    ):
        build(Rendered("s", ("t\n",)), replace(HEADERS, **{field: bad}))  # type: ignore[arg-type]  # all are strings


def test_no_subject_can_add_a_header() -> None:
    with pytest.raises(ValueError, match="Subject: a control character"):
        build(Rendered("hello\r\nBcc: x@example.org", ("t\n",)), HEADERS)


def test_a_subject_that_looks_encoded_is_shown_as_it_is() -> None:
    words = "=?utf-8?q?Not_what_it_says?="
    assert str(_parsed(build(Rendered(words, ("t\n",)), HEADERS))["Subject"]) == words


def test_names_of_other_scripts_and_specials_survive() -> None:
    for name in ("Jörg Müller", "李明", 'Jane "JD" Doe, PhD', "a@b.example", "Doe (Jane)"):
        message = _parsed(build(Rendered("s", ("t\n",)), replace(HEADERS, recipient_name=name)))
        (address,) = message["To"].addresses
        assert (address.display_name, address.addr_spec) == (name, "jane.doe@example.org")


def test_a_long_name_is_folded_between_characters() -> None:
    name = "x" * 60 + " ü" * 30
    raw = build(Rendered("s", ("t\n",)), replace(HEADERS, recipient_name=name))
    # email.policy.default puts blanks between the encoded words of a display name; the older reader does not.
    assert str(make_header(decode_header(str(BytesParser(policy=compat32).parsebytes(raw)["To"])))).startswith(name)


def test_a_domain_of_other_scripts_is_written_as_a_label() -> None:
    assert ascii_address("To", "x@MÜNCHEN.example") == "x@xn--mnchen-3ya.example"
    assert a_label("straße.example") == "xn--strae-oqa.example"
    assert mailbox("From", "Zeitung <x@münchen.example>") == "Zeitung <x@xn--mnchen-3ya.example>"


@pytest.mark.parametrize(
    "address", ["", "x", "@example.org", "jörg@example.org", "a b@example.org", "a@b@c", "<a@b>", "a@"]
)
def test_what_is_no_ascii_address_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match=r"no address|no domain|only printable"):
        ascii_address("To", address)


def test_a_message_id_is_derived_from_who_and_when_and_tells_neither() -> None:
    first = derive_message_id(OutboxKind.DIGEST, "jane@example.org", "2026-04-20", "Example.org")
    assert first == derive_message_id(OutboxKind.DIGEST, "jane@example.org", "2026-04-20", "example.org")
    others = {
        derive_message_id(kind, who, occasion, "example.org")
        for kind in (OutboxKind.DIGEST, OutboxKind.NOTE)
        for who in ("jane@example.org", "max@example.org", "jane@example.org2026")
        for occasion in ("2026-04-20", "2026-04-20+1", "-04-20")
    }
    assert len(others) == 18
    assert "jane" not in first
    assert first.startswith("<digest.")
    assert first.endswith("@example.org>")
    assert len(f"Message-ID: {first}") <= 78


def test_the_feedback_id_has_four_parts_whatever_the_occasion() -> None:
    for occasion in ("2026-04-20", f"{DAY}+1", "a:b"):
        parts = feedback_id(OutboxKind.DIGEST, occasion, "digest.example.org").split(":")
        assert len(parts) == 4
        assert 5 <= len(parts[3]) <= 15


def test_the_date_is_in_utc_and_needs_an_aware_instant() -> None:
    berlin = datetime.fromisoformat("2026-04-20T07:00:00+02:00")
    raw = build(Rendered("s", ("t\n",)), replace(HEADERS, date=berlin))
    assert _raw_header(raw, "Date") == ["Date: Mon, 20 Apr 2026 05:00:00 +0000"]
