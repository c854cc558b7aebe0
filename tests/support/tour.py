"""A walk in a browser through every page that an installation shows, to everybody and to one reader."""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import unescape
from pathlib import Path
from urllib.parse import quote

import httpx
from playwright.async_api import Browser, Page, Response

from digest.editions.links import ARCHIVE, PREFERENCES, UNSUBSCRIBE, sign, sign_until
from digest.model import Schedule
from digest.store import editions, profiles, shelf, subscribers
from digest.store.database import Connection
from digest.store.shelf import Kind
from tests.support.axe import grave
from tests.support.browser import Heard, tab
from tests.support.house import House, html_of, running

WIDTHS = (320, 600, 1200)
READER = "ada@example.org"
"""Somebody with interests, a digest of today, a vote and a saved paper."""
SECOND = "cleo@example.org"
"""Somebody who asked to subscribe and has not yet confirmed."""


@dataclass(frozen=True)
class Stop:
    """A page: its path, what to write into the field for an address and to press there to see what follows, and the
    status that it then has."""

    name: str
    path: str
    press: str = ""
    address: str = ""
    status: int = 200


@dataclass(frozen=True)
class Seen:
    """What was found at a stop. `too_wide` are the widths at which one would have to scroll sideways."""

    name: str
    is_right: bool  # its status is that of the stop
    weight: int
    strangers: list[str]
    complaints: list[str]
    too_wide: list[int]
    light: list[str]
    dark: list[str]


@dataclass(frozen=True)
class Reader:
    """Ada, and the digest in her inbox."""

    id: int
    edition_id: int
    paper: str  # the key of the first paper in it
    author: str
    mail: str
    confirm: str  # the path of the link by which somebody else may subscribe


@contextlib.asynccontextmanager
async def settled(folder: Path) -> AsyncIterator[tuple[House, Reader]]:
    """A running installation on the third day of the samples, with a reader who got a digest."""
    async with running(folder) as house:
        reader_id = house.database.run_sync(_subscribe, house.now)
        async with httpx.AsyncClient() as another:
            await another.post(f"{house.base}/subscribe", data={"email": SECOND})
        await house.work(house.now + timedelta(days=1, hours=2))
        found = house.database.run_sync(_feed_back, reader_id, house.now)
        inboxes = {mail["To"]: html_of(mail) for mail in house.mails()}
        confirm = house.path(link_in(inboxes[SECOND], "Confirm the subscription"))
        yield house, Reader(reader_id, *found, inboxes[READER], confirm)


def _subscribe(connection: Connection, now: datetime) -> int:
    person = subscribers.add(connection, READER, "Ada", Schedule(), 8, "admin", now, now)
    wanted, categories = ("language model", "segmentation"), ("cs.CV", "cs.CL", "cs.LG")
    profiles.set_profile(connection, person.id, keywords=wanted, categories=categories)
    return person.id


def _feed_back(connection: Connection, reader_id: int, now: datetime) -> tuple[int, str, str]:
    """Like one paper, save another, mute a word; the digest's number, and a paper and an author in it."""
    edition = editions.latest_edition(connection, reader_id)
    assert edition is not None
    first, second, *_ = (pick.facts for pick in edition.picks)
    profiles.like(connection, reader_id, [first.paper_id], now)
    shelf.mark(connection, reader_id, [second.paper_id], Kind.SAVED, now)
    profiles.mute(connection, reader_id, words=["blockchain"])
    return edition.id, first.key, first.authors[0]


def stops(house: House, reader: Reader) -> list[Stop]:
    """Every kind of page, those that end something last."""
    until = house.now + timedelta(hours=1)
    own = f"/preferences/{sign_until(house.keys, PREFERENCES, reader.id, until)}"
    archive = f"/archive/{sign_until(house.keys, ARCHIVE, reader.id, until)}"
    vote = house.path(link_in(reader.mail, "More like this"))
    gone = f"/preferences/{sign_until(house.keys, PREFERENCES, reader.id, house.now - timedelta(hours=1))}"
    return [
        Stop("landing page", "/"),
        Stop("topics", "/topics"),
        Stop("one topic", "/topics/language-models"),
        Stop("category", "/c/cs.CV"),
        Stop("search", "/search?q=language+model"),
        Stop("search in vain", "/search?q=xyzzy"),
        Stop("paper", f"/p/{quote(reader.paper)}"),
        Stop("author", f"/a/{quote(reader.author)}"),
        Stop("not found", "/nowhere", status=404),
        Stop("paper not found", "/p/arxiv:2603.99999", status=404),
        Stop("sample form", "/sample"),
        Stop("sample digest", "/sample?topic=language-models"),
        Stop("subscribe", "/subscribe"),
        Stop("subscribe, wrong", "/subscribe", "Subscribe", "a..b@example.org", 422),
        Stop("asked to subscribe", "/subscribe", "Subscribe", "bo@example.org"),
        Stop("manage", "/manage"),
        Stop("expired", gone, status=410),
        Stop("preferences", own),
        Stop("archive", archive),
        Stop("edition", f"{archive}/{reader.edition_id}"),
        Stop("vote", vote),
        Stop("erase", f"{own}/erase"),
        Stop("unsubscribe", f"/u/{sign(house.keys, UNSUBSCRIBE, reader.id)}"),
        Stop("confirm", reader.confirm),
        Stop("confirmed", reader.confirm, "Confirm"),
        Stop("confirmed twice", reader.confirm, status=410),
        Stop("voted", vote, "More like this"),
        Stop("wrong preferences", own, "Change", "a..b@example.org", 422),
    ]


def link_in(html: str, text: str) -> str:
    """Where the first link with this text leads."""
    found = re.search(rf'<a [^>]*href="([^"]+)"[^>]*>{re.escape(text)}</a>', html)
    assert found is not None, f"no link {text!r}"
    return unescape(found[1])


async def walk(browser: Browser, house: House, reader: Reader) -> list[Seen]:
    """All pages, then the digest itself as a mail program shows it."""
    async with tab(browser) as (page, heard):
        seen = [await _look(page, heard, house, stop) for stop in stops(house, reader)]
        await page.goto("about:blank")
        await page.set_content(reader.mail)
        return [*seen, await _examine(page, heard, house, Stop("digest mail", ""))]


async def _look(page: Page, heard: Heard, house: House, stop: Stop) -> Seen:
    heard.requests.clear()
    heard.complaints.clear()
    answer = await page.goto(house.base + stop.path)
    if stop.press:
        if stop.address:
            await page.locator("input[type=email]").fill(stop.address)
        async with page.expect_navigation() as navigation:
            await page.get_by_role("button", name=stop.press).click()
        answer = await navigation.value
    assert answer is not None
    return await _examine(page, heard, house, stop, answer)


async def _examine(page: Page, heard: Heard, house: House, stop: Stop, answer: Response | None = None) -> Seen:
    weight = len(await answer.body()) if answer else 0
    is_right = answer is None or answer.status == stop.status
    light = await grave(page)
    await page.emulate_media(color_scheme="dark")
    dark = await grave(page, "color-contrast", "link-in-text-block")
    await page.emulate_media(color_scheme="light")
    too_wide = [width for width in WIDTHS if await _is_too_wide(page, width)]
    # Chromium says of each page that is no 200 that it is none.
    complaints = [text for text in heard.complaints if "Failed to load resource" not in text]
    return Seen(stop.name, is_right, weight, heard.strangers(house.base), complaints, too_wide, light, dark)


async def _is_too_wide(page: Page, width: int) -> bool:
    await page.set_viewport_size({"width": width, "height": 900})
    return bool(await page.evaluate("() => document.documentElement.scrollWidth > window.innerWidth"))
