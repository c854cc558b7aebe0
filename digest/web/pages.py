"""The shell of every page: `templates/page/`, one inlined style sheet, links below the public address, caching.

answer   a page for one reader: never stored by anybody (links with tokens, errors, forms)
public   a page for everybody: an ETag, a few minutes in every cache, 304 where nothing changed

A page is in the language of whoever chose one, else in that of the request, as far as there is a catalog of it. Nothing
remembers it but the request itself: no cookie, no address of its own. So caches are told that it varies.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote, urlencode, urlsplit

from jinja2 import TemplateError
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from digest.editions.language import Language, preferred
from digest.editions.language import language as language_of
from digest.editions.look import BUILT_IN, Look
from digest.editions.render import look_words
from digest.editions.templates import environment

MAX_AGE = 300
"""Seconds for which a public page may be kept by browsers and proxies."""

VARY = {"Vary": "Accept-Language"}

_SAFE = "/:@!$&()*+,;=~-._"  # what a path may hold besides letters and digits (RFC 3986, pchar) and slashes
_ICON_SAFE = "/:=() "
_HOST = re.compile(r"[A-Za-z0-9.-]+(?::\d{1,5})?").fullmatch
_NO_WORDS: Mapping[str, object] = {}


class Pages:
    """Renders pages that bear the digest's `name`, with links that work where readers reach them.

    `public_url` is the address before every path; behind a proxy that serves a folder its path is the prefix.
    `language` is that of readers whose browser asks for none that there is.
    """

    def __init__(
        self,
        name: str,
        overrides: Path | None,
        public_url: str = "http://localhost",
        imprint: str = "",
        *,
        can_subscribe: bool = True,
        language: str = "",
        look: Look = BUILT_IN,
    ):
        self.base = public_url.rstrip("/")
        self.prefix = urlsplit(self.base).path
        self.look, self._overrides = look, overrides
        self._default = language_of(language, overrides)
        templates = environment(overrides, self._default, look.accent)
        style = templates.get_template("page/style.css").render()
        self.style_hash = "sha256-" + b64encode(hashlib.sha256(style.encode()).digest()).decode()
        self.icon = templates.get_template("page/icon.svg").render().strip()
        self._shared: Mapping[str, object] = {
            "can_subscribe": can_subscribe,
            "name": name,
            "imprint": imprint,
            "icon": f"data:image/svg+xml,{quote(self.icon, safe=_ICON_SAFE)}",
            "link": self.link,
            "absolute": self.absolute,
            **look_words(look),
        }

    def compile(self) -> None:
        """Make every template ready, so that no first reader waits for it; a broken one fails where it is asked for."""
        templates = environment(self._overrides, self._default, self.look.accent)
        for name in templates.list_templates():
            if name.startswith("page/") and name.endswith((".html", ".xml")):
                with contextlib.suppress(TemplateError):
                    templates.get_template(name)

    @property
    def image_source(self) -> str:
        """From where the pages may load a picture: only the logo comes from elsewhere."""
        logo = urlsplit(self.look.logo)
        return f" {logo.scheme}://{logo.netloc}" if logo.scheme == "https" and _HOST(logo.netloc) else ""

    def spoken(self, request: Request, chosen: str = "") -> Language:
        """The language to answer in: the code that somebody chose, else what the request asks for."""
        if chosen:
            return language_of(chosen, self._overrides)
        return preferred(",".join(request.headers.getlist("accept-language")), self._default, self._overrides)

    def usual(self, chosen: str = "") -> Language:
        """The language of somebody who chose this one, or none, where no request tells more."""
        return language_of(chosen, self._overrides) if chosen else self._default

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
        language: Language,
        words: Mapping[str, object] = _NO_WORDS,
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> HTMLResponse:
        """The page of that file name as a response that nobody keeps."""
        told = {"Content-Language": language.code, **VARY, **(headers or {})}
        return HTMLResponse(self._rendered(f"{page}.html", language, words), status_code=status, headers=told)

    def public(
        self, request: Request, page: str, language: Language, words: Mapping[str, object] = _NO_WORDS
    ) -> Response:
        """The page of that file name as a response that everybody may keep for a while."""
        html = self._rendered(f"{page}.html", language, {"is_public": True, **words})
        return cached(request, html, "text/html; charset=utf-8", language)

    def xml(self, page: str, language: Language, words: Mapping[str, object]) -> str:
        """The text of `templates/page/PAGE.xml`."""
        return self._rendered(f"{page}.xml", language, words)

    def _rendered(self, file: str, language: Language, words: Mapping[str, object]) -> str:
        templates = environment(self._overrides, language, self.look.accent)
        return templates.get_template(f"page/{file}").render({**self._shared, **words})


def cached(request: Request, body: str, media_type: str, language: Language) -> Response:
    """A public body with its ETag, or 304 to whoever has it already (RFC 9110, section 13.1.2)."""
    raw = body.encode()
    tag = f'W/"{hashlib.sha256(raw).hexdigest()[:24]}"'
    headers = {"ETag": tag, "Cache-Control": f"public, max-age={MAX_AGE}", "Content-Language": language.code, **VARY}
    known = [one.strip() for one in request.headers.get("if-none-match", "").split(",")]
    if tag in known or "*" in known:
        return Response(status_code=304, headers=headers)
    return Response(raw, media_type=media_type, headers=headers)
