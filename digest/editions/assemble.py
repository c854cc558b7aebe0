"""An edition as the mail that leaves: the words of `render` under the headers of `message`.

Letterhead (what all mails of an installation share) + Edition + address ─► Rendered ─► bytes
"""

from __future__ import annotations

from dataclasses import dataclass, field
from email.utils import parseaddr
from pathlib import Path

from digest.editions.headers import a_label
from digest.editions.library import Library, through
from digest.editions.links import UNSUBSCRIBE, Keys, sign, unsubscribe_url
from digest.editions.message import MessageHeaders, build, derive_message_id, feedback_id
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
    reader = Reader(
        address=address,
        unsubscribe_url=_unsubscribe(head, edition),
        sender_name=head.name,
        home_url=head.public_url or None,
        imprint=head.imprint,
    )
    return render_digest(through(head.library, edition), reader, overrides=head.overrides)


def mail(head: Letterhead, edition: Edition, address: str) -> bytes:
    """The message of an edition; the same values give the same bytes.

    Raises:
        jinja2.TemplateError: a template breaks.
        ValueError: a header cannot be written.
    """
    kind = OutboxKind.DIGEST
    headers = MessageHeaders(
        sender=head.sender,
        recipient=address,
        date=edition.composed_at,
        message_id=derive_message_id(kind, str(edition.subscriber_id), edition.occasion, head.domain),
        list_id=head.list_id,
        list_name=head.name,
        unsubscribe_url=_unsubscribe(head, edition),
        help_url=head.public_url or None,
        owner=head.owner or None,
        feedback_id=feedback_id(kind, edition.occasion, head.list_id),
    )
    return build(words(head, edition, address), headers)


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


def _unsubscribe(head: Letterhead, edition: Edition) -> str | None:
    if not head.public_url:
        return None
    return unsubscribe_url(head.public_url, sign(head.keys, UNSUBSCRIBE, edition.subscriber_id))
