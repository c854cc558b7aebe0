"""`POST /hooks/bounces`: a provider reports bounces and complaints, and proves that it is the provider."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from digest.clock import Clock
from digest.delivery.providers import Read
from digest.seals import Keys
from digest.store import bounces
from digest.store.database import Database

_LOG = logging.getLogger(__name__)
_BODY_LIMIT = 256 * 1024
_PER_SECOND = 50.0


@dataclass(frozen=True, slots=True)
class Hook:
    """Who may post: `read` verifies and reads its reports with `secret`; goodbyes are mailed from `goodbye_from`.

    `burst` posts at once are taken at most, 50 a second in the long run.
    """

    read: Read
    secret: str
    goodbye_from: str = ""
    burst: int = 500


class Webhooks:
    """Answers 200 once the reports are committed, 404 to who proves nothing; a provider tries again after others."""

    def __init__(self, database: Database, keys: Callable[[], Keys], clock: Clock, hook: Hook) -> None:
        self._database, self._keys, self._clock, self._hook = database, keys, clock, hook
        self._allowed, self._counted_at = float(hook.burst), clock()

    @property
    def route(self) -> Route:
        return Route("/hooks/bounces", self.take, methods=["POST"])

    async def take(self, request: Request) -> Response:
        self._admit()
        body = await _body(request)
        headers = {name.lower(): value for name, value in request.headers.items()}
        reports = self._hook.read(body, headers, self._hook.secret, self._clock())
        if reports is None:
            _LOG.warning("a report at the webhook did not prove who it is from")
            raise HTTPException(404)
        learnt = await self._database.run(
            bounces.apply_trusted, self._keys(), reports, self._clock(), self._hook.goodbye_from
        )
        _LOG.info("webhook: %d reports, %d known already", len(reports), learnt.known)
        return PlainTextResponse("taken\n")

    def _admit(self) -> None:
        """A bucket that fills with time: whoever guesses at the secret costs little."""
        now = self._clock()
        passed = max((now - self._counted_at).total_seconds(), 0.0)
        self._allowed, self._counted_at = min(self._hook.burst, self._allowed + passed * _PER_SECOND), now
        if self._allowed < 1:
            raise HTTPException(429, headers={"Retry-After": "10"})
        self._allowed -= 1


async def _body(request: Request) -> bytes:
    parts, size = list[bytes](), 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > _BODY_LIMIT:
            raise HTTPException(413)
        parts.append(chunk)
    return b"".join(parts)
