"""What a subscriber likes, in identifiers that other services know."""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy import Connection, select

from digest.errors import DigestError
from digest.model import Alias, AliasKind, SubscriberState, Taste
from digest.store import subscribers
from digest.store.among import among
from digest.store.profiles import DISLIKED, LIKED
from digest.store.tables import likes, paper_aliases

_Papers = tuple[tuple[Alias, ...], ...]


def taste_of(connection: Connection, address: str, newest: int = 100) -> Taste:
    """The newest likes and as many dislikes of a subscriber; papers without any identifier are left out.

    Raises:
        NotFound: nobody has this address.
        DigestError: whoever has it did not agree to anything (any more).
    """
    person = subscribers.get(connection, address)
    if person.state is SubscriberState.UNSUBSCRIBED:
        raise DigestError(f"{person.address} has unsubscribed: name another subscriber or remove the source")
    if person.state is SubscriberState.PENDING:
        raise DigestError(f"{person.address} has not confirmed yet")
    liked, disliked = (_papers(connection, person.id, value, newest) for value in (LIKED, DISLIKED))
    return Taste(person.address, liked, disliked)


def _papers(connection: Connection, subscriber_id: int, value: int, newest: int) -> _Papers:
    votes = select(likes.c.paper_id).where(likes.c.subscriber_id == subscriber_id, likes.c.value == value)
    order = (likes.c.liked_at.desc(), likes.c.paper_id.desc())
    ids = connection.execute(votes.order_by(*order).limit(newest)).scalars().all()
    named: defaultdict[int, list[Alias]] = defaultdict(list)
    for row in connection.execute(select(paper_aliases).where(among(connection, paper_aliases.c.paper_id, ids))):
        named[row.paper_id].append(Alias(AliasKind(row.kind), row.value))
    return tuple(tuple(sorted(named[paper_id])) for paper_id in ids if paper_id in named)
