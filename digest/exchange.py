"""One HTTP exchange in words that sources and enrichers share: what to ask, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Request:
    """What to fetch. `feed` names this part of the source: a category, a day, a file name.

    A `body` is sent with the method POST. `speaking` are statuses beside 2xx and 400 whose answer is worth parsing.
    """

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    feed: str = ""
    body: bytes | None = None
    speaking: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Response:
    """An answer worth parsing. Header names are lower case; `url` is the last one of the redirects."""

    status: int
    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Fetched:
    response: Response


@dataclass(frozen=True, slots=True)
class NotModified:
    """The source says that nothing changed since the ETag or date we sent."""


@dataclass(frozen=True, slots=True)
class Unavailable:
    """No payload this time. `retry_after` is the source's own wish, at most 24 hours."""

    reason: str
    retry_after: timedelta | None = None


Outcome = Fetched | NotModified | Unavailable
