"""The whole of a reader's life with a digest, by a browser and the mails that really come."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Browser, Page

from digest.model import SubscriberState
from digest.store import editions, profiles, subscribers
from tests.support.browser import tab
from tests.support.house import House, html_of, running

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("browser")]

ADA = "ada@readers.example"
DAY = timedelta(days=1)


@pytest.mark.parametrize("scripts", [False, True], ids=["without JavaScript", "with JavaScript"])
def test_from_the_box_on_the_landing_page_to_the_goodbye(
    loop: asyncio.Runner, browser: Browser, tmp_path: Path, scripts: bool
) -> None:
    async def live() -> None:
        async with running(tmp_path) as house, tab(browser, scripts=scripts) as (page, heard):
            await _sign_up(house, page)
            await _wish(page)
            await house.work(house.now.replace(hour=7))
            await _vote(house, page)
            await house.work(house.now + DAY)
            _next_is_changed(house)
            await _leave(house)
            assert heard.strangers(house.base) == []
            assert heard.complaints == []

    loop.run(live())


async def _sign_up(house: House, page: Page) -> None:
    await page.goto(house.base)
    await page.get_by_text("Choose topics").click()
    await page.get_by_label("Language models").check()
    await page.get_by_label("Your address").fill(ADA)
    await page.get_by_role("button", name="Subscribe").click()
    assert await _heading(page) == "Look into your inbox"
    assert house.mails() == []

    await house.work()
    await _follow(page, _mail(house, "Please confirm"), "Confirm the subscription")
    assert _states(house) == [SubscriberState.PENDING]
    await page.get_by_role("button", name="Confirm").click()
    assert await _heading(page) == "You are subscribed"
    assert _states(house) == [SubscriberState.ACTIVE]


async def _wish(page: Page) -> None:
    """From the page that the confirmation opened."""
    await page.get_by_role("link", name="Choose what you want to read").click()
    interest = page.locator("#i1-keywords")
    assert "language model" in await interest.input_value()
    await interest.fill("segmentation\nlanguage model\nrobot")
    await page.locator("#i1-categories").fill("cs.CV cs.CL cs.RO cs.LG")
    await page.get_by_role("button", name="Save").first.click()
    assert await _said(page) == "Saved. Your next digest knows it."

    await page.get_by_label("Time zone").fill("Berlin")
    await page.get_by_label("Hour").select_option("8")
    await page.get_by_label("Papers at most").fill("6")
    await page.locator("form[action$='/schedule']").get_by_role("button", name="Save").click()
    assert await _said(page) == "Saved. Your next digest knows it."
    assert await page.get_by_label("Time zone").input_value() == "Europe/Berlin"
    assert "Tuesday, 10 March, 08:00" in await page.inner_text("main")


async def _vote(house: House, page: Page) -> None:
    mail = _mail(house, "papers for Tuesday, 10 March")
    (edition,) = _editions(house)
    assert len(edition) == 6

    await _follow(page, mail, "More like this")
    assert house.database.run_sync(profiles.get_profile, 1).likes == ()  # looking changes nothing
    await page.get_by_role("button", name="More like this").click()
    assert "Noted: more like this." in await _said(page)
    await page.get_by_role("button", name=f"Nothing from {edition[0]}").click()
    assert f"nothing from {edition[0]} any more" in await _said(page)
    assert len(house.database.run_sync(profiles.get_profile, 1).likes) == 1


def _next_is_changed(house: House) -> None:
    first, second = _editions(house)
    assert first[0] not in second
    assert second
    profile = house.database.run_sync(profiles.get_profile, 1)
    assert profile.muted_categories == (first[0],)


async def _leave(house: House) -> None:
    """As a mailbox provider presses its button: RFC 8058, section 3.2."""
    digest = _mail(house, "for Wednesday, 11 March")
    assert digest["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    found = re.search(r"<(http[^>]+)>", digest["List-Unsubscribe"])
    assert found is not None
    async with httpx.AsyncClient() as provider:
        for _ in range(2):  # they may ask again
            answer = await provider.post(found[1], data={"List-Unsubscribe": "One-Click"})
            assert answer.status_code == 200
    assert _states(house) == [SubscriberState.UNSUBSCRIBED]

    before = len(house.mails())
    await house.work()
    _mail(house, "You are unsubscribed from Trending Papers")
    assert len(house.mails()) == before + 1
    await house.work(house.now + DAY)
    assert len(house.mails()) == before + 1


async def _follow(page: Page, mail: EmailMessage, link: str) -> None:
    """Open the mail as a mail program would, and click."""
    await page.goto("about:blank")
    await page.set_content(html_of(mail))
    async with page.expect_navigation():
        await page.get_by_role("link", name=link).first.click()


async def _heading(page: Page) -> str:
    return await page.get_by_role("heading", level=1).inner_text()


async def _said(page: Page) -> str:
    return await page.get_by_role("status").inner_text()


def _mail(house: House, subject: str) -> EmailMessage:
    """The one mail with these words in its subject."""
    (mail,) = (one for one in house.mails() if subject in one["Subject"])
    assert mail["To"] == ADA
    return mail


def _states(house: House) -> list[SubscriberState]:
    return [one.state for one in house.database.run_sync(subscribers.list_all)]


def _editions(house: House) -> list[list[str | None]]:
    """The categories of the papers of every edition."""
    told = house.database.run_sync(editions.history, 1)
    found = house.database.run_sync(editions.load_editions, [one.edition_id for one in told])
    return [[pick.facts.category for pick in found[number].picks] for number in sorted(found)]
