"""The interests of a subscriber: the main one, which everybody has and which is called "", and named ones beside it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, insert, select, update

from digest.errors import DigestError, NotFound
from digest.model import Interest
from digest.store.among import among
from digest.store.liking import LIKED, Vote
from digest.store.lists import distinct, distinct_names, plain
from digest.store.tables import interests, likes, works

MAIN = ""
LONGEST_NAME = 64  # characters
MOST = 32  # interests of one subscriber: each is scored by itself
EMPTY: dict[str, Any] = {"categories": [], "keywords": [], "text": "", "authors": [], "institutions": []}
"""The columns that say what is asked for, in an interest that asks for nothing."""


def rows_of(connection: Connection, subscriber_ids: Iterable[int]) -> defaultdict[int, list[Row[Any]]]:
    """Everybody's rows, the main interest first, in one statement."""
    query = select(interests).where(among(connection, interests.c.subscriber_id, sorted(set(subscriber_ids))))
    order = (interests.c.subscriber_id, interests.c.position, interests.c.name)
    found: defaultdict[int, list[Row[Any]]] = defaultdict(list)
    for row in connection.execute(query.order_by(*order)):
        found[row.subscriber_id].append(row)
    return found


def interest_of(row: Row[Any], votes: Sequence[Vote]) -> Interest:
    """A row with the votes that belong to it."""
    liked = [vote for vote in votes if vote.value == LIKED]
    return Interest(
        name=row.name,
        categories=tuple(row.categories),
        keywords=tuple(row.keywords),
        text=row.text,
        authors=tuple(row.authors),
        institutions=tuple(row.institutions),
        likes=tuple(vote.paper_id for vote in liked),
        dislikes=tuple(vote.paper_id for vote in votes if vote.value != LIKED),
        liked_at=tuple(vote.at for vote in liked),
    )


def names(connection: Connection, subscriber_id: int) -> list[str]:
    """The names of the interests, the main one first."""
    return [row.name for row in rows_of(connection, [subscriber_id])[subscriber_id]]


def named(connection: Connection, subscriber_id: int, name: str) -> str:
    """The name as it is stored, for a name in any case. Raises NotFound where there is no such interest."""
    wanted = plain(name)
    known = names(connection, subscriber_id)
    for one in known:
        if one.casefold() == wanted.casefold():
            return one
    others = ", ".join(one for one in known if one) or "none"
    raise NotFound(f"no interest {name!r}; named interests: {others}: 'digest profile EMAIL interest add' makes one")


def add(connection: Connection, subscriber_id: int, name: str) -> str:
    """A new interest that asks for nothing yet; its name as it is stored.

    Raises:
        DigestError: no name, a name that is taken, or more interests than anybody can follow.
    """
    wanted = _free_name(connection, subscriber_id, name)
    known = rows_of(connection, [subscriber_id])[subscriber_id]
    if len(known) >= MOST:
        raise DigestError(f"{MOST} interests are the most: remove one first")
    position = max((row.position for row in known), default=0) + 1
    connection.execute(insert(interests).values(subscriber_id=subscriber_id, name=wanted, position=position, **EMPTY))
    return wanted


def added(connection: Connection, subscriber_id: int, name: str) -> str:
    """The interest of this name, made where there is none."""
    for one in names(connection, subscriber_id):
        if one and one.casefold() == plain(name).casefold():
            return one
    return add(connection, subscriber_id, name)


def rename(connection: Connection, subscriber_id: int, name: str, new_name: str) -> str:
    """Give an interest another name; its likes and works stay with it. Raises as `add` and `named` do."""
    old = named(connection, subscriber_id, name)
    if old == MAIN:
        raise DigestError("the main interest has no name of its own: add a named one instead")
    is_other_case = plain(new_name).casefold() == old.casefold()
    new = plain(new_name)[:LONGEST_NAME] if is_other_case else _free_name(connection, subscriber_id, new_name)
    connection.execute(update(interests).where(*_this(subscriber_id, old)).values(name=new))
    _move(connection, subscriber_id, old, new)
    return new


def remove(connection: Connection, subscriber_id: int, name: str, *, is_keeping_votes: bool = False) -> None:
    """Delete an interest with its votes, or leave them to the main one; works of the library always stay.

    Raises:
        NotFound: there is no such interest.
        DigestError: it is the main one.
    """
    old = named(connection, subscriber_id, name)
    if old == MAIN:
        raise DigestError("the main interest stays: 'digest profile EMAIL set --keyword \"\"' clears its words")
    if not is_keeping_votes:
        connection.execute(delete(likes).where(likes.c.subscriber_id == subscriber_id, likes.c.interest == old))
    _move(connection, subscriber_id, old, MAIN)
    connection.execute(delete(interests).where(*_this(subscriber_id, old)))


def set_fields(connection: Connection, subscriber_id: int, name: str, **fields: Sequence[str] | str | None) -> None:
    """Replace those fields of an interest that are given: categories, keywords, text, authors, institutions."""
    values: dict[str, Any] = {}
    for field, given in fields.items():
        if given is None:
            continue
        values[field] = cleaned_text(given) if isinstance(given, str) else _LISTS.get(field, distinct)(given)
    if values:
        this = _this(subscriber_id, named(connection, subscriber_id, name))
        connection.execute(update(interests).where(*this).values(values))


def cleaned_text(text: str) -> str:
    """Free text as it is kept: paragraphs stay, NUL (which PostgreSQL has no room for) goes."""
    return text.replace("\x00", "").strip()


_LISTS = {"authors": distinct_names}


def _free_name(connection: Connection, subscriber_id: int, name: str) -> str:
    wanted = plain(name)
    if not wanted or len(wanted) > LONGEST_NAME:
        raise DigestError(f"the name of an interest has 1 to {LONGEST_NAME} characters")
    if any(one.casefold() == wanted.casefold() for one in names(connection, subscriber_id)):
        raise DigestError(f"there is an interest {wanted!r} already")
    return wanted


def _move(connection: Connection, subscriber_id: int, old: str, new: str) -> None:
    for table in (likes, works):
        mine = (table.c.subscriber_id == subscriber_id, table.c.interest == old)
        connection.execute(update(table).where(*mine).values(interest=new))


def _this(subscriber_id: int, name: str) -> tuple[ColumnElement[bool], ...]:
    return interests.c.subscriber_id == subscriber_id, interests.c.name == name
