"""From an address to a subscription, with its owner's consent, and out of it again.

    begin ─► pending, a mail with a link ─► confirm ─► active, welcomed        end ─► unsubscribed, one goodbye

Anybody may enter anybody's address. So nothing is taken over before the link in the mail was used, what was wished
waits beside it, and an address is asked once in 24 hours and three times in all.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, select, update
from sqlalchemy.dialects import postgresql, sqlite

from digest.editions.calendar import next_edition
from digest.editions.letter import CONFIRMATION_LIVES, confirmation_content, manner_content
from digest.editions.links import CONFIRM, verify
from digest.errors import DigestError, NotFound
from digest.model import Days, Interest, Options, OutboxKind, Schedule, Subscriber, SubscriberState
from digest.seals import Keys
from digest.store import interests, letters, profiles, subscribers
from digest.store.addresses import parse_address
from digest.store.outbox import AnyRow
from digest.store.suppressions import is_suppressed
from digest.store.tables import confirmations
from digest.store.tables import subscribers as people

INVITED = "invited"
"""The consent of those whom the admin invited."""

AT_MOST = 3
"""How often an address is asked that never answers."""

_APART = timedelta(hours=24)
_LIMIT = 20
_ID_BITS = 62  # a positive number on both databases


class Begun(StrEnum):
    """What became of a request; whoever asked over the web must not be able to tell them apart."""

    MAILED = "mailed"
    WAITING = "waiting"  # asked within the last 24 hours
    EXHAUSTED = "exhausted"  # asked three times, and never answered
    SUBSCRIBED = "subscribed"  # already, active or paused
    SUPPRESSED = "suppressed"


class LinkState(StrEnum):
    """How the link of a confirmation stands."""

    OPEN = "open"
    USED = "used"
    EXPIRED = "expired"
    UNKNOWN = "unknown"  # forged, of another purpose, or of somebody erased


@dataclass(frozen=True, slots=True)
class Wishes:
    """What somebody wants to get; `consent` says how they were asked."""

    name: str = ""
    schedule: Schedule = field(default_factory=Schedule)
    limit: int = _LIMIT
    consent: str = "web"
    categories: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    interests: tuple[Interest, ...] = ()  # named ones beside the main one, to which the three above belong
    language: str = ""  # the code of the language they asked in, "" for that of all mails


@dataclass(frozen=True, slots=True)
class Followed:
    """What following a link came to; `subscriber` is there where it was open or used.

    `is_move`: it is about a new address of somebody who is subscribed already.
    """

    state: LinkState
    subscriber: Subscriber | None = None
    is_move: bool = False


# ── asking ───────────────────────────────────────────────────────────────────────────────────────


def begin(
    connection: Connection, address: str, wishes: Wishes, now: datetime, domain: str, *, is_invited: bool = False
) -> Begun:
    """Mail the owner of an address the question whether the subscription is meant, from a sender of `domain`.

    `is_invited`: the admin asks, and not somebody who says to be the owner.

    Raises:
        UsageError: no valid address.
    """
    shown, key = parse_address(address)
    known = _known(connection, key)
    if known is not None and known.state in (SubscriberState.ACTIVE, SubscriberState.PAUSED):
        return Begun.SUBSCRIBED
    if is_suppressed(connection, shown):
        return Begun.SUPPRESSED
    number = _next_number(connection, key, now)
    if isinstance(number, Begun):
        return number
    confirmation = _ask(connection, shown, key, number, wishes, now)
    if confirmation is None:  # somebody else did at this very moment
        return Begun.WAITING
    person = known or _add_pending(connection, shown, wishes, now)
    content = confirmation_content(confirmation, wishes.schedule, wishes.limit, is_invited=is_invited)
    content = {**content, **manner_content(Options(language=wishes.language))}
    letters.put(connection, OutboxKind.CONFIRMATION, person, f"{now:%Y-%m-%d}.{number}", content, now, domain)
    return Begun.MAILED


def begin_move(connection: Connection, subscriber_id: int, address: str, now: datetime, domain: str) -> Begun:
    """Mail the owner of an address the question whether a subscriber's mails are to go there from now on.

    Raises:
        UsageError: no valid address.
        NotFound: there is no such subscriber.
    """
    shown, key = parse_address(address)
    person = subscribers.get_by_id(connection, subscriber_id)
    if _known(connection, key) is not None:
        return Begun.SUBSCRIBED
    if is_suppressed(connection, shown):
        return Begun.SUPPRESSED
    number = _next_number(connection, key, now)
    if isinstance(number, Begun):
        return number
    wishes = Wishes(person.name, person.schedule, person.limit, "move")
    confirmation = _ask(connection, shown, key, number, wishes, now, moves=subscriber_id)
    if confirmation is None:
        return Begun.WAITING
    letters.move(connection, person, shown, confirmation, f"{now:%Y-%m-%d}.{number}", now, domain)
    return Begun.MAILED


def _next_number(connection: Connection, key: str, now: datetime) -> int | Begun:
    """The number of the next question, or why there is none. What was answered counts no more."""
    mine = select(confirmations).where(confirmations.c.address_key == key)
    asked = connection.execute(mine.order_by(confirmations.c.number)).all()
    answered = max((row.number for row in asked if row.confirmed_at is not None), default=0)
    unanswered = [row for row in asked if row.number > answered]
    if len(unanswered) >= AT_MOST:
        return Begun.EXHAUSTED
    if asked and asked[-1].begun_at > now - _APART and not (answered and not unanswered):
        return Begun.WAITING
    return asked[-1].number + 1 if asked else 1


def _ask(  # a row has that many facts
    connection: Connection,
    address: str,
    key: str,
    number: int,
    wishes: Wishes,
    now: datetime,
    moves: int | None = None,
) -> int | None:
    wished = asdict(wishes)
    row = {
        "id": secrets.randbits(_ID_BITS),
        "address": address,
        "address_key": key,
        "number": number,
        "wishes": wished if moves is None else {**wished, "moves": moves},
        "begun_at": now,
        "expires_at": now + CONFIRMATION_LIVES,
    }
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    once = dialect.insert(confirmations).values(row).on_conflict_do_nothing(index_elements=["address_key", "number"])
    made = connection.execute(once.returning(confirmations.c.id)).scalar()
    return int(made) if made is not None else None


def _add_pending(connection: Connection, address: str, wishes: Wishes, now: datetime) -> Subscriber:
    return subscribers.add(
        connection, address, wishes.name, wishes.schedule, wishes.limit, wishes.consent, now, edition_at=None
    )


# ── answering ────────────────────────────────────────────────────────────────────────────────────


def look(connection: Connection, keys: Keys, token: str, now: datetime) -> LinkState:
    """How a link stands; changes nothing, since programs that test links follow it, too."""
    row = _linked(connection, keys, token, is_changing=False)
    return _state(row, now) if row is not None else LinkState.UNKNOWN


def asks(connection: Connection, keys: Keys, token: str, now: datetime) -> Followed:
    """The same, and whether the link is about a new address."""
    row = _linked(connection, keys, token, is_changing=False)
    return Followed(LinkState.UNKNOWN) if row is None else Followed(_state(row, now), None, "moves" in row.wishes)


def confirm(
    connection: Connection, keys: Keys, token: str, now: datetime, domain: str, *, needs_approval: bool = False
) -> Followed:
    """Subscribe who has the link: with what was wished, welcomed by a mail from `domain`. Once: then it is used.

    Who `needs_approval` stays pending until `approve`, unless the admin invited them. A new address is taken over.
    """
    row = _linked(connection, keys, token)
    if row is None:
        return Followed(LinkState.UNKNOWN)
    state, is_move = _state(row, now), "moves" in row.wishes
    if state is not LinkState.OPEN:
        known = _known(connection, row.address_key) if state is LinkState.USED else None
        return Followed(state, known, is_move)
    connection.execute(update(confirmations).where(confirmations.c.id == row.id).values(confirmed_at=now))
    void(connection, row.address_key, now)
    if is_move:
        return _moved(connection, row, now, domain)
    person = _known(connection, row.address_key)
    if person is None or person.state not in (SubscriberState.ACTIVE, SubscriberState.PAUSED):
        if needs_approval and row.wishes["consent"] != INVITED:
            return Followed(LinkState.OPEN, _waiting(connection, row, person, now))
        person = _subscribed(connection, row, person, now)
        letters.welcome(connection, person, now, domain)
    return Followed(LinkState.OPEN, person)


def waiting(connection: Connection) -> list[Subscriber]:
    """Who confirmed and waits for the admin's approval, by address."""
    confirmed = select(confirmations.c.address_key).where(confirmations.c.confirmed_at.is_not(None))
    mine = (people.c.state == SubscriberState.PENDING, people.c.address_key.in_(confirmed))
    found = connection.execute(select(*subscribers.COLUMNS).where(*mine).order_by(people.c.address_key))
    return [subscribers.subscriber_of(row) for row in found]


def approve(connection: Connection, address: str, now: datetime, domain: str) -> Subscriber:
    """Subscribe somebody who waits for it, and welcome them.

    Raises:
        NotFound: nobody has this address.
        DigestError: they do not wait for an approval.
    """
    person = subscribers.get(connection, address)
    _, key = parse_address(address)
    answered = select(confirmations).where(
        confirmations.c.address_key == key, confirmations.c.confirmed_at.is_not(None)
    )
    row = connection.execute(answered.order_by(confirmations.c.number.desc()).limit(1)).one_or_none()
    if person.state is not SubscriberState.PENDING:
        raise DigestError(f"{person.address} is {person.state}: there is nothing to approve")
    if row is None:
        raise DigestError(f"{person.address} has not confirmed yet: only the owner of an address can be approved")
    approved = _subscribed(connection, row, person, now)
    letters.welcome(connection, approved, now, domain)
    return approved


def _waiting(connection: Connection, row: AnyRow, known: Subscriber | None, now: datetime) -> Subscriber:
    """Pending; whoever left and wants to come back is pending again, too."""
    if known is None or known.state is SubscriberState.UNSUBSCRIBED:
        return _add_pending(connection, row.address, wishes_of(row.wishes), now)
    return known


def _moved(connection: Connection, row: AnyRow, now: datetime, domain: str) -> Followed:
    """The address may have become somebody's, or the subscriber may have left, since it was asked."""
    try:
        before = subscribers.get_by_id(connection, row.wishes["moves"])
        person = subscribers.edit(connection, before.id, address=row.address)
    except DigestError:
        return Followed(LinkState.EXPIRED, None, is_move=True)
    letters.moved(connection, before, f"{row.id}", now, domain)
    return Followed(LinkState.OPEN, person, is_move=True)


def void(connection: Connection, key: str, now: datetime) -> None:
    """Let no link to this address that is still open be used any more."""
    is_open = confirmations.c.confirmed_at.is_(None) & (confirmations.c.expires_at > now)
    mine = confirmations.c.address_key == key
    connection.execute(update(confirmations).where(mine, is_open).values(expires_at=now))


def _linked(connection: Connection, keys: Keys, token: str, *, is_changing: bool = True) -> AnyRow | None:
    number = verify(keys, CONFIRM, token)
    if number is None or number.bit_length() > _ID_BITS:
        return None
    wanted = select(confirmations).where(confirmations.c.id == number)
    return connection.execute(wanted.with_for_update() if is_changing else wanted).one_or_none()


def _state(row: AnyRow, now: datetime) -> LinkState:
    if row.confirmed_at is not None:
        return LinkState.USED
    return LinkState.OPEN if row.expires_at > now else LinkState.EXPIRED


def _subscribed(connection: Connection, row: AnyRow, known: Subscriber | None, now: datetime) -> Subscriber:
    wishes = wishes_of(row.wishes)
    edition_at = next_edition(wishes.schedule, now)
    if known is None:
        facts = wishes.name, wishes.schedule, wishes.limit, wishes.consent, now, edition_at
        person = subscribers.add(connection, row.address, *facts)
    else:
        person = subscribers.activate(
            connection, known.id, wishes.name, wishes.schedule, wishes.limit, wishes.consent, edition_at
        )
    profiles.set_profile(
        connection,
        person.id,
        categories=wishes.categories or None,
        keywords=wishes.keywords or None,
        authors=wishes.authors or None,
    )
    options = profiles.get_profile(connection, person.id).options
    if wishes.language and not options.language:
        profiles.set_options(connection, person.id, replace(options, language=wishes.language))
    for one in wishes.interests:
        name = interests.added(connection, person.id, one.name)
        profiles.set_profile(connection, person.id, interest=name, categories=one.categories, keywords=one.keywords)
    return person


def wishes_of(stored: Mapping[str, Any]) -> Wishes:
    """What `dataclasses.asdict` made of wishes, after its way through JSON."""
    schedule = stored["schedule"]
    lists = {name: tuple(stored[name]) for name in ("categories", "keywords", "authors")}
    return Wishes(
        name=stored["name"],
        schedule=Schedule(schedule["time_zone"], schedule["hour"], Days(schedule["days"])),
        limit=stored["limit"],
        consent=stored["consent"],
        interests=tuple(
            Interest(one["name"], tuple(one["categories"]), tuple(one["keywords"]))
            for one in stored.get("interests", ())
        ),
        language=stored.get("language", ""),
        **lists,
    )


# ── leaving ──────────────────────────────────────────────────────────────────────────────────────


def end(connection: Connection, subscriber_id: int, now: datetime, goodbye_from: str = "") -> bool:
    """End a subscription at its owner's wish; False where it had ended or never was.

    `goodbye_from` is the domain from which one goodbye is mailed, "" where nobody wants one. Whoever never confirmed
    was never greeted, either.
    """
    try:
        before = subscribers.get_by_id(connection, subscriber_id)
    except NotFound:
        return False
    has_ended = subscribers.unsubscribe(connection, subscriber_id, now)
    if has_ended and goodbye_from and before.state is not SubscriberState.PENDING:
        letters.goodbye(connection, before, now, goodbye_from)
    return has_ended


def _known(connection: Connection, key: str) -> Subscriber | None:
    row = connection.execute(select(*subscribers.COLUMNS).where(people.c.address_key == key)).one_or_none()
    return subscribers.subscriber_of(row) if row is not None else None
