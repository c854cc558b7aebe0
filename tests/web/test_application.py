"""What holds for every page."""

from __future__ import annotations

import asyncio
import hashlib
import re
from base64 import b64encode
from pathlib import Path

import httpx
import pytest
from starlette.types import ASGIApp

from digest import clock
from digest.seals import Keys
from digest.store.database import Database
from digest.web import app, health
from tests.support.web import KEYS, NOW, serve


def _get(application: ASGIApp, *paths: str) -> list[httpx.Response]:
    async def ask() -> list[httpx.Response]:
        async with serve(application) as base, httpx.AsyncClient(base_url=base) as client:
            return [await client.get(path) for path in paths]

    return asyncio.run(ask())


@pytest.fixture
def plain(sqlite_database: Database) -> ASGIApp:
    return app(sqlite_database, lambda: KEYS, clock.fixed(NOW))


def test_every_response_has_the_strict_headers(plain: ASGIApp) -> None:
    for response in _get(plain, "/", "/livez", "/readyz", "/nothing", "/u/wrong"):
        policy = response.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert response.headers["referrer-policy"] == "no-referrer"
        assert response.headers["x-content-type-options"] == "nosniff"
        is_public = response.url.path == "/"
        assert response.headers["cache-control"] == ("public, max-age=300" if is_public else "no-store")
        assert ("x-robots-tag" in response.headers) is not is_public
        assert "server" not in response.headers
        assert "set-cookie" not in response.headers


def test_the_policy_allows_exactly_the_style_that_the_pages_hold(plain: ASGIApp) -> None:
    (page,) = _get(plain, "/")
    (style,) = re.findall(r"<style>(.*?)</style>", page.text, re.DOTALL)
    digest = b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in page.headers["content-security-policy"]
    assert not re.search(r"<script|style=| on\w+=|src=", page.text)


def test_the_first_page_says_what_this_is(plain: ASGIApp) -> None:
    (page,) = _get(plain, "/")
    assert page.status_code == 200
    assert "Get trending papers in your email inbox" in page.text


def test_alive_and_ready_answer_in_one_word(plain: ASGIApp, sqlite_database: Database) -> None:
    for application in (plain, health(sqlite_database)):
        alive, ready = _get(application, "/livez", "/readyz")
        assert (alive.status_code, alive.text) == (200, "alive\n")
        assert (ready.status_code, ready.text) == (200, "ready\n")


def test_the_health_port_serves_no_pages(sqlite_database: Database) -> None:
    assert [found.status_code for found in _get(health(sqlite_database), "/", "/u/x")] == [404, 404]


def test_without_a_usable_database_it_is_alive_and_not_ready(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'missing' / 'digest.db'}")
    alive, ready = _get(health(database), "/livez", "/readyz")
    database.close()
    assert (alive.status_code, ready.status_code, ready.text) == (200, 503, "not ready\n")


def test_an_unmigrated_database_is_not_ready(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'digest.db'}")
    (ready,) = _get(health(database), "/readyz")
    database.close()
    assert ready.status_code == 503


def test_a_broken_database_is_a_calm_page_and_a_503(tmp_path: Path) -> None:
    from digest.editions.links import UNSUBSCRIBE, sign

    database = Database(f"sqlite:///{tmp_path / 'digest.db'}")
    application = app(database, lambda: KEYS, clock.fixed(NOW))

    async def post() -> httpx.Response:
        async with serve(application) as base, httpx.AsyncClient(base_url=base) as client:
            return await client.post(f"/u/{sign(KEYS, UNSUBSCRIBE, 1)}")

    response = asyncio.run(post())
    database.close()
    assert response.status_code == 503
    assert response.headers["retry-after"] == "60"
    assert "That did not work" in response.text
    assert "sqlite" not in response.text


def test_a_bug_is_a_calm_page_and_a_500(sqlite_database: Database) -> None:
    def broken() -> Keys:
        raise LookupError("a bug")

    (response,) = _get(app(sqlite_database, broken, clock.fixed(NOW)), "/u/x")
    assert response.status_code == 500
    assert "That did not work" in response.text
    assert "default-src 'none'" in response.headers["content-security-policy"]
