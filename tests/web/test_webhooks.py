"""Reports of bounces over the web: signed ones take effect once, all others are nowhere."""

from __future__ import annotations

import asyncio
import json

import httpx
from sqlalchemy import update

from digest import clock
from digest.delivery.providers import READERS
from digest.model import OutboxState
from digest.store import suppressions
from digest.store.database import Database
from digest.store.tables import outbox
from digest.web import app
from digest.web.webhooks import Hook
from tests.support.delivery import seed
from tests.support.providers import SECRET, generic
from tests.support.web import KEYS, NOW, serve

HARD = {"reports": [{"verdict": "hard", "recipient": "r0@example.org"}]}


def sent(database: Database) -> None:
    database.run_sync(seed, 1)
    over = update(outbox).values(state=OutboxState.SENT, sent_at=NOW, due_at=None)
    database.run_sync(lambda conn: conn.execute(over).rowcount)


def post(database: Database, *requests: tuple[bytes, dict[str, str]], hook: bool = True, burst: int = 500) -> list[int]:
    """The status of each answer."""
    application = app(
        database, lambda: KEYS, clock.fixed(NOW), hook=Hook(READERS["generic"], SECRET, burst=burst) if hook else None
    )

    async def run() -> list[int]:
        async with serve(application) as url, httpx.AsyncClient() as client:
            answers = [await client.post(f"{url}/hooks/bounces", content=body, headers=more) for body, more in requests]
            return [answer.status_code for answer in answers]

    return asyncio.run(run())


def suppressed(database: Database) -> list[str]:
    return [one.address_key for one in database.run_sync(suppressions.list_suppressed)]


def test_a_signed_report_takes_effect_and_a_replayed_one_changes_nothing(database: Database) -> None:
    sent(database)
    assert post(database, generic(HARD, NOW), generic(HARD, NOW)) == [200, 200]
    assert suppressed(database) == ["r0@example.org"]


def test_an_unsigned_report_is_answered_as_if_nothing_was_there(database: Database) -> None:
    sent(database)
    forged = json.dumps(HARD).encode(), {"x-digest-signature": "t=1,v1=00"}
    assert post(database, forged, (b"", {}), generic(HARD, NOW, "another secret")) == [404, 404, 404]
    assert suppressed(database) == []


def test_without_a_configured_provider_there_is_no_such_address(sqlite_database: Database) -> None:
    assert post(sqlite_database, generic(HARD, NOW), hook=False) == [404]


def test_a_huge_body_is_refused_and_so_is_a_flood(sqlite_database: Database) -> None:
    assert post(sqlite_database, (b"x" * 300_000, {})) == [413]
    assert post(sqlite_database, *[(b"", {})] * 4, burst=3) == [404, 404, 404, 429]
