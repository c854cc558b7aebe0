"""Feeds that come in pages: fetched one after the other, stored as one listing.

A page that fails, or that is empty in the middle, leaves the listing incomplete: its papers count, and the feed is
asked for again from its first page.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from digest.errors import DigestError
from digest.model import Listing, Rejection
from digest.sources import Fetched, Paged, Reader, Request, Response, Source, Unavailable


@dataclass(frozen=True, slots=True)
class Pages:
    """The answers in order, one for a feed without pages; `failure` says why one that should follow is missing."""

    answers: tuple[tuple[Request, Response], ...]
    failure: str | None = None

    @property
    def first(self) -> Response:
        return self.answers[0][1]


async def fetch_following(source: Source, reader: Reader, request: Request, response: Response) -> Pages:
    """A first page and all that follow it."""
    answers, failure = [(request, response)], None
    while isinstance(source, Paged) and failure is None:
        following = _following(source, *answers[-1])
        if following is None:
            break
        match await reader.fetch(following, None):
            case Fetched(answer):
                answers.append((following, answer))
            case Unavailable(reason):
                failure = f"page {len(answers) + 1}: {reason}"
            case _:
                failure = f"page {len(answers) + 1}: not modified, though it was not asked for before"
    return Pages(tuple(answers), failure)


def _following(source: Paged, request: Request, response: Response) -> Request | None:
    try:
        return source.following(request, response)
    except DigestError:  # what is wrong with the page, its parsing will say
        return None


def parse(source: Source, pages: Pages) -> Listing:
    """The pages as one listing.

    Raises:
        Unreadable: nothing of the first one can be used.
    """
    (request, response), *others = pages.answers
    listing, failure = source.parse(request, response), pages.failure
    for number, page in enumerate(others, 2):
        try:
            listing = _joined(listing, source.parse(*page))
        except DigestError as error:
            failure = f"page {number}: {error}"
            break
    if failure is None:
        return listing
    cut = Rejection(request.url, None, failure)
    return replace(listing, rejections=(*listing.rejections, cut), is_complete=False)


def _joined(one: Listing, other: Listing) -> Listing:
    return replace(
        one,
        day=max((day for day in (one.day, other.day) if day), default=None),
        entries=one.entries + other.entries,
        rejections=one.rejections + other.rejections,
        is_complete=one.is_complete and other.is_complete,
    )
