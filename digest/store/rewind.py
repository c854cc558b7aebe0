"""What stands due further ahead than its own rhythm allows was written by a clock that ran ahead: it is due earlier.

Such a clock was wrong for a while, or `digest once --now` plays days of the past after a set-up of today.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, select, update

from digest.editions.calendar import next_edition
from digest.model import SubscriberState
from digest.store.subscribers import COLUMNS, subscriber_of
from digest.store.tables import sources, subscribers

# No source is asked less often than after a long weekend or a day's Retry-After.
_LONGEST_PAUSE = timedelta(days=8)
_EVERY_DAY = timedelta(days=2)


def rewind(connection: Connection, now: datetime) -> None:
    """Bring back what is due beyond every schedule: sources to `now`, editions to their next hour."""
    late = sources.c.poll_at > now + _LONGEST_PAUSE
    connection.execute(update(sources).where(late).values(poll_at=now))
    ahead = select(*COLUMNS).where(
        subscribers.c.state == SubscriberState.ACTIVE, subscribers.c.edition_at > now + _EVERY_DAY
    )
    for row in connection.execute(ahead).all():
        person = subscriber_of(row)
        upcoming = next_edition(person.schedule, now)
        # One further is right: an edition that was sent early leaves its own hour out.
        if row.edition_at > next_edition(person.schedule, upcoming):
            connection.execute(update(subscribers).where(subscribers.c.id == row.id).values(edition_at=upcoming))
