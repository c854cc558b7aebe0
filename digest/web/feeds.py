"""Atom feeds (RFC 4287) of what the pages list: an entry's id is the address of its paper's page, for good."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from digest.editions.language import Language
from digest.editions.plain import clean
from digest.model import Paper
from digest.store import pages
from digest.store.database import Connection, Database
from digest.web import asked, shown
from digest.web.pages import Pages, cached
from digest.web.public import Public

MEDIA_TYPE = "application/atom+xml; charset=utf-8"
_ENTRIES = 20
_SUMMARY = 1_500  # bytes
_AUTHORS = 20
_LABEL = 120
_START = datetime(1970, 1, 1, tzinfo=UTC)


class Feeds:
    """`/feeds/….atom`."""

    def __init__(self, database: Database, pages_: Pages, public: Public) -> None:
        self._database, self._pages, self._public = database, pages_, public

    def routes(self) -> list[Route]:
        return [
            Route("/feeds/trending.atom", self.trending),
            Route("/feeds/c/{category}.atom", self.category),
            Route("/feeds/topics/{name}.atom", self.topic),
            Route("/feeds/a/{name:path}.atom", self.author),
        ]

    async def trending(self, request: Request) -> Response:
        found = [one.paper for one in await self._public.trending()]
        if not found:
            found = list((await self._database.read(pages.latest, None, _ENTRIES)).papers)
        title = self._pages.spoken(request).gettext("Trending papers")
        return self._feed(request, "/feeds/trending.atom", title, "/", found)

    async def category(self, request: Request) -> Response:
        name = asked.words(request.path_params["category"])
        found = await self._database.read(pages.latest, name, _ENTRIES)
        if not found.papers and not await self._database.read(pages.has_category, name):
            raise HTTPException(404)
        return self._feed(request, f"/feeds/c/{name}.atom", self._papers_of(request, name), f"/c/{name}", found.papers)

    async def topic(self, request: Request) -> Response:
        topic = self._public.topics.get(asked.words(request.path_params["name"]))
        if topic is None:
            raise HTTPException(404)
        found = await self._database.read(pages.on_topic, topic.categories, topic.keywords, _ENTRIES)
        path, title = f"/topics/{topic.name}", topic.told(self._pages.spoken(request)).title
        return self._feed(request, f"/feeds{path}.atom", title, path, found.papers)

    async def author(self, request: Request) -> Response:
        name, found = await self._database.read(_papers_of, asked.words(request.path_params["name"]))
        if not name:
            raise HTTPException(404)
        path = f"/a/{clean(name, _LABEL)}"
        return self._feed(request, f"/feeds{path}.atom", self._papers_of(request, clean(name, _LABEL)), path, found)

    def _papers_of(self, request: Request, name: str) -> str:
        return self._pages.spoken(request).gettext("Papers of %(name)s", name=name)

    def _feed(self, request: Request, path: str, title: str, page: str, papers: Sequence[Paper]) -> Response:
        language = self._pages.spoken(request)
        body = self._pages.xml("feed", language, feed_words(self._pages, path, title, page, papers, language))
        return cached(request, body, MEDIA_TYPE, language)


def feed_words(
    pages_: Pages, path: str, title: str, page: str, papers: Sequence[Paper], language: Language
) -> Mapping[str, object]:
    """What `templates/page/feed.xml` shows: `path` is the feed's own, `page` that of the page it belongs to."""
    return {
        "id": pages_.absolute(path),
        "title": title,
        "page": pages_.absolute(page),
        "updated": _stamp(max((one.first_seen_at for one in papers), default=_START)),
        "entries": [_entry(pages_, one, language) for one in papers],
    }


def _entry(pages_: Pages, one: Paper, language: Language) -> Mapping[str, object]:
    published = datetime(*one.published_on.timetuple()[:3], tzinfo=UTC) if one.published_on else one.first_seen_at
    return {
        "id": pages_.absolute(shown.paper_path(one)),
        "title": clean(one.title, 300) or language.gettext("(untitled)"),
        "updated": _stamp(one.first_seen_at),
        "published": _stamp(min(published, one.first_seen_at)),
        "authors": [name for each in one.authors[:_AUTHORS] if (name := clean(each, _LABEL))],
        "categories": [name for each in one.categories if (name := clean(each, _LABEL))],
        "links": shown.links(one, language),
        "summary": clean(one.summary or one.abstract, _SUMMARY),
    }


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _papers_of(connection: Connection, name: str) -> tuple[str, list[Paper]]:
    found = pages.author(connection, name, _ENTRIES)
    return (found.name, [work.paper for work in found.works]) if found else ("", [])
