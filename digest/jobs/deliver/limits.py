"""How much may leave in a minute: in all, and to one domain. Of one process; several share nothing but the outbox."""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta

from digest.clock import Clock

MINUTE = timedelta(minutes=1)


class Window:
    """At most `most` in any minute; 0 means any number."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._taken: deque[datetime] = deque()

    def free(self, now: datetime) -> int:
        """How many may leave now."""
        while self._taken and not now - MINUTE < self._taken[0] <= now:  # what lies ahead: the clock was set back
            self._taken.popleft()
        return self._most - len(self._taken)

    def take(self, now: datetime) -> None:
        self._taken.append(now)

    def opens_at(self, now: datetime, ahead: int) -> datetime:
        """When there will be room for one more than the `ahead` that wait already."""
        if (free := self.free(now)) > ahead:
            return now
        rounds, place = divmod(ahead - free, self._most)
        return self._taken[place] + (rounds + 1) * MINUTE if place < len(self._taken) else now + (rounds + 1) * MINUTE


class Limits:
    """Messages a minute, in all and to each domain; 0 is no limit."""

    def __init__(self, in_all: int, to_a_domain: int, clock: Clock) -> None:
        self._in_all, self._to_a_domain, self._clock = in_all, to_a_domain, clock
        self._all = Window(in_all)
        self._domains: dict[str, Window] = {}

    @property
    def free(self) -> int | None:
        """How many more messages are worth claiming, None for any number."""
        return self._all.free(self._clock()) if self._in_all else None

    def take(self, domain: str) -> bool:
        """Let one message to a domain leave; False: not in this minute."""
        now = self._clock()
        window = self._domains.setdefault(domain, Window(self._to_a_domain)) if self._to_a_domain else None
        if (self._in_all and self._all.free(now) <= 0) or (window is not None and window.free(now) <= 0):
            return False
        if self._in_all:
            self._all.take(now)
        if window is not None:
            window.take(now)
        return True

    def opens_at(self, domain: str, ahead: int = 0) -> datetime:
        """When the domain has room for one more than the `ahead` that wait already."""
        now = self._clock()
        closed = ([self._all] if self._in_all else []) + [self._domains[domain]] * (domain in self._domains)
        return max((window.opens_at(now, ahead) for window in closed), default=now)
