"""Which days a feed must have, which are missing, and whose silence is no news."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.papers.completeness import (
    ARXIV_CUT,
    Batch,
    How,
    arxiv_silence,
    is_announcement_day,
    is_near_cut,
    is_news,
    learnt_silence,
    missing_days,
    weekdays,
)

NOON = datetime(2026, 4, 20, 16, tzinfo=UTC)


def april(day: int) -> date:
    return date(2026, 4, day)


def batch(day: date, seen: int = 100, *, is_whole: bool = True, how: How = How.POLLED) -> Batch:
    return Batch("cs.CV", day, "b", seen, seen, is_whole, how, NOON)


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2026, 4, 20), True),
        (date(2026, 4, 18), False),  # Saturday
        (date(2026, 4, 19), False),
        (date(2026, 9, 7), False),  # Labor Day
        (date(2026, 9, 8), False),  # what would have been announced on its evening
        (date(2026, 9, 9), True),
        (date(2026, 11, 26), False),
        (date(2031, 12, 25), False),  # a year whose list nobody has: what returns every year
        (date(2031, 12, 16), True),
    ],
)
def test_arxiv_announces_on_weekdays_that_are_no_holidays(day: date, expected: bool) -> None:
    assert is_announcement_day(day) is expected


def test_weekdays_without_a_batch_are_missing_and_weekends_are_not() -> None:
    told = [batch(april(16)), batch(april(17)), batch(april(24))]
    assert missing_days(told, april(24)) == (april(20), april(21), april(22), april(23))


def test_nothing_is_missing_before_the_first_batch() -> None:
    assert missing_days([], april(24)) == ()
    assert missing_days([batch(april(24))], april(24)) == ()


@pytest.mark.parametrize("bad", [batch(april(21), is_whole=False), batch(april(21), seen=0)])
def test_a_day_that_was_cut_off_or_strangely_empty_is_missing(bad: Batch) -> None:
    assert missing_days([batch(april(20)), bad], april(22)) == (april(21),)


def test_an_empty_holiday_and_a_day_caught_up_are_not_missing() -> None:
    labor = date(2026, 9, 7)
    told = [batch(date(2026, 9, 4)), batch(labor, seen=0), batch(date(2026, 9, 8), seen=0, how=How.CAUGHT_UP)]
    assert missing_days(told, date(2026, 9, 9)) == ()


@given(st.sets(st.integers(1, 30), min_size=1), st.integers(1, 30))
def test_missing_days_are_weekdays_before_the_newest_that_have_no_batch(known: set[int], newest: int) -> None:
    found = missing_days([batch(april(day)) for day in known], april(newest))
    between = [day for day in weekdays(april(min(known)), april(newest)) if day < april(newest)]
    assert list(found) == [day for day in between if day.day not in known]


def test_a_feed_at_nine_tenths_of_the_cut_is_near_it() -> None:
    assert not is_near_cut(1799, ARXIV_CUT)
    assert is_near_cut(1800, ARXIV_CUT)
    assert not is_near_cut(10**6, None)


# ── news ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("submitted", "version", "covered", "expected"),
    [
        (april(19), 1, april(1), True),
        (april(19), 3, april(1), True),  # new and replaced meanwhile
        (april(2), 4, april(1), True),  # it cannot have been announced while every batch was seen
        (date(2026, 3, 2), 2, april(1), False),
        (april(17), 1, april(17), True),
        (april(17), 2, april(18), False),  # a catalog that is as young as the gap: a replacement
        (april(17), 1, None, True),
        (april(10), 1, None, False),
        (None, 1, april(1), False),
    ],
)
def test_a_paper_is_news_if_it_can_only_have_come_up_meanwhile(
    submitted: date | None, version: int, covered: date | None, expected: bool
) -> None:
    assert is_news(submitted, version, april(20), covered) is expected


# ── silence ──────────────────────────────────────────────────────────────────────────────────────


def at(day: date, hour: int) -> datetime:
    """An instant of a day in New York's summer."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(hours=hour + 4)


def test_a_weekend_is_known_silence() -> None:
    silence = arxiv_silence("cs.CV", [batch(april(17))], at(april(19), 12))
    assert silence is not None
    assert silence.is_known
    assert silence.reason.startswith("weekend")


def test_a_holiday_is_known_silence() -> None:
    silence = arxiv_silence("cs.CV", [batch(date(2026, 9, 4))], at(date(2026, 9, 8), 15))
    assert silence is not None
    assert silence.is_known
    assert silence.reason.startswith("holiday")


def test_a_weekday_without_papers_is_unknown_silence_once_polls_had_their_chance() -> None:
    told = [batch(april(20)), batch(april(21), seen=0)]
    assert arxiv_silence("cs.CV", told, at(april(21), 13)) is None
    silence = arxiv_silence("cs.CV", told, at(april(21), 14))
    assert silence is not None
    assert not silence.is_known
    assert silence.since == april(21)


def test_a_daemon_that_was_down_is_no_silence_of_the_source() -> None:
    assert arxiv_silence("cs.CV", [batch(april(17))], at(april(17), 6)) is None
    assert arxiv_silence("cs.CV", [batch(april(17))], None) is None


def test_other_feeds_are_silent_after_three_times_their_longest_pause() -> None:
    days = [NOON + timedelta(days=n) for n in (0, 1, 2, 5)]
    assert learnt_silence("all", days, NOON + timedelta(days=5 + 9)) is None
    silence = learnt_silence("all", days, NOON + timedelta(days=5 + 9, hours=1))
    assert silence is not None
    assert silence.reason == "nothing new for 9 days, where it never paused for more than 3 days"


def test_a_feed_that_has_shown_no_rhythm_is_never_called_silent() -> None:
    days = [NOON + timedelta(hours=n) for n in (0, 1, 2)]
    assert learnt_silence("all", days, NOON + timedelta(days=400)) is None


def test_a_lively_feed_has_two_days_at_least() -> None:
    hours = [NOON + timedelta(hours=n) for n in range(10)]
    assert learnt_silence("all", hours, NOON + timedelta(hours=9 + 48)) is None
    assert learnt_silence("all", hours, NOON + timedelta(hours=9 + 49)) is not None
