"""The page of one author: the card, as sources gave it and as computed here, and the papers."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from digest.clock import Clock
from digest.editions.dates import short_date
from digest.editions.plain import clean
from digest.store import pages
from digest.store.authors import Author
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
        found = await self._database.read(_read, name)
        if isinstance(found, list):
            return self._nobody(name, found)
        return self._pages.public(request, "author", self._words(found, asked.page(request)))

    def _nobody(self, name: str, near: list[tuple[str, int]]) -> Response:
        found = [
            {
                "link": self._pages.link(f"/a/{clean(other, _LABEL)}"),
                "label": clean(other, _LABEL),
                "note": f"{papers} paper{'' if papers == 1 else 's'}",
            }
            for other, papers in near
        ]
        return self._pages.answer("not_found", {"near": found, "asked": name}, status=404)

    def _words(self, author: Author, page: int) -> Mapping[str, object]:
        now, link = self._clock(), self._pages.link
        name = clean(author.name, _LABEL)
        start = (page - 1) * _PER_PAGE
        some = author.works[start : start + _PER_PAGE]
        path = f"/a/{name}"
        return {
            "author": name,
            "path": path,
            "category": shown.category(author.category, link) if author.category else None,
            "columns": _columns(author, now.year),
            "count": len(author.works),
            "papers": [shown.shown(one.paper, now, link, note=_figures(one.novelty)) for one in some],
            "page": page,
            "previous": link(path, page=page - 1) if page > 1 else "",
            "next": link(path, page=page + 1) if start + _PER_PAGE < len(author.works) else "",
        }


def _columns(author: Author, year: int) -> list[tuple[str, list[tuple[str, str]]]]:
    """For each who says so the figures that they give: heading, then name and figure."""
    columns = []
    for one in author.imported:
        card = one.card
        rows = (
            ("h-index", _number(card.h_index)),
            ("papers", _number(card.papers)),
            ("citations", _number(card.citations)),
            ("Novelty", _percent(card.novelty)),
            ("AI Score", _number(card.ai_score)),
        )
        heading = f"Imported from {clean(one.source, _LABEL)}, {short_date(one.seen_at, year)}"
        columns.append((heading, [(label, figure) for label, figure in rows if figure]))
    own = (
        ("papers", _number(len(author.works))),
        ("Novelty", _percent(author.novelty)),
        ("AI Score", _number(author.standing.score)),
    )
    columns.append(("Computed from the papers here", [(label, figure) for label, figure in own if figure]))
    return columns


def _read(connection: Connection, name: str) -> Author | list[tuple[str, int]]:
    return pages.author(connection, name) or pages.near_names(connection, name)


def _number(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


def _percent(value: float | None) -> str:
    return "" if value is None else f"{value:.0f}%"


def _figures(novelty: float | None) -> str:
    return "" if novelty is None else f"Novelty {novelty:.0f}%"
