"""The bytes of a mail: multipart/alternative, quoted-printable, CRLF, 7-bit; the same values give the same bytes.

Built here and not by `email.message`: its policies fold and encode `List-Unsubscribe` (mail clients then hide
the button), and its quoted-printable costs 3 ms for a digest where `binascii` costs next to nothing.
`email.parser` is the oracle in the tests. Who builds many mails takes a `Frame` and encodes parts once: `press`.
"""

from __future__ import annotations

import binascii
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from digest.editions.headers import a_label, address_list, checked, date_text, mailbox, subject
from digest.editions.render import Rendered
from digest.model import OutboxKind

_EOL = "\r\n"
_PART = "Content-Type: text/{}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
PLAIN, _HTML = _PART.format("plain"), _PART.format("html")
"""The header lines of a part, with the empty line behind them."""

_NO_LINK = frozenset('<>", ')


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

    @property
    def unsubscribe_links(self) -> list[str]:
        return [link for link in (self.unsubscribe_url, self.unsubscribe_mailto) if link]


def build(rendered: Rendered, headers: MessageHeaders) -> bytes:
    """The message as SMTP's DATA carries it, before dot stuffing; without an HTML part it is text/plain alone.

    Raises:
        ValueError: a header's value holds a control character, or an address cannot be written in ASCII.
    """
    lines = _header_lines(rendered.subject, headers)
    head = "".join(f"{line}{_EOL}" for line in lines)
    if not rendered.html_parts:
        return joined([head + PLAIN], rendered.text_parts)
    opening, middle, closing = separators(headers.message_id)
    text = joined([head, opening], rendered.text_parts)
    return text + joined([middle], rendered.html_parts) + closing.encode("ascii")


def separators(message_id: str) -> tuple[str, str, str]:
    """What stands before the text, between text and HTML, and after the HTML.

    Quoted-printable never yields "=_", so the boundary cannot occur in a part (RFC 2045, section 6.7).
    """
    boundary = "=_" + hashlib.sha256(message_id.encode()).hexdigest()[:24]
    return (
        f'Content-Type: multipart/alternative; boundary="{boundary}"{_EOL}{_EOL}--{boundary}{_EOL}{PLAIN}',
        f"{_EOL}--{boundary}{_EOL}{_HTML}",
        f"{_EOL}--{boundary}--{_EOL}",
    )


@dataclass(frozen=True, slots=True)
class Frame:
    """A header but for the lines that are one recipient's own; `pieces` go around those."""

    pieces: tuple[str, ...]

    def filled(self, recipient: str, subject: str, message_id: str, unsubscribe: Sequence[str]) -> list[str]:
        """The header in parts; `subject` is a line of `subject_line`, `unsubscribe` are links, none as in the frame.

        Raises:
            ValueError: a value cannot be written.
        """
        own = [_to("", recipient), subject, _message_id(message_id)]
        if unsubscribe:
            own.append(_unsubscribe(unsubscribe))
        told = [""] * (len(own) + len(self.pieces))
        told[::2], told[1::2] = self.pieces, own
        return told


def frame_of(headers: MessageHeaders) -> Frame:
    """The frame for all who differ from `headers` in address, subject, Message-ID and links to unsubscribe alone."""
    pieces = [""]
    for line in _header_lines("", headers):
        if line.partition(":")[0] in _OWN:
            pieces.append(_EOL)
        else:
            pieces[-1] += line + _EOL
    return Frame(tuple(pieces))


_OWN = ("To", "Subject", "Message-ID", "List-Unsubscribe")


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


def quoted_printable(part: str) -> bytes:
    """Whole lines as quoted-printable with CRLF ends (RFC 2045, section 6.7); encodings of parts may be joined."""
    return binascii.b2a_qp(part.replace("\n", _EOL).encode(), istext=True)


def quoted(part: str) -> str:
    """The same as text."""
    return quoted_printable(part).decode("ascii")


def joined(start: Sequence[str], parts: Sequence[str]) -> bytes:
    """What is encoded already, and parts that are not."""
    return "".join(start).encode("ascii") + b"".join(map(quoted_printable, parts))


def subject_line(words: str) -> str:
    """The whole header line.

    Raises:
        ValueError: a control character.
    """
    return f"Subject: {subject(words)}"


def _to(name: str, address: str) -> str:
    return f"To: {address_list('To', name, address)}"


def _message_id(value: str) -> str:
    return f"Message-ID: {checked('Message-ID', value)}"


def _unsubscribe(links: Sequence[str]) -> str:
    return "List-Unsubscribe: " + ", ".join([f"<{_link('List-Unsubscribe', link)}>" for link in links])


def _header_lines(words: str, headers: MessageHeaders) -> list[str]:
    lines = [
        f"From: {mailbox('From', headers.sender)}",
        _to(headers.recipient_name, headers.recipient),
        subject_line(words),
        f"Date: {date_text(headers.date)}",
        _message_id(headers.message_id),
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
    if links := headers.unsubscribe_links:
        lines.append(_unsubscribe(links))
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
    if not _NO_LINK.isdisjoint(link):
        raise ValueError(f"{header}: a link may not hold blanks, commas, quotes or brackets: {link!r}")
    return checked(header, link)
