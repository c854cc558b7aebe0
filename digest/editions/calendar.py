"""When editions are due: a subscriber's local hour on their days, every local day exactly once across DST."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from digest.model import Days, Schedule

_DAY = timedelta(days=1)
# A local day can begin up to 26 hours off UTC's, and a week holds every kind of day; one day more for a skipped one.
_REACH = 9


@dataclass(frozen=True, slots=True)
class Due:
    """One edition to make now: for the local `day`; `next_at` is the instant of the one after it."""

    day: date
    next_at: datetime


def due(schedule: Schedule, edition_at: datetime, now: datetime) -> Due:
    """The one edition that is due at `now` when the row says `edition_at` ≤ `now`.

    After downtime it stands for every edition that was missed: its day is that of the latest due instant.
    An `edition_at` set by hand ("send now") may lie off the schedule; its own local day then counts.
    """
    latest = max(edition_at, previous_edition(schedule, now, is_inclusive=True))
    return Due(local_day(schedule, latest), next_edition(schedule, now))


def next_edition(schedule: Schedule, after: datetime) -> datetime:
    """The first due instant later than `after`, aware, in UTC."""
    start = local_day(schedule, after)
    return next(at for at in _instants(schedule, start - _DAY, 1) if at > after)


def previous_edition(schedule: Schedule, before: datetime, *, is_inclusive: bool = False) -> datetime:
    """The last due instant earlier than `before` (or at it)."""
    start = local_day(schedule, before)
    return next(at for at in _instants(schedule, start + _DAY, -1) if at < before or (is_inclusive and at == before))


def period_start(schedule: Schedule, edition_at: datetime) -> datetime:
    """Where the period of the edition due at `edition_at` begins: at the due instant before it."""
    return previous_edition(schedule, edition_at)


def local_day(schedule: Schedule, at: datetime) -> date:
    """The calendar date in the subscriber's zone at the instant `at`."""
    return at.astimezone(zone(schedule.time_zone)).date()


@lru_cache(maxsize=1024)
def zone(name: str) -> ZoneInfo:
    """The zone of an IANA name.

    Raises:
        ValueError: there is no zone of that name.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"no time zone {name!r}: use an IANA name such as Europe/Berlin") from error


def _instants(schedule: Schedule, start: date, direction: int) -> Iterator[datetime]:
    for step in range(_REACH + 1):
        day = start + direction * step * _DAY
        if _is_on(schedule.days, day):
            at = _instant(day, schedule.hour, zone(schedule.time_zone))
            if at is not None:
                yield at


def _is_on(days: Days, day: date) -> bool:
    match days:
        case Days.DAILY:
            return True
        case Days.WEEKDAYS:
            return day.weekday() < 5
        case Days.WEEKLY:
            return day.weekday() == 0


@lru_cache(maxsize=8192)
def _instant(day: date, hour: int, tz: ZoneInfo) -> datetime | None:
    """The instant of `day`'s hour in `tz`; None where the zone skipped the whole day (Apia, 2011-12-30).

    An hour that occurs twice means its first occurrence, which is what fold 0 says (PEP 495). A missing hour
    means the first instant after the gap; where that is the next day already (Nuuk's spring gap ends at
    midnight) the last minute before it, so that the edition still falls on its own day.
    """
    wall = datetime.combine(day, time(hour))
    at = wall.replace(tzinfo=tz).astimezone(UTC)
    if at.astimezone(tz).replace(tzinfo=None) == wall:
        return at
    end = _gap_end(at, wall.replace(tzinfo=tz, fold=1).astimezone(UTC), tz)
    for candidate in (end, end - timedelta(minutes=1)):
        if candidate.astimezone(tz).date() == day:
            return candidate
    return None


def _gap_end(after: datetime, before: datetime, tz: ZoneInfo) -> datetime:
    """The transition between `before` and `after`: fold 0 reads a missing hour past it, fold 1 short of it."""
    new_offset = after.astimezone(tz).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=int((after - before).total_seconds()) // 2)
        if middle.astimezone(tz).utcoffset() == new_offset:
            after = middle
        else:
            before = middle
    return after
