"""What the pages of single readers share: whom a token opens them for, who asks, and who may sign up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from digest.clock import Clock
from digest.editions.language import Language
from digest.editions.links import ACCESS_LIVES, sign_until, verify_until
from digest.seals import Keys
from digest.store.asked import Caps
from digest.store.database import Database
from digest.store.profiles import chosen_language
from digest.web.clients import Clients
from digest.web.limits import Limits
from digest.web.pages import Pages

Mode = Literal["open", "closed", "invitation", "approval"]


@dataclass(frozen=True, slots=True)
class SignUp:
    """Who may subscribe over the web: everybody, only addresses of `domains`, or nobody."""

    mode: Mode = "open"
    domains: tuple[str, ...] = ()
    caps: Caps = field(default_factory=Caps)

    @property
    def is_possible(self) -> bool:
        return self.mode in ("open", "approval")

    def takes(self, address_key: str) -> bool:
        """Whether the domain of a case-folded address is one of `domains`, or below one of them."""
        domain = address_key.rpartition("@")[2]
        return not self.domains or any(domain == one or domain.endswith(f".{one}") for one in self.domains)


@dataclass(frozen=True, slots=True)
class Opened:
    """A genuine token that has not expired, whose it is, and the language to answer in."""

    token: str
    subscriber_id: int
    language: Language


@dataclass(frozen=True, slots=True)
class Door:
    """`sender` is the domain from which mails leave, "" where the admin has no `public_url` to link in them."""

    database: Database
    keys: Callable[[], Keys]
    clock: Clock
    pages: Pages
    clients: Clients
    limits: Limits
    sign_up: SignUp = SignUp()
    sender: str = ""

    async def opened(self, request: Request, purpose: str) -> Opened | Response:
        """Who has this token; an answer with a way to a fresh one where it has expired.

        Raises:
            HTTPException: 404 for any other token.
        """
        token = request.path_params["token"]
        found = verify_until(self.keys(), purpose, token)
        if found is None:
            raise HTTPException(404)
        subscriber_id, until = found
        language = await self.language(request, subscriber_id)
        if until <= self.clock():
            return self.pages.answer("expired", language, status=410)
        return Opened(token, subscriber_id, language)

    async def language(self, request: Request, subscriber_id: int) -> Language:
        """The one that a reader chose, else that of the request."""
        return self.pages.spoken(request, await self.database.read(chosen_language, subscriber_id))

    def pass_for(self, subscriber_id: int, purpose: str, lives: timedelta = ACCESS_LIVES) -> str:
        """A fresh token that opens a reader's own pages for a while."""
        return sign_until(self.keys(), purpose, subscriber_id, self.clock() + lives)
