"""What the tests of delivery share: people with a due message each, a clock to step, a small message."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, insert, select

from digest.jobs.deliver import Assemble, Deliver, Pace
from digest.model import Edition, OutboxKind, OutboxState, SubscriberState
from digest.store.database import Database
from digest.store.outbox import Draft, enqueue_many
from digest.store.outbox_claims import Claimed
from digest.store.tables import outbox, subscribers
from digest.transports import Transport
from digest.transports.smtp import Smtp, Timeouts

NOW = datetime(2026, 4, 20, 7, tzinfo=UTC)
SENDER = "digest@example.org"
MAX_AGE = timedelta(hours=24)


class Stepped:
    """A clock that stands until it is moved."""

    def __init__(self, at: datetime = NOW) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def move(self, **by: float) -> None:
        self.at += timedelta(**by)


def address(number: int) -> str:
    return f"r{number}@example.org"


def seed(conn: Connection, count: int, composed_at: datetime = NOW, occasion: str = "2026-04-20") -> list[int]:
    """`count` active subscribers r0@example.org… with a due digest each; the outbox ids."""
    return [
        number for number in enqueue_many(conn, [draft(conn, n, composed_at, occasion) for n in range(count)]) if number
    ]


def draft(
    conn: Connection, number: int, composed_at: datetime = NOW, occasion: str = "2026-04-20", kind: str = "digest"
) -> Draft:
    """A draft for subscriber r`number`, who is added if need be."""
    return Draft(
        kind=OutboxKind(kind),
        recipient=address(number),
        occasion=occasion,
        message_id=f"<{occasion}.{number}@example.org>",
        subscriber_id=subscriber(conn, number),
        edition_id=None,
        composed_at=composed_at,
        expires_at=composed_at + MAX_AGE,
    )


def subscriber(conn: Connection, number: int, state: SubscriberState = SubscriberState.ACTIVE) -> int:
    found = conn.execute(select(subscribers.c.id).where(subscribers.c.address_key == address(number))).scalar()
    if found is not None:
        return int(found)
    person = {
        "address": address(number),
        "address_key": address(number),
        "state": state,
        "consent": "admin",
        "time_zone": "UTC",
        "hour": 7,
        "days": "daily",
        "limit": 10,
        "created_at": NOW,
    }
    added = conn.execute(insert(subscribers).values(person).returning(subscribers.c.id))
    return int(added.scalar_one())


def states(conn: Connection) -> dict[str, OutboxState]:
    """Recipient → state."""
    rows = conn.execute(select(outbox.c.recipient, outbox.c.state).order_by(outbox.c.id))
    return {row.recipient: OutboxState(row.state) for row in rows}


def no_editions(_conn: Connection, _ids: Sequence[int]) -> Mapping[int, Edition]:
    return {}


def message(claimed: Claimed) -> bytes:
    lines = [
        f"From: <{SENDER}>",
        f"To: <{claimed.recipient}>",
        f"Message-ID: {claimed.message_id}",
        "",
        "Three papers for you.",
        ".and a line that starts with a dot",
        "",
    ]
    return "\r\n".join(lines).encode()


def relay(port: int, timeouts: Timeouts | None = None, username: str = "", password: str = "") -> Smtp:
    return Smtp(
        "127.0.0.1", port, "plain", username, password, name="client.example.org", timeouts=timeouts or Timeouts()
    )


def deliver(
    database: Database,
    transport: Transport,
    clock: Stepped | None = None,
    pace: Pace | None = None,
    assemble: Assemble = message,
) -> Deliver:
    return Deliver(
        database,
        transport,
        assemble,
        no_editions,
        pace or Pace(SENDER),
        clock=clock or Stepped(),
        rng=random.Random(7),
    )
