"""Hugging Face Daily Papers: what its readers submit and vote up, day by day.

Votes grow for days, so the last few days are asked for again at every poll and their readings become a series.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TypeGuard

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, TypeAdapter, field_validator

from digest.model import Alias, AliasKind, Entry, Listing, Signal
from digest.papers import identity
from digest.sources import FeedState, Request, Response, Unreadable, backoff, earliest, worst
from digest.sources.charset import decoded
from digest.sources.gather import checked_title, gather
from digest.sources.markup import is_page

FEED = "daily papers"

_CATCH_UP = timedelta(days=14)
_FIRST_BACKOFF, _LAST_BACKOFF = timedelta(minutes=30), timedelta(hours=6)
_MOST = 100  # some 30 to 60 are listed on a weekday
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")

Json = Mapping[str, object]


class HuggingFaceSource(BaseModel):
    """Hugging Face Daily Papers with their votes, comments and the stars of their code."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    base_url: str = Field(
        default="https://huggingface.co", description="Where the API is; a mirror of your own, for tests."
    )
    days: int = Field(default=3, ge=1, le=14, description="How many days, today included, are read at each poll.")
    hours: int = Field(default=3, ge=1, le=24, description="Hours between two polls.")

    @field_validator("base_url")
    @classmethod
    def _http(cls, url: str) -> str:
        TypeAdapter(HttpUrl).validate_python(url)
        return url.rstrip("/")

    def requests(self, state: Mapping[str, FeedState], now: datetime) -> Sequence[Request]:
        """One per day, oldest first, from the last day that was read or `days` back, whichever is earlier."""
        today = now.astimezone(UTC).date()
        first = min([today - timedelta(days=self.days - 1), *_days_read(state)])
        first = max(first, today - _CATCH_UP)
        days = [first + timedelta(days=n) for n in range((today - first).days + 1)]
        url = f"{self.base_url}/api/daily_papers?limit={_MOST}&date="
        return [Request(f"{url}{day}", {"Accept": "application/json"}, feed=day.isoformat()) for day in days]

    def parse(self, request: Request, response: Response) -> Listing:
        day = date.fromisoformat(request.feed)
        if response.status == 400:  # what the API answers for a day that has not begun where it stands
            return Listing(FEED, day, ())
        return daily_papers(response.body, day, request.url)

    def next_poll(self, state: Mapping[str, FeedState], now: datetime) -> datetime:
        pause = backoff(worst(state), _FIRST_BACKOFF, _LAST_BACKOFF) or timedelta(hours=self.hours)
        return earliest(state, now + pause)


def _days_read(state: Mapping[str, FeedState]) -> list[date]:
    """The last day that was read without failure, if any."""
    return sorted(date.fromisoformat(feed) for feed, known in state.items() if not known.failures)[-1:]


def looks_like_daily_papers(body: bytes) -> bool:
    """Whether a file may be the API's answer: a JSON array."""
    return body.lstrip()[:1] == b"["


def daily_papers(body: bytes, day: date | None, path: str) -> Listing:
    """The listing in an answer of the API; an empty one is a weekend.

    Raises:
        Unreadable: no JSON array, or there are elements and not one can be read.
    """
    found = _parsed(body)
    if not isinstance(found, list):
        raise Unreadable(f"a JSON array of papers was expected, not {_said(found)}")
    entries, rejections = gather(found, _entry, path)
    days = sorted(entry.day for entry in entries if entry.day)
    return Listing(FEED, days[-1] if days else day, entries, rejections)


def _parsed(body: bytes) -> object:
    text = decoded(body)
    if is_page(text):
        raise Unreadable("an HTML page instead of JSON")
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"no JSON: {error}") from error


def _said(found: object) -> str:
    error = found.get("error") if isinstance(found, dict) else None
    return f"the error {error!r}"[:200] if error else f"a JSON {type(found).__name__}"


def _entry(item: object) -> Entry:
    outer = _object(item)
    paper = _object(outer.get("paper"))
    found = identity.arxiv_id(_text(paper, "id"))
    if found is None:
        raise Unreadable(f"no arXiv id in {_text(paper, 'id')[:80]!r}")
    name, _ = found
    code = _text(paper, "githubRepo")
    authors = _authors(paper)
    return Entry(
        title_raw=checked_title(_text(paper, "title") or _text(outer, "title")),
        abstract_raw=_text(paper, "summary") or _text(outer, "summary"),
        aliases=(Alias(AliasKind.ARXIV, name),),
        authors=authors,
        is_authors_complete=bool(authors),
        affiliations=_organization(paper, outer),
        published_on=_day(paper, "publishedAt"),
        # The list's day: `publishedAt` is arXiv's, and the outer one is four hours before even that.
        day=_day(paper, "submittedOnDailyAt"),
        url=f"https://arxiv.org/abs/{name}",
        pdf_url=f"https://arxiv.org/pdf/{name}",
        code_url=code if code.startswith("https://") else None,
        has_code=bool(code),
        discussion_url=f"https://huggingface.co/papers/{name}",
        summary=_text(paper, "ai_summary") or None,
        signals=_signals(paper, outer),
    )


def _object(value: object) -> Json:
    if not isinstance(value, dict):
        raise Unreadable(f"an object was expected, not {type(value).__name__}")
    return value


def _text(values: Json, name: str) -> str:
    """Text with its wraps joined, without what no database takes; "" where it is absent or none."""
    found = values.get(name)
    return " ".join(_UNSTORABLE.sub("", found).split()) if isinstance(found, str) else ""


def _authors(paper: Json) -> tuple[str, ...]:
    found = paper.get("authors")
    people = [person for person in found if isinstance(person, dict)] if isinstance(found, list) else []
    return tuple(name for name in (_text(p, "name")[:200] for p in people if p.get("hidden") is not True) if name)


def _organization(paper: Json, outer: Json) -> tuple[str, ...]:
    for values in (paper.get("organization"), outer.get("organization")):
        if isinstance(values, dict):
            name = _text(values, "fullname") or _text(values, "name")
            return (name,) if name else ()
    return ()


def _day(values: Json, name: str) -> date | None:
    try:
        found = datetime.fromisoformat(_text(values, name))
    except ValueError:
        return None
    return found.astimezone(UTC).date() if found.tzinfo else found.date()


def _signals(paper: Json, outer: Json) -> tuple[Signal, ...]:
    readings = {
        "upvotes": paper.get("upvotes"),
        "comments": outer.get("numComments"),
        "stars": paper.get("githubStars"),
    }
    return tuple(Signal(name, value) for name, value in readings.items() if _is_count(value))


def _is_count(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31
