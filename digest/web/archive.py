"""What somebody got so far: the editions as they were stored, and their papers as a feed for one reader.

/archive/TOKEN            the editions, by a token that lives shortly
/archive/TOKEN/NUMBER     one of them
/feeds/TOKEN.atom         the papers of the latest ones; this token lives until another one is asked for
"""

from __future__ import annotations

from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from digest.editions.language import Language
from digest.editions.links import ARCHIVE, FEED, verify_numbers, vote_token
from digest.editions.plain import clean
from digest.editions.reasons import because
from digest.editions.sections import sections, summary
from digest.editions.select import RISING
from digest.editions.view import paper_view
from digest.errors import NotFound
from digest.model import Edition, Paper, ShownPick, SubscriberState
from digest.store import account, catalog, editions, profiles, subscribers
from digest.store.database import Connection
from digest.store.editions import Chapter
from digest.web import shown
from digest.web.door import Door, Opened
from digest.web.feeds import MEDIA_TYPE, feed_words
from digest.web.shown import Shown

_NAME = 80
_LISTED = 400
_FED = 5  # editions
_ENTRIES = 50


class Archive:
    """`/archive/TOKEN` and the private feed."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def routes(self) -> list[Route]:
        return [
            Route("/archive/{token}", self.show, methods=["GET"]),
            Route("/archive/{token}/{number:number}", self.edition, methods=["GET"]),
            Route("/feeds/{token}.atom", self.feed, methods=["GET"]),
        ]

    async def show(self, request: Request) -> Response:
        opened = await self._door.opened(request, ARCHIVE)
        if isinstance(opened, Response):
            return opened
        chapters = await self._door.database.read(_chapters, opened.subscriber_id)
        return self._door.pages.answer(
            "archive", opened.language, {"editions": [self._line(opened, one) for one in chapters]}
        )

    async def edition(self, request: Request) -> Response:
        opened = await self._door.opened(request, ARCHIVE)
        if isinstance(opened, Response):
            return opened
        number = request.path_params["number"]
        found = await self._door.database.read(_edition_of, opened.subscriber_id, number)
        if found is None:
            raise HTTPException(404)
        return self._door.pages.answer("edition", opened.language, self._words(opened, found))

    async def feed(self, request: Request) -> Response:
        token = request.path_params["token"]
        numbers = verify_numbers(self._door.keys(), FEED, token, 2)
        found = await self._door.database.read(_fed, *numbers) if numbers else None
        if found is None:
            raise HTTPException(404)
        chosen, papers = found
        pages, language = self._door.pages, self._door.pages.usual(chosen)
        title = language.gettext("Papers picked for you")
        words = feed_words(pages, f"/feeds/{token}.atom", title, "/", papers, language)
        return Response(pages.xml("feed", language, words), media_type=MEDIA_TYPE)

    def _line(self, opened: Opened, one: Chapter) -> Mapping[str, object]:
        link = self._door.pages.link(f"/archive/{opened.token}/{one.edition_id}")
        return {"day": opened.language.long_date(one.day), "papers": one.picks, "link": link}

    def _words(self, opened: Opened, edition: Edition) -> Mapping[str, object]:
        language = opened.language
        parts = sections(edition.picks, language)
        return {
            "day": language.long_date(edition.day),
            "summary": summary(parts, edition.scanned, language),
            "sections": [
                (part.heading, [self._pick(edition, pick, language) for pick in part.picks]) for part in parts
            ],
            "back": self._door.pages.link(f"/archive/{opened.token}"),
        }

    def _pick(self, edition: Edition, pick: ShownPick, language: Language) -> Mapping[str, object]:
        keys, link = self._door.keys(), self._door.pages.link
        vote = vote_token(keys, edition.subscriber_id, pick.facts.paper_id, edition.id)
        return {
            "paper": picked(pick, edition, link, language),
            "reason": because(pick.reasons, language, is_rising=pick.facts.marker == RISING),
            "vote": link(f"/v/{vote}"),
        }


def picked(pick: ShownPick, edition: Edition, link: shown.Link, language: Language) -> Shown:
    """A pick as the lists of the pages show papers, as it was when the edition was made."""
    facts, view = pick.facts, paper_view(pick.facts, edition.day, language)
    names = [clean(name, _NAME) for name in facts.authors]
    is_all = facts.author_count is not None and facts.author_count <= len(names)
    return Shown(
        key=facts.key,
        link=link(f"/p/{facts.key}"),
        title=view.title,
        abstract=view.abstract,
        authors=tuple(shown.author(name, link) for name in names if name),
        rest="" if is_all or not names else language.gettext("et al."),
        category=shown.category(facts.category, link) if facts.category else None,
        date=view.date,
        marker=view.marker,
        upvotes=view.upvotes,
        sparkline=view.sparkline,
        code_url=view.code_url,
        code_label=view.code_label,
        links=view.links,
    )


def _chapters(connection: Connection, subscriber_id: int) -> list[Chapter]:
    found = editions.history(connection, subscriber_id, limit=_LISTED)
    return [one for one in found if one.skip_reason is None]


def _edition_of(connection: Connection, subscriber_id: int, number: int) -> Edition | None:
    if number.bit_length() > 63:
        return None
    found = editions.load_editions(connection, [number]).get(number)
    return found if found is not None and found.subscriber_id == subscriber_id else None


def _fed(connection: Connection, subscriber_id: int, number: int) -> tuple[str, list[Paper]] | None:
    """The language that the reader chose, and the papers.

    None where the address of the feed is not that of now, or nothing is mailed any more.
    """
    try:
        person = subscribers.get_by_id(connection, subscriber_id)
    except NotFound:
        return None
    is_reader = person.state in (SubscriberState.ACTIVE, SubscriberState.PAUSED)
    if not is_reader or account.feed_number(connection, subscriber_id) != number:
        return None
    latest = [one.edition_id for one in _chapters(connection, subscriber_id)[:_FED]]
    found = editions.load_editions(connection, latest)
    ids = [pick.facts.paper_id for one in latest for pick in found[one].picks][:_ENTRIES]
    papers = catalog.papers_by_id(connection, ids)
    chosen = profiles.chosen_language(connection, subscriber_id)
    return chosen, [papers[paper_id] for paper_id in dict.fromkeys(ids) if paper_id in papers]
