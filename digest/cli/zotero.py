"""Reading a whole library from Zotero's Web API, page by page, as slowly as it asks."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from digest.config import Settings
from digest.errors import DigestError
from digest.exchange import Fetched, NotModified, Outcome, Request, Response, Unavailable
from digest.model import Rejection
from digest.references import Library, zotero

Fetch = Callable[[Request], Awaitable[Outcome]]
Sleep = Callable[[float], Awaitable[None]]

_ATTEMPTS = 5  # of one page that is refused for a while
_PASSING = ("HTTP 429", "HTTP 5")  # what is over after a while; a wrong address or a refused connection is not
_FIRST_WAIT = 2.0  # seconds, where the service names none; doubled at each attempt


def library_of_account(settings: Settings, account: str, key_file: Path | None, base_url: str) -> Library:
    """The whole library.

    Raises:
        UsageError: `account` is none.
        DigestError: it cannot be read; the text says why.
    """
    from digest import wiring

    request = zotero.first(zotero.account(account), _key(key_file), base_url)
    fetcher = wiring.fetcher(settings)
    return asyncio.run(read_all(request, lambda one: fetcher.fetch(one, None), asyncio.sleep))


async def read_all(request: Request, fetch: Fetch, sleep: Sleep) -> Library:
    """All pages from the first one on; a page that is missing at the end is told.

    Raises:
        DigestError: a page cannot be had.
    """
    library, items, total, following = Library(), 0, None, request
    while True:
        page = zotero.read_page(following, await _page(following, fetch, sleep))
        library, items, total = library + page.library, items + page.items, page.total
        if page.following is None:
            break
        following = page.following
        if page.wait:
            await sleep(page.wait.total_seconds())
    if total is not None and items < total:
        told = f"{items:,} of {total:,} items came: the library changed meanwhile, import it again"
        library += Library(rejections=(Rejection(f"zotero {request.feed}", None, told),))
    return library


async def _page(request: Request, fetch: Fetch, sleep: Sleep) -> Response:
    wait = _FIRST_WAIT
    for attempt in range(1, _ATTEMPTS + 1):
        outcome = await fetch(request)
        match outcome:
            case Fetched(response):
                return response
            case NotModified():
                reason = "not modified, though nothing was asked for before"
            case Unavailable(reason, retry_after):
                if retry_after is not None:
                    wait = retry_after.total_seconds()
                elif not reason.startswith(_PASSING):
                    break
        if attempt < _ATTEMPTS:
            await sleep(wait)
            wait *= 2
    raise DigestError(f"Zotero cannot be read: {reason}; nothing was imported, try again later")


def _key(file: Path | None) -> str:
    if file is None:
        return ""
    try:
        key = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise DigestError(f"{file}: the key cannot be read: {error}") from error
    if not key.isascii() or not key.isalnum():
        raise DigestError(f"{file}: no key of Zotero's: it is one word of letters and digits")
    return key
