"""Hacker News as a signal: what its readers say of papers the catalog has.

A story is no listing: most are about anything but papers. So every entry is a signal only, found by the story's
link, and counts where the catalog has a paper by that arXiv id, DOI or address.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, TypeAdapter, field_validator

from digest.model import Entry, Listing, Signal
from digest.papers import identity
from digest.sources import FeedState, Request, Response, Unreadable, backoff, earliest, worst
from digest.sources.gather import checked_title, gather
from digest.sources.payload import Json, as_object, is_count, parsed, said, text_of

POINTS, COMMENTS = "HN points", "HN comments"

_MOST = 1000  # stories a request gives at most
_FIRST_BACKOFF, _LAST_BACKOFF = timedelta(minutes=30), timedelta(hours=6)


class HackerNewsSource(BaseModel):
    """Points and comments on Hacker News, for papers the catalog has; brings no papers of its own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sites: tuple[str, ...] = Field(
        default=("arxiv.org", "doi.org", "biorxiv.org", "medrxiv.org", "openreview.net"),
        min_length=1,
        description="Stories that link there are asked for; one request each.",
    )
    days: int = Field(default=7, ge=1, le=30, description="How old a story may be.")
    least_points: int = Field(default=2, ge=1, description="Stories with fewer points are not asked for.")
    hours: int = Field(default=3, ge=1, le=24, description="Hours between two polls.")
    base_url: str = Field(
        default="https://hn.algolia.com", description="Where the search API is; a mirror of your own, for tests."
    )

    @field_validator("base_url")
    @classmethod
    def _http(cls, url: str) -> str:
        TypeAdapter(HttpUrl).validate_python(url)
        return url.rstrip("/")

    def requests(self, state: Mapping[str, FeedState], now: datetime) -> Sequence[Request]:
        """One search per site, the newest stories first."""
        del state
        since = int((now - timedelta(days=self.days)).timestamp())
        return [self._request(site, since) for site in self.sites]

    def _request(self, site: str, since: int) -> Request:
        query = {
            "query": site,
            "restrictSearchableAttributes": "url",
            "tags": "story",
            "numericFilters": f"created_at_i>={since},points>={self.least_points}",
            "hitsPerPage": _MOST,
        }
        url = f"{self.base_url}/api/v1/search_by_date?{urlencode(query)}"
        return Request(url, {"Accept": "application/json"}, feed=site)

    def parse(self, request: Request, response: Response) -> Listing:
        return stories(response.body, request.feed, request.url)

    def next_poll(self, state: Mapping[str, FeedState], now: datetime) -> datetime:
        pause = backoff(worst(state), _FIRST_BACKOFF, _LAST_BACKOFF) or timedelta(hours=self.hours)
        return earliest(state, now + pause)


def looks_like_stories(found: object) -> bool:
    """Whether a JSON value is an answer of the search API."""
    return isinstance(found, dict) and isinstance(found.get("hits"), list)


def stories(body: bytes, name: str, path: str) -> Listing:
    """The signals in an answer; of several stories on one paper the one with most points counts.

    Raises:
        Unreadable: no such answer, or there are stories and not one can be read.
    """
    found = parsed(body)
    hits = found.get("hits") if isinstance(found, dict) else None
    if not isinstance(hits, list):
        raise Unreadable(f"stories of Hacker News were expected, not {said(found)}")
    linked = [hit for hit in hits if not _is_without_link(hit)]
    entries, rejections = gather(sorted(linked, key=_points, reverse=True), _entry, path, lambda e: e.aliases)
    return Listing(name, None, entries, rejections)


def _is_without_link(hit: object) -> bool:
    """Questions and job offers link nowhere; that is no fault."""
    return isinstance(hit, dict) and "title" in hit and not hit.get("url")


def _points(hit: object) -> int:
    points = hit.get("points") if isinstance(hit, dict) else None
    return points if is_count(points) else -1


def _entry(item: object) -> Entry:
    hit = as_object(item)
    aliases = identity.aliases_of(text_of(hit, "url"))
    if not aliases:
        raise Unreadable(f"no address that can be one: {text_of(hit, 'url')[:80]!r}")
    return Entry(
        title_raw=checked_title(text_of(hit, "title")),
        aliases=aliases,
        is_authors_complete=False,
        discussion_url=_discussion(hit),
        signals=_signals(hit),
        is_signal_only=True,
    )


def _discussion(hit: Json) -> str | None:
    number = text_of(hit, "objectID")
    return f"https://news.ycombinator.com/item?id={number}" if number.isdecimal() else None


def _signals(hit: Json) -> tuple[Signal, ...]:
    readings = {POINTS: hit.get("points"), COMMENTS: hit.get("num_comments")}
    return tuple(Signal(name, value) for name, value in readings.items() if is_count(value))
