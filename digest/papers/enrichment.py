"""What services say of papers and of people, and which of it is shown where several speak.

    one service's Said ─┐
    another's          ─┴─► shown ─► each fact with the service it is from

A service is known by its kind (`semantic_scholar`); `asked_at` of what it said is kept beside it, so every fact that
is shown can be traced to who said it and when.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, Self, TypeVar

from digest.model import Alias, AliasKind
from digest.papers.identity import fold_name, surname

T = TypeVar("T")

# Who is believed first where several say something.
_SUMMARY = ("hugging_face", "semantic_scholar", "completions")
_AFFILIATIONS = ("openalex", "hugging_face", "semantic_scholar")
_CODE = ("github", "hugging_face")
_STARS = ("github", "hugging_face")  # GitHub's own count is live, the other a copy
_CITATIONS = ("semantic_scholar", "openalex")

TITLES: Mapping[str, str] = {
    "semantic_scholar": "Semantic Scholar",
    "openalex": "OpenAlex",
    "hugging_face": "Hugging Face",
    "github": "GitHub",
    "completions": "language model",
}


def title_of(kind: str) -> str:
    """A service's name for readers."""
    return TITLES.get(kind, kind)


class Needs(StrEnum):
    """What a paper must have for a service to be asked about it."""

    ARXIV = "an arXiv id"
    ID = "an arXiv id or a DOI"
    GITHUB = "a link to GitHub"
    SUMMARY = "an abstract, and no summary from anybody else"


@dataclass(frozen=True, slots=True)
class Subject:
    """A paper to ask about."""

    id: int
    title: str
    abstract: str = ""
    aliases: tuple[Alias, ...] = ()
    code_url: str | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """An author to ask about: the folded name the catalog knows, and the id the service gave."""

    folded: str
    key: str


@dataclass(frozen=True, slots=True)
class PersonSaid:
    """What one service says of an author; `key` is their id there. None where it says nothing."""

    name: str
    key: str
    h_index: int | None = None
    papers: int | None = None
    citations: int | None = None
    affiliations: tuple[str, ...] = ()
    orcid: str | None = None  # with hyphens

    def to_json(self) -> dict[str, Any]:
        """Only what is set."""
        return _plain(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        return cls(**{**stored, "affiliations": tuple(stored.get("affiliations", ()))})


@dataclass(frozen=True, slots=True)
class PaperSaid:
    """What one service says of one paper; what it does not know is None or empty.

    `key` is the paper's id at the service, `aliases` are further ids it knows it by. `code_url` is a link to its code.
    """

    key: str | None = None
    aliases: tuple[Alias, ...] = ()
    summary: str | None = None
    code_url: str | None = None
    stars: int | None = None
    upvotes: int | None = None
    citations: int | None = None
    affiliations: tuple[str, ...] = ()
    is_retracted: bool = False
    people: tuple[PersonSaid, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Only what is set; people are stored by themselves."""
        plain = _plain(self)
        plain.pop("people", None)
        if self.aliases:
            plain["aliases"] = [[alias.kind.value, alias.value] for alias in self.aliases]
        return plain

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`."""
        aliases = tuple(Alias(AliasKind(kind), value) for kind, value in stored.get("aliases", ()))
        affiliations = tuple(stored.get("affiliations", ()))
        return cls(**{**stored, "aliases": aliases, "affiliations": affiliations})


@dataclass(frozen=True, slots=True)
class Shown:
    """What is shown of a paper, each with the kind of service that said it; None where nobody did."""

    summary: tuple[str, str] | None = None
    code_url: tuple[str, str] | None = None
    stars: tuple[int, str] | None = None
    upvotes: tuple[int, str] | None = None
    citations: tuple[int, str] | None = None
    affiliations: tuple[tuple[str, ...], str] | None = None
    is_retracted: tuple[bool, str] | None = None


def shown(said: Mapping[str, PaperSaid]) -> Shown:
    """Choose among the services by kind; the order of `said` does not matter."""
    return Shown(
        summary=_first(said, _SUMMARY, lambda one: one.summary),
        code_url=_first(said, _CODE, lambda one: one.code_url),
        stars=_first(said, _STARS, lambda one: one.stars),
        upvotes=_first(said, (), lambda one: one.upvotes),
        citations=_first(said, _CITATIONS, lambda one: one.citations),
        affiliations=_first(said, _AFFILIATIONS, lambda one: one.affiliations or None),
        is_retracted=_first(said, (), lambda one: one.is_retracted or None),
    )


def best_person(people: Iterable[PersonSaid]) -> PersonSaid | None:
    """Of several profiles of one name the one with the most papers: services split people more often than they join."""
    return max(people, key=lambda one: (one.papers or 0, one.citations or 0, one.key), default=None)


def matched(people: Iterable[PersonSaid], authors: Iterable[str]) -> dict[str, PersonSaid]:
    """The people a service names for a paper, by the folded name of the paper's author each of them is.

    Services abbreviate ("E. Duflo"): where no name is equal, surname and first initial decide, if only one fits.
    """
    mine = list(dict.fromkeys(fold_name(author) for author in authors))
    exact: dict[str, list[PersonSaid]] = {}
    loose: dict[str, list[PersonSaid]] = {}
    for person in people:
        folded = fold_name(person.name)
        if folded in mine:
            exact.setdefault(folded, []).append(person)
        else:
            loose.setdefault(_short(person.name), []).append(person)
    shorts = Counter(_short(name) for name in mine)
    found = {name: best for name, some in exact.items() if (best := best_person(some))}
    for name in mine:
        candidates = loose.get(_short(name), [])
        if name not in found and shorts[_short(name)] == 1 and len(candidates) == 1:
            found[name] = candidates[0]
    return found


def _short(name: str) -> str:
    return f"{surname(name)} {fold_name(name)[:1]}"


def _first(
    said: Mapping[str, PaperSaid], order: tuple[str, ...], fact: Callable[[PaperSaid], T | None]
) -> tuple[T, str] | None:
    others = sorted(said.keys() - set(order))
    for kind in (*order, *others):
        value = fact(said[kind]) if kind in said else None
        if value is not None:
            return value, kind
    return None


def _plain(one: PaperSaid | PersonSaid) -> dict[str, Any]:
    values = {f.name: getattr(one, f.name) for f in fields(one)}
    # A zero is something that was said; it equals False.
    told = {name: value for name, value in values.items() if value is not None and value is not False and value != ()}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in told.items()}
