"""Any RSS, Atom or RDF feed: journals, preprint servers, blogs. What single publishers do is in `publishers`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, TypeAdapter, field_validator

from digest.model import Alias, AliasKind, Entry, Listing
from digest.papers import identity, links, text
from digest.sources import FeedState, Request, Response, Unreadable, arxiv, backoff, earliest, publishers, worst
from digest.sources.gather import checked_title, without_shared_aliases
from digest.sources.syndication import Item, Syndicated, listing, read

_LAST_BACKOFF = timedelta(hours=24)
_LONGEST_ABSTRACT = 6000  # longer is an article: its description serves better
_LONGEST_NAME = 200
_LONGEST_ALIAS = 512
_MOST_CATEGORIES, _LONGEST_CATEGORY = 10, 60
_TAGGED = re.compile(
    r"</?(?:p|div|br|span|a|b|i|em|strong|sub|sup|img|ul|ol|li|h[1-6]|jats:\w+|cite)(?:\s[^<>]*)?/?>", re.IGNORECASE
)
_DAY = re.compile(r"(\d{4})-(\d\d)-(\d\d)")


class FeedSource(BaseModel):
    """Any RSS, Atom or RDF feed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str = Field(description="The feed's address.")
    minutes: int = Field(default=120, ge=15, le=7 * 24 * 60, description="Minutes between two polls at least.")

    @field_validator("url")
    @classmethod
    def _http(cls, url: str) -> str:
        TypeAdapter(HttpUrl).validate_python(url)
        return url

    def requests(self, state: Mapping[str, FeedState], now: datetime) -> Sequence[Request]:
        del state, now
        return [Request(self.url, feed=self.url[:_LONGEST_ALIAS])]

    def parse(self, request: Request, response: Response) -> Listing:
        if response.status == 400:
            raise Unreadable("HTTP 400 Bad Request")
        parsed = read(response.body, response.headers.get("content-type", ""))
        return of_any(parsed, request.feed, request.url)

    def next_poll(self, state: Mapping[str, FeedState], now: datetime) -> datetime:
        """After `minutes`, twice that at each failure up to a day, and not while the last answer is called fresh."""
        pause = timedelta(minutes=self.minutes)
        wanted = now + max(pause, backoff(worst(state) + 1, pause, _LAST_BACKOFF))
        return max([earliest(state, wanted), *(feed.fresh_until for feed in state.values() if feed.fresh_until)])


def of_any(parsed: Syndicated, feed: str, path: str) -> Listing:
    """The listing of a feed of whatever publisher; arXiv's own announcements keep what only they say."""
    if arxiv.is_announcement(parsed):
        return arxiv.announcements(parsed, "", path)
    found = listing(feed, parsed, read_item, path)
    return replace(found, entries=without_shared_aliases(found.entries))


def read_item(item: Item) -> Entry:
    """One item of a feed as an entry.

    Raises:
        Unreadable: it has no title, or is the error entry of arXiv's API.
    """
    link = _link(item)
    if "arxiv.org/api/errors" in item.text("id"):
        raise Unreadable(f"arXiv says: {item.text('summary')[:200]}")
    abstract, teaser = _abstract(item)
    authors, is_complete = _authors(item)
    return Entry(
        title_raw=publishers.without(publishers.TITLES, checked_title(plain(item.text("title")))),
        abstract_raw=abstract,
        aliases=_aliases(item, link),
        version=_version(item, link),
        authors=authors,
        is_authors_complete=is_complete and bool(authors),
        categories=_categories(item),
        primary_category=item.part("arxiv_primary_category").text("term")[:_LONGEST_CATEGORY] or None,
        published_on=_published(item),
        url=links.canonical_url(link) or link or None,
        pdf_url=_pdf(item),
        comment=item.text("arxiv_comment") or None,
        summary=teaser or None,
    )


def plain(raw: str) -> str:
    """Without HTML where there is HTML; `n<m` and `$<a,x>$` are none."""
    return text.clean_html(raw) if _TAGGED.search(raw) else raw.strip()


def _link(item: Item) -> str:
    """The page of the paper: its link, else (Cell) the item's own address."""
    told = (item.text("link"), item.text("id"))
    return "%20".join(next((link for link in told if link.startswith(("http://", "https://"))), "").split())


def _aliases(item: Item, link: str) -> tuple[Alias, ...]:
    """Ids of the paper. A guid that is an address but not the link names its place on a page (`03.html#item573`)."""
    told = " ".join(item.text(name) for name in ("id", "prism_doi", "dc_identifier", "arxiv_doi", "dc_doi"))
    known = [alias for alias in identity.aliases_of(*told.split()) if alias.kind is not AliasKind.URL]
    found = sorted({*known, *identity.aliases_of(link)}, key=lambda alias: list(AliasKind).index(alias.kind))
    return tuple(alias for alias in found if len(alias.value) <= _LONGEST_ALIAS)


def _version(item: Item, link: str) -> int | None:
    found = identity.arxiv_id(item.text("id")) or identity.arxiv_id(link)
    return found[1] if found else publishers.version_in(link, item.text("id"), item.text("dc_identifier"))


def described(item: Item) -> tuple[str, ...]:
    """Everything that may be the abstract, as it came."""
    return (item.text("summary"), *(part.text("value") for part in item.parts("content")))


def words_of(raw: str) -> str:
    """A description without HTML, and without the citation or byline before it."""
    rest = publishers.without(publishers.LEADS, raw)
    return plain(raw) if rest == raw else text.clean_html(rest)


def _abstract(item: Item) -> tuple[str, str]:
    """The abstract and, where there is only that, a teaser."""
    found = [words_of(raw) for raw in described(item)]
    teasers = [
        publishers.without(publishers.TEASERS, w).strip() for w in found if publishers.first(publishers.TEASERS, w)
    ]
    abstracts = [words for words in found if words and is_abstract(words)]
    short = [words for words in abstracts if len(words) <= _LONGEST_ABSTRACT]
    abstract = max(short, key=len, default="") or next(iter(abstracts), "")[:_LONGEST_ABSTRACT]
    return abstract, next(iter(teasers), "")


def is_abstract(words: str) -> bool:
    """Whether a description is none of what publishers put in its place."""
    is_citation = publishers.first(publishers.CITATIONS, words, is_whole=True)
    return not is_citation and not publishers.first(publishers.TEASERS, words)


def _authors(item: Item) -> tuple[tuple[str, ...], bool]:
    names = [plain(name) for name in (author.text("name") for author in item.parts("authors")) if name.strip()]
    byline = next(filter(None, map(publishers.byline, described(item))), "")
    if byline and len(names) <= 1:
        return _split(plain(byline))
    if len(names) == 1:
        return _split(names[0])
    if len(names) > 2 and names[-1] == names[0]:  # Nature names the first author again at the end
        names.pop()
    return tuple(name[:_LONGEST_NAME] for name in dict.fromkeys(names)), True


def _split(creator: str) -> tuple[tuple[str, ...], bool]:
    """All authors in one string: "Last, F., Last, F.", "A, B, and C", or arXiv's way."""
    if (found := publishers.pairs(creator)) is not None:
        return found, True
    listed = re.sub(r",?\s+and\s+", ", ", creator) if "," in creator or " and " in creator else creator
    names, is_complete = text.split_authors(listed.replace(";", ","))
    return tuple(name[:_LONGEST_NAME] for name in names), is_complete


def _categories(item: Item) -> tuple[str, ...]:
    terms = (tag.text("term").strip() for tag in item.parts("tags"))
    return tuple(dict.fromkeys(t for t in terms if t and len(t) <= _LONGEST_CATEGORY))[:_MOST_CATEGORIES]


def _published(item: Item) -> date | None:
    """The day of publication; a revised date only where there is no other."""
    return next(_dates(item), None)


def _dates(item: Item) -> Iterator[date]:
    for name in ("published", "created", "updated"):
        if at := item.instant(name):
            yield at.date()
    if day := _DAY.match(item.text("prism_publicationdate")):
        try:
            yield date(*map(int, day.groups()))
        except ValueError:
            return


def _pdf(item: Item) -> str | None:
    told = [link.text("href") for link in item.parts("links") if link.text("type") == "application/pdf"]
    return next((href for href in told if href.startswith("https://")), None)
