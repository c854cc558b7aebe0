"""What bounces add up to: when an address gets no more mail. Pure arithmetic over days and verdicts.

A soft bounce is a full mailbox or a server that is down: one point a day at most, and five are too many. Points go
stale: who gets a week's mail, or seven editions where that is longer, without a bounce starts from nothing. A weekly
reader so gets as many chances as a daily one.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from datetime import date

THRESHOLD = 5
STALE_DAYS = 7
STALE_EDITIONS = 7
REFUSED_BY = 3
"""So many of its recipients must report that a domain refuses us: one of them alone can write any report."""


def points(bounced: Iterable[date], editions: Iterable[date]) -> int:
    """The score of an address: days of mails that bounced softly, and the days of all editions sent to it."""
    days, sent = sorted(set(bounced)), sorted(set(editions))
    score = 0
    for number, day in enumerate(days):
        score = 0 if number and is_stale(days[number - 1], day, sent) else score
        score += 1
    return score


def is_stale(last: date, day: date, editions: Sequence[date]) -> bool:
    """Did enough go well between two bounces to forget the first? `editions` is sorted."""
    between = bisect_left(editions, day) - bisect_left(editions, last) - (last in editions)
    return (day - last).days > STALE_DAYS and between >= STALE_EDITIONS


def is_too_much(score: int) -> bool:
    return score >= THRESHOLD


def is_gone(*, has_worked: bool, bounced_before: bool) -> bool:
    """Does a hard bounce end it? At the second edition in a row, since providers do answer "no such user" while their
    directory is down; at once where the address never worked."""
    return bounced_before or not has_worked


def refuses_us(reporters: int) -> bool:
    """Do so many recipients' reports prove that their domain refuses us, and not only one of them?"""
    return reporters >= REFUSED_BY
