"""The page of one author: the card, as sources gave it and as computed here, and the papers."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from digest.clock import Clock
from digest.editions.language import Language
from digest.editions.plain import clean
from digest.store import pages
from digest.store.authors import Overview
from digest.store.database import Connection, Database
from digest.web import asked, shown
from digest.web.pages import Pages

_PER_PAGE = 20
_LABEL = 120


class AuthorPage:
    """`/a/NAME`, however the name is written; two people of one name share a page."""

    def __init__(self, database: Database, clock: Clock, pages_: Pages) -> None:
        self._database, self._clock, self._pages = database, clock, pages_

    def routes(self) -> list[Route]:
        return [Route("/a/{name:path}", self.show)]

    async def show(self, request: Request) -> Response:
        name = asked.words(request.path_params["name"])
        found = await self._database.read(_read, name, asked.page(request))
        if isinstance(found, list):
            return self._nobody(name, found, self._pages.spoken(request))
        language = self._pages.spoken(request)
        return self._pages.public(request, "author", language, self._words(found, asked.page(request), language))

    def _nobody(self, name: str, near: list[tuple[str, int]], language: Language) -> Response:
        found = [
            {
                "link": self._pages.link(f"/a/{clean(other, _LABEL)}"),
                "label": clean(other, _LABEL),
                "note": language.ngettext("%(num)s paper", "%(num)s papers", papers),
            }
            for other, papers in near
        ]
        return self._pages.answer("not_found", language, {"near": found, "asked": name}, status=404)

    def _words(self, author: Overview, page: int, language: Language) -> Mapping[str, object]:
        now, link = self._clock(), self._pages.link
        name = clean(author.name, _LABEL)
        start = (page - 1) * _PER_PAGE
        path = f"/a/{name}"
        return {
            "author": name,
            "path": path,
            "category": shown.category(author.category, link) if author.category else None,
            "columns": _columns(author, now.year, language),
            "count": author.count,
            "papers": [
                shown.shown(one.paper, now, link, language, note=_figures(one.novelty, language))
                for one in author.works
            ],
            "page": page,
            "previous": link(path, page=page - 1) if page > 1 else "",
            "next": link(path, page=page + 1) if start + _PER_PAGE < author.count else "",
        }


def _columns(author: Overview, year: int, language: Language) -> list[tuple[str, list[tuple[str, str]]]]:
    """For each who says so the figures that they give: heading, then name and figure."""
    columns = []
    for one in author.imported:
        card = one.card
        rows = (
            (language.gettext("h-index"), _number(card.h_index, language)),
            (language.gettext("papers"), _number(card.papers, language)),
            (language.gettext("citations"), _number(card.citations, language)),
            (language.gettext("Novelty"), _percent(card.novelty, language)),
            (language.gettext("AI Score"), _number(card.ai_score, language)),
        )
        day = language.short_date(one.seen_at, year)
        heading = language.gettext("Imported from %(source)s, %(day)s", source=clean(one.source, _LABEL), day=day)
        columns.append((heading, [(label, figure) for label, figure in rows if figure]))
    own = (
        (language.gettext("papers"), _number(author.count, language)),
        (language.gettext("Novelty"), _percent(author.novelty, language)),
        (language.gettext("AI Score"), _number(author.standing.score, language)),
    )
    columns.append(
        (language.gettext("Computed from the papers here"), [(label, figure) for label, figure in own if figure])
    )
    return columns


def _read(connection: Connection, name: str, page: int) -> Overview | list[tuple[str, int]]:
    return pages.author(connection, name, _PER_PAGE, (page - 1) * _PER_PAGE) or pages.near_names(connection, name)


def _number(value: int | None, language: Language) -> str:
    return "" if value is None else language.number(value)


def _percent(value: float | None, language: Language) -> str:
    return "" if value is None else language.percent(value)


def _figures(novelty: float | None, language: Language) -> str:
    return "" if novelty is None else language.gettext("Novelty %(percent)s", percent=language.percent(novelty))
