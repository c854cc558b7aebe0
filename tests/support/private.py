"""A reader with an edition, the pages as they are served to them, and the links that their mails would hold."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from html import unescape

import httpx
from starlette.types import ASGIApp

from digest import clock
from digest.editions import assemble
from digest.editions.assemble import Letterhead
from digest.editions.letter import Letter
from digest.editions.links import ARCHIVE, PREFERENCES, VOTE, sign_numbers, sign_until
from digest.editions.select import facts_of
from digest.jobs import run_due
from digest.jobs.sign_up import SignUp as SignUpJob
from digest.model import OutboxKind, Reason, ReasonKind, ShownPick
from digest.store import catalog, editions, outbox
from digest.store.database import Connection, Database
from digest.store.editions import Composed
from digest.web import SignUp, app
from tests.support.web import KEYS, NOW, serve

SENDER = "example.org"
HEAD = Letterhead("Trending Papers <digest@example.org>", KEYS, "https://digest.example.org")
_LINK = re.compile(r"https://digest\.example\.org(/(?:confirm|preferences)/[\w-]+)")


def private_site(
    database: Database,
    *,
    now: datetime = NOW,
    sign_up: SignUp | None = None,
    proxies: Sequence[str] = (),
    sender: str = SENDER,
    public_url: str = "https://digest.example.org",
) -> ASGIApp:
    """The application as an installation with these settings has it."""
    return app(
        database,
        lambda: KEYS,
        clock.fixed(now),
        public_url=public_url,
        sender=sender,
        goodbye_from=sender,
        sign_up=sign_up or SignUp(),
        trusted_proxies=proxies,
    )


Asked = tuple[str, str, Mapping[str, object] | None]


def ask(application: ASGIApp, *requests: Asked, **headers: str) -> list[httpx.Response]:
    """The answers to each (method, path, form), one after another over one real connection, no redirect followed."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    async def talk() -> list[httpx.Response]:
        async with serve(application) as base, httpx.AsyncClient(base_url=base, headers=named, timeout=60) as client:
            return [await client.request(method, path, data=dict(form or {})) for method, path, form in requests]

    return asyncio.run(talk())


def get_one(application: ASGIApp, path: str) -> httpx.Response:
    return ask(application, ("GET", path, None))[0]


def post(application: ASGIApp, path: str, **form: object) -> httpx.Response:
    return ask(application, ("POST", path, form))[0]


def at_once(
    application: ASGIApp, count: int, request: Callable[[httpx.AsyncClient, int], Awaitable[httpx.Response]]
) -> list[httpx.Response]:
    """`count` requests at the same time."""

    async def storm() -> list[httpx.Response]:
        async with serve(application) as base, httpx.AsyncClient(base_url=base, timeout=60) as client:
            return await asyncio.gather(*(request(client, number) for number in range(count)))

    return asyncio.run(storm())


def answer_requests(database: Database, now: datetime = NOW) -> int:
    """Let the sign-up job do what is due."""
    return asyncio.run(run_due(SignUpJob(SENDER), database, clock.fixed(now)))


def mails(database: Database, kind: OutboxKind) -> list[outbox.Message]:
    return [one for one in database.run_sync(outbox.list_rows) if one.kind is kind]


def link_in(database: Database, kind: OutboxKind) -> str:
    """The path of the link in the latest mail of a kind, out of the message as it would leave."""
    latest = max(mails(database, kind), key=lambda one: one.id)
    assert latest.content is not None
    whom = latest.subscriber_id, latest.recipient, latest.occasion
    mail = assemble.letter(HEAD, Letter(kind, *whom, "<a@example.org>", latest.composed_at, latest.content))
    found = _LINK.search(mail.replace(b"=\r\n", b"").decode())
    assert found is not None
    return found[1]


def own_page(subscriber_id: int, now: datetime = NOW) -> str:
    """The path of a reader's own page."""
    return f"/preferences/{sign_until(KEYS, PREFERENCES, subscriber_id, now + timedelta(hours=1))}"


def archive_page(subscriber_id: int) -> str:
    return f"/archive/{sign_until(KEYS, ARCHIVE, subscriber_id, NOW + timedelta(hours=1))}"


def vote_page(subscriber_id: int, paper_id: int, edition_id: int) -> str:
    return f"/v/{sign_numbers(KEYS, VOTE, subscriber_id, paper_id, edition_id)}"


def add_edition(database: Database, subscriber_id: int, *keys: str) -> tuple[int, list[int]]:
    """An edition with these papers of the catalog; its number, and theirs."""
    return database.run_sync(_store_edition, subscriber_id, keys)


def _store_edition(connection: Connection, subscriber_id: int, keys: Sequence[str]) -> tuple[int, list[int]]:
    papers = [catalog.find(connection, key) for key in keys]
    reasons = (Reason(ReasonKind.TERMS, ("splatting", "scenes"), 1.0),)
    picks = tuple(ShownPick(facts_of(paper), 1.0, reasons) for paper in papers)
    since = NOW - timedelta(days=1)
    composed = Composed(subscriber_id, f"{NOW:%Y-%m-%d}", NOW.date(), since, NOW, 40, picks)
    edition_id = editions.store_edition(connection, composed)
    assert edition_id is not None
    return edition_id, [paper.id for paper in papers]


def words_of(page: httpx.Response) -> str:
    """What somebody reads."""
    return " ".join(unescape(re.sub(r"<style>.*?</style>|<[^>]+>", " ", page.text, flags=re.DOTALL)).split())
