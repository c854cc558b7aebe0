"""The pages for everybody: what trends, categories, topics, the search.

request ─► one transaction that only reads ─► a page that may be kept for five minutes
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from digest.clock import Clock
from digest.editions.language import Language
from digest.model import Paper
from digest.papers.identity import arxiv_id
from digest.store import attention, pages, search
from digest.store.attention import Trending
from digest.store.database import Connection, Database
from digest.store.pages import Found
from digest.web import asked
from digest.web.pages import Pages
from digest.web.shown import Shown, paper_path, shown
from digest.web.topics import Topic, told, topics

PER_PAGE = 20
_TREND_AGE = timedelta(minutes=2)
_WITHDRAWN = 5  # of the hottest, that may turn out to be withdrawn


@dataclass(frozen=True, slots=True)
class Trends:
    """What trends: the hottest papers, and the trend of every paper that has one."""

    hottest: list[Trending]
    by_id: Mapping[int, float]


class Public:
    """The lists."""

    def __init__(self, database: Database, clock: Clock, pages_: Pages, overrides: Path | None = None) -> None:
        self._database, self._clock, self._pages = database, clock, pages_
        self.topics: Mapping[str, Topic] = {topic.name: topic for topic in topics(overrides)}
        self._trends: tuple[datetime, Trends] | None = None
        self._turn = asyncio.Lock()

    def routes(self) -> list[Route]:
        return [
            Route("/", self.index),
            Route("/topics", self.all_topics),
            Route("/topics/{name}", self.topic),
            Route("/c/{category}", self.category),
            Route("/search", self.search),
            Route("/robots.txt", self.robots),
        ]

    async def trending(self) -> list[Trending]:
        """What trends, hottest first; two minutes old at the most."""
        return (await self._known()).hottest

    async def trend_of(self, paper: Paper) -> float:
        """How much a paper trends, as of the same moment; 0 where it was not read lately."""
        return (await self._known()).by_id.get(paper.id, 0.0) if paper.signals else 0.0

    async def _known(self) -> Trends:
        async with self._turn:  # many readers at once wait for one answer
            now = self._clock()
            if self._trends is None or not timedelta() <= now - self._trends[0] < _TREND_AGE:
                self._trends = (now, await self._database.read(_trending, now))
            return self._trends[1]

    async def index(self, request: Request) -> Response:
        """What trends today, or the latest papers where nothing is voted on."""
        trends = await self.trending()
        language = self._pages.spoken(request)
        found = [self._shown(one.paper, language, trend=one.trend) for one in trends]
        if not found:
            newest = await self._database.read(pages.latest, None, PER_PAGE)
            found = [self._shown(one, language) for one in newest.papers]
        words = {
            "papers": found,
            "is_trending": bool(trends),
            "topics": told(self.topics, language),
            "place": "trending",
        }
        return self._pages.public(request, "index", language, words)

    async def all_topics(self, request: Request) -> Response:
        """Every topic and every category."""
        known = await self._database.read(pages.categories)
        language = self._pages.spoken(request)
        words = {"topics": told(self.topics, language), "categories": known, "place": "topics"}
        return self._pages.public(request, "topics", language, words)

    async def topic(self, request: Request) -> Response:
        """The latest papers of a topic."""
        name = asked.words(request.path_params["name"])
        topic = self.topics.get(name)
        if topic is None:
            raise HTTPException(404)
        found = await self._database.read(pages.on_topic, topic.categories, topic.keywords, PER_PAGE, _offset(request))
        topic = topic.told(self._pages.spoken(request))
        words = {"title": topic.title, "about": topic.about, "topic": topic, "feed": f"/feeds/topics/{name}.atom"}
        return self._list(request, f"/topics/{name}", found, words)

    async def category(self, request: Request) -> Response:
        """The latest papers of a category, whatever listed them."""
        name = asked.words(request.path_params["category"])
        found = await self._database.read(pages.latest, name, PER_PAGE, _offset(request))
        if not found.papers and not await self._database.read(pages.has_category, name):
            raise HTTPException(404)
        words = {"title": name, "about": "", "topic": None, "feed": f"/feeds/c/{name}.atom"}
        return self._list(request, f"/c/{name}", found, words)

    async def search(self, request: Request) -> Response:
        """The papers that hold all the words; straight to the paper where it is an arXiv id that we have."""
        query = asked.words(request.query_params.get("q", ""))
        if arxiv_id(query) is not None and (one := await self._database.read(pages.paper, query)) is not None:
            return RedirectResponse(self._pages.link(paper_path(one)), status_code=303)
        found = await self._database.read(pages.matching, query, PER_PAGE, _offset(request))
        words = {
            "q": query,
            "is_empty": not search.wanted(query),
            "place": "search",
            **self._paged(request, "/search", found, q=query),
        }
        return self._pages.public(request, "search", self._pages.spoken(request), words)

    async def robots(self, _request: Request) -> Response:
        """Search engines may read what everybody may, but not every search."""
        hidden = "".join(f"Disallow: {self._pages.link(path)}\n" for path in ("/search", "/u/"))
        return Response(f"User-agent: *\n{hidden}", media_type="text/plain; charset=utf-8")

    def _list(self, request: Request, path: str, found: Found, words: Mapping[str, object]) -> Response:
        all_words = {"place": "topics", "path": path, **words, **self._paged(request, path, found)}
        return self._pages.public(request, "list", self._pages.spoken(request), all_words)

    def _paged(self, request: Request, path: str, found: Found, **query: str) -> dict[str, object]:
        page, language = asked.page(request), self._pages.spoken(request)
        has_next = found.has_more and page < asked.PAGES
        return {
            "papers": [self._shown(one, language) for one in found.papers],
            "page": page,
            "previous": self._pages.link(path, **query, page=page - 1) if page > 1 else "",
            "next": self._pages.link(path, **query, page=page + 1) if has_next else "",
        }

    def _shown(self, paper: Paper, language: Language, trend: float = 0.0) -> Shown:
        return shown(paper, self._clock(), self._pages.link, language, trend=trend)


def _trending(connection: Connection, now: datetime) -> Trends:
    hot = [one for one in attention.heats(connection, now) if one.trend > 0]
    found = attention.with_papers(connection, hot[: PER_PAGE + _WITHDRAWN], now)
    shown_ones = [one for one in found if one.paper.withdrawn_at is None][:PER_PAGE]
    return Trends(shown_ones, {one.paper_id: one.trend for one in hot})


def _offset(request: Request) -> int:
    return (asked.page(request) - 1) * PER_PAGE
