"""An edition as the mail that leaves: the words of `render` under the headers of `message`.

Letterhead (what all mails of an installation share) + Edition + address ─► Rendered ─► bytes
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from email.utils import parseaddr
from pathlib import Path

from digest.editions.headers import a_label
from digest.editions.library import Library, through
from digest.editions.links import UNSUBSCRIBE, Keys, sign, unsubscribe_url
from digest.editions.message import MessageHeaders, build, derive_message_id, feedback_id
from digest.editions.note import Note, render_note
from digest.editions.notice import Notice, render_notice
from digest.editions.render import Reader, Rendered, render_digest
from digest.model import Edition, OutboxKind


@dataclass(frozen=True, slots=True)
class Letterhead:
    """Who sends, and where its pages are. `sender` is a mailbox; without a `public_url` there is no unsubscribe link.

    `owner` gets the readers' questions, `imprint` is the operator's postal or legal line, `overrides` a folder of
    templates that win over the built-in ones, `library` the proxy of the readers' library.
    """

    sender: str
    keys: Keys
    public_url: str = ""
    owner: str = ""
    imprint: str = ""
    overrides: Path | None = None
    library: Library = field(default_factory=Library)

    @property
    def name(self) -> str:
        """The sender's display name."""
        return parseaddr(self.sender)[0] or "Trending Papers"

    @property
    def address(self) -> str:
        """The sender's bare address, for the envelope."""
        return parseaddr(self.sender)[1]

    @property
    def domain(self) -> str:
        """The right side of Message-IDs."""
        return a_label(self.address.rpartition("@")[2])

    @property
    def list_id(self) -> str:
        """The same for every subscriber and mail (RFC 2919)."""
        return f"digest.{self.domain}"


def words(head: Letterhead, edition: Edition, address: str) -> Rendered:
    """Subject, text and HTML of an edition for the reader at `address`.

    Raises:
        jinja2.TemplateError: a template breaks.
    """
    reader = _reader(head, edition.subscriber_id, address)
    return render_digest(through(head.library, edition), reader, overrides=head.overrides)


def mail(head: Letterhead, edition: Edition, address: str) -> bytes:
    """The message of an edition; the same values give the same bytes.

    Raises:
        jinja2.TemplateError: a template breaks.
        ValueError: a header cannot be written.
    """
    to = _Recipient(edition.subscriber_id, address, edition.occasion, edition.composed_at)
    return build(words(head, edition, address), _headers(head, OutboxKind.DIGEST, to))


def note(head: Letterhead, one: Note) -> bytes:
    """The message that says why there is no digest today, under the headers that a digest has.

    Raises:
        jinja2.TemplateError: a template breaks.
        ValueError: a header cannot be written.
    """
    reader = _reader(head, one.subscriber_id, one.address)
    to = _Recipient(one.subscriber_id, one.address, one.occasion, one.composed_at)
    linked = replace(one, content={**one.content, "link": head.library.link(str(one.content["link"]))})
    return build(render_note(linked, reader, overrides=head.overrides), _headers(head, OutboxKind.NOTE, to))


def notice(head: Letterhead, note: Notice) -> bytes:
    """The message of a mail that is no edition, by `templates/KIND/`; the same values give the same bytes.

    Raises:
        jinja2.TemplateError: there is no such template, or it breaks.
        ValueError: a header cannot be written.
    """
    rendered = render_notice(note, head.name, head.imprint, overrides=head.overrides)
    headers = MessageHeaders(
        sender=head.sender, recipient=note.address, date=note.composed_at, message_id=note.message_id
    )
    return build(rendered, headers)


@dataclass(frozen=True, slots=True)
class _Recipient:
    subscriber_id: int
    address: str
    occasion: str
    composed_at: datetime


def _headers(head: Letterhead, kind: OutboxKind, to: _Recipient) -> MessageHeaders:
    """What mails to subscribers have in common: who sends, which list, and the way out of it."""
    return MessageHeaders(
        sender=head.sender,
        recipient=to.address,
        date=to.composed_at,
        message_id=derive_message_id(kind, str(to.subscriber_id), to.occasion, head.domain),
        list_id=head.list_id,
        list_name=head.name,
        unsubscribe_url=_unsubscribe(head, to.subscriber_id),
        help_url=head.public_url or None,
        owner=head.owner or None,
        feedback_id=feedback_id(kind, to.occasion, head.list_id),
    )


def _reader(head: Letterhead, subscriber_id: int, address: str) -> Reader:
    return Reader(
        address=address,
        unsubscribe_url=_unsubscribe(head, subscriber_id),
        sender_name=head.name,
        home_url=head.public_url or None,
        imprint=head.imprint,
    )


def _unsubscribe(head: Letterhead, subscriber_id: int) -> str | None:
    if not head.public_url:
        return None
    return unsubscribe_url(head.public_url, sign(head.keys, UNSUBSCRIBE, subscriber_id))
