"""Signing up: the box on the pages posts here, and a mail asks the owner of the address.

    POST /subscribe ─► a row ─► (sign-up job) ─► a mail with a link ─► GET /confirm/TOKEN ─► POST ─► subscribed
    POST /manage    ─► a row ─► (sign-up job) ─► a mail with a link to one's own page

Both say the same for every address, and take the same time: nothing is looked up before they answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from digest.editions.language import Language
from digest.editions.links import PREFERENCES
from digest.errors import UsageError
from digest.model import Interest, SubscriberState
from digest.store import asked, subscriptions
from digest.store.addresses import parse_address, parse_public_address
from digest.store.asked import Asking
from digest.store.interests import LONGEST_NAME
from digest.store.subscriptions import Followed, LinkState, Wishes
from digest.web.door import Door
from digest.web.forms import form
from digest.web.said import unmailable
from digest.web.topics import Topic, told

_TRAP = "website"
_MOST_TOPICS = 12


class Subscribe:
    """`/subscribe`, `/confirm/TOKEN` and `/manage`."""

    def __init__(self, door: Door, topics: Mapping[str, Topic]) -> None:
        self._door, self._topics = door, topics
        self._answer, self._spoken = door.pages.answer, door.pages.spoken

    def routes(self) -> list[Route]:
        return [
            Route("/subscribe", self.box, methods=["GET"]),
            Route("/subscribe", self.subscribe, methods=["POST"]),
            Route("/confirm/{token}", self.look, methods=["GET"]),
            Route("/confirm/{token}", self.confirm, methods=["POST"]),
            Route("/manage", self.manage, methods=["GET"]),
            Route("/manage", self.mail_link, methods=["POST"]),
        ]

    async def box(self, request: Request) -> Response:
        """The box by itself; `?topics=NAME` ticks one."""
        chosen = [name for name in request.query_params.getlist("topics") if name in self._topics]
        return self._box(self._spoken(request), "", chosen, "")

    async def subscribe(self, request: Request) -> Response:
        self._door.limits.count(request)
        filled, language = await form(request), self._spoken(request)
        if not self._is_open:
            return self._closed(language, 403)
        address, chosen = filled.line("email"), [one for one in filled.each("topics") if one in self._topics]
        problem = _wrong(address, language) or self._outside(address, language)
        if problem:
            return self._box(language, address, chosen, problem, status=422)
        if filled.has(_TRAP) and filled.line(_TRAP):
            return self._answer(
                "asked", language, {"address": address, "is_link": False}
            )  # who fills it in is no person
        wishes = Wishes(interests=self._interests(chosen, language)) if len(chosen) != 1 else self._single(chosen[0])
        usual = self._door.pages.usual()
        wishes = replace(wishes, language="" if language is usual else language.code)
        return await self._ask(request, Asking.SUBSCRIBE, address, wishes)

    async def look(self, request: Request) -> Response:
        """The page with the button. Whoever tests links may open it as often as they like."""
        found = await self._door.database.read(
            subscriptions.asks, self._door.keys(), request.path_params["token"], self._door.clock()
        )
        match found.state:
            case LinkState.UNKNOWN:
                raise HTTPException(404)
            case LinkState.OPEN:
                return self._answer("confirm", self._spoken(request), {"is_move": found.is_move})
            case LinkState.USED | LinkState.EXPIRED:
                return self._over(self._spoken(request), found.state)

    async def confirm(self, request: Request) -> Response:
        self._door.limits.count(request)
        await form(request)
        found = await self._door.database.run(
            subscriptions.confirm,
            self._door.keys(),
            request.path_params["token"],
            self._door.clock(),
            self._door.sender,
            needs_approval=self._door.sign_up.mode == "approval",
        )
        if found.state is LinkState.UNKNOWN:
            raise HTTPException(404)
        if found.state is not LinkState.OPEN or found.subscriber is None:
            return self._over(self._spoken(request), found.state)
        language = await self._door.language(request, found.subscriber.id)
        return self._answer("confirmed", language, self._welcome(found))

    async def manage(self, request: Request) -> Response:
        language = self._spoken(request)
        if not self._door.sender:
            return self._closed(language, 200)
        return self._answer("manage", language, {"address": "", "problem": ""})

    async def mail_link(self, request: Request) -> Response:
        self._door.limits.count(request)
        address, language = (await form(request)).line("email"), self._spoken(request)
        if not self._door.sender:
            return self._closed(language, 403)
        if problem := _wrong(address, language):
            return self._answer("manage", language, {"address": address, "problem": problem}, status=422)
        return await self._ask(request, Asking.MANAGE, address, Wishes())

    async def _ask(self, request: Request, kind: Asking, address: str, wishes: Wishes) -> Response:
        door = self._door
        wanted = asked.Request(kind, address, door.clients.origin(request), wishes)
        free_at = await door.database.run(asked.ask, wanted, door.sign_up.caps, door.clock())
        if free_at is not None:
            seconds = max(1, int((free_at - door.clock()).total_seconds()))
            raise HTTPException(429, headers={"Retry-After": str(seconds)})
        words = {"address": address, "is_link": kind is Asking.MANAGE}
        return self._answer("asked", self._spoken(request), words)

    def _box(self, language: Language, address: str, chosen: list[str], problem: str, status: int = 200) -> Response:
        if not self._is_open:
            return self._closed(language, 200)
        words = {"address": address, "chosen": chosen, "problem": problem, "topics": told(self._topics, language)}
        return self._answer("subscribe", language, {**words, "domains": self._door.sign_up.domains}, status=status)

    @property
    def _is_open(self) -> bool:
        return bool(self._door.sender) and self._door.sign_up.is_possible

    def _closed(self, language: Language, status: int) -> Response:
        words = {"mode": self._door.sign_up.mode, "is_mailing": bool(self._door.sender)}
        return self._answer("closed", language, words, status=status)

    def _outside(self, address: str, language: Language) -> str:
        if self._door.sign_up.takes(parse_address(address)[1]):
            return ""
        domains = ", ".join(self._door.sign_up.domains)
        return language.gettext("Only addresses of %(domains)s can subscribe here.", domains=domains)

    def _interests(self, chosen: list[str], language: Language) -> tuple[Interest, ...]:
        """Each topic an interest of its own, scored apart from the others."""
        found = (self._topics[name].told(language) for name in dict.fromkeys(chosen[:_MOST_TOPICS]))
        return tuple(Interest(one.title[:LONGEST_NAME], one.categories, one.keywords) for one in found)

    def _single(self, name: str) -> Wishes:
        """One topic is the main interest."""
        return Wishes(categories=self._topics[name].categories, keywords=self._topics[name].keywords)

    def _welcome(self, found: Followed) -> Mapping[str, object]:
        assert found.subscriber is not None
        token = self._door.pass_for(found.subscriber.id, PREFERENCES)
        return {
            "is_move": found.is_move,
            "is_waiting": found.subscriber.state is SubscriberState.PENDING,
            "preferences": self._door.pages.link(f"/preferences/{token}"),
        }

    def _over(self, language: Language, state: LinkState) -> Response:
        return self._answer("confirm_over", language, {"is_used": state is LinkState.USED}, status=410)


def _wrong(address: str, language: Language) -> str:
    """What is wrong with an address, for a person; "" where nothing is."""
    try:
        parse_public_address(address)
    except UsageError as error:
        return unmailable(error, language) if address else language.gettext("Which address?")
    return ""
