"""What was asked over the web for an address: a subscription, a fresh link, a new address.

    ask ─► a row, whoever the address belongs to ─► answer ─► a mail to its owner, or none

The page that takes a request only writes it down, so it takes the same time and says the same for every address;
whether the address is known or suppressed is looked up afterwards, by the sign-up job. The rows are what the caps
count, and are deleted after a day.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from digest.errors import DigestError, NotFound
from digest.model import Subscriber, SubscriberState
from digest.store import letters, subscribers, subscriptions
from digest.store.addresses import parse_address
from digest.store.subscriptions import Wishes, wishes_of
from digest.store.tables import asked

_KEPT = timedelta(hours=24)
_LINKS_APART = timedelta(minutes=10)
_LINKS_A_DAY = 5
_MAILED, _REFUSED = "mailed", "refused"


class Asking(StrEnum):
    """What is asked for."""

    SUBSCRIBE = "subscribe"
    MANAGE = "manage"
    MOVE = "move"


@dataclass(frozen=True, slots=True)
class Origin:
    """Who asked: an IPv4 address or the /64 of an IPv6 one, and the /24 or /48 around it."""

    network: str
    region: str


@dataclass(frozen=True, slots=True)
class Caps:
    """How many requests are taken within `window`: from one network, one region, for one mail domain, and in all."""

    window: timedelta = timedelta(hours=1)
    network: int = 5
    region: int = 20
    domain: int = 60
    total: int = 300


@dataclass(frozen=True, slots=True)
class Request:
    """`subscriber_id` is who asks for a new address."""

    kind: Asking
    address: str
    origin: Origin
    wishes: Wishes = field(default_factory=Wishes)
    subscriber_id: int | None = None


def ask(connection: Connection, request: Request, caps: Caps, now: datetime) -> datetime | None:
    """Write a request down; None where it was, else the instant from which on there is room again.

    Raises:
        UsageError: no valid address.
    """
    shown, key = parse_address(request.address)
    domain = key.rpartition("@")[2]
    if connection.dialect.name == "postgresql":
        # Counting and adding belong together: two at once must not both see the last free place.
        connection.exec_driver_sql("LOCK TABLE asked IN SHARE ROW EXCLUSIVE MODE")
    free_at = _free_at(connection, request.origin, domain, caps, now)
    if free_at is not None:
        return free_at
    wishes: dict[str, Any] = asdict(request.wishes)
    if request.subscriber_id is not None:
        wishes["moves"] = request.subscriber_id
    row = {"kind": request.kind.value, "address": shown, "address_key": key, "domain": domain, "at": now}
    origin = {"network": request.origin.network, "region": request.origin.region}
    connection.execute(insert(asked).values(**row, **origin, wishes=wishes))
    return None


def _free_at(connection: Connection, origin: Origin, domain: str, caps: Caps, now: datetime) -> datetime | None:
    """When the oldest request that fills a cap leaves the window."""
    start = now - caps.window
    limits = (
        (asked.c.network == origin.network, caps.network),
        (asked.c.region == origin.region, caps.region),
        (asked.c.domain == domain, caps.domain),
        (asked.c.at == asked.c.at, caps.total),
    )
    full: list[datetime] = []
    for condition, most in limits:
        counted = select(func.count(), func.min(asked.c.at)).where(asked.c.at > start, condition)
        number, oldest = connection.execute(counted).one()
        if number >= most:
            full.append(oldest + caps.window if oldest is not None else now + caps.window)
    return max(full, default=None)


# ── answering ────────────────────────────────────────────────────────────────────────────────────


def unanswered(connection: Connection, limit: int) -> list[int]:
    """The numbers of some requests that wait, the oldest first."""
    waiting = select(asked.c.id).where(asked.c.answer.is_(None)).order_by(asked.c.id).limit(limit)
    return list(connection.execute(waiting).scalars())


def has_old(connection: Connection, now: datetime) -> bool:
    """Whether there are requests that need not be kept any more."""
    old = select(asked.c.id).where(asked.c.at <= now - _KEPT, asked.c.answer.is_not(None))
    return connection.execute(old.limit(1)).first() is not None


def answer(connection: Connection, ids: Sequence[int], now: datetime, domain: str) -> dict[int, str]:
    """Mail, from a sender of `domain`, what the owners of the addresses may get; what became of each request."""
    waiting = select(asked).where(asked.c.id.in_(ids), asked.c.answer.is_(None)).order_by(asked.c.id).with_for_update()
    found = {row.id: _answered(connection, row, now, domain) for row in connection.execute(waiting).all()}
    for number, became in found.items():
        connection.execute(update(asked).where(asked.c.id == number).values(answer=became))
    connection.execute(delete(asked).where(asked.c.at <= now - _KEPT, asked.c.answer.is_not(None)))
    return found


def _answered(connection: Connection, row: Row[Any], now: datetime, domain: str) -> str:
    try:
        match Asking(row.kind):
            case Asking.SUBSCRIBE:
                return subscriptions.begin(connection, row.address, wishes_of(row.wishes), now, domain)
            case Asking.MOVE:
                return subscriptions.begin_move(connection, row.wishes["moves"], row.address, now, domain)
            case Asking.MANAGE:
                return _link(connection, row, now, domain)
    except DigestError:  # erased or changed since it was asked
        return _REFUSED


def _link(connection: Connection, row: Row[Any], now: datetime, domain: str) -> str:
    person = _holder(connection, row.address)
    mine = (asked.c.kind == row.kind, asked.c.address_key == row.address_key, asked.c.answer == _MAILED)
    mailed = list(connection.execute(select(asked.c.at).where(*mine, asked.c.at > now - _KEPT)).scalars())
    is_soon = any(at > row.at - _LINKS_APART for at in mailed)
    if person is None or is_soon or len(mailed) >= _LINKS_A_DAY:
        return _REFUSED
    letters.access(connection, person, now, domain)
    return _MAILED


def _holder(connection: Connection, address: str) -> Subscriber | None:
    """Who has a page of their own; somebody who never confirmed has none."""
    try:
        person = subscribers.get(connection, address)
    except NotFound:
        return None
    return person if person.state is not SubscriberState.PENDING else None
