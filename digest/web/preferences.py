"""A subscriber's own page: what they get and when, what they liked and saved, and the way out.

    GET  /preferences/TOKEN               everything on one page, each part a form of its own
    POST /preferences/TOKEN/PART          one change, in one transaction; then back to the page
    GET  /preferences/TOKEN/saved.FORM    the saved papers for a reference manager
    GET  /preferences/TOKEN/data.json     everything that is kept
    …    /preferences/TOKEN/erase         a page that asks once more, then the deletion

The token comes by mail, or with a confirmation, and lives for two hours.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from digest.editions.language import own_names
from digest.editions.links import PREFERENCES
from digest.errors import DigestError, NotFound, UsageError
from digest.references.write import reference_of, write
from digest.store import account, asked, subscribers
from digest.store.addresses import parse_public_address
from digest.store.asked import Asking
from digest.store.database import Connection
from digest.web import changes
from digest.web.asked import page
from digest.web.changes import Change, Refused
from digest.web.door import Door, Opened
from digest.web.forms import Form, form
from digest.web.own_page import FIRST, Turned, refilled, words_of
from digest.web.said import unmailable
from digest.web.topics import Topic, told

T = TypeVar("T")

_FORMS: Mapping[str, tuple[str, str]] = {
    "bib": ("bibtex", "application/x-bibtex; charset=utf-8"),
    "ris": ("ris", "application/x-research-info-systems; charset=utf-8"),
    "json": ("csl-json", "application/vnd.citationstyles.csl+json; charset=utf-8"),
}
_DONE = "done"


class Preferences:
    """`/preferences/TOKEN`. `overrides` may hold further languages of the mails."""

    def __init__(self, door: Door, topics: Mapping[str, Topic], overrides: Path | None = None) -> None:
        self._door, self._topics, self._overrides = door, topics, overrides
        self._parts: Mapping[str, Change] = {
            "schedule": changes.schedule,
            "pause": changes.pause,
            "options": changes.options,
            "interest": changes.interest,
            "add": changes.add_interest(topics),
            "muted": changes.muted,
            "vote": changes.vote,
            "saved": changes.saved,
            "undo": changes.undo,
            "feed": changes.feed,
        }

    def routes(self) -> list[Route]:
        own = "/preferences/{token}"
        return [
            Route(own, self.show, methods=["GET"]),
            Route(f"{own}/saved.{{form}}", self.references, methods=["GET"]),
            Route(f"{own}/data.json", self.takeout, methods=["GET"]),
            Route(f"{own}/erase", self.ask_to_erase, methods=["GET"]),
            Route(f"{own}/erase", self.erase, methods=["POST"]),
            Route(f"{own}/address", self.move, methods=["POST"]),
            Route(f"{own}/{{part}}", self.change, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        opened = await self._door.opened(request, PREFERENCES)
        if isinstance(opened, Response):
            return opened
        done = request.query_params.get(_DONE, "")
        pages = Turned(page(request, "votes"), page(request, "saved"))
        return await self._page(opened, pages=pages, done=done if done in (*self._parts, "address") else "")

    async def change(self, request: Request) -> Response:
        """One part; a form that cannot be taken comes back with what is wrong."""
        opened, filled = await self._posted(request)
        part = request.path_params["part"]
        if part not in self._parts:
            raise HTTPException(404)
        if isinstance(opened, Response):
            return opened
        try:
            await self._door.database.run(_changed, self._parts[part], opened, filled, self._door.clock())
        except Refused as refused:
            return await self._page(opened, problems=refused.problems, refused=(part, filled))
        return self._back(opened, part)

    async def move(self, request: Request) -> Response:
        """Ask the owner of a new address; the same answer whoever it belongs to."""
        opened, filled = await self._posted(request)
        if isinstance(opened, Response):
            return opened
        door, address = self._door, filled.line("email")
        try:
            parse_public_address(address)
        except UsageError as error:
            return await self._page(opened, problems=[unmailable(error, opened.language)])
        origin = door.clients.origin(request)
        wanted = asked.Request(Asking.MOVE, address, origin, subscriber_id=opened.subscriber_id)
        free_at = await door.database.run(asked.ask, wanted, door.sign_up.caps, door.clock())
        if free_at is not None:
            problem = opened.language.gettext("That were many addresses within an hour: try again later.")
            return await self._page(opened, problems=[problem])
        return self._back(opened, "address")

    async def references(self, request: Request) -> Response:
        opened = await self._door.opened(request, PREFERENCES)
        if isinstance(opened, Response):
            return opened
        known = _FORMS.get(request.path_params["form"])
        if known is None:
            raise HTTPException(404)
        found = await self._door.database.read(account.saved_with_aliases, opened.subscriber_id)
        text = write([reference_of(paper, aliases) for paper, aliases in found], known[0])
        return _file(text, known[1], f"saved-papers.{request.path_params['form']}")

    async def takeout(self, request: Request) -> Response:
        opened = await self._door.opened(request, PREFERENCES)
        if isinstance(opened, Response):
            return opened
        found = await self._read(account.takeout, opened)
        return _file(json.dumps(found, ensure_ascii=False, indent=1), "application/json", "my-data.json")

    async def ask_to_erase(self, request: Request) -> Response:
        opened = await self._door.opened(request, PREFERENCES)
        if isinstance(opened, Response):
            return opened
        person = await self._read(subscribers.get_by_id, opened)
        words = {"address": person.address, "back": self._link(opened), "problem": ""}
        return self._door.pages.answer("erase", opened.language, words)

    async def erase(self, request: Request) -> Response:
        """Gone when the answer comes."""
        opened, filled = await self._posted(request)
        if isinstance(opened, Response):
            return opened
        if filled.line("erase") != "yes":
            person = await self._read(subscribers.get_by_id, opened)
            problem = opened.language.gettext("Tick the box first.")
            words = {"address": person.address, "back": self._link(opened), "problem": problem}
            return self._door.pages.answer("erase", opened.language, words, status=422)
        try:
            await self._door.database.run(subscribers.erase, opened.subscriber_id)
        except NotFound as error:
            raise HTTPException(404) from error
        return self._door.pages.answer("erased", opened.language)

    async def _posted(self, request: Request) -> tuple[Opened | Response, Form]:
        self._door.limits.count(request)
        filled = await form(request)
        return await self._door.opened(request, PREFERENCES), filled

    async def _page(
        self,
        opened: Opened,
        *,
        pages: Turned = FIRST,
        done: str = "",
        problems: Sequence[str] = (),
        refused: tuple[str, Form] | None = None,
    ) -> Response:
        """The page as it is stored, but a form that was refused as it was filled in."""
        found = await self._read(partial(account.account, votes_page=pages.votes, saved_page=pages.saved), opened)
        offered = told(self._topics, opened.language)
        shown = words_of(self._door, opened, self._link(opened), found, offered, own_names(self._overrides))
        turns = pages.turns(partial(self._link, opened), found)
        words = {**shown, **turns, "done": done, "problems": list(problems)}
        if refused is not None:
            words |= refilled(words, *refused)
        return self._door.pages.answer("preferences", opened.language, words, status=422 if problems else 200)

    async def _read(self, function: Callable[[Connection, int], T], opened: Opened) -> T:
        """404 for somebody erased since the token was signed."""
        try:
            return await self._door.database.read(function, opened.subscriber_id)
        except NotFound as error:
            raise HTTPException(404) from error

    def _back(self, opened: Opened, part: str) -> Response:
        return RedirectResponse(self._link(opened, **{_DONE: part}), status_code=303)

    def _link(self, opened: Opened, part: str = "", **query: str) -> str:
        return self._door.pages.link(f"/preferences/{opened.token}{f'/{part}' if part else ''}", **query)


def _changed(connection: Connection, change: Change, opened: Opened, filled: Form, now: datetime) -> None:
    try:
        change(connection, opened.subscriber_id, filled, now, opened.language)
    except DigestError as error:
        raise changes.explained(error, opened.language) from error


def _file(text: str, kind: str, name: str) -> Response:
    return Response(text, media_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})
