"""The page behind "more like this" and "less like this" of a mail.

    GET /v/TOKEN ─► a page with buttons; changes nothing, since programs that test links open it, too
    POST ─► the vote, in its own transaction; doing it twice changes nothing; the next edition knows it

The token names the subscriber, the paper and the edition, never expires, and can do nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from digest.editions.language import N_, Language
from digest.editions.links import VOTE, verify_numbers
from digest.editions.plain import clean
from digest.model import ReasonKind, ShownPick
from digest.store import editions, feedback, interests, profiles, shelf
from digest.store.database import Connection
from digest.store.shelf import Kind
from digest.web.door import Door
from digest.web.forms import form

_ORIGIN = "mail"
_LABEL, _TITLE = 120, 300
_WORDS, _AUTHORS = 5, 3
_FIRST = ("more", "less", "save")


@dataclass(frozen=True, slots=True)
class Deed:
    """Something to do with a paper: `name` is the value of its button; `label` and what is said when it is done are
    messages, with `values` in them."""

    name: str
    label: str
    done: str
    values: Mapping[str, str] = field(default_factory=dict)
    word: str = ""
    author: str = ""
    category: str = ""

    @property
    def english(self) -> str:
        """The label, as the journal keeps it."""
        return self.label % self.values if self.values else self.label

    def told(self, language: Language) -> Mapping[str, str]:
        """What the page shows of it."""
        label, done = (language.gettext(message, **self.values) for message in (self.label, self.done))
        return {"name": self.name, "label": label, "done": done}


_MORE = Deed("more", N_("More like this"), N_("Noted: more like this."))
_LESS = Deed("less", N_("Less like this"), N_("Noted: less like this."))
_SAVE = Deed("save", N_("Save for later"), N_("Saved: it stands among your saved papers."))


@dataclass(frozen=True, slots=True)
class Ballot:
    """A paper that was mailed to somebody, and what they said of it so far."""

    subscriber_id: int
    pick: ShownPick
    done: frozenset[str]

    @property
    def mutes(self) -> tuple[Deed, ...]:
        """What may be kept away for good: words that carried the pick, the category, the authors."""
        return tuple(_mutes(self.pick))


class Votes:
    """`/v/TOKEN`."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def routes(self) -> list[Route]:
        paths = "/v/{token}", "/v/{token}/{paper:number}", "/v/{token}/{paper:number}/{do}"
        both = ("GET", self.ask), ("POST", self.vote)
        return [Route(path, endpoint, methods=[method]) for path in paths for method, endpoint in both]

    async def ask(self, request: Request) -> Response:
        """The buttons; `?do=less` puts that one first."""
        ballot = await self._door.database.read(_ballot, *self._numbers(request))
        return await self._page(request, ballot, first=_first(request))

    async def vote(self, request: Request) -> Response:
        self._door.limits.count(request)
        numbers, filled = self._numbers(request), await form(request)
        name, is_undoing = (filled.line("undo"), True) if filled.has("undo") else (filled.line("do"), False)
        ballot, deed = await self._door.database.run(_apply, numbers, name, is_undoing, self._door.clock())
        return await self._page(request, ballot, deed=deed, is_undone=is_undoing, status=200 if deed else 422)

    def _numbers(self, request: Request) -> tuple[int, int, int]:
        """Subscriber, paper, edition; a mail's token is of an edition, which says what may be voted on."""
        token, paper = request.path_params["token"], request.path_params.get("paper")
        found = verify_numbers(self._door.keys(), VOTE, token, 3 if paper is None else 2)
        if found is None:
            raise HTTPException(404)
        return (found[0], found[1], found[2]) if paper is None else (found[0], paper, found[1])

    async def _page(
        self,
        request: Request,
        ballot: Ballot | None,
        *,
        first: str = "",
        deed: Deed | None = None,
        is_undone: bool = False,
        status: int = 200,
    ) -> Response:
        if ballot is None:
            raise HTTPException(404)
        facts, language = ballot.pick.facts, await self._door.language(request, ballot.subscriber_id)
        deeds = sorted((_MORE, _LESS, _SAVE), key=lambda one: one.name != first)
        words = {
            "title": clean(facts.title, _TITLE) or language.gettext("(untitled)"),
            "paper": self._door.pages.link(f"/p/{facts.key}"),
            "authors": ", ".join(clean(name, _LABEL) for name in facts.authors),
            "deeds": [one.told(language) for one in deeds],
            "mutes": [one.told(language) for one in ballot.mutes],
            "done": ballot.done,
            "manage": self._door.pages.link("/manage"),
            "deed": deed.told(language) if deed else None,
            "is_undone": is_undone,
        }
        return self._door.pages.answer("vote", language, words, status=status)


def _first(request: Request) -> str:
    """Which button comes first."""
    return str(request.path_params.get("do", "")) or request.query_params.get("do", "")


def _apply(
    connection: Connection, numbers: tuple[int, int, int], name: str, is_undoing: bool, now: datetime
) -> tuple[Ballot | None, Deed | None]:
    """Do it or take it back; no deed where there is none of that name."""
    ballot = _ballot(connection, *numbers)
    if ballot is None:
        return None, None
    deed = next((one for one in (_MORE, _LESS, _SAVE, *ballot.mutes) if one.name == name), None)
    if deed is None or is_undoing is (deed.name not in ballot.done):
        return ballot, deed  # nothing to do, however often it is asked
    said = f"{'took back: ' if is_undoing else ''}{deed.english.lower()} ({ballot.pick.facts.key})"
    with feedback.noted(connection, ballot.subscriber_id, said, _ORIGIN, now):
        (_take_back if is_undoing else _do)(connection, ballot, deed, now)
    return _ballot(connection, *numbers), deed


def _do(connection: Connection, ballot: Ballot, deed: Deed, now: datetime) -> None:
    reader, paper_ids = ballot.subscriber_id, [ballot.pick.facts.paper_id]
    match deed.name:
        case "more" | "less":
            known = interests.names(connection, reader)
            interest = ballot.pick.interest if ballot.pick.interest in known else interests.MAIN
            (profiles.like if deed is _MORE else profiles.dislike)(connection, reader, paper_ids, now, interest)
        case "save":
            shelf.mark(connection, reader, paper_ids, Kind.SAVED, now)
        case _:
            profiles.mute(connection, reader, **_lists(deed))


def _take_back(connection: Connection, ballot: Ballot, deed: Deed, _now: datetime) -> None:
    reader, paper_ids = ballot.subscriber_id, [ballot.pick.facts.paper_id]
    match deed.name:
        case "more" | "less":
            profiles.unlike(connection, reader, paper_ids)
        case "save":
            shelf.unmark(connection, reader, paper_ids, Kind.SAVED)
        case _:
            profiles.unmute(connection, reader, **_lists(deed))


def _lists(deed: Deed) -> dict[str, list[str]]:
    given = {"words": deed.word, "authors": deed.author, "categories": deed.category}
    return {name: [value] for name, value in given.items() if value}


def _ballot(connection: Connection, subscriber_id: int, paper_id: int, edition_id: int) -> Ballot | None:
    """None where the edition is gone, or was never theirs."""
    edition = editions.load_editions(connection, [edition_id]).get(edition_id)
    if edition is None or edition.subscriber_id != subscriber_id:
        return None
    pick = next((one for one in edition.picks if one.facts.paper_id == paper_id), None)
    return Ballot(subscriber_id, pick, _done(connection, subscriber_id, pick)) if pick else None


def _done(connection: Connection, subscriber_id: int, pick: ShownPick) -> frozenset[str]:
    profile, paper_id = profiles.get_profile(connection, subscriber_id), pick.facts.paper_id
    muted = {word.casefold() for word in profile.muted}
    authors = {name.casefold() for name in profile.muted_authors}
    categories = {name.casefold() for name in profile.muted_categories}
    given = {
        "more": paper_id in profile.likes,
        "less": paper_id in profile.dislikes,
        "save": paper_id in shelf.on_shelf(connection, subscriber_id, Kind.SAVED),
        **{
            one.name: one.word.casefold() in muted
            or one.author.casefold() in authors
            or one.category.casefold() in categories
            for one in _mutes(pick)
        },
    }
    return frozenset(name for name, is_so in given.items() if is_so)


def _mutes(pick: ShownPick) -> Iterator[Deed]:
    kinds = (ReasonKind.TERMS, ReasonKind.KEYWORD)
    told = dict.fromkeys(word for reason in pick.reasons if reason.kind in kinds for word in reason.words)
    words = [word for raw in told if (word := clean(raw, _LABEL)) and '"' not in word]
    for number, word in enumerate(words[:_WORDS]):
        label, done = N_("Nothing about “%(word)s”"), N_("Noted: nothing about “%(word)s” any more.")
        yield Deed(f"word:{number}", label, done, {"word": word}, word=word)
    category = clean(pick.facts.category or "", _LABEL)
    if category:
        label, done = N_("Nothing from %(category)s"), N_("Noted: nothing from %(category)s any more.")
        yield Deed("category", label, done, {"category": category}, category=category)
    authors = [name for raw in pick.facts.authors[:_AUTHORS] if (name := clean(raw, _LABEL))]
    for number, name in enumerate(authors):
        label, done = N_("Nothing by %(author)s"), N_("Noted: nothing by %(author)s any more.")
        yield Deed(f"author:{number}", label, done, {"author": name}, author=name)
