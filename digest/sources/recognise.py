"""What a payload is, by what stands in it: the reader for it, and the reason in words.

bytes ─┬─ <…  ─► arXiv's announcements · bioRxiv's feeds · any other feed     an HTML page is none
       ├─ {[  ─► Daily Papers · bioRxiv · OpenReview · Semantic Scholar · Hacker News
       └─ text ─► the dump of a listing page
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from html.parser import HTMLParser
from urllib.parse import urljoin

from digest.model import Listing
from digest.sources import Unreadable, arxiv, biorxiv, feed, hacker_news, huggingface, openreview, semantic_scholar
from digest.sources.charset import decoded
from digest.sources.markup import is_challenge, is_page
from digest.sources.payload import parsed, said
from digest.sources.syndication import Item, read

_MOST_LINKS = 20


@dataclass(frozen=True, slots=True)
class Payload:
    """A payload to be read. `name` becomes the listing's feed, `path` says in rejections where it came from.

    `day` is that of a list that does not name its own; `as_of` the latest a date without a year may mean.
    """

    body: bytes
    name: str
    path: str
    as_of: date
    day: date | None = None
    content_type: str = ""


@dataclass(frozen=True, slots=True)
class Recognised:
    """A payload read. `kind` is the source it is for, `why` the sign it was known by, `items` a feed's own items."""

    kind: str
    why: str
    title: str
    listing: Listing
    items: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class _Form:
    """One form of JSON: the kind that reads it, the sign it is known by, and how it is read."""

    kind: str
    why: str
    looks_like: Callable[[object], bool]
    read: Callable[[Payload], Listing]


_FORMS = (
    _Form(
        "biorxiv",
        "JSON with 'messages' and 'collection', an answer of the bioRxiv API",
        biorxiv.looks_like_details,
        lambda payload: biorxiv.details(payload.body, payload.name, payload.path),
    ),
    _Form(
        "openreview",
        "JSON with 'notes', an answer of the OpenReview API",
        openreview.looks_like_notes,
        lambda payload: openreview.notes(payload.body, payload.name, payload.path),
    ),
    _Form(
        "hacker-news",
        "JSON with 'hits', an answer of the Hacker News search",
        hacker_news.looks_like_stories,
        lambda payload: hacker_news.stories(payload.body, payload.name, payload.path),
    ),
    _Form(
        "semantic-scholar-recommendations",
        "JSON with papers that have a 'paperId', an answer of Semantic Scholar",
        semantic_scholar.looks_like_papers,
        lambda payload: semantic_scholar.papers(payload.body, payload.name, payload.path),
    ),
    _Form(
        "huggingface",
        "a JSON array, as Daily Papers has it",
        lambda found: isinstance(found, list),
        lambda payload: huggingface.daily_papers(payload.body, payload.day, payload.path),
    ),
)


def recognise(payload: Payload) -> Recognised:
    """Read a payload of whatever known form.

    Raises:
        Unreadable: none of them, or damaged beyond use; for an HTML page, which feeds it names.
    """
    text = decoded(payload.body, payload.content_type)
    start = text.lstrip("\ufeff \t\r\n")[:1]
    if not start:
        raise Unreadable("the file is empty")
    if start == "<":
        if is_page(text):
            raise Unreadable(f"line 1: {_about_page(text, payload.path)}")
        return _of_feed(payload)
    if start in "[{":
        found = parsed(payload.body)
        form = next((form for form in _FORMS if form.looks_like(found)), None)
        if form is None:
            raise Unreadable(f"line 1: JSON of none of the known services, but {said(found)}")
        return Recognised(form.kind, form.why, "", form.read(payload))
    return _of_dump(payload, text)


def _of_feed(payload: Payload) -> Recognised:
    found = read(payload.body, payload.content_type)
    title, items = " ".join(found.head.text("title").split()), tuple(found.items)
    if arxiv.is_announcement(found):
        why = f"title {title!r} or guids as arXiv's announcements have them"
        return Recognised("arxiv", why, title, feed.of_any(found, payload.name, payload.path), items)
    if biorxiv.is_feed(found):
        why = f"title {title!r} as bioRxiv and medRxiv have it: versions above 1 are revisions"
        return Recognised("biorxiv", why, title, biorxiv.posted(found, payload.name, payload.path), items)
    why = "a feed, and neither arXiv's nor bioRxiv's: read item by item"
    return Recognised("feed", why, title, feed.of_any(found, payload.name, payload.path), items)


def _of_dump(payload: Payload, text: str) -> Recognised:
    from digest.sources.dump import looks_like_dump, parse_dump

    if not looks_like_dump(text):
        known = (
            "an RSS, Atom or RDF feed, JSON of Daily Papers, bioRxiv, OpenReview, Semantic Scholar or Hacker News, "
            "or a text dump of a listing page"
        )
        raise Unreadable(f"line 1: none of the known formats ({known})")
    return Recognised("files", "a text dump of a listing page", "", parse_dump(text, payload.path, payload.as_of))


# ── pages ────────────────────────────────────────────────────────────────────────────────────────


class _Links(HTMLParser):
    """The feeds that a page names in its head (`<link rel="alternate" type="application/rss+xml" href=…>`)."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        is_feed = told.get("type", "").lower() in ("application/rss+xml", "application/atom+xml", "application/rdf+xml")
        if tag == "link" and is_feed and told.get("href") and len(self.found) < _MOST_LINKS:
            self.found.append(told["href"])


def _about_page(text: str, path: str) -> str:
    if is_challenge(text):
        return "a challenge page for browsers instead of a feed; this address cannot be read by programs"
    links = _Links()
    links.feed(text[:200_000])
    if links.found:
        named = ", ".join(dict.fromkeys(urljoin(path, link) for link in links.found))
        return f"an HTML page, no feed; it names these feeds: {named}"
    return "an HTML page; save its text, or the feed instead"
