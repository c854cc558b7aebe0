"""`digest preview --serve`: all mails and pages of this installation's templates, with invented data."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import click
from starlette.types import ASGIApp

from digest import wiring
from digest.cli.demo import furnish, installed
from digest.clock import fixed
from digest.config import Settings
from digest.editions.assemble import Letterhead
from digest.editions.links import ARCHIVE, PREFERENCES, UNSUBSCRIBE, sign, sign_until, votes_url
from digest.errors import DigestError, UsageError
from digest.model import Schedule
from digest.store import editions, keys, subscribers
from digest.store.database import Connection, Database
from digest.web.preview import Preview
from digest.web.server import server

_SITE = "/site"
_NEWCOMER = "newcomer@example.org"


def serve(settings: Settings, listen: str) -> None:
    """Serve until somebody interrupts it; `listen` is `HOST:PORT`.

    Raises:
        UsageError: no such place to listen at.
    """
    host, port = _place(listen)
    if not is_loopback(listen):
        click.echo(f"whoever reaches {listen} can see this: it is meant for your own machine", err=True)
    click.echo("filling a database with samples…", err=True)
    with opened(settings, listen) as preview:
        own = settings.mail.templates or "none; set mail.templates to a folder for your own"
        click.echo(f"http://{listen}/ shows all mails and pages, and again whenever a template is saved")
        click.echo(f"templates of your own: {own}")
        try:
            asyncio.run(_run(preview.app, host, port))
        except SystemExit as error:  # uvicorn's way to say that it cannot listen; it told why
            raise DigestError(f"cannot listen at {listen}") from error


@contextmanager
def opened(settings: Settings, listen: str) -> Iterator[Preview]:
    """The application over samples, in the looks of these settings."""
    with _samples(settings, f"http://{listen}{_SITE}") as (staged, database, now):
        yield _preview(staged, database, now)


async def _run(application: ASGIApp, host: str, port: int) -> None:
    running = server(application, host, port)
    loop = asyncio.get_running_loop()
    for number in (2, 15):  # SIGINT, SIGTERM
        loop.add_signal_handler(number, lambda: setattr(running, "should_exit", True))
    await running.serve()


def _place(listen: str) -> tuple[str, int]:
    host, _, port = listen.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise UsageError(f"--listen: {listen!r} is not HOST:PORT, such as 127.0.0.1:8090")
    return host.strip("[]"), int(port)


def is_loopback(listen: str) -> bool:
    host = listen.rpartition(":")[0].strip("[]")
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@contextmanager
def _samples(settings: Settings, public_url: str) -> Iterator[tuple[Settings, Database, datetime]]:
    """The demo's world in a temporary folder, in the looks of this installation."""
    with tempfile.TemporaryDirectory(prefix="digest-preview-") as folder:
        demo = installed(Path(folder) / "samples")
        mail = demo.mail.model_copy(
            update={name: getattr(settings.mail, name) for name in ("templates", "language", "imprint", "privacy")}
        )
        web = demo.web.model_copy(update={"public_url": public_url})
        staged = replace(demo, mail=mail, web=web, look=settings.look, links=settings.links)
        database = wiring.connect(staged, is_creating=True)
        try:
            last = furnish(staged, database)
            yield staged, database, last + timedelta(hours=1)
        finally:
            database.close()


def _preview(settings: Settings, database: Database, now: datetime) -> Preview:
    head = wiring.letterhead(settings, database, now)

    def site() -> ASGIApp:
        return wiring.site(settings, database, fixed(now)).app

    return Preview(head, site, _pages(head, database, now))


def _pages(head: Letterhead, database: Database, now: datetime) -> list[tuple[str, str]]:
    signing = database.run_sync(keys.signing_keys, now)
    found = [
        ("Trending", "/"),
        ("Topics", "/topics"),
        ("Search", "/search?q=lamps"),
        ("Subscribe", "/subscribe"),
        ("Sample", "/sample"),
        ("Ask for a link to one's preferences", "/manage"),
        ("Not found", "/no-such-page"),
        ("Unsubscribe", f"/u/{sign(signing, UNSUBSCRIBE, 1)}"),
    ]
    until = now + timedelta(hours=2)
    own = f"/preferences/{sign_until(signing, PREFERENCES, 1, until)}"
    empty = database.run_sync(_newcomer, now)
    found += [
        ("Search in vain", "/search?q=xyzzy"),
        ("A paper that is not there", "/p/arxiv:2603.99999"),
        ("Preferences", own),
        ("Preferences of a newcomer", f"/preferences/{sign_until(signing, PREFERENCES, empty, until)}"),
        ("Erase everything", f"{own}/erase"),
        ("Archive", f"/archive/{sign_until(signing, ARCHIVE, 1, until)}"),
    ]
    return found + database.run_sync(_of_an_edition, head)


def _newcomer(connection: Connection, now: datetime) -> int:
    """Somebody without interests, votes or digests."""
    return subscribers.add(connection, _NEWCOMER, "", Schedule(), 20, "demo", now, now + timedelta(days=1)).id


def _of_an_edition(connection: Connection, head: Letterhead) -> list[tuple[str, str]]:
    edition = editions.latest_edition(connection, 1)
    if edition is None or edition.is_empty:
        return []
    facts = edition.picks[0].facts
    votes = votes_url("", head.keys, 1, edition.id)
    return [
        ("Paper", f"/p/{facts.key}"),
        *([("Author", f"/a/{facts.authors[0]}")] if facts.authors else []),
        *([("Category", f"/c/{facts.category}")] if facts.category else []),
        ("Vote", f"{votes}/{facts.paper_id}/more"),
    ]
