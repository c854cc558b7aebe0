"""OpenAlex: who worked where, citations, retractions, and the authors' figures.

Works are found by DOI; arXiv's are `10.48550/arxiv.ID`, lower case as OpenAlex writes all DOIs. One filter holds at
most a hundred values and counts as one call of the day's allowance. The key goes into the URL, which is why no error
of this service is shown without looking for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote, urlencode

from pydantic import Field, SecretStr

from digest.enrichers import Asked, Findings, Garbled, Needs, Person, Service, Subject
from digest.enrichers.answers import Json, as_list, as_object, count, names, parsed, text
from digest.exchange import Request, Response
from digest.model import AliasKind
from digest.papers.enrichment import PaperSaid, PersonSaid
from digest.papers.identity import aliases_of

_WORK = "id,doi,ids,authorships,cited_by_count,is_retracted"
_AUTHOR = "id,orcid,display_name,summary_stats,works_count,cited_by_count,last_known_institutions"
_PAGE = 100
_SEPARATORS = ("|", ",", " ")  # of a filter's values: a DOI that holds one cannot be asked for


class OpenAlex(Service):
    """Affiliations, citations, retractions and authors' figures from OpenAlex."""

    api_key: SecretStr = Field(
        default=SecretStr(""), description="A free key raises the daily allowance a hundredfold."
    )
    base_url: str = Field(default="https://api.openalex.org", description="For a mirror or for tests.")

    @property
    def kind(self) -> str:
        return "openalex"

    @property
    def needs(self) -> Needs:
        return Needs.ID

    @property
    def batch(self) -> int:
        return 50

    def secrets(self) -> Sequence[str]:
        key = self.api_key.get_secret_value()
        return (key, quote(key, safe=""))

    def requests(self, papers: Sequence[Subject]) -> Sequence[Asked]:
        known = tuple(paper for paper in papers if _dois(paper))
        dois = [doi for paper in known for doi in _dois(paper)][:_PAGE]
        return [Asked(self._list("works", f"doi:{'|'.join(dois)}", _WORK), papers=known)] if known else []

    def people_requests(self, people: Sequence[Person]) -> Sequence[Asked]:
        ids = "|".join(person.key for person in people)
        return [Asked(self._list("authors", f"openalex:{ids}", _AUTHOR), people=tuple(people))] if people else []

    def _list(self, what: str, wanted: str, fields: str) -> Request:
        key = self.api_key.get_secret_value()
        query = {"filter": wanted, "select": fields, "per_page": str(_PAGE), **({"api_key": key} if key else {})}
        return Request(f"{self.base_url}/{what}?{urlencode(query, safe=':|,/')}", feed=what)

    def parse(self, asked: Asked, response: Response) -> Findings:
        results = as_object(parsed(response)).get("results")
        if not isinstance(results, list):
            raise Garbled("a list of results was expected")
        if asked.people:
            return Findings(people=tuple(p for p in map(_person, map(as_object, results)) if p.key and p.name))
        by_alias = {alias: paper.id for paper in asked.papers for alias in paper.aliases}
        found: dict[int, PaperSaid] = {}
        for work in map(as_object, results):
            paper_id = next((by_alias[a] for a in _aliases(work) if a in by_alias), None)
            if paper_id is not None:
                found[paper_id] = _joined(found.get(paper_id), _paper(work))
        return Findings(found)


def _dois(paper: Subject) -> list[str]:
    """A paper's own DOIs and the one that arXiv gives, at most two."""
    arxiv = [f"10.48550/arxiv.{a.value.lower()}" for a in paper.aliases if a.kind is AliasKind.ARXIV]
    own = [a.value for a in paper.aliases if a.kind is AliasKind.DOI]
    return [doi for doi in [*arxiv, *own] if not any(mark in doi for mark in _SEPARATORS)][:2]


def _aliases(work: Json) -> tuple[object, ...]:
    ids = as_object(work.get("ids"))
    return aliases_of(text(work, "doi") or None, text(ids, "doi") or None, text(ids, "arxiv") or None)


def _paper(work: Json) -> PaperSaid:
    authorships = [as_object(one) for one in as_list(work.get("authorships"))]
    places = dict.fromkeys(place for one in authorships for place in names(one.get("institutions"), "display_name"))
    people = (_author(one) for one in authorships)
    return PaperSaid(
        key=_key(text(work, "id")) or None,
        citations=count(work, "cited_by_count"),
        affiliations=tuple(places)[:20],
        is_retracted=work.get("is_retracted") is True,
        people=tuple(person for person in people if person.key and person.name),
    )


def _author(authorship: Json) -> PersonSaid:
    """The name as the paper prints it finds the author in the catalog; the profile's may be another spelling."""
    author = as_object(authorship.get("author"))
    name = text(authorship, "raw_author_name") or text(author, "display_name")
    places = names(authorship.get("institutions"), "display_name")
    return PersonSaid(name=name, key=_key(text(author, "id")), affiliations=places, orcid=_orcid(author))


def _joined(one: PaperSaid | None, other: PaperSaid) -> PaperSaid:
    """A preprint and its published version may be two works: the better known one counts."""
    if one is None:
        return other
    first, second = sorted((one, other), key=lambda said: (said.citations or 0, said.key or ""), reverse=True)
    return PaperSaid(
        key=first.key,
        citations=first.citations,
        affiliations=first.affiliations or second.affiliations,
        is_retracted=first.is_retracted or second.is_retracted,
        people=first.people or second.people,
    )


def _person(author: Json) -> PersonSaid:
    return PersonSaid(
        name=text(author, "display_name"),
        key=_key(text(author, "id")),
        h_index=count(as_object(author.get("summary_stats")), "h_index"),
        papers=count(author, "works_count"),
        citations=count(author, "cited_by_count"),
        affiliations=names(author.get("last_known_institutions"), "display_name"),
        orcid=_orcid(author),
    )


def _key(address: str) -> str:
    """`A5023888391` of `https://openalex.org/A5023888391`; "" where it is no such id."""
    key = address.rpartition("/")[2]
    return key if key[:1] in ("A", "W") and key[1:].isdigit() else ""


def _orcid(author: Json) -> str | None:
    """`0000-0002-1825-0097` of `https://orcid.org/0000-0002-1825-0097`."""
    return text(author, "orcid").rpartition("/")[2][:19] or None
