"""Sign-up: what was asked over the web → a mail to the owner of the address, or none.

claim    requests that wait
work     nothing: the answer is a row of the outbox
settle   the confirmations and links that may be mailed; what became of each request; those of yesterday go

Killed at any point: the requests still wait. Twice is harmless: an answered request is not answered again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from digest.store import asked
from digest.store.database import Connection

_BATCH = 100


class SignUp:
    """The job. `domain` is that of the sender of its mails."""

    name = "sign-up"

    def __init__(self, domain: str) -> None:
        self._domain = domain

    def claim(self, connection: Connection, now: datetime) -> list[int] | None:
        waiting = asked.unanswered(connection, _BATCH)
        return waiting if waiting or asked.has_old(connection, now) else None

    async def work(self, claim: Sequence[int]) -> Sequence[int]:
        return claim

    def settle(self, connection: Connection, claim: Sequence[int], result: Sequence[int], now: datetime) -> None:  # noqa: ARG002
        asked.answer(connection, result, now, self._domain)
