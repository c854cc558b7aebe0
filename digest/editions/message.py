"""The bytes of a mail: multipart/alternative, quoted-printable, CRLF, 7-bit; the same values give the same bytes.

Built here and not by `email.message`: its policies fold and encode `List-Unsubscribe` (mail clients then hide
the button), and its quoted-printable costs 3 ms for a digest where `binascii` per kept fragment costs next to
nothing. `email.parser` is the oracle in the tests.
"""

from __future__ import annotations

import binascii
import hashlib
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from digest.editions.headers import a_label, address_list, checked, date_text, mailbox, subject
from digest.editions.render import Rendered
from digest.model import OutboxKind

_EOL = "\r\n"


@dataclass(frozen=True, slots=True)
class MessageHeaders:
    """What a mail's header says beside its subject.

    `sender` and `owner` are mailboxes ("Trending Papers <digest@example.org>"); `date` is the instant the edition
    was composed, so that a second attempt sends the same bytes. `list_id` is a list identifier of RFC 2919 without
    its brackets ("digest.example.org"), the same for every subscriber; None leaves the List- headers out, as
    in a confirmation. `unsubscribe_url` is the https page, `unsubscribe_mailto` and `help_url` are whole links.
    """

    sender: str
    recipient: str
    date: datetime
    message_id: str
    recipient_name: str = ""
    reply_to: str | None = None
    list_id: str | None = None
    list_name: str = ""
    unsubscribe_url: str | None = None
    unsubscribe_mailto: str | None = None
    help_url: str | None = None
    owner: str | None = None
    feedback_id: str | None = None


def build(rendered: Rendered, headers: MessageHeaders) -> bytes:
    """The message as SMTP's DATA carries it, before dot stuffing; without an HTML part it is text/plain alone.

    Raises:
        ValueError: a header's value holds a control character, or an address cannot be written in ASCII.
    """
    lines = _header_lines(rendered.subject, headers)
    if not rendered.html_parts:
        return _joined([*lines, *_part_head("plain"), ""], rendered.text_parts)
    # Quoted-printable never yields "=_", so the boundary cannot occur in a part (RFC 2045, section 6.7).
    boundary = "=_" + hashlib.sha256(headers.message_id.encode()).hexdigest()[:24]
    lines += [f'Content-Type: multipart/alternative; boundary="{boundary}"', "", f"--{boundary}"]
    text = _joined([*lines, *_part_head("plain"), ""], rendered.text_parts)
    html = _joined(["", f"--{boundary}", *_part_head("html"), ""], rendered.html_parts)
    return text + html + f"{_EOL}--{boundary}--{_EOL}".encode()


def derive_message_id(kind: OutboxKind, recipient_key: str, occasion: str, domain: str) -> str:
    """The Message-ID of what is sent to one recipient for one occasion: doing it twice gives the same id.

    `recipient_key` is the subscriber's id or case-folded address; it is hashed, so that the id tells nobody.
    """
    parts = (kind.value, recipient_key, occasion)
    told = b"".join(len(part.encode()).to_bytes(4, "big") + part.encode() for part in parts)
    return f"<{kind.value}.{hashlib.sha256(told).hexdigest()[:32]}@{a_label(domain)}>"


def feedback_id(kind: OutboxKind, occasion: str, list_id: str) -> str:
    """Four parts, by which mailbox providers count complaints: occasion, kind, list, sender id (5–15 characters)."""
    sender = hashlib.sha256(list_id.encode()).hexdigest()[:12]
    return checked("Feedback-ID", f"{occasion.replace(':', '-')}:{kind.value}:{list_id.replace(':', '-')}:{sender}")


@lru_cache(maxsize=8192)
def quoted_printable(part: str) -> bytes:
    """Whole lines as quoted-printable with CRLF ends (RFC 2045, section 6.7); encodings of parts may be joined."""
    return binascii.b2a_qp(part.replace("\n", _EOL).encode(), istext=True)


def _header_lines(words: str, headers: MessageHeaders) -> list[str]:
    lines = [
        f"From: {mailbox('From', headers.sender)}",
        f"To: {address_list('To', headers.recipient_name, headers.recipient)}",
        f"Subject: {subject(words)}",
        f"Date: {date_text(headers.date)}",
        f"Message-ID: {checked('Message-ID', headers.message_id)}",
        "MIME-Version: 1.0",
    ]
    if headers.reply_to:
        lines.append(f"Reply-To: {mailbox('Reply-To', headers.reply_to)}")
    # RFC 3834: nobody's vacation notice should answer.
    lines.append("Auto-Submitted: auto-generated")
    return lines + _list_lines(headers) if headers.list_id else lines


def _list_lines(headers: MessageHeaders) -> list[str]:
    """RFC 2919, 2369 and 8058. List-Unsubscribe stands on one line however long: clients do not unfold it alike."""
    named = address_list("List-Id", headers.list_name, headers.list_id or "", is_address=False)
    lines = [f"List-Id: {named}", "List-Post: NO"]
    links = [link for link in (headers.unsubscribe_url, headers.unsubscribe_mailto) if link]
    if links:
        lines.append("List-Unsubscribe: " + ", ".join(f"<{_link('List-Unsubscribe', link)}>" for link in links))
    if headers.unsubscribe_url:
        lines.append("List-Unsubscribe-Post: List-Unsubscribe=One-Click")
    if headers.help_url:
        lines.append(f"List-Help: <{_link('List-Help', headers.help_url)}>")
    if headers.owner:
        lines.append(f"List-Owner: <mailto:{mailbox('List-Owner', headers.owner, is_bare=True)}>")
    if headers.feedback_id:
        lines.append(f"Feedback-ID: {checked('Feedback-ID', headers.feedback_id)}")
    return [*lines, "Precedence: bulk"]


def _link(header: str, link: str) -> str:
    if any(character in '<>", ' for character in link):
        raise ValueError(f"{header}: a link may not hold blanks, commas, quotes or brackets: {link!r}")
    return checked(header, link)


def _part_head(subtype: str) -> list[str]:
    return [f"Content-Type: text/{subtype}; charset=utf-8", "Content-Transfer-Encoding: quoted-printable"]


def _joined(lines: list[str], parts: tuple[str, ...]) -> bytes:
    return _EOL.join([*lines, ""]).encode("ascii") + b"".join(map(quoted_printable, parts))
