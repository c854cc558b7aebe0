"""Which address leads where."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from digest.clock import Clock
from digest.editions.links import Keys
from digest.errors import DigestError
from digest.store.database import Database
from digest.web.guard import Guard
from digest.web.metrics import Metrics
from digest.web.pages import Pages
from digest.web.unsubscribe import Unsubscribe

_LOG = logging.getLogger("digest.web")
_READY_WITHIN = 5.0  # seconds


def app(
    database: Database,
    keys: Callable[[], Keys],
    clock: Clock,
    *,
    name: str = "Trending Papers",
    overrides: Path | None = None,
) -> ASGIApp:
    """The readers' pages, with the health checks beside them.

    `keys` gives the signing keys of now; `name` is the digest's name as its mails show it.
    """
    pages = Pages(name, overrides)
    unsubscribe = Unsubscribe(database, keys, clock, pages)
    routes = [
        Route("/", partial(_index, pages)),
        Route("/u/{token}", unsubscribe.ask, methods=["GET"]),
        Route("/u/{token}", unsubscribe.end, methods=["POST"]),
        *_health_routes(database),
    ]
    return Guard(_starlette(routes, pages), pages.style_hash)


def health(database: Database) -> ASGIApp:
    """For a port of its own: `/livez` (this process answers), `/readyz` (the database answers and has this program's
    revision) and `/metrics`."""
    pages = Pages("", None)
    routes = [*_health_routes(database), Route("/metrics", Metrics(database).show)]
    return Guard(_starlette(routes, pages), pages.style_hash)


def _starlette(routes: list[Route], pages: Pages) -> Starlette:
    found = Starlette(
        routes=routes,
        exception_handlers={
            HTTPException: partial(_refused, pages),
            DigestError: partial(_unavailable, pages),
            Exception: partial(_broken, pages),
        },
    )
    # RFC 8058: a redirect would lose the POST.
    found.router.redirect_slashes = False
    return found


def _health_routes(database: Database) -> list[Route]:
    return [Route("/livez", _live), Route("/readyz", partial(_ready, database))]


async def _index(pages: Pages, _request: Request) -> Response:
    return pages.answer("index")


async def _live(_request: Request) -> Response:
    return PlainTextResponse("alive\n")


async def _ready(database: Database, _request: Request) -> Response:
    from digest.store import migrations

    try:
        async with asyncio.timeout(_READY_WITHIN):
            await asyncio.to_thread(migrations.check, database)
    except (DigestError, TimeoutError) as problem:
        _LOG.warning("not ready: %s", str(problem) or "the database does not answer")
        return PlainTextResponse("not ready\n", status_code=503)
    return PlainTextResponse("ready\n")


async def _refused(pages: Pages, _request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return pages.answer("not_found", status=error.status_code, headers=error.headers)


async def _unavailable(pages: Pages, _request: Request, error: Exception) -> Response:
    _LOG.error("a page could not be served: %s", error)
    return pages.answer("broken", status=503, headers={"Retry-After": "60"})


async def _broken(pages: Pages, _request: Request, _error: Exception) -> Response:
    return pages.answer("broken", status=500)
