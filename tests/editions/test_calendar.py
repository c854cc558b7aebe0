"""Every subscriber's every local day, once."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.editions.calendar import Due, due, local_day, next_edition, period_start, previous_edition
from digest.model import Days, Schedule

# Zones whose clocks do something unusual, with a year in which they did.
ODD = [
    ("UTC", 2026),
    ("Europe/Berlin", 2026),
    ("Europe/Dublin", 2026),  # negative DST in winter
    ("America/New_York", 2026),
    ("America/St_Johns", 2006),  # changes at one minute past midnight
    ("America/Sao_Paulo", 2018),  # no midnight on the first day of summer
    ("America/Havana", 2026),
    ("America/Nuuk", 2024),  # the spring gap ends at midnight: no 23:00
    ("Asia/Beirut", 2026),
    ("Asia/Kathmandu", 2026),
    ("Asia/Gaza", 2026),
    ("Africa/Casablanca", 2026),  # DST suspended for Ramadan
    ("Africa/Cairo", 2024),
    ("Australia/Lord_Howe", 2026),  # half an hour of DST
    ("Pacific/Chatham", 2026),
    ("Pacific/Apia", 2011),  # no 30 December
    ("Pacific/Kwajalein", 1993),  # no 21 August
    ("Pacific/Kiritimati", 2026),
    ("America/Juneau", 1983),
    ("Antarctica/Troll", 2026),  # two hours of DST
]


def _instants(schedule: Schedule, start: datetime, end: datetime) -> list[datetime]:
    found = [next_edition(schedule, start)]
    while found[-1] < end:
        found.append(next_edition(schedule, found[-1]))
    return found


def _local_days(zone: str, start: datetime, end: datetime) -> list[date]:
    """The days that occur in the zone, found by walking through the hours."""
    hours = int((end - start).total_seconds()) // 3600
    return sorted({(start + timedelta(hours=hour)).astimezone(ZoneInfo(zone)).date() for hour in range(hours)})


@pytest.mark.parametrize(("zone", "year"), ODD)
@pytest.mark.parametrize("hour", [0, 1, 2, 3, 7, 22, 23])
def test_every_local_day_has_exactly_one_edition_across_a_year(zone: str, year: int, hour: int) -> None:
    schedule = Schedule(zone, hour)
    start, end = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 3, tzinfo=UTC)
    instants = _instants(schedule, start, end)
    days = [local_day(schedule, at) for at in instants]
    assert days == sorted(set(days))
    walked = _local_days(zone, start, end)
    assert days[1:-1] == [day for day in walked if days[0] < day < days[-1]]


@pytest.mark.parametrize(("zone", "year"), ODD)
def test_an_edition_is_at_its_hour_unless_the_clock_left_it_out(zone: str, year: int) -> None:
    schedule = Schedule(zone, 7)
    for at in _instants(schedule, datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)):
        local = at.astimezone(ZoneInfo(zone))
        assert (local.hour, local.minute, local.fold) == (7, 0, 0)


@settings(max_examples=200, deadline=None)
@given(
    zone=st.sampled_from([zone for zone, _ in ODD]),
    hour=st.integers(0, 23),
    days=st.sampled_from(Days),
    after=st.datetimes(datetime(1975, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001  # given by timezones
)
def test_next_is_later_previous_is_earlier_and_they_meet(zone: str, hour: int, days: Days, after: datetime) -> None:
    schedule = Schedule(zone, hour, days)
    following = next_edition(schedule, after)
    assert after < following <= after + timedelta(days=9)
    assert previous_edition(schedule, following) <= after
    assert next_edition(schedule, previous_edition(schedule, following)) == following
    assert following.tzinfo is UTC


def test_a_missing_hour_means_the_first_instant_after_the_gap() -> None:
    at = next_edition(Schedule("Europe/Berlin", 2), datetime(2026, 3, 28, 12, tzinfo=UTC))
    assert at == datetime(2026, 3, 29, 1, tzinfo=UTC)  # 03:00 summer time
    at = next_edition(Schedule("America/Sao_Paulo", 0), datetime(2018, 11, 3, 12, tzinfo=UTC))
    assert at == datetime(2018, 11, 4, 3, tzinfo=UTC)  # 01:00 summer time


def test_an_hour_that_comes_twice_means_its_first_occurrence() -> None:
    at = next_edition(Schedule("Europe/Berlin", 2), datetime(2026, 10, 24, 12, tzinfo=UTC))
    assert at == datetime(2026, 10, 25, 0, tzinfo=UTC)
    assert next_edition(Schedule("Europe/Berlin", 2), at) == datetime(2026, 10, 26, 1, tzinfo=UTC)


def test_half_an_hour_of_summer_time_is_handled() -> None:
    at = next_edition(Schedule("Australia/Lord_Howe", 2), datetime(2026, 10, 3, 0, tzinfo=UTC))
    assert at == datetime(2026, 10, 3, 15, 30, tzinfo=UTC)  # 02:30 on the 4th, 02:00 does not exist


def test_a_gap_that_ends_at_midnight_keeps_the_edition_on_its_day() -> None:
    schedule = Schedule("America/Nuuk", 23)
    at = next_edition(schedule, datetime(2024, 3, 30, 12, tzinfo=UTC))
    assert at == datetime(2024, 3, 31, 0, 59, tzinfo=UTC)
    assert local_day(schedule, at) == date(2024, 3, 30)


def test_a_day_that_the_zone_skipped_has_no_edition() -> None:
    schedule = Schedule("Pacific/Apia", 7)
    instants = _instants(schedule, datetime(2011, 12, 28, tzinfo=UTC), datetime(2012, 1, 1, tzinfo=UTC))
    assert [local_day(schedule, at).day for at in instants] == [28, 29, 31, 1, 2]


def test_weekdays_leave_out_the_weekend_and_weekly_means_monday() -> None:
    friday = datetime(2026, 4, 17, 12, tzinfo=UTC)
    assert next_edition(Schedule(days=Days.WEEKDAYS), friday) == datetime(2026, 4, 20, 7, tzinfo=UTC)
    assert next_edition(Schedule(days=Days.WEEKLY), friday) == datetime(2026, 4, 20, 7, tzinfo=UTC)
    assert next_edition(Schedule(days=Days.WEEKLY), datetime(2026, 4, 20, 7, tzinfo=UTC)).day == 27


def test_the_local_weekday_counts_and_not_the_one_of_utc() -> None:
    at = next_edition(Schedule("Pacific/Kiritimati", 7, Days.WEEKLY), datetime(2026, 4, 18, tzinfo=UTC))
    assert at == datetime(2026, 4, 19, 17, tzinfo=UTC)  # Monday there


def test_after_three_days_down_one_edition_catches_up() -> None:
    schedule = Schedule("Europe/Berlin", 7)
    now = datetime(2026, 4, 20, 10, tzinfo=UTC)
    found = due(schedule, datetime(2026, 4, 17, 5, tzinfo=UTC), now)
    assert found == Due(date(2026, 4, 20), datetime(2026, 4, 21, 5, tzinfo=UTC))


def test_before_todays_hour_the_catch_up_is_yesterdays() -> None:
    found = due(Schedule(), datetime(2026, 4, 17, 7, tzinfo=UTC), datetime(2026, 4, 20, 6, tzinfo=UTC))
    assert found == Due(date(2026, 4, 19), datetime(2026, 4, 20, 7, tzinfo=UTC))


def test_an_edition_asked_for_by_hand_belongs_to_its_own_day() -> None:
    wednesday = datetime(2026, 4, 22, 12, tzinfo=UTC)
    found = due(Schedule(days=Days.WEEKLY), wednesday, wednesday)
    assert found == Due(date(2026, 4, 22), datetime(2026, 4, 27, 7, tzinfo=UTC))


@settings(max_examples=100, deadline=None)
@given(
    zone=st.sampled_from([zone for zone, _ in ODD]),
    hour=st.integers(0, 23),
    days=st.sampled_from(Days),
    start=st.datetimes(datetime(2000, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001  # given by timezones
    pauses=st.lists(st.floats(0, 200), min_size=1, max_size=20),
)
def test_whatever_the_downtimes_no_day_comes_twice(
    zone: str, hour: int, days: Days, start: datetime, pauses: list[float]
) -> None:
    schedule = Schedule(zone, hour, days)
    edition_at, now = next_edition(schedule, start), start
    seen: list[date] = []
    for pause in pauses:
        now += timedelta(hours=pause)
        if edition_at <= now:
            found = due(schedule, edition_at, now)
            assert found.next_at > now
            seen.append(found.day)
            edition_at = found.next_at
    assert seen == sorted(set(seen))


def test_a_period_begins_at_the_due_instant_before() -> None:
    monday = datetime(2026, 4, 20, 7, tzinfo=UTC)
    assert period_start(Schedule(), monday) == datetime(2026, 4, 19, 7, tzinfo=UTC)
    assert period_start(Schedule(days=Days.WEEKDAYS), monday) == datetime(2026, 4, 17, 7, tzinfo=UTC)
    assert period_start(Schedule(days=Days.WEEKLY), monday) == datetime(2026, 4, 13, 7, tzinfo=UTC)


def test_an_unknown_zone_is_refused_with_its_name() -> None:
    with pytest.raises(ValueError, match=r"no time zone 'Mars/Olympus': use an IANA name"):
        next_edition(Schedule("Mars/Olympus"), datetime(2026, 4, 20, tzinfo=UTC))
