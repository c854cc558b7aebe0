"""`digest preview --serve`: every mail and page with invented data, for whoever writes templates.

/                      the mails and pages to look at
/mail/NAME             one mail: light and dark, 320 and 600 pixels wide, with and without styles, text and source
/mail/NAME.html        as `?scheme=dark` and `?strip=1` want it; .txt, .eml
/site/…                the pages themselves, over a database of samples
/state/NAME            a page that no address opens: after a button, or refused

A change of any template is seen at once: the pages ask for `/stamp`, and what was read is forgotten. It is for the
developer's own machine, and runs a script of its own, which nothing else here does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser

from jinja2 import TemplateError
from markupsafe import escape
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from digest import assets
from digest.editions import templates
from digest.editions.assemble import Letterhead
from digest.editions.language import own_names
from digest.editions.specimens import SPECIMENS, Specimen
from digest.editions.templates import environment
from digest.web.pages import Pages as Shell
from digest.web.states import STATES

_DARK = "(prefers-color-scheme: dark)"
_NO_CACHE = {"Cache-Control": "no-store"}
_STYLES = re.compile(r"<style>.*?</style>", re.DOTALL)
_INLINE = re.compile(r'\sstyle="[^"]*"')

Pages = Iterable[tuple[str, str]]
"""What a page shows, and its path below `/site`."""


class Reloading:
    """The pages, made anew when a template changed."""

    def __init__(self, make: Callable[[], ASGIApp], stamp: Callable[[], str]) -> None:
        self._make, self._stamp = make, stamp
        self._made: tuple[str, ASGIApp] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        now = self._stamp()
        if self._made is None or self._made[0] != now:
            templates.forget()
            self._made = now, self._make()
        await self._made[1](scope, receive, send)


class Preview:
    """The application. `head` is the installation's, `site` makes its pages, `pages` are those worth a look."""

    def __init__(self, head: Letterhead, site: Callable[[], ASGIApp], pages: Pages) -> None:
        self._head, self._pages = head, tuple(pages)
        self._seen = ""
        self.app: ASGIApp = Starlette(
            routes=[
                Route("/", self.index),
                Route("/stamp", self.stamp),
                Route("/mail/{name}", self.show),
                Route("/state/{name}", self.state),
                Mount("/site", Reloading(site, self.now)),
            ]
        )

    def now(self) -> str:
        """What changes when a template does."""
        folders = [assets.templates(), *([self._head.overrides] if self._head.overrides else [])]
        files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
        return f"{len(files)}-{max((path.stat().st_mtime_ns for path in files), default=0)}"

    async def stamp(self, _request: Request) -> Response:
        return PlainTextResponse(self.now(), headers=_NO_CACHE)

    async def index(self, _request: Request) -> Response:
        return self._page("preview/start.html", {"specimens": SPECIMENS, "pages": self._pages, "states": STATES})

    async def show(self, request: Request) -> Response:
        name, _, ending = request.path_params["name"].partition(".")
        specimen = next((one for one in SPECIMENS if one.name == name), None)
        if specimen is None:
            raise HTTPException(404)
        language = request.query_params.get("language", "")
        if not ending:
            return self._frames(specimen, language)
        try:
            return self._part(self._written(specimen, language), ending, request.query_params)
        except TemplateError as error:
            return _told(error)

    async def state(self, request: Request) -> Response:
        found = next((one for one in STATES if one.name == request.path_params["name"]), None)
        if found is None:
            raise HTTPException(404)
        self._refresh()
        head = self._head
        try:
            shell = Shell(
                head.name, head.overrides, head.public_url, head.imprint, language=head.language, look=head.look
            )
            language = shell.spoken(request, request.query_params.get("language", ""))
            return shell.answer(found.page, language, found.words, status=found.status, headers=_NO_CACHE)
        except TemplateError as error:
            return _told(error)

    def _frames(self, specimen: Specimen, language: str) -> Response:
        languages = own_names(self._head.overrides)
        return self._page("preview/mail.html", {"one": specimen, "language": language, "languages": languages})

    def _written(self, specimen: Specimen, language: str) -> bytes:
        self._refresh()
        return specimen.write(self._head, language)

    def _part(self, raw: bytes, ending: str, asked: Mapping[str, str]) -> Response:
        message = BytesParser(policy=policy.default).parsebytes(raw)
        assert isinstance(message, EmailMessage)
        match ending:
            case "eml":
                return Response(raw, media_type="text/plain; charset=utf-8", headers=_NO_CACHE)
            case "txt":
                text = f"Subject: {message['Subject']}\n\n{_body(message, 'plain')}"
                return PlainTextResponse(text, headers=_NO_CACHE)
            case "html":
                html = _body(message, "html") or f"<pre>{escape(_body(message, 'plain'))}</pre>"
                return HTMLResponse(as_seen(html, asked.get("scheme", ""), asked.get("strip", "")), headers=_NO_CACHE)
        raise HTTPException(404)

    def _page(self, template: str, words: Mapping[str, object]) -> Response:
        self._refresh()
        shared = {"stamp": self.now(), "name": self._head.name}
        html = environment().get_template(template).render({**shared, **words})
        return HTMLResponse(html, headers=_NO_CACHE)

    def _refresh(self) -> None:
        now = self.now()
        if now != self._seen:
            templates.forget()
            self._seen = now


def as_seen(html: str, scheme: str, strip: str) -> str:
    """A mail as a program shows it: in a light or dark scheme, without its style sheet, or without any styles."""
    if strip:
        html = _STYLES.sub("", html)
    if strip == "all":
        html = _INLINE.sub("", html)
    if scheme:
        html = html.replace(_DARK, "all" if scheme == "dark" else "not all")
    return html


def _told(error: TemplateError) -> Response:
    told = f"{type(error).__name__}: {error}"
    return HTMLResponse(f"<!DOCTYPE html><title>Broken</title><pre>{escape(told)}</pre>", status_code=500)


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return str(part.get_content()) if part is not None else ""
