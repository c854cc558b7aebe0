"""Every mail as mail programs show it: for everybody, light and dark, on a phone, without styles and without images."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest
from playwright.async_api import Browser

from digest.web.preview import as_seen
from tests.support.axe import grave
from tests.support.browser import tab
from tests.support.gallery import View, mails

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("browser")]

_NARROW = 320
_SIDEWAYS = "() => document.documentElement.scrollWidth - window.innerWidth"
# Without any styles nothing can break a word: the address of a link, or a title that is one word, is as wide as it is.
_LONG_WORDS = {"confirmation", "invitation", "access", "move", "hostile"}


@dataclass(frozen=True)
class Judged:
    """What was found of one mail."""

    name: str
    light: list[str]
    dark: list[str]
    sideways: dict[str, int]  # view: pixels to scroll
    asked: list[str]


@pytest.fixture(scope="module", params=["", "de"], ids=["English", "German"])
def judged(request: pytest.FixtureRequest, loop: asyncio.Runner, browser: Browser) -> list[Judged]:
    """All mails, looked at once."""
    language = str(request.param)

    async def look() -> list[Judged]:
        async with tab(browser, width=_NARROW) as (page, heard):
            await page.route("**/*", lambda route: route.abort())  # as with images off
            found = []
            for view in mails(language, has_logo=True):
                heard.requests.clear()
                sideways: dict[str, int] = {}
                for strip in ("", "1", "all"):
                    await page.set_content(as_seen(view.html, "", strip))
                    sideways[strip or "as it is"] = await page.evaluate(_SIDEWAYS)
                await page.set_content(view.html)
                light = await grave(page)
                await page.emulate_media(color_scheme="dark")
                dark = await grave(page, "color-contrast", "link-in-text-block")
                await page.emulate_media(color_scheme="light")
                found.append(Judged(view.name, light, dark, sideways, list(heard.requests)))
            return found

    return loop.run(look())


def test_axe_finds_no_serious_or_critical_issue_in_any_mail(judged: list[Judged]) -> None:
    assert len(judged) > 15
    assert {one.name: one.light for one in judged if one.light} == {}


def test_axe_finds_none_in_the_dark(judged: list[Judged]) -> None:
    assert {one.name: one.dark for one in judged if one.dark} == {}


def test_no_mail_is_wider_than_a_phone(judged: list[Judged]) -> None:
    wide = {
        (one.name, view): by
        for one in judged
        for view, by in one.sideways.items()
        if by > 0 and not (view == "all" and one.name in _LONG_WORDS)
    }
    assert wide == {}


def test_a_mail_asks_for_nothing_but_the_logo(judged: list[Judged]) -> None:
    asked = {url for one in judged for url in one.asked}
    assert asked <= {"https://digest.example.org/logo.png"}


@pytest.mark.parametrize("name", ["full", "twenty"])
def test_unsubscribe_is_on_the_first_screen_of_a_phone(loop: asyncio.Runner, browser: Browser, name: str) -> None:
    (view,) = (one for one in mails() if one.name == name)
    assert loop.run(_top_of(browser, view, "a:text-is('Unsubscribe')")) < 200


def test_the_first_title_is_on_the_first_screen_of_a_phone(loop: asyncio.Runner, browser: Browser) -> None:
    (view,) = (one for one in mails() if one.name == "full")
    assert loop.run(_top_of(browser, view, "h2 a")) < 400


async def _top_of(browser: Browser, view: View, selector: str) -> float:
    async with tab(browser, width=_NARROW, height=568) as (page, _):
        await page.set_content(view.html)
        box = await page.locator(selector).first.bounding_box()
        assert box is not None
        return box["y"]
