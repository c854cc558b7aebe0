"""One request per host at a time, and a pause between two; shared by everything in the process that fetches."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Protocol

from digest import clock

# https://info.arxiv.org/help/api/tou.html: OAI-PMH, RSS and API together, at most one request every three
# seconds and a single connection at a time, for all machines under one's control.
_FAMILIES = {"arxiv.org": 3.0}
_STRANGERS = 1.0


def family(host: str) -> str:
    """The hosts that share one pace: all of arxiv.org are one, every other host is its own."""
    name = host.lower().rstrip(".")
    return next((known for known in _FAMILIES if name == known or name.endswith("." + known)), name)


class Turns(Protocol):
    """Who knows of the other processes and machines that ask the same service, a database for one."""

    async def take(self, family: str) -> float:
        """0: it is our turn, until it is given back or a minute or two have passed. Otherwise seconds to wait."""

    async def give_back(self, family: str, pause: float) -> None:
        """The request is over; the next may follow after `pause` seconds."""


class Pace:
    """`async with pace.turn(host):` waits for the host's turn and holds it.

    Families that count all our machines as one client also wait for `turns`, where it is given.
    """

    def __init__(
        self,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        monotonic: Callable[[], float] = clock.monotonic,
        turns: Turns | None = None,
    ) -> None:
        self._sleep = sleep
        self._monotonic = monotonic
        self._shared = turns
        self._turns: dict[str, asyncio.Lock] = {}
        self._ended: dict[str, float] = {}

    @asynccontextmanager
    async def turn(self, host: str, *, is_ours: bool = False) -> AsyncIterator[None]:
        """Seconds since the end of the previous request count; a host of the admin's own needs no pause."""
        name = family(host)
        async with self._turns.setdefault(name, asyncio.Lock()):
            pause = 0.0 if is_ours else _FAMILIES.get(name, _STRANGERS)
            left = self._ended.get(name, float("-inf")) + pause - self._monotonic()
            if left > 0:
                await self._sleep(left)
            shared = self._shared if name in _FAMILIES and not is_ours else None
            while shared and (left := await shared.take(name)) > 0:
                await self._sleep(left)
            try:
                yield
            finally:
                self._ended[name] = self._monotonic()
                if shared:
                    await shared.give_back(name, pause)
