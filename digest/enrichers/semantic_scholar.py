"""Semantic Scholar's Graph API: citations, a one-sentence summary, further ids, and the authors' figures.

A batch answers in the order of its ids, with null for an unknown one. The terms ask for exponential back-off, which
the job keeps; without a key all the world shares one small pool.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from pydantic import Field, SecretStr

from digest.enrichers import Asked, Findings, Garbled, Needs, Person, Service, Subject
from digest.enrichers.answers import Json, as_list, as_object, count, parsed, summary, text
from digest.exchange import Request, Response
from digest.model import Alias, AliasKind
from digest.papers.enrichment import PaperSaid, PersonSaid
from digest.papers.identity import aliases_of

_PERSON = ("name", "affiliations", "paperCount", "citationCount", "hIndex")
_PAPER = ("externalIds", "citationCount", "tldr", *(f"authors.{name}" for name in _PERSON))


class SemanticScholar(Service):
    """Citations, TL;DR and authors' figures from Semantic Scholar."""

    api_key: SecretStr = Field(
        default=SecretStr(""),
        description="Your installation's own key, if you have one; without it answers are often refused.",
    )
    base_url: str = Field(default="https://api.semanticscholar.org", description="For a mirror or for tests.")

    @property
    def kind(self) -> str:
        return "semantic_scholar"

    @property
    def needs(self) -> Needs:
        return Needs.ID

    @property
    def batch(self) -> int:
        return 100

    def secrets(self) -> Sequence[str]:
        return (self.api_key.get_secret_value(),)

    def requests(self, papers: Sequence[Subject]) -> Sequence[Asked]:
        known = tuple(paper for paper in papers if _id(paper))
        return [Asked(self._batch("paper", _PAPER, [_id(p) for p in known]), papers=known)] if known else []

    def people_requests(self, people: Sequence[Person]) -> Sequence[Asked]:
        return [Asked(self._batch("author", _PERSON, [p.key for p in people]), people=tuple(people))] if people else []

    def _batch(self, what: str, fields: Sequence[str], ids: Sequence[str]) -> Request:
        key = self.api_key.get_secret_value()
        headers = {"Content-Type": "application/json", **({"x-api-key": key} if key else {})}
        url = f"{self.base_url}/graph/v1/{what}/batch?fields={','.join(fields)}"
        return Request(url, headers, what, json.dumps({"ids": list(ids)}).encode())

    def parse(self, asked: Asked, response: Response) -> Findings:
        found = parsed(response)
        expected = len(asked.papers) + len(asked.people)
        if not isinstance(found, list) or len(found) != expected:
            raise Garbled(f"a list of {expected} was expected, with null for what is unknown")
        if asked.people:
            return Findings(people=_people(found))
        pairs = zip(asked.papers, map(as_object, found), strict=True)
        return Findings({paper.id: _paper(one) for paper, one in pairs if one and _is_about(paper, one)})


def _id(paper: Subject) -> str:
    """The id to ask by: arXiv's before a DOI."""
    for alias in sorted(paper.aliases):
        if alias.kind is AliasKind.ARXIV:
            return f"ARXIV:{alias.value}"
        if alias.kind is AliasKind.DOI:
            return f"DOI:{alias.value}"
    return ""


def _is_about(paper: Subject, one: Json) -> bool:
    """The order is the service's promise; an arXiv id of another paper would break it."""
    named = text(as_object(one.get("externalIds")), "ArXiv")
    mine = [alias.value for alias in paper.aliases if alias.kind is AliasKind.ARXIV]
    return not named or not mine or any(alias.value in mine for alias in aliases_of(f"arXiv:{named}"))


def _paper(one: Json) -> PaperSaid:
    return PaperSaid(
        key=text(one, "paperId") or None,
        aliases=_aliases(as_object(one.get("externalIds"))),
        summary=summary(as_object(one.get("tldr")), "text"),
        citations=count(one, "citationCount"),
        people=_people(as_list(one.get("authors"))),
    )


def _aliases(ids: Json) -> tuple[Alias, ...]:
    arxiv, doi = text(ids, "ArXiv"), text(ids, "DOI")
    found = aliases_of(f"arXiv:{arxiv}" if arxiv else None, f"doi:{doi}" if doi else None)
    return tuple(alias for alias in found if alias.kind in (AliasKind.ARXIV, AliasKind.DOI))


def _people(found: Sequence[object]) -> tuple[PersonSaid, ...]:
    people = (_person(as_object(one)) for one in found)
    return tuple(person for person in people if person.key and person.name)


def _person(one: Json) -> PersonSaid:
    places = [text({"name": place}, "name") for place in as_list(one.get("affiliations"))]
    return PersonSaid(
        name=text(one, "name"),
        key=text(one, "authorId"),
        h_index=count(one, "hIndex"),
        papers=count(one, "paperCount"),
        citations=count(one, "citationCount"),
        affiliations=tuple(place for place in places if place),
    )
