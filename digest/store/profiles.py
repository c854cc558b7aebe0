"""What subscribers want to read: lists of words kept as they were written, likes and dislikes with their time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from digest.errors import NotFound
from digest.model import Interest, Profile
from digest.papers.identity import fold_name
from digest.store.drafts import chunks
from digest.store.merge import surviving
from digest.store.tables import likes, profiles, subscribers

LIKED, DISLIKED = 1, -1


def get_profile(connection: Connection, subscriber_id: int) -> Profile:
    """The profile of one subscriber. Raises NotFound where there is no such subscriber."""
    found = get_profiles(connection, [subscriber_id])
    if subscriber_id not in found:
        raise NotFound(f"no subscriber number {subscriber_id}: see 'digest subscriber list'")
    return found[subscriber_id]


def get_profiles(connection: Connection, subscriber_ids: Iterable[int]) -> dict[int, Profile]:
    """The profiles of many subscribers in two statements per few hundred."""
    found: dict[int, Profile] = {}
    for ids in chunks(set(subscriber_ids)):
        votes = _votes(connection, ids)
        for row in connection.execute(select(profiles).where(profiles.c.subscriber_id.in_(ids))):
            mine = votes[row.subscriber_id]
            main = Interest(
                categories=tuple(row.categories),
                keywords=tuple(row.keywords),
                authors=tuple(row.authors),
                likes=tuple(paper for paper, value in mine if value == LIKED),
                dislikes=tuple(paper for paper, value in mine if value == DISLIKED),
            )
            found[row.subscriber_id] = Profile((main,), muted=tuple(row.muted))
    return found


def set_profile(
    connection: Connection,
    subscriber_id: int,
    *,
    categories: Sequence[str] | None = None,
    keywords: Sequence[str] | None = None,
    authors: Sequence[str] | None = None,
    muted: Sequence[str] | None = None,
) -> Profile:
    """Replace the lists that are given; blanks and repeats are dropped, the order stays."""
    get_profile(connection, subscriber_id)
    given = {"categories": categories, "keywords": keywords, "muted": muted}
    values = {name: _distinct(words) for name, words in given.items() if words is not None}
    if authors is not None:
        values["authors"] = _distinct_names(authors)
    if values:
        connection.execute(update(profiles).where(profiles.c.subscriber_id == subscriber_id).values(values))
    return get_profile(connection, subscriber_id)


def follow(connection: Connection, subscriber_id: int, names: Sequence[str]) -> Profile:
    """Follow authors; whoever is followed already, in whatever spelling, is not added twice."""
    known = get_profile(connection, subscriber_id).interests[0].authors
    return set_profile(connection, subscriber_id, authors=[*known, *names])


def unfollow(connection: Connection, subscriber_id: int, names: Sequence[str]) -> Profile:
    """Stop following authors. Raises NotFound for a name that is not followed, in whatever spelling."""
    known = get_profile(connection, subscriber_id).interests[0].authors
    gone = {fold_name(name): name for name in names}
    unknown = [name for form, name in gone.items() if form not in {fold_name(other) for other in known}]
    if unknown:
        raise NotFound(f"not followed: {', '.join(unknown)}; followed: {', '.join(known) or 'nobody'}")
    return set_profile(connection, subscriber_id, authors=[name for name in known if fold_name(name) not in gone])


def mute(connection: Connection, subscriber_id: int, words: Sequence[str]) -> Profile:
    """Add words whose papers are never shown."""
    known = get_profile(connection, subscriber_id).muted
    return set_profile(connection, subscriber_id, muted=[*known, *words])


def unmute(connection: Connection, subscriber_id: int, words: Sequence[str]) -> Profile:
    """Take muted words back. Raises NotFound for a word that is not muted."""
    known = get_profile(connection, subscriber_id).muted
    gone = {word.strip().casefold(): word for word in words}
    unknown = [word for form, word in gone.items() if form not in {other.casefold() for other in known}]
    if unknown:
        raise NotFound(f"not muted: {', '.join(unknown)}; muted: {', '.join(known) or 'nothing'}")
    return set_profile(connection, subscriber_id, muted=[word for word in known if word.casefold() not in gone])


def like(connection: Connection, subscriber_id: int, paper_ids: Sequence[int], now: datetime) -> Profile:
    """Mark papers as liked, also those that were disliked before."""
    return _vote(connection, subscriber_id, paper_ids, LIKED, now)


def dislike(connection: Connection, subscriber_id: int, paper_ids: Sequence[int], now: datetime) -> Profile:
    """Mark papers as disliked, also those that were liked before."""
    return _vote(connection, subscriber_id, paper_ids, DISLIKED, now)


def unlike(connection: Connection, subscriber_id: int, paper_ids: Sequence[int]) -> Profile:
    """Forget likes and dislikes of papers."""
    for ids in chunks({*paper_ids, *surviving(connection, paper_ids).values()}):
        mine = (likes.c.subscriber_id == subscriber_id, likes.c.paper_id.in_(ids))
        connection.execute(delete(likes).where(*mine))
    return get_profile(connection, subscriber_id)


def _vote(connection: Connection, subscriber_id: int, paper_ids: Sequence[int], value: int, now: datetime) -> Profile:
    _lock(connection, subscriber_id)
    wanted = _today(connection, paper_ids)
    before = dict(_votes(connection, [subscriber_id])[subscriber_id])
    changed = [paper for paper in wanted if before.get(paper) != value]  # a vote given twice keeps its first time
    unlike(connection, subscriber_id, changed)
    if changed:
        rows = [{"subscriber_id": subscriber_id, "paper_id": p, "value": value, "liked_at": now} for p in changed]
        connection.execute(insert(likes), rows)
    return get_profile(connection, subscriber_id)


def _lock(connection: Connection, subscriber_id: int) -> None:
    """Take turns with others that change the same person's votes."""
    row = select(subscribers.c.id).where(subscribers.c.id == subscriber_id).with_for_update()
    if connection.execute(row).first() is None:
        raise NotFound(f"no subscriber number {subscriber_id}: see 'digest subscriber list'")


def _today(connection: Connection, paper_ids: Sequence[int]) -> list[int]:
    """The papers of these numbers, also of those merged into others since. Raises NotFound for any other number."""
    alive = surviving(connection, paper_ids)
    unknown = [str(paper_id) for paper_id in paper_ids if paper_id not in alive]
    if unknown:
        raise NotFound(f"no paper number {', '.join(unknown)}: see 'digest paper search'")
    return list(dict.fromkeys(alive[paper_id] for paper_id in paper_ids))


def _votes(connection: Connection, subscriber_ids: Sequence[int]) -> defaultdict[int, list[tuple[int, int]]]:
    """Per subscriber (paper id, value), oldest first."""
    order = (likes.c.subscriber_id, likes.c.liked_at, likes.c.paper_id)
    found = select(likes.c.subscriber_id, likes.c.paper_id, likes.c.value)
    votes: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    for row in connection.execute(found.where(likes.c.subscriber_id.in_(subscriber_ids)).order_by(*order)):
        votes[row.subscriber_id].append((row.paper_id, row.value))
    return votes


def _distinct(words: Sequence[str]) -> list[str]:
    shown: dict[str, str] = {}
    for word in words:
        plain = " ".join(word.split())
        if plain:
            shown.setdefault(plain.casefold(), plain)
    return list(shown.values())


def _distinct_names(names: Sequence[str]) -> list[str]:
    shown: dict[str, str] = {}
    for name in _distinct(names):
        shown.setdefault(fold_name(name), name)
    return list(shown.values())
