"""What a digest would look like: the real mail, made of what is in the catalog today, before anybody subscribes.

/sample              topics to choose from
/sample?topic=NAME   the mail, as a subscriber with these topics would get it; nothing is stored
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from digest.editions.language import Language
from digest.editions.render import Reader, render_digest
from digest.editions.select import facts_of
from digest.model import Edition, Interest, Paper, Profile, ShownPick
from digest.ranking.rank import Request as Wanted
from digest.ranking.rankers import Bm25
from digest.store import pages
from digest.store.database import Connection
from digest.web.door import Door
from digest.web.pages import VARY
from digest.web.topics import Topic, told

_MOST_TOPICS = 3
_PER_TOPIC = 120  # papers that are ranked
_PICKS = 10
_KEPT = 32  # samples
_AGE = timedelta(minutes=10)
_READER = "you@example.org"
# A mail brings its styles along in attributes; still nothing of it can run, load or post anything.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


class Sample:
    """`/sample`."""

    def __init__(
        self, door: Door, topics: Mapping[str, Topic], name: str, overrides: Path | None = None, imprint: str = ""
    ) -> None:
        self._door, self._topics, self._overrides = door, topics, overrides
        self._name, self._imprint = name, imprint
        self._turn = asyncio.Lock()  # a sample is some work, and anybody may ask for many
        self._made: OrderedDict[tuple[str, ...], tuple[datetime, str]] = OrderedDict()

    def routes(self) -> list[Route]:
        return [Route("/sample", self.show, methods=["GET"])]

    async def show(self, request: Request) -> Response:
        asked = request.query_params.getlist("topic")
        chosen = tuple(name for name in self._topics if name in asked)[:_MOST_TOPICS]
        pages_, language = self._door.pages, self._door.pages.spoken(request)
        words = {"topics": told(self._topics, language), "is_empty": bool(chosen)}
        if not chosen:
            return pages_.answer("sample", language, words)
        async with self._turn:
            html = await self._mail(chosen, language)
        if not html:
            return pages_.answer("sample", language, words)
        policy = _POLICY + (f"; img-src{pages_.image_source}" if pages_.image_source else "")
        headers = {"Content-Security-Policy": policy, "Content-Language": language.code, **VARY}
        return HTMLResponse(html, headers=headers)

    async def _mail(self, chosen: tuple[str, ...], language: Language) -> str:
        """A few minutes old at the most."""
        now = self._door.clock()
        kept = self._made.get((language.code, *chosen))
        if kept is not None and timedelta() <= now - kept[0] < _AGE:
            return kept[1]
        topics = [self._topics[name].told(language) for name in chosen]
        papers = await self._door.database.read(_papers, topics)
        html = await asyncio.to_thread(self._rendered, topics, papers, now, language)
        self._made[(language.code, *chosen)] = now, html
        while len(self._made) > _KEPT:
            self._made.popitem(last=False)
        return html

    def _rendered(self, topics: Sequence[Topic], papers: Sequence[Paper], now: datetime, language: Language) -> str:
        edition = sample_edition(topics, papers, now)
        if edition.is_empty:
            return ""
        home = self._door.pages.absolute("/")
        reader = Reader(
            _READER,
            sender_name=self._name,
            home_url=home,
            imprint=self._imprint,
            language=language,
            look=self._door.pages.look,
        )
        return render_digest(edition, reader, overrides=self._overrides).html


def sample_edition(topics: Sequence[Topic], papers: Sequence[Paper], now: datetime) -> Edition:
    """The edition of somebody who wants these topics, from these papers alone."""
    ranker = Bm25()
    ranker.learn([(paper.id, f"{paper.title}\n{paper.abstract}") for paper in reversed(papers)])
    names = [topic.title if len(topics) > 1 else "" for topic in topics]
    interests = (Interest(name, topic.categories, topic.keywords) for name, topic in zip(names, topics, strict=True))
    wanted = Wanted(0, Profile(tuple(interests)), _PICKS)
    (picks,) = ranker.rank_batch([wanted], papers, {}, now) if papers else ((),)
    known = {paper.id: paper for paper in papers}
    return Edition(
        id=0,
        subscriber_id=0,
        occasion=f"{now:%Y-%m-%d}",
        day=now.date(),
        since=now - timedelta(days=1),
        composed_at=now,
        scanned=len(papers),
        picks=tuple(
            ShownPick(facts_of(known[pick.paper_id]), pick.score, pick.reasons, pick.interest) for pick in picks
        ),
    )


def _papers(connection: Connection, topics: Sequence[Topic]) -> list[Paper]:
    """The latest papers that the topics are about."""
    found: dict[int, Paper] = {}
    for topic in topics:
        some = pages.on_topic(connection, topic.categories, topic.keywords, _PER_TOPIC, 0)
        found |= {paper.id: paper for paper in some.papers}
    return [found[paper_id] for paper_id in sorted(found, reverse=True)]
