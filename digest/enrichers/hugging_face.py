"""Hugging Face's page of a paper: upvotes, a generated summary, the code link with its stars, the organization.

Only papers that somebody submitted there have a page; for the others the answer is 404. Optional fields are absent,
not null, and `ai_summary` may come days later. Without a token 500 requests in five minutes are allowed.
"""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field, SecretStr

from digest.enrichers import Asked, Findings, Garbled, Needs, Service, Subject
from digest.enrichers.answers import as_object, count, https, parsed, summary, text
from digest.exchange import Request, Response
from digest.model import AliasKind
from digest.papers.enrichment import PaperSaid


class HuggingFace(Service):
    """Upvotes, summary, code link and stars from Hugging Face's paper pages."""

    refresh_hours: int = Field(
        default=24, ge=1, le=8760, description="Its facts are asked for again after so many hours."
    )
    token: SecretStr = Field(
        default=SecretStr(""), description="An access token doubles what may be asked; not needed."
    )
    base_url: str = Field(default="https://huggingface.co", description="For a mirror or for tests.")

    @property
    def kind(self) -> str:
        return "hugging_face"

    @property
    def needs(self) -> Needs:
        return Needs.ARXIV

    @property
    def batch(self) -> int:
        return 50

    def secrets(self) -> Sequence[str]:
        return (self.token.get_secret_value(),)

    def requests(self, papers: Sequence[Subject]) -> Sequence[Asked]:
        return [Asked(self._request(name), papers=(paper,)) for paper in papers if (name := _arxiv(paper))]

    def _request(self, name: str) -> Request:
        token = self.token.get_secret_value()
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return Request(f"{self.base_url}/api/papers/{name}", headers, name, speaking=frozenset({404}))

    def parse(self, asked: Asked, response: Response) -> Findings:
        if response.status == 404:
            return Findings()
        found = as_object(parsed(response))
        if text(found, "id") != asked.request.feed:
            raise Garbled(f"the page of {asked.request.feed} was expected, not of {text(found, 'id')[:40]!r}")
        organization = as_object(found.get("organization"))
        place = text(organization, "fullname") or text(organization, "name")
        said = PaperSaid(
            key=asked.request.feed,
            summary=summary(found, "ai_summary"),
            code_url=https(text(found, "githubRepo", 500)),
            stars=count(found, "githubStars"),
            upvotes=count(found, "upvotes"),
            affiliations=(place,) if place else (),
        )
        return Findings({paper.id: said for paper in asked.papers})


def _arxiv(paper: Subject) -> str:
    return next((alias.value for alias in sorted(paper.aliases) if alias.kind is AliasKind.ARXIV), "")
