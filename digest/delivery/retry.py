"""When to try again: 5, 15, 30 minutes, 1, 2, 4, 8 hours, each up to a fifth longer by chance, then never.

The jitter is only ever added: a greylisting server that wants five minutes gets five minutes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, assert_never

from digest.delivery.replies import (
    Accepted,
    Ambiguous,
    Blame,
    Deferred,
    Rejected,
    Reply,
    Unavailable,
    Unsendable,
    Withdrawn,
)

DELAYS = tuple(timedelta(minutes=minutes) for minutes in (5, 15, 30, 60, 120, 240, 480))
JITTER = 0.2
PROBE = timedelta(minutes=1)
AUTH_PROBE = timedelta(minutes=15)  # providers lock accounts that keep trying a wrong password


class Chance(Protocol):
    """A `random.Random`, or anything else that gives numbers in [0, 1)."""

    def random(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Done:
    """Nothing more is to be done."""


@dataclass(frozen=True, slots=True)
class Retry:
    at: datetime


@dataclass(frozen=True, slots=True)
class GiveUp:
    reason: str


Decision = Done | Retry | GiveUp


def decide(reply: Reply, attempts: int, now: datetime, rng: Chance) -> Decision:
    """What follows from a reply to the `attempts`-th attempt (1 for the first).

    `Retry.at` is always after `now`. Every reply but Unavailable, which consumes no attempt, ends after
    `len(DELAYS) + 1` attempts.
    """
    match reply:
        case Accepted() | Withdrawn():
            return Done()
        case Unavailable(is_auth=is_auth):
            return Retry(now + (AUTH_PROBE if is_auth else PROBE))
        case Rejected(text=text, blame=blame) if blame is not Blame.OURS:
            return GiveUp(text)
        case Rejected(text=text) | Deferred(text=text) | Ambiguous(text=text) | Unsendable(text=text):
            return _later(text, attempts, now, rng)
    assert_never(reply)


def _later(text: str, attempts: int, now: datetime, rng: Chance) -> Retry | GiveUp:
    if attempts > len(DELAYS):
        return GiveUp(f"gave up after {attempts} attempts: {text}")
    return Retry(now + DELAYS[max(attempts, 1) - 1] * (1 + JITTER * rng.random()))
