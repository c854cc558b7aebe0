"""What is hard to show: a paper by 218 people, and the titles and abstracts with the most TeX that were recorded."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest
from playwright.async_api import Browser, Page

from digest.editions.assemble import mail
from digest.editions.look import Look
from digest.editions.select import facts_of
from digest.model import Edition, Entry, ShownPick
from digest.store import catalog
from tests.support.browser import tab
from tests.support.gallery import CROWD, HEAD, crowd, hold, html_of, worst
from tests.support.house import House, running
from tests.support.shared import shared

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("browser")]

T = TypeVar("T")

_PHONE = 320
_FIRST_SCREEN = 568  # pixels, of the smallest phones
_SIDEWAYS = "() => document.documentElement.scrollWidth - window.innerWidth"


def test_218_authors_do_not_push_the_abstract_down(
    loop: asyncio.Runner, browser: Browser, home: tuple[House, object]
) -> None:
    house, _ = home
    hold(house.database, house.now, crowd())

    async def look(page: Page) -> tuple[float, int, int, int]:
        await page.goto(f"{house.base}/p/arxiv:{CROWD}")
        box = await page.locator(".abstract").first.bounding_box()
        assert box is not None
        shown = await page.locator(".by > a").count()
        hidden = await page.locator("details.by a").count()
        assert not await page.locator("details.by a").first.is_visible()
        await page.locator("details.by summary").click()
        assert await page.locator("details.by a").last.is_visible()
        return box["y"], shown, hidden, await page.evaluate(_SIDEWAYS)

    top, shown, hidden, sideways = loop.run(_on_a_phone(browser, look))
    assert top < 1.3 * _FIRST_SCREEN
    assert (shown, hidden) == (8, 210)
    assert sideways == 0


def test_a_paper_by_a_dozen_hides_none_of_them(
    loop: asyncio.Runner, browser: Browser, home: tuple[House, object]
) -> None:
    house, _ = home
    dozen = replace(crowd(), title_raw="By a Dozen", aliases=(), authors=crowd().authors[:12])
    hold(house.database, house.now, dozen)
    paper = house.database.run_sync(catalog.find, "By a Dozen")

    async def look(page: Page) -> tuple[int, int]:
        await page.goto(f"{house.base}/p/{paper.key}")
        return await page.locator(".by > a").count(), await page.locator("details.by").count()

    assert loop.run(_on_a_phone(browser, look)) == (12, 0)


def test_recorded_titles_and_abstracts_full_of_tex_fit_a_phone_and_show_no_commands(
    loop: asyncio.Runner, browser: Browser, tmp_path: Path
) -> None:
    entries = worst(shared("samples/latex"))

    async def look() -> None:
        async with running(tmp_path) as house, tab(browser, width=_PHONE) as (page, heard):
            hold(house.database, house.now, *entries)
            papers = [house.database.run_sync(catalog.find, str(one.aliases[0])) for one in entries]
            for path in ["/c/cs.CV", *(f"/p/{one.key}" for one in papers)]:
                await page.goto(house.base + path)
                assert await page.evaluate(_SIDEWAYS) == 0, path
            for one in papers:
                assert not set("\\${}") & set(one.title), one.title
            await page.goto("about:blank")
            await page.set_content(_mailed(house, entries))
            assert await page.evaluate(_SIDEWAYS) == 0
            assert await page.locator("h2").count() == len(entries)
            assert heard.complaints == []

    loop.run(look())


def _mailed(house: House, entries: list[Entry]) -> str:
    """A digest of these papers."""
    papers = [house.database.run_sync(catalog.find, str(one.aliases[0])) for one in entries]
    edition = Edition(
        id=1,
        subscriber_id=1,
        occasion=str(house.now.date()),
        day=house.now.date(),
        since=house.now,
        composed_at=house.now,
        scanned=412,
        picks=tuple(ShownPick(facts_of(paper), 1.0, (), "", False) for paper in papers),
    )
    return html_of(mail(replace(HEAD, look=Look()), edition, "ada@example.org"))


async def _on_a_phone(browser: Browser, look: Callable[[Page], Awaitable[T]]) -> T:
    async with tab(browser, width=_PHONE, height=_FIRST_SCREEN) as (page, _):
        return await look(page)
