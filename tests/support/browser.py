"""A real Chromium that talks to nobody but the pages under test."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Literal

import pytest
from playwright.async_api import Browser, Page, async_playwright

from tests.support.house import is_of

CHROMIUM = shutil.which("chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextlib.asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Chromium without a window; the test is skipped where there is none."""
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine: install the package chromium")
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        try:
            yield running
        finally:
            await running.close()


@dataclass
class Heard:
    """What a tab asked for and complained of."""

    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def strangers(self, base: str) -> list[str]:
        """Requests to anybody but the server at `base`."""
        return [url for url in self.requests if not is_of(url, base)]


@contextlib.asynccontextmanager
async def tab(
    browser: Browser,
    *,
    scripts: bool = True,
    width: int = 1200,
    height: int = 900,
    scheme: Literal["light", "dark"] = "light",
) -> AsyncIterator[tuple[Page, Heard]]:
    """A fresh profile with one page, and what it does."""
    context = await browser.new_context(
        java_script_enabled=scripts, viewport={"width": width, "height": height}, color_scheme=scheme
    )
    context.set_default_timeout(10_000)
    heard, page = Heard(), await context.new_page()
    page.on("request", lambda request: heard.requests.append(request.url))
    page.on("console", lambda message: heard.complaints.append(message.text))
    page.on("pageerror", lambda error: heard.complaints.append(str(error)))
    try:
        yield page, heard
    finally:
        await context.close()
