"""Semantic Scholar's recommendations: recent papers like some that you name or a subscriber likes, and unlike others.

Its lists keep positions and have null for what it does not know; an empty search has no list at all, and an error
is an object that says so. All of that is read here, also answers of its search and batch requests.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, TypeAdapter, field_validator, model_validator

from digest.model import Alias, AliasKind, Entry, Listing, Taste
from digest.papers import identity
from digest.sources import FeedState, Idle, Request, Response, Unreadable, backoff, earliest, worst
from digest.sources.gather import checked_title, gather
from digest.sources.payload import Json, as_object, day_of, inner, joined, number, parsed, said, text_of, texts_of

FEED = "recommendations"

_FIELDS = "title,abstract,authors,externalIds,publicationDate,url,openAccessPdf,fieldsOfStudy"
_LISTS = ("recommendedPapers", "data")
_FIRST_BACKOFF, _LAST_BACKOFF = timedelta(hours=1), timedelta(hours=24)
# Its own number it knows for certain; a paper of last night often not yet by the others.
_NAMES = {AliasKind.S2: "CorpusId", AliasKind.ARXIV: "ARXIV", AliasKind.DOI: "DOI"}
_MOST_UNKNOWN = 20


class SemanticScholarSource(BaseModel):
    """Recent papers that Semantic Scholar recommends to whoever likes the ones you name, or a subscriber liked."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    subscriber: str = Field(
        default="",
        description="Ask for what is like the newest 100 papers that this subscriber (an address) liked and unlike the "
        "100 disliked; instead of `positive` and `negative`.",
    )
    positive: tuple[str, ...] = Field(
        default=(),
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

    @field_validator("subscriber")
    @classmethod
    def _address(cls, text: str) -> str:
        if text and not re.fullmatch(r"[^@\s]+@[^@\s]+", text.strip()):
            raise ValueError(f'{text!r} is no mail address: write subscriber = "you@example.org"')
        return text.strip()

    @field_validator("base_url")
    @classmethod
    def _http(cls, url: str) -> str:
        TypeAdapter(HttpUrl).validate_python(url)
        return url.rstrip("/")

    @model_validator(mode="after")
    def _one_way(self) -> SemanticScholarSource:
        if self.subscriber and (self.positive or self.negative):
            raise ValueError("give either subscriber, or positive and negative")
        if not self.subscriber and not self.positive:
            raise ValueError('name positive = ["ARXIV:1706.03762"], or subscriber = "you@example.org"')
        return self

    @property
    def wants_likes_of(self) -> str | None:
        return self.subscriber or None

    def suited_to(self, taste: Taste) -> SemanticScholarSource | Idle:
        liked, disliked = _asked_for(taste.likes), _asked_for(taste.dislikes)
        if not taste.likes:
            return Idle(f"{taste.address} has liked no paper yet")
        if not liked:
            return Idle(f"{taste.address} has liked no paper with an arXiv id, a DOI or a CorpusId yet")
        return self.model_copy(update={"positive": liked, "negative": disliked})

    def requests(self, state: Mapping[str, FeedState], now: datetime) -> Sequence[Request]:
        """One, a POST of the two lists; none as long as nobody laid in what the subscriber likes."""
        del state, now
        if not self.positive:
            return []
        query = urlencode({"fields": _FIELDS, "limit": self.limit}, safe=",")
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        if self.api_key:
            headers["x-api-key"] = self.api_key
        url = f"{self.base_url}/recommendations/v1/papers/?{query}"
        return [Request(url, headers, FEED, _body(self.positive, self.negative), frozenset({404}))]

    def parse(self, request: Request, response: Response) -> Listing:
        if self._unknown(request, response):
            return Listing(request.feed, None, (), ())
        return papers(response.body, request.feed, request.url)

    def following(self, request: Request, response: Response) -> Request | None:
        """The same without the liked papers that the service says it does not know: many are a few hours old."""
        unknown = self._unknown(request, response)
        positive, negative = ([name for name in names if name not in unknown] for names in _asked(request))
        return replace(request, body=_body(positive, negative)) if unknown and positive else None

    def _unknown(self, request: Request, response: Response) -> frozenset[str]:
        """What to leave out; nothing where you named the papers, so that you hear of it."""
        asked = [name for names in _asked(request) for name in names]
        is_enough = len(asked) <= len(self.positive) + len(self.negative) - _MOST_UNKNOWN
        if response.status != 404 or not self.subscriber or is_enough:
            return frozenset()
        words = re.split(r"""[\s,"'{}\[\]]+""", str(parsed(response.body)).casefold())
        named = {word.rstrip(".:;") for word in words}
        return frozenset(name for name in asked if name.casefold() in named)

    def next_poll(self, state: Mapping[str, FeedState], now: datetime) -> datetime:
        pause = backoff(worst(state), _FIRST_BACKOFF, _LAST_BACKOFF) or timedelta(hours=self.hours)
        return earliest(state, now + pause)


def _asked_as(name: str) -> str:
    """An id as the service takes it: arXiv's forms with the prefix it wants, others as they are."""
    name = name.strip()
    if found := identity.arxiv_id(name):
        return f"ARXIV:{found[0]}"
    return f"DOI:{doi}" if (doi := identity.doi(name)) else name


def _asked_for(liked: Sequence[Sequence[Alias]]) -> tuple[str, ...]:
    """Each paper by the name the service knows best; papers without one are left out."""
    named = [{alias.kind: alias.value for alias in reversed(aliases)} for aliases in liked]
    best = [next((f"{name}:{one[kind]}" for kind, name in _NAMES.items() if kind in one), "") for one in named]
    return tuple(dict.fromkeys(filter(None, best)))


def _body(positive: Sequence[str], negative: Sequence[str]) -> bytes:
    return json.dumps({"positivePaperIds": positive, "negativePaperIds": negative}).encode()


def _asked(request: Request) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The two lists of a request of ours."""
    lists = json.loads(request.body or b"{}")
    return tuple(lists.get("positivePaperIds", ())), tuple(lists.get("negativePaperIds", ()))


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
