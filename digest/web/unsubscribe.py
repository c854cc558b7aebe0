"""The end of a subscription: a page with a button, and the POST that the button and mail programs send."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from digest.clock import Clock
from digest.editions.links import UNSUBSCRIBE, verify
from digest.seals import Keys
from digest.store import subscriptions
from digest.store.database import Connection, Database
from digest.store.profiles import chosen_language
from digest.web.pages import Pages

_BODY_LIMIT = 64 * 1024


class Unsubscribe:
    """`/u/TOKEN`. The token says who; it never expires and can do nothing else."""

    def __init__(
        self, database: Database, keys: Callable[[], Keys], clock: Clock, pages: Pages, goodbye_from: str = ""
    ) -> None:
        self._database, self._keys, self._clock, self._pages = database, keys, clock, pages
        self._goodbye_from = goodbye_from

    async def ask(self, request: Request) -> Response:
        """The page with the button. It looks nothing up but the language: what it says is the same for everybody."""
        chosen = await self._database.read(chosen_language, self._subscriber_id(request))
        return self._pages.answer("unsubscribe", self._pages.spoken(request, chosen))

    async def end(self, request: Request) -> Response:
        """Unsubscribe, however often it is asked, in one transaction that is committed before the answer.

        The body is read and not judged: RFC 8058 sends `List-Unsubscribe=One-Click`, urlencoded or multipart, the
        page's button sends its own field, and whoever sends neither with a genuine token means the same.
        """
        subscriber_id = self._subscriber_id(request)
        await _drain(request)
        chosen = await self._database.run(_end, subscriber_id, self._clock(), self._goodbye_from)
        return self._pages.answer("unsubscribed", self._pages.spoken(request, chosen))

    def _subscriber_id(self, request: Request) -> int:
        found = verify(self._keys(), UNSUBSCRIBE, request.path_params["token"])
        if found is None:
            raise HTTPException(404)
        return found


def _end(connection: Connection, subscriber_id: int, now: datetime, goodbye_from: str) -> str:
    """Unsubscribe; the language that they chose."""
    subscriptions.end(connection, subscriber_id, now, goodbye_from)
    return chosen_language(connection, subscriber_id)


async def _drain(request: Request) -> None:
    """Read the body away, or the connection could not be used again."""
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > _BODY_LIMIT:
            raise HTTPException(413)
