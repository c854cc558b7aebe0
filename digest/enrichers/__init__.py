"""Services that know more about papers and people: one file per service; requests and parsing are pure.

    papers, people ─requests─► Asked(Request, whom) ─fetch─► Response ─parse─► Findings by paper id and person

An enricher is a class whose fields are its options, as a source is. It knows neither network nor clock nor database;
the job `enrich` fetches, keeps the pace and stores what was found.

semantic_scholar, openalex, hugging_face, github, completions     the kinds     answers    reading JSON of strangers
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from pydantic import BaseModel, ConfigDict, Field

from digest.errors import DigestError
from digest.exchange import Request, Response
from digest.papers.enrichment import Needs, PaperSaid, Person, PersonSaid, Subject

__all__ = [
    "KINDS",
    "Asked",
    "Enricher",
    "Exhausted",
    "Findings",
    "Garbled",
    "Needs",
    "PaperSaid",
    "Person",
    "PersonSaid",
    "Service",
    "Subject",
]

KINDS: Mapping[str, str] = {
    "completions": "digest.enrichers.completions:Completions",
    "github": "digest.enrichers.github:GitHub",
    "hugging_face": "digest.enrichers.hugging_face:HuggingFace",
    "openalex": "digest.enrichers.openalex:OpenAlex",
    "semantic_scholar": "digest.enrichers.semantic_scholar:SemanticScholar",
}
"""kind → module:Class, imported only when an enricher of that kind is built."""


class Garbled(DigestError):
    """An answer of which nothing can be used: those it was about are asked for again later."""


class Exhausted(DigestError):
    """The service wants no more requests for now; `until` is when it will answer again, if it says so."""

    def __init__(self, reason: str, until: datetime | None = None) -> None:
        super().__init__(reason)
        self.until = until


@dataclass(frozen=True, slots=True)
class Asked:
    """One request and whom it is about."""

    request: Request
    papers: tuple[Subject, ...] = ()
    people: tuple[Person, ...] = ()


@dataclass(frozen=True, slots=True)
class Findings:
    """What an answer says: papers by their id in the catalog, people by their key at the service.

    Whoever was asked about and is in neither is unknown to the service.
    """

    papers: Mapping[int, PaperSaid] = field(default_factory=dict)
    people: tuple[PersonSaid, ...] = ()


class Enricher(Protocol):
    """One kind of service; its fields are its options. The methods are pure."""

    @property
    def kind(self) -> str: ...

    @property
    def needs(self) -> Needs: ...

    @property
    def batch(self) -> int:
        """How many papers (or people) one claim takes at most."""

    @property
    def refresh(self) -> timedelta:
        """After which time its facts are stale."""

    @property
    def horizon(self) -> timedelta:
        """Papers first seen longer ago are left alone."""

    def requests(self, papers: Sequence[Subject]) -> Sequence[Asked]:
        """What to ask about these; who is in no request cannot be asked about (no id it knows, no code link)."""

    def people_requests(self, people: Sequence[Person]) -> Sequence[Asked]:
        """What to ask about these authors; nothing where the service knows no authors."""

    def parse(self, asked: Asked, response: Response) -> Findings:
        """Read an answer.

        Raises:
            Garbled: nothing of it can be used.
            Exhausted: the service wants a pause.
        """

    def secrets(self) -> Sequence[str]:
        """What must not stand in a log or an error."""


class Service(BaseModel):
    """The options that all services share."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    refresh_hours: int = Field(
        default=168, ge=1, le=8760, description="Its facts are asked for again after so many hours."
    )
    days: int = Field(
        default=30, ge=1, le=3650, description="Papers first seen more than so many days ago are left alone."
    )

    @property
    def refresh(self) -> timedelta:
        return timedelta(hours=self.refresh_hours)

    @property
    def horizon(self) -> timedelta:
        return timedelta(days=self.days)

    def people_requests(self, people: Sequence[Person]) -> Sequence[Asked]:  # noqa: ARG002  # most know no authors
        return ()

    def secrets(self) -> Sequence[str]:
        return ()
