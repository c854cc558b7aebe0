"""OpenReview: the papers of a venue, or all submissions to it.

Version 2 of the API wraps every value of `content` as {"value": …}, version 1 has it bare; both are read. What a
submission became stands in `content.venueid`: the venue's own id is accepted, others end in what they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, TypeAdapter, field_validator, model_validator

from digest.model import Alias, AliasKind, Entry, Listing, Rejection
from digest.papers import identity
from digest.sources import FeedState, Request, Response, Unreadable, backoff, earliest, worst
from digest.sources.gather import checked_title, gather
from digest.sources.payload import Json, as_object, day_of_milliseconds, is_count, joined, parsed, said, texts_of

SITE = "https://openreview.net"

_PAGE = 1000  # the most the API gives at once
_MOST_PAGES = 50
_FIRST_BACKOFF, _LAST_BACKOFF = timedelta(hours=1), timedelta(hours=24)


class OpenReviewSource(BaseModel):
    """Papers of conferences and workshops reviewed on OpenReview."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    venues: tuple[str, ...] = Field(
        default=(), description='Accepted papers of these venues, by id: "ICLR.cc/2026/Conference".'
    )
    invitations: tuple[str, ...] = Field(
        default=(), description='All notes of these invitations: "ICLR.cc/2026/Conference/-/Submission".'
    )
    hours: int = Field(default=24, ge=1, le=24 * 7, description="Hours between two polls.")
    base_url: str = Field(
        default="https://api2.openreview.net",
        description="Where the API is; `https://api.openreview.net` for venues of before 2023.",
    )

    @field_validator("base_url")
    @classmethod
    def _http(cls, url: str) -> str:
        TypeAdapter(HttpUrl).validate_python(url)
        return url.rstrip("/")

    @model_validator(mode="after")
    def _names_something(self) -> OpenReviewSource:
        if not self.venues and not self.invitations:
            raise ValueError('name venues = ["ICLR.cc/2026/Conference"] or invitations')
        return self

    def requests(self, state: Mapping[str, FeedState], now: datetime) -> Sequence[Request]:
        """The first page of each venue, then of each invitation."""
        del state, now
        asked = [("content.venueid", name) for name in self.venues]
        asked += [("invitation", name) for name in self.invitations]
        return [self._request(parameter, name) for parameter, name in asked]

    def _request(self, parameter: str, name: str) -> Request:
        query = urlencode({parameter: name, "limit": _PAGE, "offset": 0})
        return Request(f"{self.base_url}/notes?{query}", {"Accept": "application/json"}, feed=name)

    def parse(self, request: Request, response: Response) -> Listing:
        found = notes(response.body, request.feed, request.url)
        offset, total = _offset(request.url), _total(response.body)
        if found.entries or found.rejections or offset >= total:
            return found
        empty = Rejection(request.url, None, f"an empty page at note {offset} of {total}")
        return replace(found, rejections=(empty,), is_complete=False)

    def following(self, request: Request, response: Response) -> Request | None:
        """The page after a full one."""
        shown, offset = len(_notes(parsed(response.body))), _offset(request.url)
        if shown < _PAGE or offset + shown >= _MOST_PAGES * _PAGE:
            return None
        parts = urlsplit(request.url)
        query = {**dict(parse_qsl(parts.query)), "offset": str(offset + shown)}
        return replace(request, url=urlunsplit(parts._replace(query=urlencode(query))))

    def next_poll(self, state: Mapping[str, FeedState], now: datetime) -> datetime:
        pause = backoff(worst(state), _FIRST_BACKOFF, _LAST_BACKOFF) or timedelta(hours=self.hours)
        return earliest(state, now + pause)


def looks_like_notes(found: object) -> bool:
    """Whether a JSON value is an answer of the API, or a flat list made from one."""
    if isinstance(found, dict):
        return isinstance(found.get("notes"), list)
    return isinstance(found, list) and bool(found) and _is_flat(found[0])


def notes(body: bytes, name: str, path: str) -> Listing:
    """The listing in an answer of the API; replies to a paper are none of its entries.

    Raises:
        Unreadable: no such answer, or there are papers and not one can be read.
    """
    found = parsed(body)
    papers = [note for note in _notes(found) if not _is_reply(note)]
    entries, rejections = gather(papers, _entry, path, key=lambda entry: entry.aliases)
    return Listing(name, None, entries, rejections)


def _notes(found: object) -> list[object]:
    if not looks_like_notes(found) and found != []:
        raise Unreadable(f"notes of OpenReview were expected, not {said(found)}")
    listed = found.get("notes") if isinstance(found, dict) else found
    return listed if isinstance(listed, list) else []


def _offset(url: str) -> int:
    told = dict(parse_qsl(urlsplit(url).query)).get("offset", "")
    return int(told[:9]) if told.isdecimal() else 0


def _total(body: bytes) -> int:
    found = parsed(body)
    count = found.get("count") if isinstance(found, dict) else None
    return count if is_count(count) else 0


def _is_flat(note: object) -> bool:
    """Lists derived from OpenReview have its values bare beside the id, and authors in one string."""
    return isinstance(note, dict) and "content" not in note and "author" in note and SITE in str(note.get("site"))


def _is_reply(note: object) -> bool:
    """Reviews, decisions and comments answer a paper, which is the head of its own forum."""
    if not isinstance(note, dict):
        return False
    return bool(note.get("replyto")) or note.get("forum", note.get("id")) != note.get("id")


def _entry(item: object) -> Entry:
    note = as_object(item)
    name = joined(note.get("id"))
    if not name:
        raise Unreadable("no id")
    said_of = _content(note)
    authors = _authors(said_of)
    day = day_of_milliseconds(note.get("pdate")) or day_of_milliseconds(note.get("cdate"))
    url = f"{SITE}/forum?id={name}"
    return Entry(
        title_raw=checked_title(joined(said_of.get("title"))),
        abstract_raw=joined(said_of.get("abstract")),
        aliases=(Alias(AliasKind.OPENREVIEW, name), *_other_ids(said_of)),
        authors=authors,
        is_authors_complete=bool(authors),
        categories=_keywords(said_of),
        published_on=day,
        day=day,
        url=url,
        pdf_url=_pdf(joined(said_of.get("pdf")), name),
        code_url=_code(said_of),
        discussion_url=url,
        comment=_standing(said_of),
        summary=joined(said_of.get("TLDR")) or joined(said_of.get("tldr")) or None,
    )


def _content(note: Json) -> Json:
    """The values of a note, bare."""
    content = note.get("content")
    values = content if isinstance(content, dict) else note if _is_flat(note) else {}
    return {
        name: value["value"] if isinstance(value, dict) and "value" in value else value
        for name, value in values.items()
    }


def _authors(said_of: Json) -> tuple[str, ...]:
    """Nobody, while a submission is reviewed blind."""
    if line := joined(said_of.get("author")):
        return tuple(name.strip()[:200] for name in line.split(";") if name.strip())
    return tuple(
        name for name in texts_of(said_of, "authors") if name.casefold() not in ("anonymous", "anonymous authors")
    )


def _keywords(said_of: Json) -> tuple[str, ...]:
    told = said_of.get("keywords")
    listed = told.split(";") if isinstance(told, str) else texts_of(said_of, "keywords")
    return tuple(dict.fromkeys(word.strip()[:60] for word in listed if word.strip()))[:10]


def _other_ids(said_of: Json) -> tuple[Alias, ...]:
    told = (joined(said_of.get(name)) for name in ("arxiv", "doi", "html"))
    return tuple(alias for alias in identity.aliases_of(*told) if alias.kind in (AliasKind.ARXIV, AliasKind.DOI))


def _pdf(told: str, name: str) -> str | None:
    """`/pdf/…` is below the site."""
    if told.startswith("https://"):
        return told
    return f"{SITE}/pdf?id={name}" if told.startswith("/pdf") else None


def _code(said_of: Json) -> str | None:
    told = joined(said_of.get("code")) or joined(said_of.get("github"))
    return told if told.startswith("https://") else None


def _standing(said_of: Json) -> str | None:
    """What became of the submission, in the words by which withdrawn papers are known."""
    standing = joined(said_of.get("venueid")).rpartition("/")[2].lower()
    if "withdrawn" in standing or joined(said_of.get("status")).lower() == "withdraw":
        return "This paper has been withdrawn by the authors"
    return joined(said_of.get("venue")) or None
