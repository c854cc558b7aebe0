"""arXiv's announcement feeds: RSS 2.0 and Atom of rss.arxiv.org, and the RSS 1.0 of before 2024.

A feed holds one announcement day and is rebuilt at midnight of New York, so its day stands in the feed and is
never that of the poll; its identity is the set of its ids, as date and ETag also move without new papers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Literal
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, TypeAdapter, field_validator

from digest.model import Alias, AliasKind, Announcement, Entry, Listing, Rejection
from digest.papers import identity, text
from digest.papers.completeness import ARXIV_CUT, NEW_YORK
from digest.sources import FeedState, Request, Response, Unreadable, arxiv_oai, backoff, earliest, taxonomy, worst
from digest.sources.archive import Missed, Page
from digest.sources.gather import checked_title
from digest.sources.old_arxiv import read_old_item
from digest.sources.syndication import Item, Syndicated, listing, read

_REBUILT = time(0, 10)  # rebuilt at 00:00, seen complete two to eleven seconds later
_EAGER_UNTIL, _PATIENT_UNTIL = time(6), time(14)
_EAGER, _PATIENT = timedelta(minutes=30), timedelta(hours=1)
_FIRST_BACKOFF, _LAST_BACKOFF = timedelta(hours=1), timedelta(hours=6)

_DESCRIPTION = re.compile(
    r"\s*arXiv:(?P<id>\S+)\s+Announce Type:\s*(?P<type>[\w-]+)\s+Abstract:\s*(?P<abstract>.*)", re.DOTALL
)
_TITLE = re.compile(r"([\w.,+ -]+?) updates on arXiv\.org")
_ERROR = re.compile(r"feed error", re.IGNORECASE)


class ArxivSource(BaseModel):
    """New papers of arXiv categories, as announced on weekdays; one request per category."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    categories: tuple[str, ...] = Field(min_length=1, description='Categories such as "cs.CL", or archives: "cs".')
    base_url: str = Field(
        default="https://rss.arxiv.org", description="Where the feeds are; a mirror of your own, for tests."
    )
    format: Literal["rss", "atom"] = Field(
        default="rss", description="Which of the two feeds to read; both say the same."
    )
    oai_url: str = Field(
        default="https://oaipmh.arxiv.org/oai", description="Where missed days are caught up from, over OAI-PMH."
    )
    api_url: str = Field(
        default="https://export.arxiv.org/api/query",
        description="The search API, asked for missed days where OAI-PMH keeps failing.",
    )

    @field_validator("categories")
    @classmethod
    def _known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(taxonomy.canonical(name) for name in names))

    @field_validator("base_url", "oai_url", "api_url")
    @classmethod
    def _http(cls, url: str) -> str:
        TypeAdapter(HttpUrl).validate_python(url)
        return url.rstrip("/")

    def requests(self, state: Mapping[str, FeedState], now: datetime) -> Sequence[Request]:
        """One per category: a feed of many would be cut at 2,000 papers, the newest first."""
        del state, now
        return [Request(f"{self.base_url}/{self.format}/{quote(name)}", feed=name) for name in self.categories]

    def parse(self, request: Request, response: Response) -> Listing:
        parsed = read(response.body, response.headers.get("content-type", ""))
        return announcements(parsed, request.feed, request.url)

    def next_poll(self, state: Mapping[str, FeedState], now: datetime) -> datetime:
        """After midnight of New York, Monday to Friday; then until every category has its batch of the day.

        A silent holiday costs some twenty requests per category, a failure backs off to six hours. The day goes
        at the next midnight, so an unfinished one is tried for as long as it is there.
        """
        local = now.astimezone(NEW_YORK)
        feeds = [state.get(name, FeedState()) for name in self.categories]
        following = _next_rebuild(local)
        if failures := worst(state):
            soon = now + backoff(failures, _FIRST_BACKOFF, _LAST_BACKOFF)
        elif all(feed.day and feed.day >= local.date() for feed in feeds) or local.time() >= _PATIENT_UNTIL:
            soon = following
        else:
            soon = now + (_EAGER if local.time() < _EAGER_UNTIL else _PATIENT)
        is_weekend = local.weekday() >= 5
        wanted = following if is_weekend and not failures else min(soon, following)
        return earliest(state, wanted.astimezone(now.tzinfo))

    @property
    def cut(self) -> int:
        """The number of papers at which the service cuts a feed."""
        return ARXIV_CUT

    @property
    def routes(self) -> Sequence[str]:
        """OAI-PMH knows every change, the API only what was submitted."""
        return ("oai", "api")

    def feeds(self) -> Sequence[str]:
        return self.categories

    def archived(self, missed: Missed) -> Request:
        from digest.sources import arxiv_api  # which reads its entries as any feed's, and feeds know arXiv's

        if missed.route == "api":
            return arxiv_api.request(self.api_url, missed)
        return arxiv_oai.request(self.oai_url, missed)

    def read_archived(self, missed: Missed, request: Request, response: Response) -> Page:
        from digest.sources import arxiv_api

        read_page = arxiv_api.page if missed.route == "api" else arxiv_oai.page
        return read_page(missed.feed, response, request.url)


def _next_rebuild(local: datetime) -> datetime:
    """The next weekday's rebuild strictly after `local`."""
    day = local.date() if local.time() < _REBUILT else local.date() + timedelta(days=1)
    while day.weekday() >= 5:
        day += timedelta(days=1)
    return datetime.combine(day, _REBUILT, NEW_YORK)


def is_announcement(parsed: Syndicated) -> bool:
    """Whether a feed is one of arXiv's announcements."""
    if _TITLE.match(parsed.head.text("title")) or _ERROR.match(parsed.head.text("title")):
        return True
    return any(item.text("id").startswith("oai:arXiv.org:") for item in parsed.items[:3])


def announcements(parsed: Syndicated, feed: str, path: str) -> Listing:
    """The listing of one announcement feed; `feed` is its category, read from the feed where it is "".

    Raises:
        Unreadable: arXiv's own error feed (an unknown category), or nothing in it can be read.
    """
    title = parsed.head.text("title")
    if _ERROR.match(title):
        raise Unreadable(f"arXiv says: {' '.join(title.split())}")
    named = _TITLE.match(title)
    category = feed or (named[1] if named else "arxiv")
    day = _day(parsed)
    found = listing(category, parsed, lambda item: _read(item, category, day), path)
    if len(parsed.items) >= ARXIV_CUT:
        reason = f"{len(parsed.items)} papers, where arXiv cuts a feed, newest first: ask for its categories one by one"
        found = replace(found, rejections=(*found.rejections, Rejection(path, None, reason)))
    return replace(found, day=day)


def _day(parsed: Syndicated) -> date | None:
    """The announcement day: the channel's date, else (Atom has none) that of an item, else of the build."""
    published = [parsed.head.instant("published")]
    published += [item.instant("published") for item in parsed.items[:5]]
    published += [parsed.head.instant("updated")]
    return next((at.astimezone(NEW_YORK).date() for at in published if at), None)


def _read(item: Item, category: str, day: date | None) -> Entry:
    if "(arXiv:" in item.text("title"):
        return read_old_item(item)
    return _read_item(item, category, day)


def _read_item(item: Item, category: str, day: date | None) -> Entry:
    found = identity.arxiv_id(item.text("id")) or identity.arxiv_id(item.text("link"))
    if found is None:
        raise Unreadable(f"no arXiv id in {(item.text('id') or item.text('link'))[:80]!r}")
    name, version = found
    described = _DESCRIPTION.match(item.text("summary"))
    announcement = _announcement(item.text("arxiv_announce_type") or (described["type"] if described else ""), version)
    authors, is_complete = text.split_authors(_creator(item))
    categories = tuple(dict.fromkeys(tag.text("term") for tag in item.parts("tags") if tag.text("term")))
    is_first = announcement is Announcement.NEW
    return Entry(
        title_raw=checked_title(item.text("title")),
        abstract_raw=(described["abstract"] if described else item.text("summary")).strip(),
        aliases=(Alias(AliasKind.ARXIV, name), *_published_dois(item)),
        announcement=announcement,
        version=version,
        authors=authors,
        is_authors_complete=is_complete and bool(authors),
        categories=categories,
        # In the feed of one category `new` and `replace` mean that it is the paper's primary one; the order of the
        # category elements says nothing.
        primary_category=category if _is_primary(announcement) and category in categories else None,
        published_on=day if is_first and version in (None, 1) else None,
        url=f"https://arxiv.org/abs/{name}",
        pdf_url=f"https://arxiv.org/pdf/{name}",
    )


def _announcement(word: str, version: int | None) -> Announcement:
    """The feed's own word; where it has none, a later version is a replacement and not news."""
    if not word:
        return Announcement.REPLACE if (version or 1) > 1 else Announcement.LISTED
    try:
        found = Announcement(word.strip().lower())
    except ValueError:
        raise Unreadable(f"announce type {word[:40]!r} is not one of new, cross, replace, replace-cross") from None
    return found


def _is_primary(announcement: Announcement) -> bool:
    return announcement in (Announcement.NEW, Announcement.REPLACE)


def _creator(item: Item) -> str:
    """All authors in one string; several elements, which arXiv does not write, are joined."""
    names = [author.text("name") for author in item.parts("authors")]
    # feedparser takes an e-mail address out of the last name, `author` still has it.
    return ", ".join(filter(None, names)) if len(names) > 1 else item.text("author")


def _published_dois(item: Item) -> tuple[Alias, ...]:
    """DOIs of the journal's version, separated by blanks: other names of the paper, not its identity."""
    dois = [identity.doi(word) for word in item.text("arxiv_doi").split()]
    return tuple(Alias(AliasKind.DOI, doi) for doi in dict.fromkeys(dois) if doi)
