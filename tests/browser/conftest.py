"""One browser, installation and walk for all tests here, in an event loop that runs while a test asks it to."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from typing import TypeVar

import pytest
from playwright.async_api import Browser

from tests.support.browser import chromium
from tests.support.house import House
from tests.support.tour import Reader, Seen, settled, walk

T = TypeVar("T")


@pytest.fixture(scope="session")
def loop() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(scope="session")
def browser(loop: asyncio.Runner) -> Iterator[Browser]:
    with _entered(loop, chromium()) as running:
        yield running


@pytest.fixture(scope="session")
def home(
    loop: asyncio.Runner, browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[House, Reader]]:
    """An installation whose reader got a digest; tests share it and what they did to it."""
    with _entered(loop, settled(tmp_path_factory.mktemp("house"))) as built:
        yield built


@pytest.fixture(scope="session")
def seen(loop: asyncio.Runner, browser: Browser, home: tuple[House, Reader]) -> list[Seen]:
    """What a walk through all pages found."""
    return loop.run(walk(browser, *home))


@contextmanager
def _entered(loop: asyncio.Runner, manager: AbstractAsyncContextManager[T]) -> Iterator[T]:
    """An asynchronous context whose work goes on whenever the loop runs."""
    value = loop.run(_called(manager.__aenter__))
    try:
        yield value
    finally:
        loop.run(_called(lambda: manager.__aexit__(None, None, None)))


async def _called(step: Callable[[], Awaitable[T]]) -> T:
    return await step()
