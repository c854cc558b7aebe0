"""An edition as the mail that leaves: the words of `render` under the headers of `message`.

Letterhead (what all mails of an installation share) + Edition + address ─► Rendered ─► bytes
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parseaddr
from functools import lru_cache
from pathlib import Path

from digest.editions.headers import a_label
from digest.editions.language import Language
from digest.editions.language import language as language_of
from digest.editions.letter import Letter, render_letter
from digest.editions.library import Library, through
from digest.editions.links import (
    ACCESS_LIVES,
    CONFIRM,
    PREFERENCES,
    UNSUBSCRIBE,
    confirm_url,
    manage_url,
    preferences_url,
    sign,
    sign_until,
    unsubscribe_url,
    votes_url,
)
from digest.editions.look import BUILT_IN, Look
from digest.editions.message import MessageHeaders, build, derive_message_id, feedback_id
from digest.editions.note import Note, render_note
from digest.editions.notice import Notice, render_notice
from digest.editions.render import Reader, Rendered, render_digest
from digest.editions.templates import Style
from digest.model import Edition, OutboxKind
from digest.seals import Keys


@dataclass(frozen=True, slots=True)
class Letterhead:
    """Who sends, and where its pages are. `sender` is a mailbox; without a `public_url` there is no unsubscribe link.

    `owner` gets the readers' questions, `imprint` is the operator's postal or legal line, `overrides` a folder of
    templates that win over the built-in ones, `library` the proxy of the readers' library. `mailto` gives a
    subscriber's own link for unsubscribing by mail, where somebody reads such mails. `language` is that of the mails to
    readers who chose none, and of the pages.
    """

    sender: str
    keys: Keys
    public_url: str = ""
    owner: str = ""
    imprint: str = ""
    overrides: Path | None = None
    library: Library = field(default_factory=Library)
    mailto: Callable[[int], str] | None = None
    look: Look = BUILT_IN
    language: str = ""

    def language_for(self, chosen: str) -> Language:
        """The language of somebody who chose this one, or none ("")."""
        return language_of(chosen or self.language, self.overrides)

    @property
    def name(self) -> str:
        """The sender's display name."""
        return _parsed(self.sender)[0] or "Trending Papers"

    @property
    def address(self) -> str:
        """The sender's bare address, for the envelope."""
        return _parsed(self.sender)[1]

    @property
    def domain(self) -> str:
        """The right side of Message-IDs."""
        return a_label(self.address.rpartition("@")[2])

    @property
    def list_id(self) -> str:
        """The same for every subscriber and mail (RFC 2919)."""
        return f"digest.{self.domain}"


_parsed = lru_cache(maxsize=8)(parseaddr)


def words(head: Letterhead, edition: Edition, address: str) -> Rendered:
    """Subject, text and HTML of an edition for the reader at `address`.

    Raises:
        jinja2.TemplateError: a template breaks.
    """
    reader = reader_of(head, edition.subscriber_id, address, edition.language)
    if head.public_url and edition.id:
        reader = replace(reader, votes_url=votes_url(head.public_url, head.keys, edition.subscriber_id, edition.id))
    rendered = render_digest(through(head.library, edition), reader, overrides=head.overrides)
    return replace(rendered, html_parts=()) if edition.is_text_only else rendered


def mail(head: Letterhead, edition: Edition, address: str, message_id: str | None = None) -> bytes:
    """The message of an edition; the same values give the same bytes. Who makes many takes a `press.Press`.

    `message_id` is the one that it was put into the outbox with, where it was.

    Raises:
        jinja2.TemplateError: a template breaks.
        ValueError: a header cannot be written.
    """
    return build(words(head, edition, address), digest_headers(head, edition, address, message_id))


def message_id_of(head: Letterhead, edition: Edition) -> str:
    """The Message-ID that an edition's mail is put into the outbox with."""
    return derive_message_id(OutboxKind.DIGEST, str(edition.subscriber_id), edition.occasion, head.domain)


def digest_headers(head: Letterhead, edition: Edition, address: str, message_id: str | None = None) -> MessageHeaders:
    """What the header of an edition says."""
    to = _Recipient(edition.subscriber_id, address, edition.occasion, edition.composed_at)
    headers = _headers(head, OutboxKind.DIGEST, to)
    return replace(headers, message_id=message_id) if message_id else headers


def note(head: Letterhead, one: Note) -> bytes:
    """The message that says why there is no digest today, under the headers that a digest has.

    Raises:
        jinja2.TemplateError: a template breaks.
        ValueError: a header cannot be written.
    """
    reader = reader_of(head, one.subscriber_id, one.address, str(one.content.get("language", "")))
    to = _Recipient(one.subscriber_id, one.address, one.occasion, one.composed_at)
    linked = replace(one, content={**one.content, "link": head.library.link(str(one.content["link"]))})
    rendered = _as_wanted(render_note(linked, reader, overrides=head.overrides), one.content)
    return build(rendered, _headers(head, OutboxKind.NOTE, to))


def _as_wanted(rendered: Rendered, content: Mapping[str, object]) -> Rendered:
    """Without the HTML for those who want text only."""
    return replace(rendered, html_parts=()) if content.get("is_text_only") else rendered


def letter(head: Letterhead, one: Letter) -> bytes:
    """The message of a letter. Only the welcome is a mail of the list: the others go to people who are not on it.

    Raises:
        jinja2.TemplateError: a template breaks.
        ValueError: a header cannot be written; or a confirmation without a `public_url`, where it would be confirmed.
    """
    reader = reader_of(head, one.subscriber_id or 0, one.address, str(one.content.get("language", "")))
    rendered = _as_wanted(render_letter(one, reader, _link(head, one), overrides=head.overrides), one.content)
    if one.kind is OutboxKind.WELCOME and one.subscriber_id is not None:
        to = _Recipient(one.subscriber_id, one.address, one.occasion, one.composed_at)
        return build(rendered, _headers(head, one.kind, to))
    return build(rendered, _plain_headers(head, one.address, one.composed_at, one.message_id))


def _link(head: Letterhead, one: Letter) -> str | None:
    """Where a letter leads."""
    if one.kind not in (OutboxKind.CONFIRMATION, OutboxKind.MOVE, OutboxKind.ACCESS):
        return None
    if not head.public_url:
        raise ValueError(f"a mail of the kind {one.kind} needs web.public_url, where its link leads")
    if one.kind is OutboxKind.ACCESS:
        return _own_page(head, one)
    number = one.content["confirmation"]
    assert isinstance(number, int)
    return confirm_url(head.public_url, sign(head.keys, CONFIRM, number))


def _own_page(head: Letterhead, one: Letter) -> str:
    """By a link that works for a while from when it was asked for."""
    asked_at = one.content["asked_at"]
    assert isinstance(asked_at, int)
    assert one.subscriber_id is not None
    until = datetime.fromtimestamp(asked_at, UTC) + ACCESS_LIVES
    return preferences_url(head.public_url, sign_until(head.keys, PREFERENCES, one.subscriber_id, until))


def notice(head: Letterhead, note: Notice) -> bytes:
    """The message of a mail that is no edition, by `templates/KIND/`; the same values give the same bytes.

    Raises:
        jinja2.TemplateError: there is no such template, or it breaks.
        ValueError: a header cannot be written.
    """
    style = Style(head.language_for(""), head.overrides, head.look)
    rendered = render_notice(note, head.name, head.imprint, style)
    return build(rendered, _plain_headers(head, note.address, note.composed_at, note.message_id))


def _plain_headers(head: Letterhead, address: str, composed_at: datetime, message_id: str) -> MessageHeaders:
    """Of a mail that belongs to no list."""
    return MessageHeaders(sender=head.sender, recipient=address, date=composed_at, message_id=message_id)


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
        unsubscribe_url=unsubscribe_link(head, to.subscriber_id),
        unsubscribe_mailto=unsubscribe_mailto(head, to.subscriber_id),
        help_url=head.public_url or None,
        owner=head.owner or None,
        feedback_id=feedback_id(kind, to.occasion, head.list_id),
    )


def reader_of(head: Letterhead, subscriber_id: int, address: str, language: str = "") -> Reader:
    """A subscriber as the templates see them; `language` is what they chose."""
    return Reader(
        address=address,
        unsubscribe_url=unsubscribe_link(head, subscriber_id),
        unsubscribe_mailto=unsubscribe_mailto(head, subscriber_id),
        sender_name=head.name,
        home_url=head.public_url or None,
        imprint=head.imprint,
        manage_url=manage_url(head.public_url) if head.public_url else None,
        language=head.language_for(language),
        look=head.look,
    )


def unsubscribe_mailto(head: Letterhead, subscriber_id: int) -> str | None:
    """The link by which a subscriber leaves by mail; None where no inbox is read."""
    return head.mailto(subscriber_id) if head.mailto else None


def unsubscribe_link(head: Letterhead, subscriber_id: int) -> str | None:
    """The way out for one subscriber, None where there are no pages."""
    if not head.public_url:
        return None
    return unsubscribe_url(head.public_url, sign(head.keys, UNSUBSCRIBE, subscriber_id))
