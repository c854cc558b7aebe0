"""What holds for every response, errors included: strict headers, and a log line that names no token."""

from __future__ import annotations

import logging

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_LOG = logging.getLogger("digest.web.access")
_LOGGED = ("/", "/livez", "/readyz")


class Guard:
    """An ASGI application around another."""

    def __init__(self, inner: ASGIApp, style_hash: str) -> None:
        self._inner = inner
        self._headers = {
            # One inlined style sheet, known by its hash, and forms to ourselves; nothing else.
            "Content-Security-Policy": f"default-src 'none'; style-src '{style_hash}'; form-action 'self'; "
            "base-uri 'none'; frame-ancestors 'none'",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
            "X-Robots-Tag": "noindex, nofollow",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Permissions-Policy": "interest-cohort=()",
            "Cache-Control": "no-store",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self._headers)
                _LOG.info("%s %s %d", scope["method"], logged_path(scope["path"]), message["status"])
            await send(message)

        await self._inner(scope, receive, send_guarded)


def logged_path(path: str) -> str:
    """`path` as the log may know it: tokens, and whatever else strangers write, become "…"."""
    if path in _LOGGED:
        return path
    return "/u/…" if path.startswith("/u/") else "/…"
