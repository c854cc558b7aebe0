"""Subscribers as plain JSON rows: what `digest subscriber export` writes and `import` reads.

Papers go by their public names (`arxiv:2604.14630`), so that a row means the same in another installation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, tuple_

from digest.errors import DigestError
from digest.model import Alias, AliasKind, Days, Profile, Schedule, Subscriber, SubscriberState
from digest.papers.identity import aliases_of, public_key
from digest.store import profiles, subscribers
from digest.store.drafts import chunks
from digest.store.tables import paper_aliases

_LISTS = ("categories", "keywords", "authors", "muted")
_VOTES = ("likes", "dislikes")
_PLAIN = ("address", "name", "state", "time_zone", "hour", "days", "limit", "created_at")


@dataclass(frozen=True, slots=True)
class Imported:
    """One row, stored. `unknown_papers` were liked or disliked but are not in this catalog."""

    subscriber: Subscriber
    unknown_papers: tuple[str, ...]


def export_rows(connection: Connection) -> list[dict[str, object]]:
    """Everybody with their profile, by address."""
    people = subscribers.list_all(connection)
    known = profiles.get_profiles(connection, [person.id for person in people])
    voted = {paper for profile in known.values() for paper in (*profile.likes, *profile.dislikes)}
    keys = _public_keys(connection, voted)
    return [_row(person, known[person.id], keys) for person in people]


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
    _refuse_unknown_fields(row)
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


def _row(person: Subscriber, profile: Profile, keys: Mapping[int, str]) -> dict[str, object]:
    return {
        "address": person.address,
        "name": person.name,
        "state": str(person.state),
        "time_zone": person.schedule.time_zone,
        "hour": person.schedule.hour,
        "days": str(person.schedule.days),
        "limit": person.limit,
        "created_at": person.created_at.isoformat(),
        "categories": list(profile.interests[0].categories),
        "keywords": list(profile.interests[0].keywords),
        "authors": list(profile.interests[0].authors),
        "muted": list(profile.muted),
        **{name: [keys[paper] for paper in getattr(profile, name)] for name in _VOTES},
    }


def _import_profile(
    connection: Connection, subscriber_id: int, row: Mapping[str, object], now: datetime
) -> tuple[str, ...]:
    lists = {name: _strings(row, name) for name in (*_LISTS, *_VOTES)}
    profiles.set_profile(connection, subscriber_id, **{name: lists[name] for name in _LISTS})
    ids = _paper_ids(connection, [*lists["likes"], *lists["dislikes"]])
    for name, vote in (("likes", profiles.like), ("dislikes", profiles.dislike)):
        vote(connection, subscriber_id, [ids[key] for key in lists[name] if key in ids], now)
    return tuple(key for key in (*lists["likes"], *lists["dislikes"]) if key not in ids)


def _refuse_unknown_fields(row: Mapping[str, object]) -> None:
    known = (*_PLAIN, *_LISTS, *_VOTES)
    unknown = sorted(set(row) - set(known))
    if unknown:
        raise DigestError(f"{unknown[0]}: no such field; known: {', '.join(known)}")


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
