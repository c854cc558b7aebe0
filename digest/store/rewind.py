"""What stands due further ahead than its own rhythm allows was written by a clock that ran ahead: it is due earlier.

Such a clock was wrong for a while, or `digest once --now` plays days of the past after a set-up of today.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, select, update

from digest.editions.calendar import next_edition
from digest.model import SubscriberState
from digest.store.subscribers import COLUMNS, subscriber_of
from digest.store.tables import (
    catch_ups,
    checks,
    enrichers,
    inboxes,
    outbox,
    paper_novelty,
    paper_vectors,
    papers,
    pauses,
    sources,
    subscribers,
)

# No source is asked less often than after a long weekend or a day's Retry-After.
_LONGEST_PAUSE = timedelta(days=8)
_EVERY_DAY = timedelta(days=2)
# No retry, pause or wish of a service to be left alone is longer than a day.
_LATEST = timedelta(days=2)
_DUE = (
    catch_ups.c.due_at,
    enrichers.c.ask_at,
    inboxes.c.read_at,
    outbox.c.due_at,
    paper_novelty.c.due_at,
    pauses.c.until,
)

_LEASED = (sources, catch_ups, enrichers, inboxes, paper_vectors, subscribers, outbox, checks)
_LONGEST_LEASE = timedelta(hours=1)


def rewind(connection: Connection, now: datetime) -> None:
    """Bring back what is due beyond every schedule: editions to their next hour, all else to `now`."""
    late = sources.c.poll_at > now + _LONGEST_PAUSE
    connection.execute(update(sources).where(late).values(poll_at=now))
    for due_at in _DUE:
        connection.execute(update(due_at.table).where(due_at > now + _LATEST).values({due_at: now}))
    _rewind_editions(connection, now)


def set_back(connection: Connection, now: datetime) -> None:
    """What a clock left behind that ran ahead and was set to `now`: all that `rewind` does, leases, first sightings.

    Only for the true time: to a command that plays a day of the past, every living process would seem to run ahead.
    """
    rewind(connection, now)
    for table in _LEASED:
        # Not at once: whoever holds it may be alive, and will renew it.
        beyond = table.c.lease_until > now + _LONGEST_LEASE
        connection.execute(update(table).where(beyond).values(lease_until=now + _LONGEST_LEASE))
    # Papers of the days to come would be in nobody's edition before then.
    connection.execute(update(papers).where(papers.c.first_seen_at > now + _LATEST).values(first_seen_at=now))


def _rewind_editions(connection: Connection, now: datetime) -> None:
    ahead = select(*COLUMNS, subscribers.c.paused_until).where(
        subscribers.c.state == SubscriberState.ACTIVE, subscribers.c.edition_at > now + _EVERY_DAY
    )
    for row in connection.execute(ahead).all():
        person = subscriber_of(row)
        upcoming = next_edition(person.schedule, max(now, row.paused_until or now))
        # One further is right: an edition that was sent early leaves its own hour out.
        if row.edition_at > next_edition(person.schedule, upcoming):
            connection.execute(update(subscribers).where(subscribers.c.id == row.id).values(edition_at=upcoming))
