"""What a kind needs so that days nobody polled can be had afterwards: an archive that is asked page by page.

    Missed(feed, since, token) ─► archived ─► Request ─► fetch ─► read_archived ─► Page(listing, next token)

A kind that can do so has these two pure methods beside those of a source; `arxiv` has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol, runtime_checkable

from digest.model import Listing
from digest.sources import Request, Response, Unreadable


class StaleToken(Unreadable):
    """The service forgot where we were; the catch-up begins again."""


@dataclass(frozen=True, slots=True)
class Missed:
    """The next page to ask for: days of `feed` since `since`, by one of the kind's routes, from `token` on."""

    feed: str
    since: date
    route: str
    token: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One page, read. Without a `token` it was the last; `announced` is how many papers there are in all."""

    listing: Listing
    token: str | None = None
    announced: int | None = None


@runtime_checkable
class Archived(Protocol):
    """A source kind with an archive."""

    @property
    def routes(self) -> Sequence[str]:
        """Ways to the archive, the best first; the next is tried where one keeps failing."""

    @property
    def cut(self) -> int | None:
        """The number of items at which the service cuts a feed, None where it does not."""

    def feeds(self) -> Sequence[str]:
        """The feeds that can be caught up."""

    def archived(self, missed: Missed) -> Request:
        """What to fetch."""

    def read_archived(self, missed: Missed, request: Request, response: Response) -> Page:
        """Read a page; entries say `published_on` (of the first version) where the archive does.

        Raises:
            StaleToken: begin again without a token.
            Unreadable: nothing of it can be used; try the same page later.
        """
