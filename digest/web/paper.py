"""The page of one paper."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from digest.clock import Clock
from digest.editions.dates import short_date
from digest.editions.plain import clean
from digest.model import Paper
from digest.store import pages
from digest.store.database import Database
from digest.store.pages import Whole
from digest.web import asked, shown
from digest.web.pages import Pages
from digest.web.plot import plot

_LABEL = 120  # bytes
_MANY = 60  # authors, and sightings, that are shown at once; the rest opens


class PaperPage:
    """`/p/KEY`, KEY being any identifier; the page stands at the canonical one."""

    def __init__(self, database: Database, clock: Clock, pages_: Pages) -> None:
        self._database, self._clock, self._pages = database, clock, pages_

    def routes(self) -> list[Route]:
        return [Route("/p/{key:path}", self.show)]

    async def show(self, request: Request) -> Response:
        """The paper; the way to its canonical address; or what may have been meant."""
        key = asked.words(request.path_params["key"])
        one = await self._database.read(pages.paper, key)
        if one is None:
            return self._nobody(key, await self._database.read(pages.near_ids, key))
        path = shown.paper_path(one)
        if path != f"/p/{request.path_params['key']}":
            return RedirectResponse(self._pages.link(path), status_code=302)
        whole = await self._database.read(pages.whole, one)
        return self._pages.public(request, "paper", self._words(one, whole))

    def _nobody(self, key: str, near: list[Paper]) -> Response:
        found = [
            {"link": self._pages.link(shown.paper_path(one)), "label": clean(one.title, _LABEL), "note": one.key}
            for one in near
        ]
        return self._pages.answer("not_found", {"near": found, "asked": key.rpartition(":")[2]}, status=404)

    def _words(self, one: Paper, whole: Whole) -> Mapping[str, object]:
        now, link = self._clock(), self._pages.link
        authors = shown.authors(one.authors, link)
        return {
            "paper": shown.shown(one, now, link),
            "path": shown.paper_path(one),
            "abstract": shown.whole_abstract(one),
            "summary": shown.summary(one),
            "tldr": clean(one.summary, 1_000) if one.summary else "",
            "tldr_source": clean(one.summary_source, _LABEL) if one.summary_source else "",
            "authors": authors[:_MANY],
            "more_authors": authors[_MANY:],
            "has_others": not one.is_authors_complete,
            "affiliations": [clean(name, _LABEL) for name in one.affiliations[:_MANY]],
            "categories": [shown.category(name, link) for name in one.categories],
            "ids": [str(alias) for alias in whole.aliases if str(alias) != one.key and len(str(alias)) < _LABEL],
            "version": one.version,
            "withdrawn": short_date(one.withdrawn_at, now.year) if one.withdrawn_at else "",
            "versions": _versions(whole, now),
            "sightings": _sightings(whole, now),
            "plot": plot(whole.readings, now),
            "signals": [(clean(name, _LABEL), f"{value:,}") for name, value in sorted(one.signals.items())],
            "akin": [
                (shown.shown(other, now, link), ", ".join(akin.words), f"{akin.cosine:.0%}")
                for akin, other in whole.akin
            ],
            "novelty": whole.work.novelty,
            "unheard": whole.unheard,
            "compared": whole.compared,
            "score": whole.work.standing.score,
        }


def _versions(whole: Whole, now: datetime) -> list[tuple[str, str, str]]:
    """Number, day and, where it differs from the next one's, the title."""
    found = []
    titles = [title for _, _, title in whole.versions]
    for place, (number, at, title) in enumerate(whole.versions):
        is_other = place + 1 < len(titles) and titles[place + 1] != title
        found.append((f"v{number}", short_date(at, now.year), clean(title, 300) if is_other else ""))
    return found


def _sightings(whole: Whole, now: datetime) -> list[tuple[str, str, str]]:
    """Day, place and how it was announced there; the first ones."""
    return [
        (short_date(day, now.year), clean(" · ".join(dict.fromkeys((source, feed))), _LABEL), clean(how, _LABEL))
        for source, feed, day, how in whole.sightings[:_MANY]
    ]
