"""When bounces are too many: a point a day, five are too many, and a good week forgets them."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from digest.delivery.scores import THRESHOLD, is_gone, is_too_much, points

MONDAY = date(2026, 4, 20)


def every(days: int, count: int) -> list[date]:
    return [MONDAY + timedelta(days=days * number) for number in range(count)]


def test_bounces_of_one_day_are_one_point() -> None:
    assert points([MONDAY] * 9, [MONDAY]) == 1


def test_five_days_in_a_row_are_too_many() -> None:
    assert not is_too_much(points(every(1, THRESHOLD - 1), every(1, 30)))
    assert is_too_much(points(every(1, THRESHOLD), every(1, 30)))


def test_more_than_a_week_of_mail_without_a_bounce_forgets_the_points() -> None:
    four = every(1, 4)
    assert points([*four, four[-1] + timedelta(days=7)], every(1, 30)) == 5
    assert points([*four, four[-1] + timedelta(days=8)], every(1, 30)) == 1


def test_a_weekly_reader_has_seven_editions_and_not_seven_days() -> None:
    assert is_too_much(points(every(7, 5), every(7, 30)))
    assert points([MONDAY, MONDAY + timedelta(days=7 * 7)], every(7, 30)) == 2
    assert points([MONDAY, MONDAY + timedelta(days=7 * 8)], every(7, 30)) == 1


@given(st.lists(st.dates(MONDAY, MONDAY + timedelta(days=60))), st.lists(st.dates(MONDAY, MONDAY + timedelta(days=60))))
def test_the_score_depends_on_no_order_and_never_exceeds_the_days(bounced: list[date], editions: list[date]) -> None:
    score = points(bounced, editions)
    assert score == points(bounced[::-1], editions[::-1])
    assert 0 <= score <= len(set(bounced))
    assert (score == 0) == (not bounced)


def test_a_hard_bounce_ends_an_address_the_second_time_or_where_it_never_worked() -> None:
    assert not is_gone(has_worked=True, bounced_before=False)
    assert is_gone(has_worked=True, bounced_before=True)
    assert is_gone(has_worked=False, bounced_before=False)
