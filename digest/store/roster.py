"""Subscribers as plain JSON rows: what `digest subscriber export` writes and `import` reads.

Papers go by their public names (`arxiv:2604.14630`), so that a row means the same in another installation.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from itertools import groupby

from sqlalchemy import Connection, select, tuple_

from digest.errors import DigestError
from digest.model import (
    Alias,
    AliasKind,
    Days,
    Interest,
    Options,
    Profile,
    Reference,
    Schedule,
    Subscriber,
    SubscriberState,
)
from digest.papers.identity import aliases_of, public_key
from digest.store import groups, interests, own, profiles, shelf, subscribers, works
from digest.store.drafts import chunks
from digest.store.liking import DISLIKED, LIKED, Vote, vote, votes_of
from digest.store.tables import paper_aliases

_LISTS = ("muted", "muted_authors", "muted_categories")  # of the whole profile
_OWN = ("own_names", "own_orcids")
_OF_INTEREST = ("categories", "keywords", "authors", "institutions")
_VOTES = ("likes", "dislikes")
_INTEREST = ("name", "text", *_OF_INTEREST, *_VOTES, "liked_at")
_SHELF = tuple(kind.value for kind in shelf.Kind)
_PLAIN = ("address", "name", "state", "time_zone", "hour", "days", "limit", "created_at")
_FIELDS = (
    *_PLAIN, "text", *_OF_INTEREST, *_LISTS, *_VOTES, "liked_at", "interests", "options", *_OWN, *_SHELF, "library",
    "members",
)  # fmt: skip
_WORK = ("title", "abstract", "authors", "aliases", "year", "keywords", "venue", "interest", "teaches")


@dataclass(frozen=True, slots=True)
class Imported:
    """One row, stored. `unknown_papers` were liked or disliked but are not in this catalog."""

    subscriber: Subscriber
    unknown_papers: tuple[str, ...]


def export_rows(connection: Connection) -> list[dict[str, object]]:
    """Everybody with their profile, by address. Of a group its own votes: those of members stand in their rows."""
    return _rows(connection, subscribers.list_all(connection))


def export_row(connection: Connection, person: Subscriber) -> dict[str, object]:
    """One of them."""
    return _rows(connection, [person])[0]


def _rows(connection: Connection, people: Sequence[Subscriber]) -> list[dict[str, object]]:
    known = profiles.get_profiles(connection, [person.id for person in people])
    votes = votes_of(connection, known)
    shelves = {person.id: {k: shelf.on_shelf(connection, person.id, k) for k in shelf.Kind} for person in people}
    voted = {vote.paper_id for some in votes.values() for vote in some if vote.paper_id > 0}
    stood = {paper for kinds in shelves.values() for papers in kinds.values() for paper in papers}
    keys = _public_keys(connection, voted | stood)
    return [
        {
            **_row(person, known[person.id], votes[person.id], keys),
            **{str(kind): [keys[paper] for paper in papers] for kind, papers in shelves[person.id].items()},
            **_rest(connection, person.id),
        }
        for person in people
    ]


def schedule_of(row: Mapping[str, object]) -> Schedule:
    """The schedule a row asks for; missing parts are the defaults. Raises DigestError for what is none."""
    default = Schedule()
    days, hour = row.get("days", default.days), row.get("hour", default.hour)
    if not isinstance(hour, int) or not 0 <= hour <= 23:
        raise DigestError(f"hour: {hour!r} is no hour of the day, 0 to 23")
    if days not in list(Days):
        raise DigestError(f"days: {days!r} is none of {', '.join(Days)}")
    return Schedule(_text(row, "time_zone", default.time_zone), hour, Days(str(days)))


def import_row(connection: Connection, row: Mapping[str, object], now: datetime, edition_at: datetime) -> Imported:
    """Add the subscriber of one row; `edition_at` is the next one of `schedule_of(row)` where the row is active.

    Raises:
        DigestError: the row is malformed or the address subscribed already; the text names the field.
    """
    _refuse_unknown(row, _FIELDS)
    limit, address = row.get("limit", 20), row.get("address")
    if not isinstance(limit, int) or not isinstance(address, str):
        raise DigestError("address and limit: a row needs an address, and the limit is a number")
    state = _text(row, "state", SubscriberState.ACTIVE)
    if state not in list(SubscriberState):
        raise DigestError(f"state: {state!r} is none of {', '.join(SubscriberState)}")
    at = None if state == SubscriberState.PENDING else edition_at
    name = _text(row, "name", "")
    added = subscribers.add(connection, address, name, schedule_of(row), limit, "import", now, at)
    unknown = _import_profile(connection, added.id, row, now)
    if state == SubscriberState.PAUSED:
        subscribers.pause(connection, added.id)
    elif state == SubscriberState.UNSUBSCRIBED:
        subscribers.unsubscribe(connection, added.id, now)
    return Imported(subscribers.get_by_id(connection, added.id), unknown)


def import_members(connection: Connection, row: Mapping[str, object]) -> None:
    """Put the members of a row's group into it, once everybody is there. DigestError names a member who is not."""
    addresses = _strings(row, "members")
    if addresses:
        group = subscribers.get(connection, _text(row, "address", ""))
        groups.add_members(connection, group.id, [subscribers.get(connection, one).id for one in addresses])


def _row(person: Subscriber, profile: Profile, votes: Sequence[Vote], keys: Mapping[int, str]) -> dict[str, object]:
    main, *named = profile.interests
    known = {one.name for one in named}
    of_main = [vote for vote in votes if vote.interest not in known]
    return {
        "address": person.address,
        "name": person.name,
        "state": str(person.state),
        "time_zone": person.schedule.time_zone,
        "hour": person.schedule.hour,
        "days": str(person.schedule.days),
        "limit": person.limit,
        "created_at": person.created_at.isoformat(),
        **_interest_row(main, of_main, keys),
        **{name: list(getattr(profile, name)) for name in _LISTS},
        "interests": [
            {"name": one.name, **_interest_row(one, [v for v in votes if v.interest == one.name], keys)}
            for one in named
        ],
        "options": profiles.stored_options(profile.options),
    }


def _interest_row(interest: Interest, votes: Sequence[Vote], keys: Mapping[int, str]) -> dict[str, object]:
    given = [vote for vote in votes if vote.paper_id > 0]
    return {
        "text": interest.text,
        **{name: list(getattr(interest, name)) for name in _OF_INTEREST},
        "likes": [keys[vote.paper_id] for vote in given if vote.value == LIKED],
        "dislikes": [keys[vote.paper_id] for vote in given if vote.value != LIKED],
        "liked_at": {keys[vote.paper_id]: vote.at.isoformat() for vote in given},
    }


def _rest(connection: Connection, subscriber_id: int) -> dict[str, object]:
    """What is asked for one by one: few have any of it."""
    mine = own.own_of(connection, subscriber_id)
    return {
        "own_names": list(mine.names),
        "own_orcids": list(mine.orcids),
        "library": [_work_row(one) for one in works.references(connection, subscriber_id)],
        "members": [one.address for one in groups.members(connection, subscriber_id)],
    }


def _work_row(held: works.Held) -> dict[str, object]:
    one = held.reference
    facts = {
        "title": one.title,
        "abstract": one.abstract,
        "authors": list(one.authors),
        "aliases": [str(alias) for alias in one.aliases],
        "year": one.year,
        "keywords": list(one.keywords),
        "venue": one.venue,
        "interest": held.interest,
    }
    told: dict[str, object] = {name: value for name, value in facts.items() if value}
    return told if held.teaches else {**told, "teaches": False}


def _import_profile(
    connection: Connection, subscriber_id: int, row: Mapping[str, object], now: datetime
) -> tuple[str, ...]:
    """What the row says replaces what there was; `subscribers.add` may have brought an old profile back."""
    lists = {name: _strings(row, name) for name in (*_LISTS, *_OWN, *_SHELF)}
    profiles.set_profile(
        connection,
        subscriber_id,
        muted=lists["muted"],
        muted_authors=lists["muted_authors"],
        muted_categories=lists["muted_categories"],
    )
    profiles.set_options(connection, subscriber_id, _options(row))
    own.set_own(connection, subscriber_id, lists["own_names"], lists["own_orcids"])
    unknown = _import_interest(connection, subscriber_id, "", row, now)
    for wish in _objects(row, "interests", _INTEREST):
        name = interests.added(connection, subscriber_id, _text(wish, "name", ""))
        unknown += _import_interest(connection, subscriber_id, name, wish, now)
    for kind in shelf.Kind:
        ids = _paper_ids(connection, lists[kind])
        shelf.mark(connection, subscriber_id, [ids[key] for key in lists[kind] if key in ids], kind, now)
        unknown += [key for key in lists[kind] if key not in ids]
    _import_library(connection, subscriber_id, row, now)
    return tuple(dict.fromkeys(unknown))


def _import_interest(
    connection: Connection, subscriber_id: int, name: str, row: Mapping[str, object], now: datetime
) -> list[str]:
    """The keys of papers that are not in this catalog."""
    lists = {key: _strings(row, key) for key in (*_OF_INTEREST, *_VOTES)}
    interests.set_fields(
        connection, subscriber_id, name, text=_text(row, "text", ""), **{key: lists[key] for key in _OF_INTEREST}
    )
    times, keys = _times(row), [*lists["likes"], *lists["dislikes"]]
    ids = _paper_ids(connection, keys)
    for value, voted in ((LIKED, lists["likes"]), (DISLIKED, lists["dislikes"])):
        for at, some in groupby((key for key in voted if key in ids), key=lambda key: times.get(key, now)):
            vote(connection, subscriber_id, [ids[key] for key in some], value, name, at)
    return [key for key in keys if key not in ids]


def _import_library(connection: Connection, subscriber_id: int, row: Mapping[str, object], now: datetime) -> None:
    alike: defaultdict[tuple[str, bool], list[Reference]] = defaultdict(list)
    for work in _objects(row, "library", _WORK):
        teaches = work.get("teaches", True) is not False
        alike[_text(work, "interest", ""), teaches].append(_reference(work))
    for (interest, teaches), some in alike.items():
        works.add_works(connection, subscriber_id, some, interest, now, teaches=teaches)


def _reference(work: Mapping[str, object]) -> Reference:
    year = work.get("year")
    return Reference(
        title=_text(work, "title", ""),
        abstract=_text(work, "abstract", ""),
        authors=tuple(_strings(work, "authors")),
        aliases=aliases_of(*_strings(work, "aliases")),
        year=year if isinstance(year, int) else None,
        keywords=tuple(_strings(work, "keywords")),
        venue=_text(work, "venue", ""),
    )


def _options(row: Mapping[str, object]) -> Options:
    given = row.get("options", {})
    known = {field.name for field in fields(Options)}
    if not isinstance(given, dict) or not set(given) <= known:
        raise DigestError(f"options: {given!r} is no object of {', '.join(sorted(known))}")
    try:
        return profiles.options_of(given)
    except ValueError as error:
        raise DigestError(f"options: {error}") from error


def _times(row: Mapping[str, object]) -> dict[str, datetime]:
    given = row.get("liked_at", {})
    if not isinstance(given, dict):
        raise DigestError(f"liked_at: {given!r} is no object of instants by paper")
    try:
        return {str(key): datetime.fromisoformat(value).astimezone(UTC) for key, value in given.items()}
    except (TypeError, ValueError) as error:
        raise DigestError(f"liked_at: {error}") from error


def _objects(row: Mapping[str, object], name: str, known: Sequence[str]) -> list[Mapping[str, object]]:
    given = row.get(name, [])
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        raise DigestError(f"{name}: {given!r} is no list of objects")
    for one in given:
        _refuse_unknown(one, known, f"{name}: ")
    return list(given)


def _refuse_unknown(row: Mapping[str, object], known: Sequence[str], where: str = "") -> None:
    unknown = sorted(set(row) - set(known))
    if unknown:
        raise DigestError(f"{where}{unknown[0]}: no such field; known: {', '.join(known)}")


def _text(row: Mapping[str, object], name: str, default: str) -> str:
    value = row.get(name, default)
    if not isinstance(value, str):
        raise DigestError(f"{name}: {value!r} is no text")
    return value


def _strings(row: Mapping[str, object], name: str) -> list[str]:
    value = row.get(name, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise DigestError(f"{name}: {value!r} is no list of texts")
    return list(value)


def _public_keys(connection: Connection, paper_ids: Iterable[int]) -> dict[int, str]:
    aliases: dict[int, list[Alias]] = {paper_id: [] for paper_id in paper_ids}
    for ids in chunks(aliases):
        for row in connection.execute(select(paper_aliases).where(paper_aliases.c.paper_id.in_(ids))):
            aliases[row.paper_id].append(Alias(AliasKind(row.kind), row.value))
    return {paper_id: public_key(tuple(sorted(found)), paper_id) for paper_id, found in aliases.items()}


def _paper_ids(connection: Connection, keys: Iterable[str]) -> dict[str, int]:
    """Public key → id of those that are in the catalog. `p:12` means another paper elsewhere and is never found."""
    wanted = {(str(alias.kind), alias.value): key for key in keys for alias in aliases_of(key)}
    found: dict[str, int] = {}
    for pairs in chunks(wanted):
        matches = tuple_(paper_aliases.c.kind, paper_aliases.c.value).in_(pairs)
        for row in connection.execute(select(paper_aliases).where(matches)):
            found[wanted[row.kind, row.value]] = row.paper_id
    return found
