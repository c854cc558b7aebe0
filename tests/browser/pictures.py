"""Take the pictures of the pages that the documentation shows: `python -m tests.browser.pictures [FOLDER]`.

They show the bundled samples, whose papers, people and results are invented.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from playwright.async_api import Browser

from digest.editions.links import PREFERENCES, sign_until
from tests.support.browser import chromium, tab
from tests.support.house import House
from tests.support.tour import settled

_WIDTH, _HEIGHT = 900, 1000
_DOCS = Path(__file__).resolve().parents[2] / "docs" / "images"


async def take(folder: Path) -> list[Path]:
    """All of them, into a folder; the files."""
    with TemporaryDirectory() as made:
        async with chromium() as browser, settled(Path(made)) as (house, reader):
            for _ in range(2):  # days of attention to plot
                await house.work(house.now + timedelta(days=1))
            house.now += timedelta(hours=8)
            token = sign_until(house.keys, PREFERENCES, reader.id, house.now + timedelta(hours=1))
            return [
                await _picture(browser, house, folder / "landing-light.png", "/"),
                await _picture(browser, house, folder / "landing-dark.png", "/", scheme="dark"),
                await _picture(browser, house, folder / "preferences.png", f"/preferences/{token}"),
                await _picture(browser, house, folder / "paper.png", "/", click="Quantising the Key-Value Cache"),
            ]


async def _picture(
    browser: Browser,
    house: House,
    file: Path,
    path: str,
    *,
    scheme: Literal["light", "dark"] = "light",
    click: str = "",
) -> Path:
    """The top of a page, or of what follows the link with the words `click` there."""
    async with tab(browser, width=_WIDTH, height=_HEIGHT, scheme=scheme) as (page, _):
        await page.goto(house.base + path)
        if click:
            async with page.expect_navigation():
                await page.get_by_role("link", name=click).click()
        await page.screenshot(path=file)
    return file


if __name__ == "__main__":
    for taken in asyncio.run(take(Path(sys.argv[1]) if len(sys.argv) > 1 else _DOCS)):
        print(f"{taken} ({taken.stat().st_size:,} bytes)")
