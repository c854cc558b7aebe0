"""The journal of what subscribers said: every change of a profile, when, from where, and how to take it back exactly.

    with noted(connection, 7, "liked arxiv:2604.14630", "cli", now):
        profiles.like(connection, 7, [12], now)

A change that changed nothing leaves no entry. Undoing restores the parts that an entry names, and refuses where a
later change touched one of them: what stands there now is somebody's later word.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from digest.errors import DigestError, NotFound
from digest.store.liking import lock
from digest.store.snapshot import difference, restore, state_of, todays
from digest.store.tables import feedback


@dataclass(frozen=True, slots=True)
class Entry:
    """One change: `origin` is cli, mail, web or import, `parts` are the parts of the profile that it touched."""

    id: int
    at: datetime
    action: str
    origin: str
    parts: tuple[str, ...]
    undone_at: datetime | None


@contextmanager
def noted(connection: Connection, subscriber_id: int, action: str, origin: str, now: datetime) -> Iterator[None]:
    """Journal what happens to the profile inside; nothing where it raises.

    Raises:
        NotFound: there is no such subscriber.
    """
    lock(connection, subscriber_id)
    earlier = state_of(connection, subscriber_id)
    yield
    before, after = difference(earlier, state_of(connection, subscriber_id))
    if before or after:
        row = {"subscriber_id": subscriber_id, "at": now, "action": action, "origin": origin}
        connection.execute(insert(feedback).values(before=before, after=after, **row))


def history(connection: Connection, subscriber_id: int, limit: int = 20) -> list[Entry]:
    """The latest changes, the latest first."""
    mine = select(feedback).where(feedback.c.subscriber_id == subscriber_id)
    return [_entry(row) for row in connection.execute(mine.order_by(feedback.c.id.desc()).limit(limit))]


def undo(connection: Connection, subscriber_id: int, now: datetime, number: int | None = None) -> Entry:
    """Take back a change, the latest that still stands unless a number is given; the entry as it is now.

    Raises:
        NotFound: there is no such change.
        DigestError: it is undone already, or what it changed was changed again; the text names the later change.
    """
    lock(connection, subscriber_id)
    row = _row(connection, subscriber_id, number)
    if row.undone_at is not None:
        raise DigestError(f"change {row.id} was undone on {row.undone_at:%Y-%m-%d %H:%M} UTC")
    before, after = todays(connection, row.before), todays(connection, row.after)
    current = state_of(connection, subscriber_id)
    parts = dict.fromkeys({**before, **after})
    if any(current.get(part) != after.get(part) for part in parts):
        raise DigestError(_refusal(connection, subscriber_id, row))
    restore(connection, subscriber_id, {part: before.get(part) for part in parts})
    connection.execute(update(feedback).where(feedback.c.id == row.id).values(undone_at=now))
    return _entry(_row(connection, subscriber_id, row.id))


def _row(connection: Connection, subscriber_id: int, number: int | None) -> Row[Any]:
    mine = select(feedback).where(feedback.c.subscriber_id == subscriber_id)
    wanted = mine.where(feedback.c.undone_at.is_(None)) if number is None else mine.where(feedback.c.id == number)
    row = connection.execute(wanted.order_by(feedback.c.id.desc()).limit(1)).one_or_none()
    if row is None:
        what = "nothing to undo" if number is None else f"no change {number}"
        raise NotFound(f"{what}: see 'digest profile EMAIL history'")
    return row


def _refusal(connection: Connection, subscriber_id: int, row: Row[Any]) -> str:
    parts = {*row.before, *row.after}
    later = select(feedback).where(
        feedback.c.subscriber_id == subscriber_id, feedback.c.id > row.id, feedback.c.undone_at.is_(None)
    )
    for other in connection.execute(later.order_by(feedback.c.id)):
        if parts & {*other.before, *other.after}:
            return f"change {row.id} was followed by change {other.id} ({other.action}): undo that one first"
    return f"what change {row.id} ({row.action}) did was changed again since, so it cannot be taken back exactly"


def _entry(row: Row[Any]) -> Entry:
    parts = tuple(dict.fromkeys((*row.before, *row.after)))
    return Entry(row.id, row.at, row.action, row.origin, parts, row.undone_at)
