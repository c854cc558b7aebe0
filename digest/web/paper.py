"""The page of one paper."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from digest.clock import Clock
from digest.editions.language import N_, Language
from digest.editions.plain import clean
from digest.model import Paper
from digest.store import pages
from digest.store.database import Database
from digest.store.pages import Whole
from digest.web import asked, shown
from digest.web.pages import Pages
from digest.web.plot import plot, reading
from digest.web.public import Public

_LABEL = 120  # bytes
_FEW = 8  # authors shown at once, so that the abstract is on the first screen of a phone; the rest opens
_SOME = 12  # authors, of whom none are hidden: a line more takes no longer to read than to open
_MANY = 60  # affiliations and sightings
_ANNOUNCED = {
    "new": N_("new"),
    "cross": N_("cross-listed"),
    "replace": N_("replaced"),
    "replace-cross": N_("replaced, cross-listed"),
    "listed": N_("listed"),
    "caught-up": N_("caught up"),
    "caught-up-old": N_("caught up, older"),
}


class PaperPage:
    """`/p/KEY`, KEY being any identifier; the page stands at the canonical one."""

    def __init__(self, database: Database, clock: Clock, pages_: Pages, public: Public) -> None:
        self._database, self._clock, self._pages, self._public = database, clock, pages_, public

    def routes(self) -> list[Route]:
        return [Route("/p/{key:path}", self.show)]

    async def show(self, request: Request) -> Response:
        """The paper; the way to its canonical address; or what may have been meant."""
        key = asked.words(request.path_params["key"])
        one = await self._database.read(pages.paper, key)
        if one is None:
            near = await self._database.read(pages.near_ids, key)
            return self._nobody(key, near, self._pages.spoken(request))
        path = shown.paper_path(one)
        if path != f"/p/{request.path_params['key']}":
            return RedirectResponse(self._pages.link(path), status_code=302)
        whole = await self._database.read(pages.whole, one)
        trend = await self._public.trend_of(one)
        language = self._pages.spoken(request)
        return self._pages.public(request, "paper", language, self._words(one, whole, trend, language))

    def _nobody(self, key: str, near: list[Paper], language: Language) -> Response:
        found = [
            {"link": self._pages.link(shown.paper_path(one)), "label": clean(one.title, _LABEL), "note": one.key}
            for one in near
        ]
        words = {"near": found, "asked": key.rpartition(":")[2]}
        return self._pages.answer("not_found", language, words, status=404)

    def _words(self, one: Paper, whole: Whole, trend: float, language: Language) -> Mapping[str, object]:
        now, link = self._clock(), self._pages.link
        authors = shown.authors(one.authors, link)
        few = len(authors) if len(authors) <= _SOME else _FEW
        return {
            "paper": shown.shown(one, now, link, language, trend=trend),
            "path": shown.paper_path(one),
            "abstract": shown.whole_abstract(one),
            "summary": shown.summary(one),
            "tldr": clean(one.summary, 1_000) if one.summary else "",
            "tldr_source": clean(one.summary_source, _LABEL) if one.summary_source else "",
            "authors": authors[:few],
            "more_authors": authors[few:],
            "has_others": not one.is_authors_complete,
            "affiliations": [clean(name, _LABEL) for name in one.affiliations[:_MANY]],
            "categories": [shown.category(name, link) for name in one.categories],
            "ids": [str(alias) for alias in whole.aliases if str(alias) != one.key and len(str(alias)) < _LABEL],
            "version": one.version,
            "withdrawn": language.short_date(one.withdrawn_at, now.year) if one.withdrawn_at else "",
            "versions": _versions(whole, now, language),
            "sightings": _sightings(whole, now, language),
            "plot": plot(whole.readings, now, language),
            "signals": [reading(name, value, language) for name, value in sorted(one.signals.items())],
            "akin": [
                (shown.shown(other, now, link, language), ", ".join(akin.words), f"{akin.cosine:.0%}")
                for akin, other in whole.akin
            ],
            "novelty": None if whole.work.novelty is None else language.percent(whole.work.novelty),
            "unheard": whole.unheard,
            "compared": whole.compared,
            "score": whole.work.standing.score,
        }


def _versions(whole: Whole, now: datetime, language: Language) -> list[tuple[str, str, str]]:
    """Number, day and, where it differs from the next one's, the title."""
    found = []
    titles = [title for _, _, title in whole.versions]
    for place, (number, at, title) in enumerate(whole.versions):
        is_other = place + 1 < len(titles) and titles[place + 1] != title
        found.append((f"v{number}", language.short_date(at, now.year), clean(title, 300) if is_other else ""))
    return found


def _sightings(whole: Whole, now: datetime, language: Language) -> list[tuple[str, str, str]]:
    """Day, place and how it was announced there; the first ones."""
    return [
        (
            language.short_date(day, now.year),
            clean(" · ".join(dict.fromkeys((source, feed))), _LABEL),
            language.gettext(_ANNOUNCED[how]) if how in _ANNOUNCED else clean(how, _LABEL),
        )
        for source, feed, day, how in whole.sightings[:_MANY]
    ]
