"""How often one network may post: in the memory of this process, by the minute.

What is to hold across processes and restarts, sign-ups above all, is counted in the database (`store.asked`).
Unsubscribing is not limited: a mailbox provider presses the button for many readers from one address, each press
needs a genuine token, and the second one changes nothing.
"""

from __future__ import annotations

from datetime import datetime

from starlette.exceptions import HTTPException
from starlette.requests import Request

from digest.clock import Clock
from digest.web.clients import Clients

_MOST_NETWORKS = 20_000  # remembered; more at once are a flood, and are counted anew


class Limits:
    """Counts the posts of each network within the running minute."""

    def __init__(self, clients: Clients, clock: Clock, per_minute: int = 240) -> None:
        self._clients, self._clock, self._most = clients, clock, per_minute
        self._minute: datetime | None = None
        self._counts: dict[str, int] = {}

    def count(self, request: Request) -> None:
        """Raises HTTPException 429 from the first post too many on, until the minute is over."""
        minute = self._clock().replace(second=0, microsecond=0)
        if minute != self._minute or len(self._counts) >= _MOST_NETWORKS:
            self._minute, self._counts = minute, {}
        network = self._clients.origin(request).network
        self._counts[network] = self._counts.get(network, 0) + 1
        if self._counts[network] > self._most:
            raise HTTPException(429, headers={"Retry-After": "60"})
