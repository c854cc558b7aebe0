"""Who gets editions, and when the next one is due. What ends a subscription takes effect in its own transaction.

Every change from outside raises `attempt`, so that a composition that is under way is discarded and made anew.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from difflib import get_close_matches
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, or_, select, update

from digest.editions.calendar import next_edition
from digest.errors import DigestError, NotFound
from digest.model import Days, OutboxKind, OutboxState, Schedule, Subscriber, SubscriberState
from digest.store.addresses import parse_address
from digest.store.drafts import chunks
from digest.store.tables import asked, confirmations, interests, outbox, profiles, subscribers

LAPSES_UNTIL_STUCK = 3
_NEAR_AMONG = 5000  # addresses compared for "did you mean"
_MOMENT = timedelta(microseconds=1)
_UNSENT = (OutboxState.PENDING, OutboxState.CLAIMED, OutboxState.DEFERRED, OutboxState.AMBIGUOUS)

COLUMNS = (
    subscribers.c.id,
    subscribers.c.address,
    subscribers.c.name,
    subscribers.c.state,
    subscribers.c.time_zone,
    subscribers.c.hour,
    subscribers.c.days,
    subscribers.c.limit,
    subscribers.c.edition_at,
    subscribers.c.created_at,
)


def add(  # a row has that many facts, and all of them are decided at once
    connection: Connection,
    address: str,
    name: str,
    schedule: Schedule,
    limit: int,
    consent: str,
    now: datetime,
    edition_at: datetime | None,
) -> Subscriber:
    """Add somebody; whoever unsubscribed may be added again and keeps the profile and the ledger.

    `consent` says where it comes from ("admin"). With `edition_at` None the subscriber is pending: nothing is due.

    Raises:
        DigestError: no valid address, or one that is subscribed already.
    """
    shown, key = parse_address(address)
    values = {
        "address": shown,
        "name": name.strip(),
        "state": SubscriberState.ACTIVE if edition_at else SubscriberState.PENDING,
        "consent": consent,
        "unsubscribed_at": None,
        "edition_at": edition_at,
        "paused_until": None,
        "covered_until": None,
        **_scheduled(schedule, limit),
    }
    known = connection.execute(select(*COLUMNS).where(subscribers.c.address_key == key)).one_or_none()
    if known is None:
        inserted = insert(subscribers).values(address_key=key, created_at=now, **values)
        subscriber_id = connection.execute(inserted.returning(subscribers.c.id)).scalar_one()
        _add_profile(connection, subscriber_id)
        return get_by_id(connection, subscriber_id)
    if known.state != SubscriberState.UNSUBSCRIBED:
        raise DigestError(f"{shown} is subscribed already ({known.state}): see 'digest subscriber edit {shown} --help'")
    return _change(connection, known.id, values)


def get(connection: Connection, address: str) -> Subscriber:
    """The subscriber of an address, whatever the state.

    Raises:
        NotFound: nobody has it; the text names those that come close.
    """
    _, key = parse_address(address)
    row = connection.execute(select(*COLUMNS).where(subscribers.c.address_key == key)).one_or_none()
    if row is None:
        raise NotFound(f"no subscriber {address}{_near(connection, key)}: see 'digest subscriber list'")
    return subscriber_of(row)


def get_by_id(connection: Connection, subscriber_id: int) -> Subscriber:
    """The subscriber of an id. Raises NotFound where there is none (any more)."""
    row = connection.execute(select(*COLUMNS).where(subscribers.c.id == subscriber_id)).one_or_none()
    if row is None:
        raise NotFound(f"no subscriber number {subscriber_id}: see 'digest subscriber list'")
    return subscriber_of(row)


def list_all(connection: Connection, state: SubscriberState | None = None) -> list[Subscriber]:
    """All of them, or those of one state, by address."""
    found = select(*COLUMNS).order_by(subscribers.c.address_key)
    if state is not None:
        found = found.where(subscribers.c.state == state)
    return [subscriber_of(row) for row in connection.execute(found)]


def edit(  # None means: leave it
    connection: Connection,
    subscriber_id: int,
    *,
    address: str | None = None,
    name: str | None = None,
    schedule: Schedule | None = None,
    limit: int | None = None,
    edition_at: datetime | None = None,
) -> Subscriber:
    """Change what is given. A new schedule comes with its own `edition_at`, which only an active subscriber takes.

    Raises:
        NotFound: there is no such subscriber.
        DigestError: the new address is invalid or belongs to somebody else.
    """
    known = get_by_id(connection, subscriber_id)
    values = _scheduled(schedule or known.schedule, known.limit if limit is None else limit)
    if name is not None:
        values["name"] = name.strip()
    if address is not None:
        values |= _moved(connection, subscriber_id, address)
    if edition_at is not None and known.state is SubscriberState.ACTIVE:
        pause = paused_until(connection, subscriber_id)
        is_pausing = pause is not None and edition_at < pause
        values["edition_at"] = next_edition(schedule or known.schedule, pause) if pause and is_pausing else edition_at
    return _change(connection, subscriber_id, values)


def pause(connection: Connection, subscriber_id: int) -> Subscriber:
    """No editions until `resume`. Raises DigestError unless active or paused."""
    known = get_by_id(connection, subscriber_id)
    if known.state not in (SubscriberState.ACTIVE, SubscriberState.PAUSED):
        raise DigestError(f"{known.address} is {known.state}: only an active subscriber can be paused")
    return _change(
        connection, subscriber_id, {"state": SubscriberState.PAUSED, "edition_at": None, "paused_until": None}
    )


def pause_until(connection: Connection, subscriber_id: int, until: datetime) -> Subscriber:
    """No editions before the first one due at `until` or later; then they come again. DigestError unless active."""
    known = get_by_id(connection, subscriber_id)
    if known.state not in (SubscriberState.ACTIVE, SubscriberState.PAUSED):
        raise DigestError(f"{known.address} is {known.state}: only an active subscriber can be paused")
    edition_at = next_edition(known.schedule, until - _MOMENT)
    values = {"state": SubscriberState.ACTIVE, "edition_at": edition_at, "paused_until": until}
    return _change(connection, subscriber_id, values)


def paused_until(connection: Connection, subscriber_id: int) -> datetime | None:
    """When a pause ends by itself, None where there is none; one that ended may still be named."""
    mine = select(subscribers.c.paused_until).where(subscribers.c.id == subscriber_id)
    found: datetime | None = connection.execute(mine).scalar()
    return found


def resume(connection: Connection, subscriber_id: int, edition_at: datetime) -> Subscriber:
    """Active again, next edition at `edition_at`; also frees a stuck row. Raises DigestError after an unsubscribe."""
    known = get_by_id(connection, subscriber_id)
    if known.state is SubscriberState.UNSUBSCRIBED:
        raise DigestError(f"{known.address} has unsubscribed: with consent, 'digest subscriber add {known.address}'")
    if known.state is SubscriberState.PENDING:
        raise DigestError(f"{known.address} has not confirmed yet")
    return _change(
        connection,
        subscriber_id,
        {"state": SubscriberState.ACTIVE, "edition_at": edition_at, "paused_until": None},
    )


def activate(  # as `add`
    connection: Connection,
    subscriber_id: int,
    name: str,
    schedule: Schedule,
    limit: int,
    consent: str,
    edition_at: datetime,
) -> Subscriber:
    """Subscribe somebody known who has consented just now: pending so far, or come back."""
    values = {
        "state": SubscriberState.ACTIVE,
        "consent": consent,
        "unsubscribed_at": None,
        "edition_at": edition_at,
        "paused_until": None,
        "covered_until": None,
        **_scheduled(schedule, limit),
    }
    if name.strip():
        values["name"] = name.strip()
    return _change(connection, subscriber_id, values)


def unsubscribe(connection: Connection, subscriber_id: int, now: datetime) -> bool:
    """End the subscription and cancel what is not on the wire; False where it had ended or never was.

    Links that would begin it anew are void from now on. `subscriptions.end` also says goodbye.
    """
    mine = select(subscribers.c.address_key).where(subscribers.c.id == subscriber_id)
    open_now = (confirmations.c.address_key == mine.scalar_subquery(), confirmations.c.expires_at > now)
    connection.execute(
        update(confirmations).where(*open_now, confirmations.c.confirmed_at.is_(None)).values(expires_at=now)
    )
    ended = connection.execute(
        update(subscribers)
        .where(subscribers.c.id == subscriber_id, subscribers.c.state != SubscriberState.UNSUBSCRIBED)
        .values(state=SubscriberState.UNSUBSCRIBED, unsubscribed_at=now, edition_at=None, **_discarding())
    )
    if not ended.rowcount:
        return False
    connection.execute(
        update(outbox)
        .where(
            outbox.c.subscriber_id == subscriber_id,
            outbox.c.kind != OutboxKind.GOODBYE,
            outbox.c.state.in_(_UNSENT),
        )
        .values(state=OutboxState.CANCELLED, due_at=None, lease_until=None, reply="unsubscribed")
    )
    return True


def remove(connection: Connection, subscriber_id: int, now: datetime) -> bool:
    """The admin's unsubscribe: profile and ledger stay for whoever comes back; see `erase`."""
    return unsubscribe(connection, subscriber_id, now)


def erase(connection: Connection, subscriber_id: int) -> None:
    """Delete every trace of a person. A suppression is a record of its own and stays: it keeps mail away.

    Raises:
        NotFound: there is no such subscriber.
    """
    key = get_by_id(connection, subscriber_id).address.casefold()
    mine = or_(outbox.c.subscriber_id == subscriber_id, func.lower(outbox.c.recipient) == key)
    connection.execute(delete(outbox).where(mine))
    connection.execute(delete(confirmations).where(confirmations.c.address_key == key))
    connection.execute(delete(asked).where(asked.c.address_key == key))
    # Profile, likes, editions and the ledger go with the row (ON DELETE CASCADE); what papers say is nobody's trace.
    connection.execute(delete(subscribers).where(subscribers.c.id == subscriber_id))


def stuck(connection: Connection) -> list[Subscriber]:
    """Those whose composition was lost three times; `resume` or `edit` frees them."""
    found = select(*COLUMNS).where(
        subscribers.c.state == SubscriberState.ACTIVE, subscribers.c.lapses >= LAPSES_UNTIL_STUCK
    )
    return [subscriber_of(row) for row in connection.execute(found.order_by(subscribers.c.address_key))]


def counts(connection: Connection) -> dict[SubscriberState, int]:
    """How many are in which state."""
    grouped = select(subscribers.c.state, func.count()).group_by(subscribers.c.state)
    return {SubscriberState(state): count for state, count in connection.execute(grouped)}


def by_id(connection: Connection, subscriber_ids: Iterable[int]) -> dict[int, Subscriber]:
    """Those of the ids that exist."""
    found: dict[int, Subscriber] = {}
    for ids in chunks(set(subscriber_ids)):
        rows = connection.execute(select(*COLUMNS).where(subscribers.c.id.in_(ids)))
        found |= {row.id: subscriber_of(row) for row in rows}
    return found


def subscriber_of(row: Row[*tuple[Any, ...]]) -> Subscriber:
    """A row that has (at least) COLUMNS as a value."""
    return Subscriber(
        id=row.id,
        address=row.address,
        name=row.name,
        state=SubscriberState(row.state),
        schedule=Schedule(row.time_zone, row.hour, Days(row.days)),
        limit=row.limit,
        edition_at=row.edition_at,
        created_at=row.created_at,
    )


def _discarding() -> dict[str, Any]:
    return {"attempt": subscribers.c.attempt + 1, "lease_until": None, "lapses": 0}


def _change(connection: Connection, subscriber_id: int, values: dict[str, Any]) -> Subscriber:
    changed = update(subscribers).where(subscribers.c.id == subscriber_id).values(**values, **_discarding())
    connection.execute(changed)
    return get_by_id(connection, subscriber_id)


def _scheduled(schedule: Schedule, limit: int) -> dict[str, Any]:
    if not 0 <= schedule.hour <= 23:
        raise DigestError(f"hour {schedule.hour}: an hour of the day is 0 to 23")
    if not 1 <= limit <= 100:
        raise DigestError(f"limit {limit}: an edition holds 1 to 100 papers")
    return {"time_zone": schedule.time_zone, "hour": schedule.hour, "days": schedule.days, "limit": limit}


def _moved(connection: Connection, subscriber_id: int, address: str) -> dict[str, Any]:
    shown, key = parse_address(address)
    other = select(subscribers.c.id).where(subscribers.c.address_key == key, subscribers.c.id != subscriber_id)
    if connection.execute(other).first():
        raise DigestError(f"{shown} belongs to another subscriber: see 'digest subscriber show {shown}'")
    return {"address": shown, "address_key": key}


def _add_profile(connection: Connection, subscriber_id: int) -> None:
    connection.execute(insert(profiles).values(subscriber_id=subscriber_id, muted=[]))
    wish = {"categories": [], "keywords": [], "text": "", "authors": [], "institutions": []}
    connection.execute(insert(interests).values(subscriber_id=subscriber_id, name="", position=0, **wish))


def _near(connection: Connection, key: str) -> str:
    # The same first letter, or the same domain: what a slip of the finger leaves alone.
    alike = or_(
        subscribers.c.address_key.startswith(key[0], autoescape=True),
        subscribers.c.address_key.endswith(key[key.index("@") :], autoescape=True),
    )
    known = connection.execute(select(subscribers.c.address_key, subscribers.c.address).where(alike).limit(_NEAR_AMONG))
    shown = {row.address_key: row.address for row in known}
    close = [shown[found] for found in get_close_matches(key, shown, n=3, cutoff=0.75)]
    return f" (did you mean {' or '.join(close)}?)" if close else ""
