"""Subscribers and papers to compose for, put into a database as the program itself does."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection

from digest.editions import calendar
from digest.model import Alias, AliasKind, Announcement, Entry, Listing, Schedule, Subscriber
from digest.store import catalog, profiles, subscribers

MORNING = datetime(2026, 4, 20, 7, tzinfo=UTC)
"""A Monday, at the hour when `subscribe` makes editions due."""

TOPICS = (
    "attention maps of lighthouses",
    "graph colouring by parrots",
    "protein folding with paper",
    "gaussian splatting of clouds",
)


def subscribe(
    connection: Connection,
    name: str = "ada",
    edition_at: datetime = MORNING,
    schedule: Schedule | None = None,
    limit: int = 5,
    keywords: Sequence[str] = ("lighthouses", "parrots", "protein", "clouds"),
) -> Subscriber:
    """Somebody whose next edition is due at `edition_at`."""
    schedule = schedule or Schedule()
    address = f"{name}@example.org"
    added = subscribers.add(connection, address, name.title(), schedule, limit, "admin", edition_at, edition_at)
    profiles.set_profile(connection, added.id, keywords=keywords)
    return added


def subscribe_many(connection: Connection, count: int) -> list[Subscriber]:
    return [subscribe(connection, f"reader{number}") for number in range(count)]


def announce(connection: Connection, seen_at: datetime, *numbers: int) -> None:
    """New papers of these arXiv numbers, first seen at `seen_at`."""
    entries = tuple(entry(number) for number in numbers)
    catalog.upsert_listing(connection, "arxiv", Listing("cs.CV", seen_at.date(), entries), seen_at)


def next_morning(schedule: Schedule, after: datetime) -> datetime:
    return calendar.next_edition(schedule, after)


def entry(number: int) -> Entry:
    """What a listing says of the paper of an arXiv number."""
    topic = TOPICS[number % len(TOPICS)]
    return Entry(
        title_raw=f"Study {number} of {topic}",
        abstract_raw=f"In experiment {number} we look at {topic}, and measure what follows.",
        aliases=(Alias(AliasKind.ARXIV, f"2604.{number:05}"),),
        announcement=Announcement.NEW,
        version=1,
        authors=("Ada Lumen", f"Bo Number{number}"),
        categories=("cs.CV",),
    )
