"""What subscribers want to read: lists of words kept as they were written, likes and dislikes with their time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select, update

from digest.errors import NotFound
from digest.model import Bar, Interest, Options, Profile, WhenEmpty
from digest.papers.identity import fold_name
from digest.store import interests
from digest.store.drafts import chunks
from digest.store.groups import joined_votes, readable_members
from digest.store.interests import MAIN
from digest.store.liking import DISLIKED, LIKED, Vote, forget, lock, vote, votes_of
from digest.store.lists import distinct, distinct_names, without
from digest.store.tables import profiles

__all__ = [
    "DISLIKED",
    "LIKED",
    "chosen_language",
    "dislike",
    "follow",
    "follow_institutions",
    "get_profile",
    "get_profiles",
    "like",
    "mute",
    "options_of",
    "set_options",
    "set_profile",
    "stored_options",
    "unfollow",
    "unfollow_institutions",
    "unlike",
    "unmute",
]


def get_profile(connection: Connection, subscriber_id: int) -> Profile:
    """The profile of one subscriber. Raises NotFound where there is no such subscriber."""
    found = get_profiles(connection, [subscriber_id])
    if subscriber_id not in found:
        raise NotFound(f"no subscriber number {subscriber_id}: see 'digest subscriber list'")
    return found[subscriber_id]


def get_profiles(connection: Connection, subscriber_ids: Iterable[int]) -> dict[int, Profile]:
    """The profiles of many subscribers in five statements per few hundred; those of groups with their members' votes.

    Votes for an interest that is gone count for the main one.
    """
    found: dict[int, Profile] = {}
    for ids in chunks(set(subscriber_ids)):
        members = readable_members(connection, ids)
        votes = votes_of(connection, {*ids, *(one for some in members.values() for one in some)})
        rows = interests.rows_of(connection, ids)
        for row in connection.execute(select(profiles).where(profiles.c.subscriber_id.in_(ids))):
            mine, own = rows[row.subscriber_id], votes[row.subscriber_id]
            if others := members.get(row.subscriber_id):
                own = joined_votes(own, [votes[member] for member in others], [one.name for one in mine])
            found[row.subscriber_id] = _profile(row, mine, own)
    return found


def _profile(row: Row[Any], wishes: Sequence[Row[Any]], votes: Sequence[Vote]) -> Profile:
    named = {one.name for one in wishes}
    by_interest: defaultdict[str, list[Vote]] = defaultdict(list)
    for one in votes:
        by_interest[one.interest if one.interest in named else MAIN].append(one)
    return Profile(
        interests=tuple(interests.interest_of(one, by_interest[one.name]) for one in wishes),
        muted=tuple(row.muted),
        muted_authors=tuple(row.muted_authors),
        muted_categories=tuple(row.muted_categories),
        options=options_of(row.options),
    )


def options_of(stored: Mapping[str, Any]) -> Options:
    """The options of a row; what it does not say is the default."""
    kinds: Mapping[str, type] = {"bar": Bar, "when_empty": WhenEmpty, "language": str}
    known = {field.name for field in fields(Options)}
    return Options(**{name: kinds.get(name, bool)(value) for name, value in stored.items() if name in known})


def chosen_language(connection: Connection, subscriber_id: int) -> str:
    """The code of the language that somebody chose; "" for none, and for nobody."""
    mine = select(profiles.c.options).where(profiles.c.subscriber_id == subscriber_id)
    return options_of(connection.execute(mine).scalar() or {}).language


def set_options(connection: Connection, subscriber_id: int, options: Options) -> Profile:
    """Replace the options."""
    get_profile(connection, subscriber_id)
    mine = profiles.c.subscriber_id == subscriber_id
    connection.execute(update(profiles).where(mine).values(options=stored_options(options)))
    return get_profile(connection, subscriber_id)


def stored_options(options: Options) -> dict[str, str | bool]:
    """The inverse of `options_of`: what differs from the defaults, in terms of JSON."""
    default = Options()
    given = {field.name: getattr(options, field.name) for field in fields(Options)}
    return {
        name: value if isinstance(value, bool) else str(value)
        for name, value in given.items()
        if value != getattr(default, name)
    }


def set_profile(  # noqa: PLR0913  # one for each list
    connection: Connection,
    subscriber_id: int,
    *,
    interest: str = MAIN,
    categories: Sequence[str] | None = None,
    keywords: Sequence[str] | None = None,
    text: str | None = None,
    authors: Sequence[str] | None = None,
    institutions: Sequence[str] | None = None,
    muted: Sequence[str] | None = None,
    muted_authors: Sequence[str] | None = None,
    muted_categories: Sequence[str] | None = None,
) -> Profile:
    """Replace what is given, the first five of one interest; blanks and repeats are dropped, the order stays.

    Raises:
        NotFound: there is no such subscriber or interest.
    """
    get_profile(connection, subscriber_id)
    interests.set_fields(
        connection,
        subscriber_id,
        interest,
        categories=categories,
        keywords=keywords,
        text=text,
        authors=authors,
        institutions=institutions,
    )
    given = {"muted": muted, "muted_categories": muted_categories}
    values = {name: distinct(words) for name, words in given.items() if words is not None}
    if muted_authors is not None:
        values["muted_authors"] = distinct_names(muted_authors)
    if values:
        connection.execute(update(profiles).where(profiles.c.subscriber_id == subscriber_id).values(values))
    return get_profile(connection, subscriber_id)


def follow(connection: Connection, subscriber_id: int, names: Sequence[str], interest: str = MAIN) -> Profile:
    """Follow authors; whoever is followed already, in whatever spelling, is not added twice."""
    known = _wish(connection, subscriber_id, interest).authors
    return set_profile(connection, subscriber_id, interest=interest, authors=[*known, *names])


def unfollow(connection: Connection, subscriber_id: int, names: Sequence[str], interest: str = MAIN) -> Profile:
    """Stop following authors. Raises NotFound for a name that is not followed, in whatever spelling."""
    known = _wish(connection, subscriber_id, interest).authors
    rest = without(known, names, "followed", "nobody", fold_name)
    return set_profile(connection, subscriber_id, interest=interest, authors=rest)


def follow_institutions(
    connection: Connection, subscriber_id: int, places: Sequence[str], interest: str = MAIN
) -> Profile:
    """Favour papers from these institutions; those that are followed already are not added twice."""
    known = _wish(connection, subscriber_id, interest).institutions
    return set_profile(connection, subscriber_id, interest=interest, institutions=[*known, *places])


def unfollow_institutions(
    connection: Connection, subscriber_id: int, places: Sequence[str], interest: str = MAIN
) -> Profile:
    """Stop following institutions. Raises NotFound for one that is not followed."""
    known = _wish(connection, subscriber_id, interest).institutions
    rest = without(known, places, "followed")
    return set_profile(connection, subscriber_id, interest=interest, institutions=rest)


def mute(
    connection: Connection,
    subscriber_id: int,
    words: Sequence[str] = (),
    authors: Sequence[str] = (),
    categories: Sequence[str] = (),
) -> Profile:
    """Never show papers that hold a word, are by an author or are of a category; what is muted already stays."""
    known = get_profile(connection, subscriber_id)
    return set_profile(
        connection,
        subscriber_id,
        muted=[*known.muted, *words],
        muted_authors=[*known.muted_authors, *authors],
        muted_categories=[*known.muted_categories, *categories],
    )


def unmute(
    connection: Connection,
    subscriber_id: int,
    words: Sequence[str] = (),
    authors: Sequence[str] = (),
    categories: Sequence[str] = (),
) -> Profile:
    """Take some of it back. Raises NotFound for what is not muted; then nothing changes."""
    known = get_profile(connection, subscriber_id)
    return set_profile(
        connection,
        subscriber_id,
        muted=without(known.muted, words, "muted"),
        muted_authors=without(known.muted_authors, authors, "muted", form=fold_name),
        muted_categories=without(known.muted_categories, categories, "muted"),
    )


def like(
    connection: Connection, subscriber_id: int, paper_ids: Sequence[int], now: datetime, interest: str = MAIN
) -> Profile:
    """Mark papers as liked, also those that were disliked before."""
    return _vote(connection, subscriber_id, paper_ids, LIKED, interest, now)


def dislike(
    connection: Connection, subscriber_id: int, paper_ids: Sequence[int], now: datetime, interest: str = MAIN
) -> Profile:
    """Mark papers as disliked, also those that were liked before."""
    return _vote(connection, subscriber_id, paper_ids, DISLIKED, interest, now)


def unlike(connection: Connection, subscriber_id: int, paper_ids: Sequence[int]) -> Profile:
    """Forget likes and dislikes of papers."""
    forget(connection, subscriber_id, paper_ids)
    return get_profile(connection, subscriber_id)


def _vote(  # what a vote consists of
    connection: Connection, subscriber_id: int, paper_ids: Sequence[int], value: int, interest: str, now: datetime
) -> Profile:
    lock(connection, subscriber_id)
    vote(connection, subscriber_id, paper_ids, value, interests.named(connection, subscriber_id, interest), now)
    return get_profile(connection, subscriber_id)


def _wish(connection: Connection, subscriber_id: int, interest: str) -> Interest:
    profile = get_profile(connection, subscriber_id)
    name = interests.named(connection, subscriber_id, interest)
    return next(one for one in profile.interests if one.name == name)
