"""The end of a subscription: a page with a button, and the POST that the button and mail programs send."""

from __future__ import annotations

from collections.abc import Callable

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from digest.clock import Clock
from digest.editions.links import UNSUBSCRIBE, Keys, verify
from digest.store import subscriptions
from digest.store.database import Database
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
        """The page with the button. It looks nothing up: what it shows is the same for everybody."""
        self._subscriber_id(request)
        return self._pages.answer("unsubscribe")

    async def end(self, request: Request) -> Response:
        """Unsubscribe, however often it is asked, in one transaction that is committed before the answer.

        The body is read and not judged: RFC 8058 sends `List-Unsubscribe=One-Click`, urlencoded or multipart, the
        page's button sends its own field, and whoever sends neither with a genuine token means the same.
        """
        subscriber_id = self._subscriber_id(request)
        await _drain(request)
        await self._database.run(subscriptions.end, subscriber_id, self._clock(), self._goodbye_from)
        return self._pages.answer("unsubscribed")

    def _subscriber_id(self, request: Request) -> int:
        found = verify(self._keys(), UNSUBSCRIBE, request.path_params["token"])
        if found is None:
            raise HTTPException(404)
        return found


async def _drain(request: Request) -> None:
    """Read the body away, or the connection could not be used again."""
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > _BODY_LIMIT:
            raise HTTPException(413)
