"""Leaving by the link says goodbye once, and never waits for it."""

from __future__ import annotations

import asyncio

import httpx

from digest import clock
from digest.editions.links import UNSUBSCRIBE, sign
from digest.model import OutboxKind, OutboxState, SubscriberState
from digest.store import outbox, subscribers, suppressions
from digest.store.database import Database
from digest.store.outbox_claims import Terms, claim
from digest.web import app
from tests.support.delivery import no_editions
from tests.support.web import KEYS, NOW, add_jane, serve


def leave(database: Database, subscriber_id: int, goodbye_from: str, times: int = 3) -> list[int]:
    """Press the button that often; the statuses."""
    application = app(database, lambda: KEYS, clock.fixed(NOW), goodbye_from=goodbye_from)

    async def post() -> list[int]:
        async with serve(application) as base, httpx.AsyncClient() as client:
            url = f"{base}/u/{sign(KEYS, UNSUBSCRIBE, subscriber_id)}"
            data = {"List-Unsubscribe": "One-Click"}
            return [(await client.post(url, data=data)).status_code for _ in range(times)]

    return asyncio.run(post())


def test_one_goodbye_is_put_out_however_often_the_button_is_pressed(database: Database) -> None:
    jane = add_jane(database)
    assert leave(database, jane, "example.org") == [200, 200, 200]
    (mail,) = database.run_sync(outbox.list_rows)
    assert (mail.kind, mail.state, mail.subscriber_id) == (OutboxKind.GOODBYE, OutboxState.PENDING, jane)
    assert database.run_sync(subscribers.get_by_id, jane).state is SubscriberState.UNSUBSCRIBED


def test_turned_off_nobody_says_goodbye_and_the_end_is_the_same(database: Database) -> None:
    jane = add_jane(database)
    assert leave(database, jane, "") == [200, 200, 200]
    assert database.run_sync(outbox.list_rows) == []
    assert database.run_sync(subscribers.get_by_id, jane).state is SubscriberState.UNSUBSCRIBED


def test_the_page_of_nobody_answers_and_changes_nothing(database: Database) -> None:
    jane = add_jane(database)
    assert leave(database, 0, "example.org") == [200, 200, 200]
    assert database.run_sync(subscribers.get_by_id, jane).state is SubscriberState.ACTIVE
    assert database.run_sync(outbox.list_rows) == []


def test_a_suppressed_address_gets_no_goodbye(database: Database) -> None:
    jane = add_jane(database)
    database.run_sync(suppressions.suppress, "jane.doe@example.org", "complaint", "complaint", NOW)
    leave(database, jane, "example.org")
    assert database.run_sync(claim, NOW, Terms(), no_editions) == []
    assert database.run_sync(outbox.list_rows)[0].state is OutboxState.CANCELLED
