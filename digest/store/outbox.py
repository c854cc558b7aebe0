"""The outbox as a list: what compose puts in, what the admin sees and does. How it empties: `outbox_claims`.

A row is known by (kind, recipient, occasion); putting the same in twice is harmless. It stays small: the message is
assembled from its edition while sending.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Connection, Row, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from digest.errors import DigestError, NotFound
from digest.model import OutboxKind, OutboxState
from digest.store.tables import outbox, outbox_attempts

AnyRow: TypeAlias = "Row[*tuple[Any, ...]]"
"""A row whose columns the type checker does not know."""


class Outcome(StrEnum):
    """How one attempt ended."""

    SENT = "sent"
    DEFERRED = "deferred"
    FAILED = "failed"
    HARD = "hard"  # failed because the mailbox does not exist
    AMBIGUOUS = "ambiguous"  # between the final dot and the reply
    BROKEN = "broken"  # the message could not be assembled
    LAPSED = "lapsed"  # its owner died or froze before a byte of the message left
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Draft:
    """A message to be sent. `occasion` makes it one of its kind for the recipient: an edition's local date, say."""

    kind: OutboxKind
    recipient: str
    occasion: str
    message_id: str
    subscriber_id: int | None
    edition_id: int | None
    composed_at: datetime
    expires_at: datetime
    content: Mapping[str, Any] | None = None  # what a mail without an edition says


@dataclass(frozen=True, slots=True)
class Attempt:
    number: int
    started_at: datetime
    ended_at: datetime | None
    outcome: Outcome | None
    reply: str | None


@dataclass(frozen=True, slots=True)
class Message:
    """An outbox row as the admin sees it; `attempts` is filled by `show` only."""

    id: int
    kind: OutboxKind
    recipient: str
    occasion: str
    message_id: str
    state: OutboxState
    attempt: int
    lapses: int
    due_at: datetime | None
    lease_until: datetime | None
    composed_at: datetime
    expires_at: datetime
    sent_at: datetime | None
    reply: str | None
    subscriber_id: int | None
    edition_id: int | None
    attempts: tuple[Attempt, ...] = ()
    content: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which messages are meant; what is None leaves all. `recipient` is an address, or `@example.org` for a domain."""

    state: OutboxState | None = None
    kind: OutboxKind | None = None
    recipient: str | None = None
    before: datetime | None = None  # composed
    since: datetime | None = None

    @property
    def conditions(self) -> list[ColumnElement[bool]]:
        found: list[ColumnElement[bool]] = []
        if self.state is not None:
            found.append(outbox.c.state == self.state)
        if self.kind is not None:
            found.append(outbox.c.kind == self.kind)
        if self.recipient is not None:
            whom, to = self.recipient.casefold(), func.lower(outbox.c.recipient)
            found.append(to.endswith(whom, autoescape=True) if whom.startswith("@") else to == whom)
        if self.before is not None:
            found.append(outbox.c.composed_at < self.before)
        if self.since is not None:
            found.append(outbox.c.composed_at >= self.since)
        return found


# ── putting in ───────────────────────────────────────────────────────────────────────────────────


def enqueue(  # noqa: PLR0913, PLR0917 - the columns of one row
    conn: Connection,
    kind: OutboxKind,
    recipient: str,
    occasion: str,
    message_id: str,
    subscriber_id: int | None,
    edition_id: int | None,
    composed_at: datetime,
    expires_at: datetime,
) -> int | None:
    """Put one message in, due at once; its id, or None where (kind, recipient, occasion) is in already."""
    draft = Draft(kind, recipient, occasion, message_id, subscriber_id, edition_id, composed_at, expires_at)
    return enqueue_many(conn, [draft])[0]


def enqueue_many(conn: Connection, drafts: Sequence[Draft]) -> list[int | None]:
    """Put messages in, due at once; per draft its id, or None where its key is in already."""
    if not drafts:
        return []
    dialect = postgresql if conn.dialect.name == "postgresql" else sqlite
    statement = (
        dialect.insert(outbox)
        .on_conflict_do_nothing(index_elements=["kind", "recipient", "occasion"])
        .returning(outbox.c.id, outbox.c.kind, outbox.c.recipient, outbox.c.occasion)
    )
    rows = conn.execute(statement, [_columns(draft) for draft in drafts])
    made = {(row.kind, row.recipient, row.occasion): int(row.id) for row in rows}
    return [made.pop((draft.kind, draft.recipient, draft.occasion), None) for draft in drafts]


def _columns(draft: Draft) -> dict[str, object]:
    fresh = {"state": OutboxState.PENDING, "attempt": 0, "lapses": 0, "due_at": draft.composed_at}
    return {**{name: getattr(draft, name) for name in _DRAFTED}, **fresh}


_DRAFTED = tuple(field.name for field in fields(Draft))  # asdict copies deeply, at ten times the cost


# ── looking at it ────────────────────────────────────────────────────────────────────────────────


def list_rows(
    conn: Connection, state: OutboxState | None = None, limit: int = 100, wanted: Wanted | None = None
) -> list[Message]:
    """The newest messages, of one state or of all."""
    asked = wanted or Wanted()
    asked = asked if state is None else replace(asked, state=state)
    newest = select(outbox).where(*asked.conditions).order_by(outbox.c.id.desc()).limit(limit)
    return [_message(row) for row in conn.execute(newest)]


def with_attempts(conn: Connection, messages: Sequence[Message]) -> list[Message]:
    """The same messages, each with its attempts."""
    return [replace(one, attempts=tuple(_attempts(conn, one.id))) for one in messages]


def letters_to(conn: Connection, subscriber_id: int, limit: int = 20) -> list[Message]:
    """What a subscriber was mailed besides editions and notes, oldest first."""
    others = (OutboxKind.CONFIRMATION, OutboxKind.WELCOME, OutboxKind.GOODBYE)
    mine = (outbox.c.subscriber_id == subscriber_id, outbox.c.kind.in_(others))
    newest = select(outbox).where(*mine).order_by(outbox.c.id.desc()).limit(limit)
    return [_message(row) for row in reversed(conn.execute(newest).all())]


def show(conn: Connection, message: int) -> Message:
    """One message with its attempts.

    Raises:
        NotFound: there is no such message.
    """
    return _message(_row(conn, message), tuple(_attempts(conn, message)))


def of_edition(conn: Connection, edition_id: int) -> list[Message]:
    """The messages made of an edition, oldest first."""
    rows = conn.execute(select(outbox).where(outbox.c.edition_id == edition_id).order_by(outbox.c.id))
    return [_message(row) for row in rows]


def counts(conn: Connection) -> dict[OutboxState, int]:
    """How many messages are in which state; states without any are left out."""
    grouped = select(outbox.c.state, func.count().label("n")).group_by(outbox.c.state)
    return {OutboxState(row.state): int(row.n) for row in conn.execute(grouped)}


def held(conn: Connection) -> int:
    """How many messages may have arrived or not, and wait for the admin."""
    mine = (outbox.c.state == OutboxState.AMBIGUOUS, outbox.c.due_at.is_(None))
    return int(conn.execute(select(func.count()).select_from(outbox).where(*mine)).scalar_one())


def expired(conn: Connection, since: datetime) -> dict[date, int]:
    """How many messages were dropped since then because they were too old, by day (UTC)."""
    dropped = select(outbox.c.expires_at).where(outbox.c.state == OutboxState.DROPPED, outbox.c.expires_at > since)
    return dict(sorted(Counter(at.date() for (at,) in conn.execute(dropped)).items()))


# ── the admin's hand ─────────────────────────────────────────────────────────────────────────────


def retry(conn: Connection, message: int, now: datetime) -> None:
    """Make a message due now, with a fresh count of lapses; an expired one lives as long again as it was given first.

    Raises:
        NotFound: there is no such message.
        DigestError: it was sent, or is being sent right now.
    """
    row = _row(conn, message)
    if row.state == OutboxState.SENT:
        raise DigestError(f"outbox {message} was sent at {row.sent_at:%Y-%m-%d %H:%M} UTC: 'digest send --again'")
    _refuse_in_hand(row)
    expires_at = row.expires_at if row.expires_at > now else now + (row.expires_at - row.composed_at)
    again = {"state": OutboxState.PENDING, "lapses": 0, "due_at": now, "lease_until": None, "expires_at": expires_at}
    conn.execute(update(outbox).where(outbox.c.id == message).values(again))


def cancel(conn: Connection, message: int, now: datetime) -> None:
    """Never send a message that is still waiting; one just claimed is stopped before its first byte.

    Raises:
        NotFound: there is no such message.
        DigestError: it was sent, is on the wire, or is over anyway.
    """
    row = _row(conn, message)
    if row.state == OutboxState.DATA_STARTED:
        _refuse_in_hand(row)
    if row.state in (OutboxState.SENT, OutboxState.FAILED, OutboxState.DROPPED, OutboxState.CANCELLED):
        raise DigestError(f"outbox {message} is {row.state}: there is nothing to cancel")
    reply = f"cancelled by the admin at {now:%Y-%m-%d %H:%M} UTC"
    over = {"state": OutboxState.CANCELLED, "due_at": None, "lease_until": None, "reply": reply}
    conn.execute(update(outbox).where(outbox.c.id == message).values(over))


def chosen(conn: Connection, wanted: Wanted, states: Collection[OutboxState]) -> list[int]:
    """The ids of the messages that are meant and in one of these states, oldest first."""
    mine = (outbox.c.state.in_(states), *wanted.conditions)
    return [int(row.id) for row in conn.execute(select(outbox.c.id).where(*mine).order_by(outbox.c.id))]


def _refuse_in_hand(row: AnyRow) -> None:
    if row.state in (OutboxState.CLAIMED, OutboxState.DATA_STARTED):
        raise DigestError(
            f"outbox {row.id} is being sent right now: look again after {row.lease_until:%Y-%m-%d %H:%M} UTC"
        )


def _row(conn: Connection, message: int) -> AnyRow:
    row = conn.execute(select(outbox).where(outbox.c.id == message).with_for_update()).first()
    if row is None:
        raise NotFound(f"outbox {message}: no such message: see 'digest outbox list'")
    return row


def _message(row: AnyRow, attempts: tuple[Attempt, ...] = ()) -> Message:
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's documented accessor
    values["kind"], values["state"] = OutboxKind(row.kind), OutboxState(row.state)
    return Message(**values, attempts=attempts)


def _attempts(conn: Connection, message: int) -> list[Attempt]:
    numbered = select(outbox_attempts).where(outbox_attempts.c.outbox_id == message).order_by(outbox_attempts.c.attempt)
    return [
        Attempt(row.attempt, row.started_at, row.ended_at, row.outcome and Outcome(row.outcome), row.reply)
        for row in conn.execute(numbered)
    ]
