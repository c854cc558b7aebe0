"""Unsubscribing, over a real connection."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime

import httpx
import pytest
from sqlalchemy import Connection, func, select
from starlette.types import ASGIApp

from digest.editions.links import UNSUBSCRIBE, sign
from digest.model import SubscriberState
from digest.store import subscribers
from digest.store.database import Database
from digest.store.tables import subscribers as table
from tests.support.web import KEYS, NOW, serve

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def _state(database: Database, subscriber_id: int) -> SubscriberState:
    return database.run_sync(subscribers.get_by_id, subscriber_id).state


def _ended(connection: Connection) -> list[datetime]:
    return list(
        connection.execute(select(table.c.unsubscribed_at).where(table.c.unsubscribed_at.is_not(None))).scalars()
    )


def _attempts(connection: Connection) -> int:
    return int(connection.execute(select(func.sum(table.c.attempt))).scalar_one())


def test_opening_the_link_changes_nothing_however_often(
    application: ASGIApp, database: Database, subscriber_id: int, token: str
) -> None:
    async def scan() -> list[httpx.Response]:
        async with serve(application) as base, httpx.AsyncClient(base_url=base) as client:
            gets = [client.get(f"/u/{token}") for _ in range(50)]
            heads = [client.head(f"/u/{token}") for _ in range(50)]
            return await asyncio.gather(*gets, *heads)

    responses = asyncio.run(scan())
    assert {response.status_code for response in responses} == {200}
    assert '<button type="submit"' in responses[0].text
    assert "jane" not in responses[0].text
    assert responses[-1].content == b""
    assert _state(database, subscriber_id) is SubscriberState.ACTIVE


@pytest.mark.parametrize("form", ["urlencoded", "multipart", "button", "bare"])
def test_a_post_unsubscribes_without_redirect_cookie_or_referrer(
    application: ASGIApp, database: Database, subscriber_id: int, token: str, form: str
) -> None:
    async def post() -> list[httpx.Response]:
        async with serve(application) as base, httpx.AsyncClient(base_url=base) as client:
            match form:
                case "urlencoded":
                    return [await client.post(f"/u/{token}", data=ONE_CLICK) for _ in range(3)]
                case "multipart":
                    files = {name: (None, value) for name, value in ONE_CLICK.items()}
                    return [await client.post(f"/u/{token}", files=files) for _ in range(3)]
                case "button":
                    return [await client.post(f"/u/{token}", data={"unsubscribe": "yes"}) for _ in range(3)]
                case _:
                    return [await client.post(f"/u/{token}") for _ in range(3)]

    for response in asyncio.run(post()):
        assert response.status_code == 200
        assert "You are unsubscribed" in response.text
        assert "set-cookie" not in response.headers
    assert _state(database, subscriber_id) is SubscriberState.UNSUBSCRIBED
    assert database.run_sync(_ended) == [NOW]


def test_a_hundred_posts_at_once_change_one_row_once(
    application: ASGIApp, database: Database, subscriber_id: int, token: str
) -> None:
    before = database.run_sync(_attempts)

    async def storm() -> list[httpx.Response]:
        async with serve(application) as base, httpx.AsyncClient(base_url=base, timeout=60) as client:
            return await asyncio.gather(*(client.post(f"/u/{token}", data=ONE_CLICK) for _ in range(100)))

    assert [response.status_code for response in asyncio.run(storm())] == [200] * 100
    assert database.run_sync(_ended) == [datetime(2026, 4, 20, 12, tzinfo=UTC)]
    assert database.run_sync(_attempts) == before + 1
    assert _state(database, subscriber_id) is SubscriberState.UNSUBSCRIBED


def test_a_wrong_token_gets_what_any_unknown_address_gets(
    application: ASGIApp, database: Database, subscriber_id: int, token: str
) -> None:
    wrong = [
        f"/u/{sign(KEYS, 'confirm', subscriber_id)}",
        f"/u/{sign({1: b'x' * 32}, UNSUBSCRIBE, subscriber_id)}",
        f"/u/{token[:-1]}",
        f"/u/{token}x",
        f"/u/{token}/",
        "/u/",
        "/u/%00",
        "/u/" + "A" * 3000,
        "/nowhere",
    ]

    async def ask() -> list[tuple[int, str]]:
        async with serve(application) as base, httpx.AsyncClient(base_url=base) as client:
            got = [await client.get(path) for path in wrong]
            posted = [await client.post(path, data=ONE_CLICK) for path in wrong]
            return [(response.status_code, response.text) for response in got + posted]

    answers = asyncio.run(ask())
    assert len(set(answers)) == 1
    assert answers[0][0] == 404
    assert _state(database, subscriber_id) is SubscriberState.ACTIVE


def test_a_token_of_somebody_erased_is_answered_alike(application: ASGIApp, subscriber_id: int) -> None:
    async def post() -> int:
        async with serve(application) as base, httpx.AsyncClient(base_url=base) as client:
            gone = sign(KEYS, UNSUBSCRIBE, subscriber_id + 1000)
            return (await client.post(f"/u/{gone}", data=ONE_CLICK)).status_code

    assert asyncio.run(post()) == 200


def test_other_methods_and_huge_bodies_are_refused(
    application: ASGIApp, database: Database, subscriber_id: int, token: str
) -> None:
    async def ask() -> list[int]:
        async with serve(application) as base, httpx.AsyncClient(base_url=base) as client:
            put = await client.put(f"/u/{token}")
            huge = await client.post(f"/u/{token}", content=b"x" * 100_000)
            return [put.status_code, huge.status_code]

    assert asyncio.run(ask()) == [405, 413]
    assert _state(database, subscriber_id) is SubscriberState.ACTIVE


def test_the_log_names_no_token(application: ASGIApp, token: str, caplog: pytest.LogCaptureFixture) -> None:
    async def ask() -> None:
        async with serve(application) as base, httpx.AsyncClient(base_url=base) as client:
            await client.get(f"/u/{token}?a={token}")
            await client.get(f"/typo/{token}")
            await client.post(f"/u/{token}", data=ONE_CLICK)

    caplog.set_level(logging.DEBUG)
    asyncio.run(ask())
    own = [record for record in caplog.records if not record.name.startswith(("httpx", "httpcore"))]
    assert not [record for record in own if token in record.getMessage()]
    assert [record.getMessage() for record in own if record.name == "digest.web.access"] == [
        "GET /u/… 200",
        "GET /… 404",
        "POST /u/… 200",
    ]
