"""What holds for every response, errors included: strict headers, and a log line that names no token.

A page that says nothing of caching is kept by nobody and shown by no search engine; public pages say it themselves.
"""

from __future__ import annotations

import logging
from collections.abc import Collection

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_LOG = logging.getLogger("digest.web.access")
_PRIVATE = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow"}


class Guard:
    """An ASGI application around another.

    `prefix` is the folder below which a proxy serves us, taken off where the proxy leaves it on; `places` are the
    first names of our paths, which the log may show; `images` are further places that pictures come from (" https://…").
    """

    def __init__(
        self, inner: ASGIApp, style_hash: str, *, prefix: str = "", places: Collection[str] = (), images: str = ""
    ) -> None:
        self._inner, self._prefix, self._places = inner, prefix, frozenset(places)
        self._headers = {
            # One inlined style sheet, known by its hash, an inlined icon, and forms to ourselves; nothing else.
            "Content-Security-Policy": f"default-src 'none'; style-src '{style_hash}'; img-src data:{images}; "
            "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Permissions-Policy": "interest-cohort=()",
        }

    @property
    def inner(self) -> ASGIApp:
        """What is guarded."""
        return self._inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return

        scope = self._below_prefix(scope)

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)  # a page may need another policy, such as the sample mail
                if "cache-control" not in headers:
                    headers.update(_PRIVATE)
                _LOG.info("%s %s %d", scope["method"], logged_path(scope["path"], self._places), message["status"])
            await send(message)

        await self._inner(scope, receive, send_guarded)

    def _below_prefix(self, scope: Scope) -> Scope:
        path: str = scope["path"]
        if not self._prefix or not f"{path}/".startswith(f"{self._prefix}/"):
            return scope
        return {**scope, "path": path[len(self._prefix) :] or "/"}


def logged_path(path: str, places: Collection[str]) -> str:
    """`path` as the log may know it: its first name where it is one of `places`; tokens and words become "…"."""
    first, slash, rest = path.removeprefix("/").partition("/")
    if first and first not in places:
        return "/…"
    return f"/{first}{'/…' if slash and rest else ''}"
