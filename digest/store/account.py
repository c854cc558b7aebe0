"""Everything that is kept for one subscriber: for their own page, and as a file to take away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, select, update

from digest.model import Alias, Paper, Profile, Subscriber
from digest.store import catalog, editions, feedback, profiles, roster, shelf, subscribers
from digest.store.liking import LIKED, Vote, votes_of
from digest.store.tables import confirmations, outbox
from digest.store.tables import subscribers as people

PAGE = 20
"""Votes, or saved papers, on a page of them."""

_CHANGES = 20
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Voted:
    """A paper that was liked or disliked, for an interest."""

    paper: Paper
    is_liked: bool
    interest: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Account:
    """One subscriber with all that their page shows; votes, saved papers and changes the latest first.

    Of votes and saved papers it is one page of each; the counts are those of all.
    """

    person: Subscriber
    profile: Profile
    paused_until: datetime | None
    feed_number: int
    votes: tuple[Voted, ...]
    votes_count: int
    saved: tuple[Paper, ...]
    saved_count: int
    changes: tuple[feedback.Entry, ...]


def account(connection: Connection, subscriber_id: int, votes_page: int = 1, saved_page: int = 1) -> Account:
    """Pages are numbered from 1. Raises NotFound where there is no such subscriber (any more)."""
    person = subscribers.get_by_id(connection, subscriber_id)
    votes = [vote for vote in votes_of(connection, [subscriber_id])[subscriber_id] if vote.paper_id > 0][::-1]
    saved = list(shelf.on_shelf(connection, subscriber_id, shelf.Kind.SAVED))
    return Account(
        person=person,
        profile=profiles.get_profile(connection, subscriber_id),
        paused_until=subscribers.paused_until(connection, subscriber_id),
        feed_number=feed_number(connection, subscriber_id) or 0,
        votes=tuple(_voted(connection, _page(votes, votes_page))),
        votes_count=len(votes),
        saved=tuple(catalog.papers_in_order(connection, _page(saved, saved_page))),
        saved_count=len(saved),
        changes=tuple(feedback.history(connection, subscriber_id, _CHANGES)),
    )


def _page(items: Sequence[T], number: int) -> Sequence[T]:
    return items[(number - 1) * PAGE : number * PAGE]


def _voted(connection: Connection, votes: Sequence[Vote]) -> list[Voted]:
    found = catalog.papers_by_id(connection, [vote.paper_id for vote in votes])
    return [
        Voted(found[vote.paper_id], vote.value == LIKED, vote.interest, vote.at)
        for vote in votes
        if vote.paper_id in found
    ]


def feed_number(connection: Connection, subscriber_id: int) -> int | None:
    """The number of the address that the private feed has now; None where there is no such subscriber."""
    mine = select(people.c.feed_number).where(people.c.id == subscriber_id)
    found: int | None = connection.execute(mine).scalar()
    return found


def renew_feed(connection: Connection, subscriber_id: int) -> None:
    """End the address of the private feed; it gets another one."""
    mine = people.c.id == subscriber_id
    connection.execute(update(people).where(mine).values(feed_number=people.c.feed_number + 1))


def saved_with_aliases(connection: Connection, subscriber_id: int) -> list[tuple[Paper, Sequence[Alias]]]:
    """The saved papers with every identifier known, the oldest first, so that citation keys stay."""
    papers = [*reversed(shelf.saved(connection, subscriber_id))]
    return [(paper, catalog.aliases_of_paper(connection, paper.id)) for paper in papers]


def takeout(connection: Connection, subscriber_id: int) -> dict[str, object]:
    """Everything kept about a subscriber, in terms of JSON. Raises NotFound."""
    person = subscribers.get_by_id(connection, subscriber_id)
    row = connection.execute(select(people).where(people.c.id == subscriber_id)).mappings().one()
    kept = ("consent", "created_at", "edition_at", "covered_until", "paused_until", "unsubscribed_at")
    return {
        "subscriber": {**roster.export_row(connection, person), **{name: _plain(row[name]) for name in kept}},
        "editions": _editions(connection, subscriber_id),
        "changes": [
            {"at": _plain(one.at), "action": one.action, "from": one.origin, "undone_at": _plain(one.undone_at)}
            for one in feedback.history(connection, subscriber_id, 100_000)
        ],
        "mails": _mails(connection, subscriber_id),
        "confirmations": _confirmations(connection, person.address.casefold()),
    }


def _editions(connection: Connection, subscriber_id: int) -> list[dict[str, object]]:
    chapters = editions.history(connection, subscriber_id)
    found = editions.load_editions(connection, [one.edition_id for one in chapters])
    return [
        {
            "occasion": one.occasion,
            "composed_at": _plain(one.composed_at),
            "scanned": one.scanned,
            "skipped_because": one.skip_reason,
            "papers": [
                {"key": pick.facts.key, "title": pick.facts.title, "score": pick.score, "interest": pick.interest}
                for pick in (found[one.edition_id].picks if one.edition_id in found else ())
            ],
        }
        for one in chapters
    ]


def _mails(connection: Connection, subscriber_id: int) -> list[dict[str, object]]:
    names = ("kind", "recipient", "occasion", "state", "composed_at", "sent_at", "reply")
    mine = select(*(outbox.c[name] for name in names)).where(outbox.c.subscriber_id == subscriber_id)
    return [
        {name: _plain(value) for name, value in row.items()}
        for row in connection.execute(mine.order_by(outbox.c.id)).mappings()
    ]


def _confirmations(connection: Connection, key: str) -> list[dict[str, object]]:
    names = ("address", "begun_at", "expires_at", "confirmed_at")
    mine = select(*(confirmations.c[name] for name in names)).where(confirmations.c.address_key == key)
    return [
        {name: _plain(value) for name, value in row.items()}
        for row in connection.execute(mine.order_by(confirmations.c.number)).mappings()
    ]


def _plain(value: Any) -> object:
    return value.isoformat() if isinstance(value, datetime) else value
