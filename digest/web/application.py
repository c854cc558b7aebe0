"""Which address leads where."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from functools import partial
from http import HTTPStatus
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from digest.clock import Clock
from digest.editions.look import BUILT_IN, Look
from digest.errors import DigestError, DiskFull
from digest.seals import Keys
from digest.store.database import Database
from digest.web.archive import Archive
from digest.web.author import AuthorPage
from digest.web.clients import Clients
from digest.web.door import Door, SignUp
from digest.web.feeds import Feeds
from digest.web.guard import Guard
from digest.web.limits import Limits
from digest.web.metrics import Metrics
from digest.web.pages import Pages
from digest.web.paper import PaperPage
from digest.web.preferences import Preferences
from digest.web.public import Public
from digest.web.sample import Sample
from digest.web.subscribe import Subscribe
from digest.web.unsubscribe import Unsubscribe
from digest.web.votes import Votes
from digest.web.webhooks import Hook, Webhooks

_LOG = logging.getLogger("digest.web")
_READY_WITHIN = 5.0  # seconds
_EVERYBODY = SignUp()


def app(  # noqa: PLR0913 - each has a default but the first three
    database: Database,
    keys: Callable[[], Keys],
    clock: Clock,
    *,
    name: str = "Trending Papers",
    overrides: Path | None = None,
    goodbye_from: str = "",
    public_url: str = "http://localhost",
    imprint: str = "",
    hook: Hook | None = None,
    sender: str = "localhost",
    sign_up: SignUp = _EVERYBODY,
    trusted_proxies: Sequence[str] = (),
    language: str = "",
    look: Look = BUILT_IN,
) -> ASGIApp:
    """The readers' pages, with the health checks beside them.

    `keys` gives the signing keys of now; `name` is the digest's name as its mails show it.
    `public_url` is the address under which readers reach the pages; its path is the prefix of every link.
    `hook` says who may report bounces; `goodbye_from` is the domain from which goodbyes are mailed, "" where none are.
    `sender` is that from which links are mailed, "" where none are; `sign_up` says who may subscribe; `trusted_proxies`
    are the addresses whose `X-Forwarded-For` counts. `language` is that of readers who ask for none that
    there is, `look` that of pages and sample.
    """
    pages = Pages(
        name,
        overrides,
        public_url,
        imprint,
        can_subscribe=bool(sender) and sign_up.is_possible,
        language=language,
        look=look,
    )
    pages.compile()
    clients = Clients(trusted_proxies)
    door = Door(database, keys, clock, pages, clients, Limits(clients, clock), sign_up, sender)
    public = Public(database, clock, pages, overrides)
    unsubscribe = Unsubscribe(database, keys, clock, pages, goodbye_from)
    routes = [
        *public.routes(),
        *PaperPage(database, clock, pages, public).routes(),
        *AuthorPage(database, clock, pages).routes(),
        *Feeds(database, pages, public).routes(),
        *Subscribe(door, public.topics).routes(),
        *Preferences(door, public.topics, overrides).routes(),
        *Votes(door).routes(),
        *Archive(door).routes(),
        *Sample(door, public.topics, name, overrides, imprint).routes(),
        Route("/favicon.ico", partial(_icon, pages)),
        Route("/u/{token}", unsubscribe.ask, methods=["GET"]),
        Route("/u/{token}", unsubscribe.end, methods=["POST"]),
        *([Webhooks(database, keys, clock, hook).route] if hook else []),
        *_health_routes(database),
    ]
    return _guarded(routes, pages)


def health(database: Database) -> ASGIApp:
    """For a port of its own: `/livez` (this process answers), `/readyz` (the database answers, has this program's
    revision and room) and `/metrics`."""
    pages = Pages("", None)
    routes = [*_health_routes(database), Route("/metrics", Metrics(database).show)]
    return _guarded(routes, pages)


def _guarded(routes: list[Route], pages: Pages) -> ASGIApp:
    places = {route.path.split("/")[1] for route in routes}
    inner = _starlette(routes, pages)
    return Guard(inner, pages.style_hash, prefix=pages.prefix, places=places, images=pages.image_source)


def _starlette(routes: list[Route], pages: Pages) -> Starlette:
    found = Starlette(
        routes=routes,
        exception_handlers={
            HTTPException: partial(_refused, pages),
            DigestError: partial(_unavailable, pages),
            ClientDisconnect: _gone,
            Exception: partial(_broken, pages),
        },
    )
    # RFC 8058: a redirect would lose the POST.
    found.router.redirect_slashes = False
    return found


def _health_routes(database: Database) -> list[Route]:
    return [Route("/livez", _live), Route("/readyz", partial(_ready, database))]


async def _live(_request: Request) -> Response:
    return PlainTextResponse("alive\n")


async def _ready(database: Database, _request: Request) -> Response:
    from digest.store import migrations

    try:
        async with asyncio.timeout(_READY_WITHIN):
            await asyncio.to_thread(migrations.check, database)
        if database.lacks_space:
            raise DiskFull("the disk of the database is full")
    except (DigestError, TimeoutError) as problem:
        _LOG.warning("not ready: %s", str(problem) or "the database does not answer")
        return PlainTextResponse("not ready\n", status_code=503)
    return PlainTextResponse("ready\n")


async def _icon(pages: Pages, _request: Request) -> Response:
    """For what has no head to name one: feeds, files, and the sample mail."""
    return Response(pages.icon, media_type="image/svg+xml", headers={"Cache-Control": "public, max-age=86400"})


async def _refused(pages: Pages, request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    page = "too_many" if error.status_code == HTTPStatus.TOO_MANY_REQUESTS else "not_found"
    return pages.answer(page, pages.spoken(request), status=error.status_code, headers=error.headers)


async def _unavailable(pages: Pages, request: Request, error: Exception) -> Response:
    _LOG.error("a page could not be served: %s", error)
    return pages.answer("broken", pages.spoken(request), status=503, headers={"Retry-After": "60"})


async def _gone(_request: Request, _error: Exception) -> Response:
    """Whoever left in the middle of a form: nothing of it counts, and nobody hears the answer."""
    return PlainTextResponse("", status_code=400)


async def _broken(pages: Pages, request: Request, _error: Exception) -> Response:
    return pages.answer("broken", pages.spoken(request), status=500)
