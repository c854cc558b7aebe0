"""The page with the button in a real browser, with and without JavaScript."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, async_playwright
from starlette.types import ASGIApp

from digest import clock
from digest.editions.links import UNSUBSCRIBE, sign
from digest.model import SubscriberState
from digest.store import subscribers
from digest.store.database import Database
from digest.web import app
from tests.support.web import KEYS, NOW, add_jane, serve

pytestmark = pytest.mark.browser

_CHROMIUM = shutil.which("chromium")
_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]


@pytest.fixture
def application(sqlite_database: Database) -> ASGIApp:
    return app(sqlite_database, lambda: KEYS, clock.fixed(NOW))


@asynccontextmanager
async def _browser() -> AsyncIterator[Browser]:
    if _CHROMIUM is None:
        pytest.skip("no chromium on this machine: install the package chromium")
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=_CHROMIUM, args=_ARGUMENTS)
        try:
            yield running
        finally:
            await running.close()


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_opening_the_page_changes_nothing_and_its_button_unsubscribes(
    application: ASGIApp, sqlite_database: Database, scripts: bool
) -> None:
    jane = add_jane(sqlite_database)
    complaints: list[str] = []

    def state() -> SubscriberState:
        return sqlite_database.run_sync(subscribers.get_by_id, jane).state

    async def press() -> tuple[SubscriberState, str]:
        async with serve(application) as base, _browser() as browser:
            context = await browser.new_context(java_script_enabled=scripts)
            page = await context.new_page()
            page.on("console", lambda message: complaints.append(message.text))
            await page.goto(f"{base}/u/{sign(KEYS, UNSUBSCRIBE, jane)}")
            before = state()
            await page.get_by_role("button", name="Unsubscribe").click()
            heading = await page.get_by_role("heading", level=1).inner_text()
            await context.close()
            return before, heading

    before, heading = asyncio.run(press())
    assert before is SubscriberState.ACTIVE
    assert heading == "You are unsubscribed"
    assert state() is SubscriberState.UNSUBSCRIBED
    # The browser asks for /favicon.ico by itself; anything else would be a hole in the page's own policy.
    assert not [text for text in complaints if "favicon" not in text and "404" not in text]
