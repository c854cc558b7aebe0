"""The pages without a mouse: everything is reached by Tab, in order, and one sees where one is."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from playwright.async_api import Browser, Page

from digest.editions.links import PREFERENCES, sign_until
from digest.store import profiles
from digest.store.asked import unanswered
from tests.support.browser import tab
from tests.support.house import House
from tests.support.tour import Reader

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("browser")]

_MOST_STOPS = 120

# Of what has the focus: which element, its text, and whether one sees that it has it.
_FOCUS = """() => {
  const it = document.activeElement, style = getComputedStyle(it), box = it.getBoundingClientRect();
  return {
    what: it.tagName.toLowerCase() + (it.id ? '#' + it.id : '') + (it.name ? '[' + it.name + ']' : ''),
    text: (it.innerText || it.value || '').trim(),
    isVisible: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2
      && box.width > 0 && box.height > 0 && box.left >= 0 && box.bottom > 0 && box.top < innerHeight,
    isTrap: it.closest('[aria-hidden=true]') !== null,
  };
}"""


async def _tab_to(page: Page, what: str, text: str = "") -> list[str]:
    """Press Tab until an element has the focus; what had it on the way. Each of them shows it."""
    passed: list[str] = []
    for _ in range(_MOST_STOPS):
        await page.keyboard.press("Tab")
        focus = await page.evaluate(_FOCUS)
        passed.append(f"{focus['what']} {focus['text']}".strip())
        assert focus["isVisible"], f"nobody sees the focus on {passed[-1]}"
        assert not focus["isTrap"]
        if focus["what"] == what and text in focus["text"]:
            return passed
    raise AssertionError(f"{what} {text} is not reached: {passed}")


def test_the_landing_page_subscribes_by_keys_alone(
    loop: asyncio.Runner, browser: Browser, home: tuple[House, Reader]
) -> None:
    house, _ = home

    async def subscribe() -> str:
        async with tab(browser) as (page, _):
            await page.goto(house.base)
            passed = await _tab_to(page, "input#email[email]")
            assert passed[0] == "a Skip to the content"
            assert passed[1:] == ["a Trending Papers", "a Trending", "a Topics", "a Search", "input#email[email]"]
            await page.keyboard.type("keys@example.org")
            await _tab_to(page, "button", "Subscribe")
            await _tab_to(page, "summary", "Choose topics")
            await page.keyboard.press("Enter")
            await _tab_to(page, "input[topics]")
            await page.keyboard.press("Space")
            assert await page.get_by_label("Language models").is_checked()
            async with page.expect_navigation():
                await page.keyboard.press("Enter")
            return await page.get_by_role("heading", level=1).inner_text()

    before = len(house.database.run_sync(unanswered, 100))
    assert loop.run(subscribe()) == "Look into your inbox"
    assert len(house.database.run_sync(unanswered, 100)) == before + 1


def test_the_skip_link_passes_the_header(loop: asyncio.Runner, browser: Browser, home: tuple[House, Reader]) -> None:
    house, _ = home

    async def skip() -> str:
        async with tab(browser) as (page, _):
            await page.goto(house.base)
            await page.keyboard.press("Tab")
            await page.keyboard.press("Enter")
            return (await _tab_to(page, "input#email[email]"))[0]

    assert loop.run(skip()) == "input#email[email]"


def test_preferences_are_changed_by_keys_alone(
    loop: asyncio.Runner, browser: Browser, home: tuple[House, Reader]
) -> None:
    house, reader = home
    token = sign_until(house.keys, PREFERENCES, reader.id, house.now + timedelta(hours=1))
    before = house.database.run_sync(profiles.get_profile, reader.id).muted

    async def change() -> tuple[str, list[str]]:
        async with tab(browser) as (page, _):
            await page.goto(f"{house.base}/preferences/{token}")
            await _tab_to(page, "textarea#m-muted[muted]")
            await page.keyboard.press("Control+End")
            await page.keyboard.type("\nquantum")
            await _tab_to(page, "button", "Save")
            async with page.expect_navigation():
                await page.keyboard.press("Enter")
            said = await page.get_by_role("status").inner_text()
            return said, await _tab_to(page, "a", "Erase everything")

    said, passed = loop.run(change())
    assert said == "Saved. Your next digest knows it."
    assert house.database.run_sync(profiles.get_profile, reader.id).muted == (*before, "quantum")
    fields = ["textarea#i1-keywords[keywords]", "select#hour[hour]", "select#bar[bar]", "textarea#m-muted[muted]"]
    stops = [one.split(" ")[0] for one in passed]
    assert [one for one in stops if one in fields] == fields
