"""What is looked at from time to time, and what was found: one alert per occasion, open until it is over.

claim_due ─(look)─► settle: new findings are opened, those gone are closed ─► check_at moves on
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from digest.store.tables import alerts, checks


@dataclass(frozen=True, slots=True)
class ClaimedCheck:
    """A check leased to a watcher; `attempt` fences its settlement."""

    name: str
    attempt: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that needs a person. `key` is the same for as long as it is the same trouble."""

    key: str
    text: str
    opened_at: datetime
    closed_at: datetime | None = None


def claim_due(connection: Connection, name: str, now: datetime, lease: timedelta) -> ClaimedCheck | None:
    """Lease the check of this name where it is due; one never made before is."""
    row = connection.execute(
        select(checks).where(checks.c.name == name).with_for_update(skip_locked=True)
    ).one_or_none()
    if row is None:
        if connection.execute(select(checks.c.name).where(checks.c.name == name)).first():
            return None  # locked by another watcher
        try:
            with connection.begin_nested():
                connection.execute(insert(checks).values(name=name, check_at=now, attempt=1, lease_until=now + lease))
        except IntegrityError:
            return None  # another watcher's very first look was faster
        return ClaimedCheck(name, 1, now)
    is_free = row.lease_until is None or row.lease_until <= now
    # A check due far ahead was settled by a clock that ran ahead.
    is_due = row.check_at <= now or row.check_at > now + timedelta(days=2)
    if not (is_free and is_due):
        return None
    taken = {"attempt": row.attempt + 1, "lease_until": now + lease}
    connection.execute(update(checks).where(checks.c.name == name).values(taken))
    return ClaimedCheck(name, row.attempt + 1, now)


def move_on(connection: Connection, claimed: ClaimedCheck, next_at: datetime) -> bool:
    """The check is made, and due again then; False where the claim was lost."""
    mine = (checks.c.name == claimed.name) & (checks.c.attempt == claimed.attempt)
    values = {"check_at": next_at, "lease_until": None}
    return bool(connection.execute(update(checks).where(mine).values(values)).rowcount)


def settle(
    connection: Connection, claimed: ClaimedCheck, findings: Mapping[str, str], now: datetime, next_at: datetime
) -> tuple[list[Alert], list[Alert]]:
    """Store what was found, texts by key: the alerts opened and those closed by it; none where the claim was lost."""
    if not move_on(connection, claimed, next_at):
        return [], []
    known = {alert.key: alert for alert in list_open(connection)}
    fresh = [Alert(key, text, now) for key, text in findings.items() if key not in known]
    gone = [alert for key, alert in known.items() if key not in findings]
    for alert in fresh:
        connection.execute(insert(alerts).values(key=alert.key, text=alert.text, opened_at=now))
    for key, alert in known.items():
        here = (alerts.c.key == key) & alerts.c.closed_at.is_(None)
        if key not in findings:
            connection.execute(update(alerts).where(here).values(closed_at=now))
        elif findings[key] != alert.text:
            connection.execute(update(alerts).where(here).values(text=findings[key]))
    return fresh, gone


def list_open(connection: Connection) -> list[Alert]:
    """What is wrong now, oldest first."""
    rows = select(alerts).where(alerts.c.closed_at.is_(None)).order_by(alerts.c.opened_at, alerts.c.id)
    return [Alert(row.key, row.text, row.opened_at) for row in connection.execute(rows)]


def about(found: Iterable[Alert], source: str) -> list[Alert]:
    """Those that concern a source."""
    return [alert for alert in found if alert.key.split(":", 2)[:2] == ["source", source]]
