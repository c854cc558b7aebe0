"""Take the pictures that the documentation shows: `make pictures`, or `python -m tests.browser.pictures [FOLDER]`.

Each mail and page becomes one sheet: light above dark, 320, 600 and 1200 pixels wide, mails also without their style
sheet and without any styles. They show the bundled samples, whose papers, people and results are invented. With
`--recorded` the pages are made of recorded papers instead, for whoever wants to look; those are not ours to publish.
`--whole FOLDER` keeps every single picture beside, in its full size.
"""

from __future__ import annotations

import argparse
import asyncio
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from playwright.async_api import Browser, Page

from digest.web.preview import as_seen
from tests.support.browser import chromium, tab
from tests.support.gallery import View, crowd, hold, mails, pages, recorded_day, worst
from tests.support.house import House
from tests.support.shared import shared_folder
from tests.support.tour import Reader, settled

DOCS = Path(__file__).resolve().parents[2] / "docs" / "images"
_WIDTHS = (320, 600, 1200)
_TALLEST = 1_150  # pixels of a page on a sheet; what is below is more of the same
_SCALE = 0.5
_QUALITY = 42  # of WebP, at which text this small has no halo yet

Scheme = Literal["light", "dark"]
_SCHEMES: tuple[Scheme, ...] = ("light", "dark")
_LARGE = {"digest": 680, "landing": 900, "preferences": 900}  # what the README shows, and how wide
# The mails on sheets; the others are theirs again with other content.
_MAILS = ("full", "weekly", "note", "confirmation", "welcome", "goodbye", "access", "move", "alert", "test", "hostile")


@dataclass(frozen=True)
class Shot:
    """One picture of a view."""

    label: str
    width: int
    scheme: Scheme
    strip: str = ""


_PAGE_SHOTS = [Shot(f"{width}, {scheme}", width, scheme) for scheme in _SCHEMES for width in _WIDTHS]
_BARE = [
    Shot("600, style sheet dropped, images off", 600, "light", "1"),
    Shot("320, all styles dropped, images off", 320, "light", "all"),
]


class Studio:
    """Takes pictures by one browser and lays them out by the same one."""

    def __init__(self, browser: Browser, whole: Path | None) -> None:
        self._browser, self._whole = browser, whole

    async def sheet(self, view: View, file: Path) -> Path:
        """All shots of a view on one sheet."""
        shots = [*_PAGE_SHOTS, *(_BARE if view.html else [])]
        taken = [(shot, await self._shoot(view, shot)) for shot in shots]
        figures = "".join(_figure(shot, image) for shot, image in taken)
        async with tab(self._browser, width=1160, height=800) as (page, _):
            await page.set_content(_SHEET.format(figures=figures))
            await _save(page, file)
        return file

    async def single(self, view: View, file: Path, scheme: Scheme, width: int, height: int) -> Path:
        """The top of one view, large enough to be read."""
        async with tab(self._browser, width=width, height=height, scheme=scheme) as (page, _):
            await _open(page, view, "")
            await _save(page, file, quality=70, is_whole=False)
        return file

    async def _shoot(self, view: View, shot: Shot) -> bytes:
        async with tab(self._browser, width=shot.width, height=800, scheme=shot.scheme) as (page, _):
            await _open(page, view, shot.strip)
            if self._whole is not None:
                self._whole.mkdir(parents=True, exist_ok=True)
                name = f"{view.name}-{shot.width}-{shot.scheme}{shot.strip}.png"
                await page.screenshot(path=self._whole / name, full_page=True)
            top = await page.evaluate("window.scrollY") if "#" in view.url else 0
            rest = await page.evaluate("document.documentElement.scrollHeight") - top
            clip = {"x": 0, "y": top, "width": shot.width, "height": min(rest, _TALLEST)}
            return await page.screenshot(full_page=True, clip=clip)  # type: ignore[arg-type]  # FloatRect is private


async def _open(page: Page, view: View, strip: str) -> None:
    if view.html:
        await page.route("**/*", lambda route: route.abort())  # images off
        await page.set_content(as_seen(view.html, "", strip))
    else:
        await page.goto(view.url)


def _figure(shot: Shot, image: bytes) -> str:
    source = f"data:image/png;base64,{b64encode(image).decode()}"
    return (
        f'<figure style="width:{shot.width * _SCALE}px"><figcaption>{shot.label}</figcaption>'
        f'<img alt="" width="{shot.width * _SCALE}" src="{source}"></figure>'
    )


_SHEET = """<!DOCTYPE html><style>
body {{ margin: 0; padding: 16px; display: flex; flex-wrap: wrap; gap: 16px 24px; align-items: flex-start;
  background: #8d8d8a; font: 12px/18px system-ui, sans-serif; color: #111; width: 1160px; box-sizing: border-box; }}
figure {{ margin: 0; }} img {{ display: block; }}
</style><body>{figures}"""


async def _save(page: Page, file: Path, *, quality: int = _QUALITY, is_whole: bool = True) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    session = await page.context.new_cdp_session(page)
    asked = {"format": "webp", "quality": quality, "captureBeyondViewport": is_whole}
    if is_whole:
        box = await page.evaluate("[document.body.scrollWidth, document.body.scrollHeight]")
        asked["clip"] = {"x": 0, "y": 0, "width": box[0], "height": box[1], "scale": 1}
    answer = await session.send("Page.captureScreenshot", asked)
    file.write_bytes(b64decode(answer["data"]))


# ── what is taken ────────────────────────────────────────────────────────────────────────────────


@asynccontextmanager
async def _furnished(is_recorded: bool) -> AsyncIterator[tuple[House, Reader]]:
    """A house with days of attention to plot, and a paper by a crowd."""
    with TemporaryDirectory() as made:
        async with settled(Path(made)) as (house, reader):
            for _ in range(2):
                await house.work(house.now + timedelta(days=1))
            house.now += timedelta(hours=8)
            hold(house.database, house.now, crowd())
            if is_recorded:
                samples = shared_folder() / "samples"
                hold(house.database, house.now, *recorded_day(samples / "arxiv_days" / "2026-04-21.json"))
                hold(house.database, house.now + timedelta(minutes=1), *worst(samples / "latex"))
            yield house, reader


async def take(folder: Path, whole: Path | None, wanted: Callable[[str], bool], is_recorded: bool) -> list[Path]:
    """All of them, into a folder; the files."""
    async with chromium() as browser, _furnished(is_recorded) as (house, reader):
        studio, whereabouts = Studio(browser, whole), pages(house, reader)
        shown = {view.name: view for view in mails(has_logo=True)}
        sheets = [("mails", shown[name]) for name in _MAILS] + [("pages", view) for view in whereabouts]
        found = [
            await studio.sheet(view, folder / kind / f"{view.name}.webp") for kind, view in sheets if wanted(view.name)
        ]
        large = {view.name: view for view in [View("digest", "A digest", html=reader.mail), *whereabouts]}
        for name, width in _LARGE.items():
            if wanted(name):
                found += [
                    await studio.single(large[name], folder / f"{name}-{scheme}.webp", scheme, width, 1000)
                    for scheme in _SCHEMES
                ]
        return found


def main() -> None:
    asked = argparse.ArgumentParser(description="Take the pictures that the documentation shows.")
    asked.add_argument("folder", nargs="?", type=Path, default=DOCS)
    asked.add_argument("--whole", type=Path, help="a folder for every picture in its full size")
    asked.add_argument("--recorded", action="store_true", help="pages of recorded papers, which are not for publishing")
    asked.add_argument("--only", action="append", default=[], help="the name of a mail or page")
    told = asked.parse_args()
    if told.recorded and told.folder == DOCS:
        asked.error("name a folder: recorded papers are not ours to publish")
    for file in asyncio.run(take(told.folder, told.whole, lambda name: name in (told.only or [name]), told.recorded)):
        print(f"{file} ({file.stat().st_size:,} bytes)")


if __name__ == "__main__":
    main()
