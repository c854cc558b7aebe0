"""A small catalog for the public pages: papers with places, readings, versions, a card, and hostile text."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta

import httpx
from starlette.types import ASGIApp

from digest import clock
from digest.model import Alias, AliasKind, Announcement, AuthorCard, Entry, Listing, Signal
from digest.store import catalog, search
from digest.store.database import Database
from digest.web import app
from tests.support.web import KEYS, NOW, serve

HOSTILE = "</style><script>alert(1)</script>"


def paper(number: str, title: str, **said: object) -> Entry:
    """A paper of arXiv."""
    told: dict[str, object] = {
        "abstract_raw": f"We study {title.lower()} in depth.",
        "authors": ("Ada Lovelace", "Grace Hopper"),
        "categories": ("cs.CV", "cs.LG"),
        "announcement": Announcement.NEW,
        "version": 1,
        "published_on": date(2026, 4, 19),
        "url": f"https://arxiv.org/abs/{number}",
        "pdf_url": f"https://arxiv.org/pdf/{number}",
    }
    return Entry(title_raw=title, aliases=(Alias(AliasKind.ARXIV, number),), **{**told, **said})  # type: ignore[arg-type]  # fields by name


def votes(number: str, upvotes: int) -> Entry:
    """A reading of a paper's upvotes."""
    alias = (Alias(AliasKind.ARXIV, number),)
    return Entry(title_raw="", aliases=alias, signals=(Signal("upvotes", upvotes),), is_signal_only=True)


def store(database: Database, *entries: Entry, days_ago: float = 0.0, card: AuthorCard | None = None) -> None:
    """Store and index a listing."""
    at = NOW - timedelta(days=days_ago)
    database.run_sync(catalog.upsert_listing, "arxiv", Listing("cs.CV", at.date(), entries, card=card), at)
    while database.run_sync(search.index_due, 100):
        pass


def fill(database: Database) -> None:
    """The catalog that the tests ask."""
    card = AuthorCard("Ada Lovelace", "CL", h_index=33, papers=31, citations=24036, novelty=51, ai_score=49)
    store(
        database,
        paper("2604.00001", "Gaussian splatting for moving scenes", code_url="https://github.com/x/y"),
        paper("2604.00002", "Splatting without tears", authors=("Jos\u00e9 Muñoz",)),
        paper("2604.00003", HOSTILE, authors=('"><img src=x>', "Ada Lovelace"), categories=("cs.CR",)),
        days_ago=1,
        card=card,
    )
    store(database, paper("2604.00004", "深度学习 for MRI", categories=("eess.IV",)), days_ago=5)
    few = votes("2604.00002", 1), votes("2604.00003", 1)
    store(database, votes("2604.00001", 3), votes("2604.00004", 1), *few, days_ago=1)
    store(database, votes("2604.00001", 120), votes("2604.00004", 500))


def get(application: ASGIApp, *paths: str, method: str = "GET", **headers: str) -> list[httpx.Response]:
    """The answers to each path, over one real connection, redirects not followed."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    async def ask() -> list[httpx.Response]:
        async with serve(application) as base, httpx.AsyncClient(base_url=base, headers=named) as client:
            return [await client.request(method, path) for path in paths]

    return asyncio.run(ask())


def site(database: Database, public_url: str = "https://digest.example.org") -> ASGIApp:
    """The application over a database, at the moment of the tests."""
    return app(database, lambda: KEYS, clock.fixed(NOW), public_url=public_url)
