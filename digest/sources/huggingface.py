"""Hugging Face Daily Papers: what its readers submit and vote up, day by day.

Votes grow for days, so the last few days are asked for again at every poll and their readings become a series.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, TypeAdapter, field_validator

from digest.model import Alias, AliasKind, Entry, Listing, Signal
from digest.papers import identity
from digest.sources import FeedState, Request, Response, Unreadable, backoff, earliest, worst
from digest.sources.gather import checked_title, gather
from digest.sources.payload import Json, as_object, day_of, is_count, parsed, said, text_of

FEED = "daily papers"

_CATCH_UP = timedelta(days=14)
_FIRST_BACKOFF, _LAST_BACKOFF = timedelta(minutes=30), timedelta(hours=6)
_MOST = 100  # some 30 to 60 are listed on a weekday


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


def daily_papers(body: bytes, day: date | None, path: str) -> Listing:
    """The listing in an answer of the API; an empty one is a weekend.

    Raises:
        Unreadable: no JSON array, or there are elements and not one can be read.
    """
    found = parsed(body)
    if not isinstance(found, list):
        raise Unreadable(f"a JSON array of papers was expected, not {said(found)}")
    entries, rejections = gather(found, _entry, path)
    days = sorted(entry.day for entry in entries if entry.day)
    return Listing(FEED, days[-1] if days else day, entries, rejections)


def _entry(item: object) -> Entry:
    outer = as_object(item)
    paper = as_object(outer.get("paper"))
    found = identity.arxiv_id(text_of(paper, "id"))
    if found is None:
        raise Unreadable(f"no arXiv id in {text_of(paper, 'id')[:80]!r}")
    name, _ = found
    code = text_of(paper, "githubRepo")
    authors = _authors(paper)
    return Entry(
        title_raw=checked_title(text_of(paper, "title") or text_of(outer, "title")),
        abstract_raw=text_of(paper, "summary") or text_of(outer, "summary"),
        aliases=(Alias(AliasKind.ARXIV, name),),
        authors=authors,
        is_authors_complete=bool(authors),
        affiliations=_organization(paper, outer),
        published_on=day_of(paper, "publishedAt"),
        # The list's day: `publishedAt` is arXiv's, and the outer one is four hours before even that.
        day=day_of(paper, "submittedOnDailyAt"),
        url=f"https://arxiv.org/abs/{name}",
        pdf_url=f"https://arxiv.org/pdf/{name}",
        code_url=code if code.startswith("https://") else None,
        has_code=bool(code),
        discussion_url=f"https://huggingface.co/papers/{name}",
        summary=text_of(paper, "ai_summary") or None,
        signals=_signals(paper, outer),
    )


def _authors(paper: Json) -> tuple[str, ...]:
    found = paper.get("authors")
    people = [person for person in found if isinstance(person, dict)] if isinstance(found, list) else []
    return tuple(name for name in (text_of(p, "name")[:200] for p in people if p.get("hidden") is not True) if name)


def _organization(paper: Json, outer: Json) -> tuple[str, ...]:
    for values in (paper.get("organization"), outer.get("organization")):
        if isinstance(values, dict):
            name = text_of(values, "fullname") or text_of(values, "name")
            return (name,) if name else ()
    return ()


def _signals(paper: Json, outer: Json) -> tuple[Signal, ...]:
    readings = {
        "upvotes": paper.get("upvotes"),
        "comments": outer.get("numComments"),
        "stars": paper.get("githubStars"),
    }
    return tuple(Signal(name, value) for name, value in readings.items() if is_count(value))
