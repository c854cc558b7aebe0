"""The only place that knows the time and chance; everything else is handed them."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Gives the current instant as an aware UTC datetime."""


def now() -> datetime:
    """The current instant, aware, in UTC."""
    return datetime.now(UTC)


def fixed(at: datetime) -> Clock:
    """A clock that stands at `at`: for `digest once --now` and tests."""
    if at.tzinfo is None:
        raise ValueError("a clock needs an aware datetime")
    instant = at.astimezone(UTC)
    return lambda: instant


def rng() -> random.Random:
    """A freshly seeded source of chance."""
    return random.Random()


def monotonic() -> float:
    """Seconds of a clock that never steps back, for measuring spans."""
    return time.monotonic()
