"""The pages that no address opens, in a browser: what follows a button, and what is refused."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from playwright.async_api import Browser
from starlette.responses import PlainTextResponse

from digest.editions.look import Look
from digest.web.preview import Preview
from digest.web.states import STATES
from tests.support.axe import grave
from tests.support.browser import tab
from tests.support.gallery import HEAD
from tests.support.web import serve

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("browser")]

_SIDEWAYS = "() => document.documentElement.scrollWidth - window.innerWidth"


@pytest.mark.parametrize("language", ["", "de"], ids=["English", "German"])
def test_every_state_is_for_everybody_light_dark_and_on_a_phone(
    loop: asyncio.Runner, browser: Browser, language: str
) -> None:
    preview = Preview(replace(HEAD, look=Look()), lambda: PlainTextResponse("no pages"), [])

    async def look() -> dict[str, list[str]]:
        found = {}
        async with serve(preview.app) as base, tab(browser, width=320) as (page, _):
            for one in STATES:
                await page.goto(f"{base}/state/{one.name}?language={language}")
                wide = await page.evaluate(_SIDEWAYS)
                light = await grave(page)
                await page.emulate_media(color_scheme="dark")
                dark = await grave(page, "color-contrast", "link-in-text-block")
                await page.emulate_media(color_scheme="light")
                found[one.name] = [*light, *dark, *([f"{wide} pixels too wide"] if wide > 0 else [])]
        return found

    found = loop.run(look())
    assert len(found) == len(STATES)
    assert {name: problems for name, problems in found.items() if problems} == {}
