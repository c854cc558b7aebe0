"""Semantic Scholar's recommendations: recent papers like some that you name, and unlike others.

Its lists keep positions and have null for what it does not know; an empty search has no list at all, and an error
is an object that says so. All of that is read here, also answers of its search and batch requests.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, TypeAdapter, field_validator

from digest.model import Alias, AliasKind, Entry, Listing
from digest.papers import identity
from digest.sources import FeedState, Request, Response, Unreadable, backoff, earliest, worst
from digest.sources.gather import checked_title, gather
from digest.sources.payload import Json, as_object, day_of, inner, joined, number, parsed, said, text_of, texts_of

FEED = "recommendations"

_FIELDS = "title,abstract,authors,externalIds,publicationDate,url,openAccessPdf,fieldsOfStudy"
_LISTS = ("recommendedPapers", "data")
_FIRST_BACKOFF, _LAST_BACKOFF = timedelta(hours=1), timedelta(hours=24)


class SemanticScholarSource(BaseModel):
    """Recent papers that Semantic Scholar recommends to whoever likes the ones you name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    positive: tuple[str, ...] = Field(
        min_length=1,
        max_length=100,
        description='Papers to be like, by any id it knows: "ARXIV:1706.03762", "DOI:10.1000/x", "CorpusId:13756489".',
    )
    negative: tuple[str, ...] = Field(default=(), max_length=100, description="Papers to be unlike.")
    limit: int = Field(default=100, ge=1, le=500, description="How many recommendations are asked for.")
    hours: int = Field(default=24, ge=1, le=24 * 7, description="Hours between two polls.")
    api_key: str = Field(
        default="",
        description="Your key; without one the requests share a small common quota.",
        json_schema_extra={"secret": True},
    )
    base_url: str = Field(
        default="https://api.semanticscholar.org", description="Where the API is; a mirror of your own, for tests."
    )

    @field_validator("positive", "negative")
    @classmethod
    def _named(cls, ids: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(filter(None, map(_asked_as, ids))))

    @field_validator("base_url")
    @classmethod
    def _http(cls, url: str) -> str:
        TypeAdapter(HttpUrl).validate_python(url)
        return url.rstrip("/")

    def requests(self, state: Mapping[str, FeedState], now: datetime) -> Sequence[Request]:
        """One, a POST of the two lists."""
        del state, now
        query = urlencode({"fields": _FIELDS, "limit": self.limit}, safe=",")
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        if self.api_key:
            headers["x-api-key"] = self.api_key
        body = json.dumps({"positivePaperIds": self.positive, "negativePaperIds": self.negative}).encode()
        return [Request(f"{self.base_url}/recommendations/v1/papers/?{query}", headers, FEED, body, frozenset({404}))]

    def parse(self, request: Request, response: Response) -> Listing:
        return papers(response.body, request.feed, request.url)

    def next_poll(self, state: Mapping[str, FeedState], now: datetime) -> datetime:
        pause = backoff(worst(state), _FIRST_BACKOFF, _LAST_BACKOFF) or timedelta(hours=self.hours)
        return earliest(state, now + pause)


def _asked_as(name: str) -> str:
    """An id as the service takes it: arXiv's forms with the prefix it wants, others as they are."""
    name = name.strip()
    if found := identity.arxiv_id(name):
        return f"ARXIV:{found[0]}"
    return f"DOI:{doi}" if (doi := identity.doi(name)) else name


def looks_like_papers(found: object) -> bool:
    """Whether a JSON value is an answer of the service with papers in it."""
    if isinstance(found, list):
        return any(isinstance(item, dict) and "paperId" in item for item in found)
    return isinstance(found, dict) and ("paperId" in found or "offset" in found or any(n in found for n in _LISTS))


def papers(body: bytes, name: str, path: str) -> Listing:
    """The listing in an answer: recommendations, a search, a batch, citations, or one paper.

    Raises:
        Unreadable: an error, another answer, or there are items and not one is a paper.
    """
    entries, rejections = gather(_items(parsed(body)), _entry, path, key=lambda entry: entry.aliases)
    return Listing(name, None, entries, rejections)


def _items(found: object) -> list[object]:
    if isinstance(found, list):
        return found
    if not isinstance(found, dict) or not looks_like_papers(found):
        raise Unreadable(f"papers of Semantic Scholar were expected, not {said(found)}")
    if "paperId" in found:
        return [found]
    listed: object = next((found[name] for name in _LISTS if name in found), [])
    if not isinstance(listed, list):
        raise Unreadable(f"a list of papers was expected, not a JSON {type(listed).__name__}")
    return listed


def _entry(item: object) -> Entry:
    if item is None:
        raise Unreadable("null: the service knows no paper by this id")
    paper = as_object(item)
    paper = inner(paper, "citingPaper") or inner(paper, "citedPaper") or inner(paper, "paper") or paper
    aliases = _aliases(paper)
    if not aliases:
        raise Unreadable("no id: the service knows only its title")
    authors = _authors(paper)
    pdf = text_of(inner(paper, "openAccessPdf"), "url")
    arxiv = next((alias.value for alias in aliases if alias.kind is AliasKind.ARXIV), None)
    return Entry(
        title_raw=checked_title(text_of(paper, "title")),
        abstract_raw=text_of(paper, "abstract"),
        aliases=aliases,
        authors=authors,
        is_authors_complete=bool(authors),
        categories=texts_of(paper, "fieldsOfStudy"),
        published_on=day_of(paper, "publicationDate"),
        url=f"https://arxiv.org/abs/{arxiv}" if arxiv else _page(paper),
        pdf_url=pdf if pdf.startswith("https://") else None,
        summary=text_of(inner(paper, "tldr"), "text") or None,
    )


def _aliases(paper: Json) -> tuple[Alias, ...]:
    """Its ids elsewhere, then its own number, then its page: an id of one kind each."""
    ids = inner(paper, "externalIds")
    corpus = number(ids.get("CorpusId", paper.get("corpusId")))
    told = (f"arXiv:{joined(ids.get('ArXiv'))}", joined(ids.get("DOI")))
    found = [alias for alias in identity.aliases_of(*told) if alias.kind in (AliasKind.ARXIV, AliasKind.DOI)]
    if corpus:
        found.append(Alias(AliasKind.S2, str(corpus)))
    page = _page(paper)
    return (*found, *((Alias(AliasKind.URL, page),) if page else ()))


def _page(paper: Json) -> str | None:
    name = joined(paper.get("paperId"))
    return f"https://www.semanticscholar.org/paper/{name}" if name else None


def _authors(paper: Json) -> tuple[str, ...]:
    found = paper.get("authors")
    people = [person for person in found if isinstance(person, dict)] if isinstance(found, list) else []
    return tuple(name for name in (text_of(person, "name")[:200] for person in people) if name)
