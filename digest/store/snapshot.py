"""A profile as a flat mapping of parts, and back: what the journal of changes compares and restores.

"muted" → […]   "options" → {…}   "interest:NAME" → {…}   "like:12" → [value, interest, instant]
"shelf:read:12" → instant   "work:7" → interest   "member:3" → true
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, Table, delete, exists, insert, select, update

from digest.store.merge import surviving
from digest.store.tables import group_members, interests, likes, profiles, shelf, subscribers, works

State = Mapping[str, Any]

_LISTS = ("muted", "muted_authors", "muted_categories", "own_names", "own_orcids", "options")
_WISHES = ("position", "categories", "keywords", "text", "authors", "institutions")


def state_of(connection: Connection, subscriber_id: int) -> State:
    """All parts of a profile. What the members of a group did is theirs."""
    found: dict[str, Any] = {}
    for row in _rows(connection, profiles, subscriber_id):
        found |= {name: row[name] for name in _LISTS}
    for row in _rows(connection, interests, subscriber_id):
        found[f"interest:{row['name']}"] = {name: row[name] for name in _WISHES}
    for row in _rows(connection, likes, subscriber_id):
        found[f"like:{row['paper_id']}"] = [row["value"], row["interest"], row["liked_at"].isoformat()]
    for row in _rows(connection, shelf, subscriber_id):
        found[f"shelf:{row['kind']}:{row['paper_id']}"] = row["at"].isoformat()
    mine = (works.c.subscriber_id == subscriber_id, works.c.removed_at.is_(None))
    found |= {f"work:{i}": name for i, name in connection.execute(select(works.c.id, works.c.interest).where(*mine))}
    members = select(group_members.c.member_id).where(group_members.c.group_id == subscriber_id)
    found |= {f"member:{member}": True for member in connection.execute(members).scalars()}
    return found


def difference(before: State, after: State) -> tuple[dict[str, Any], dict[str, Any]]:
    """The parts that changed, as they were and as they are; what is in neither was not there."""
    changed = [key for key in {**before, **after} if before.get(key) != after.get(key)]
    return {k: before[k] for k in changed if k in before}, {k: after[k] for k in changed if k in after}


def todays(connection: Connection, state: State) -> dict[str, Any]:
    """The same parts, under the numbers that their papers have now."""
    kinds = ("like:", "shelf:")
    numbers = {int(key.rpartition(":")[2]) for key in state if key.startswith(kinds)}
    alive = surviving(connection, numbers) if numbers else {}
    found: dict[str, Any] = {}
    for key, value in state.items():
        kind, _, number = key.rpartition(":")
        if not key.startswith(kinds):
            found[key] = value
        elif int(number) in alive:
            found[f"{kind}:{alive[int(number)]}"] = value
    return found


def restore(connection: Connection, subscriber_id: int, parts: Mapping[str, Any]) -> None:
    """Make parts of a profile what they were; None: not there."""
    lists = {key: value for key, value in parts.items() if key in _LISTS}
    if lists:
        connection.execute(update(profiles).where(profiles.c.subscriber_id == subscriber_id).values(lists))
    for key, value in parts.items():
        kind, _, rest = key.partition(":")
        if kind in _RESTORERS:
            _RESTORERS[kind](connection, subscriber_id, rest, value)


def _interest(connection: Connection, subscriber_id: int, name: str, value: Any) -> None:
    connection.execute(delete(interests).where(interests.c.subscriber_id == subscriber_id, interests.c.name == name))
    if value is not None:
        connection.execute(insert(interests).values(subscriber_id=subscriber_id, name=name, **value))


def _like(connection: Connection, subscriber_id: int, number: str, value: Any) -> None:
    connection.execute(delete(likes).where(likes.c.subscriber_id == subscriber_id, likes.c.paper_id == int(number)))
    if value is not None:
        vote, interest, at = value
        row = {"value": vote, "interest": interest, "liked_at": datetime.fromisoformat(at)}
        connection.execute(insert(likes).values(subscriber_id=subscriber_id, paper_id=int(number), **row))


def _shelf(connection: Connection, subscriber_id: int, place: str, value: Any) -> None:
    kind, _, number = place.partition(":")
    this = (shelf.c.subscriber_id == subscriber_id, shelf.c.paper_id == int(number), shelf.c.kind == kind)
    connection.execute(delete(shelf).where(*this))
    if value is not None:
        row = {"subscriber_id": subscriber_id, "paper_id": int(number), "kind": kind}
        connection.execute(insert(shelf).values(at=datetime.fromisoformat(value), **row))


def _work(connection: Connection, subscriber_id: int, number: str, value: Any) -> None:
    """A work that was not there before is deleted: nothing can ask for it again."""
    this = (works.c.subscriber_id == subscriber_id, works.c.id == int(number))
    if value is None:
        connection.execute(delete(works).where(*this))
    else:
        connection.execute(update(works).where(*this).values(interest=value, removed_at=None))


def _member(connection: Connection, subscriber_id: int, number: str, value: Any) -> None:
    """Whoever was erased meanwhile is a member of nothing."""
    this = (group_members.c.group_id == subscriber_id, group_members.c.member_id == int(number))
    connection.execute(delete(group_members).where(*this))
    if value and connection.execute(select(exists().where(subscribers.c.id == int(number)))).scalar():
        connection.execute(insert(group_members).values(group_id=subscriber_id, member_id=int(number)))


_RESTORERS = {"interest": _interest, "like": _like, "shelf": _shelf, "work": _work, "member": _member}


def _rows(connection: Connection, table: Table, subscriber_id: int) -> Iterator[RowMapping]:
    yield from connection.execute(select(table).where(table.c.subscriber_id == subscriber_id)).mappings()
