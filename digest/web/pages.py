"""The shell of every page: `templates/page/`, one inlined style sheet, links below the public address, caching.

answer   a page for one reader: never stored by anybody (links with tokens, errors, forms)
public   a page for everybody: an ETag, a few minutes in every cache, 304 where nothing changed
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote, urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from digest.editions.language import ENGLISH, Language
from digest.editions.look import ACCENT
from digest.editions.templates import environment

MAX_AGE = 300
"""Seconds for which a public page may be kept by browsers and proxies."""

_SAFE = "/:@!$&()*+,;=~-._"  # what a path may hold besides letters and digits (RFC 3986, pchar) and slashes
_NO_WORDS: Mapping[str, object] = {}


class Pages:
    """Renders pages that bear the digest's `name`, with links that work where readers reach them.

    `public_url` is the address before every path; behind a proxy that serves a folder its path is the prefix.
    """

    def __init__(
        self,
        name: str,
        overrides: Path | None,
        public_url: str = "http://localhost",
        imprint: str = "",
        *,
        can_subscribe: bool = True,
        language: Language = ENGLISH,
        accent: str = ACCENT,
    ):
        self.base = public_url.rstrip("/")
        self.prefix = urlsplit(self.base).path
        self._environment = environment(overrides, language, accent)
        style = self._environment.get_template("page/style.css").render()
        self.style_hash = "sha256-" + b64encode(hashlib.sha256(style.encode()).digest()).decode()
        self._shared: Mapping[str, object] = {
            "can_subscribe": can_subscribe,
            "name": name,
            "imprint": imprint,
            "link": self.link,
            "absolute": self.absolute,
        }

    def link(self, path: str, **query: str | int) -> str:
        """The address of `path` (unquoted, from "/") on this server, as pages link it."""
        told = {key: value for key, value in query.items() if value != ""}
        return f"{self.prefix}{quote(path, safe=_SAFE)}{f'?{urlencode(told)}' if told else ''}"

    def absolute(self, path: str, **query: str | int) -> str:
        """The same with scheme and host, for feeds, mails and previews of links."""
        return self.base[: len(self.base) - len(self.prefix)] + self.link(path, **query)

    def answer(
        self,
        page: str,
        words: Mapping[str, object] = _NO_WORDS,
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> HTMLResponse:
        """The page of that file name as a response that nobody keeps."""
        return HTMLResponse(self._html(page, words), status_code=status, headers=headers)

    def public(self, request: Request, page: str, words: Mapping[str, object] = _NO_WORDS) -> Response:
        """The page of that file name as a response that everybody may keep for a while."""
        return cached(request, self._html(page, {"is_public": True, **words}), "text/html; charset=utf-8")

    def xml(self, page: str, words: Mapping[str, object]) -> str:
        """The text of `templates/page/PAGE.xml`."""
        return self._environment.get_template(f"page/{page}.xml").render({**self._shared, **words})

    def _html(self, page: str, words: Mapping[str, object]) -> str:
        return self._environment.get_template(f"page/{page}.html").render({**self._shared, **words})


def cached(request: Request, body: str, media_type: str) -> Response:
    """A public body with its ETag, or 304 to whoever has it already (RFC 9110, section 13.1.2)."""
    raw = body.encode()
    tag = f'W/"{hashlib.sha256(raw).hexdigest()[:24]}"'
    headers = {"ETag": tag, "Cache-Control": f"public, max-age={MAX_AGE}"}
    known = [one.strip() for one in request.headers.get("if-none-match", "").split(",")]
    if tag in known or "*" in known:
        return Response(status_code=304, headers=headers)
    return Response(raw, media_type=media_type, headers=headers)
