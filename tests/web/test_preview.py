"""The developer's preview: every specimen in every view, the pages beside it, and a change seen at once."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp

from digest import assets
from digest.editions.assemble import Letterhead
from digest.editions.specimens import SPECIMENS
from digest.web.preview import Preview, as_seen
from digest.web.states import STATES

HEAD = Letterhead("Trending Papers <digest@example.org>", {1: bytes(32)}, "http://127.0.0.1:8090/site")
_PAGES = [("Trending", "/"), ("A <page>", "/topics?a=b&c=d")]


def _site() -> ASGIApp:
    return PlainTextResponse("the pages")


def ask(head: Letterhead, talk: Callable[[httpx.AsyncClient], Awaitable[None]]) -> None:
    async def run() -> None:
        transport = httpx.ASGITransport(Preview(head, _site, _PAGES).app)
        async with httpx.AsyncClient(transport=transport, base_url="http://preview") as client:
            await talk(client)

    asyncio.run(run())


def test_the_first_page_leads_to_every_mail_and_page() -> None:
    async def talk(client: httpx.AsyncClient) -> None:
        html = (await client.get("/")).text
        for one in SPECIMENS:
            assert f'href="/mail/{one.name}"' in html
        assert 'href="/site/topics?a=b&amp;c=d">A &lt;page&gt;<' in html
        assert (await client.get("/site/topics")).text == "the pages"

    ask(HEAD, talk)


def test_a_mail_is_shown_in_every_view_and_language() -> None:
    async def talk(client: httpx.AsyncClient) -> None:
        frames = (await client.get("/mail/full")).text
        assert frames.count("<iframe") == 7
        for link in re.findall(r'src="([^"]+)"', frames):
            assert (await client.get(link.replace("&amp;", "&"))).status_code == 200
        assert "Abbestellen" in (await client.get("/mail/note.txt?language=de")).text
        assert (await client.get("/mail/full.eml")).text.startswith("From: Trending Papers")
        assert (await client.get("/mail/text-only.html")).text.startswith("<pre>")

    ask(HEAD, talk)


def test_every_state_of_a_page_is_shown_in_every_language() -> None:
    async def talk(client: httpx.AsyncClient) -> None:
        start = (await client.get("/")).text
        for one in STATES:
            assert f'href="/state/{one.name}"' in start
            answer = await client.get(f"/state/{one.name}?language=de")
            assert answer.status_code == one.status
            assert '<html lang="de"' in answer.text
        assert "Look into your inbox" in (await client.get("/state/asked")).text

    ask(HEAD, talk)


def test_every_template_of_a_page_is_reached_by_a_state_or_an_address() -> None:
    by_address = {
        *("archive", "author", "edition", "erase", "index", "list", "manage", "not_found", "paper", "preferences"),
        *("sample", "search", "subscribe", "topics", "unsubscribe", "vote"),
    }
    parts = {"layout", "papers", "search_box", "subscribe_box"}
    pages = {path.stem for path in (assets.templates() / "page").glob("*.html")}
    assert pages - by_address - parts == {one.page for one in STATES} - by_address


@pytest.mark.parametrize("path", ["/state/nothing", "/mail/nothing", "/mail/nothing.html", "/mail/full.exe"])
def test_what_there_is_not_is_not_found(path: str) -> None:
    async def talk(client: httpx.AsyncClient) -> None:
        assert (await client.get(path)).status_code == 404

    ask(HEAD, talk)


def test_a_saved_template_is_seen_at_once_and_a_broken_one_says_why(tmp_path: Path) -> None:
    own = tmp_path / "goodbye" / "subject.txt"
    own.parent.mkdir()
    own.write_text("So long\n")

    async def talk(client: httpx.AsyncClient) -> None:
        before = (await client.get("/stamp")).text
        assert "Subject: So long" in (await client.get("/mail/goodbye.txt")).text
        own.write_text("Farewell\n")
        os.utime(own, ns=(2**62, 2**62))
        assert (await client.get("/stamp")).text != before
        assert "Subject: Farewell" in (await client.get("/mail/goodbye.txt")).text
        own.write_text("{{ <nobody> }}")
        os.utime(own, ns=(2**62 + 1, 2**62 + 1))
        broken = await client.get("/mail/goodbye.html")
        assert broken.status_code == 500
        assert "TemplateSyntaxError" in broken.text

    ask(replace(HEAD, overrides=tmp_path), talk)


def test_a_scheme_is_forced_and_styles_are_dropped() -> None:
    html = '<style>@media (prefers-color-scheme: dark) { a {} }</style><p style="color:red">x</p>'
    assert "@media all {" in as_seen(html, "dark", "")
    assert "@media not all {" in as_seen(html, "light", "")
    assert as_seen(html, "", "1") == '<p style="color:red">x</p>'
    assert as_seen(html, "", "all") == "<p>x</p>"
