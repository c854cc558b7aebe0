"""GitHub: the stars of a paper's repository, and its address today.

A renamed repository is a redirect, which the fetcher follows; a deleted or private one is 404. Without a token GitHub
answers 60 requests an hour; beyond them it says 403 or 429 and when it will answer again. To go on would be banned.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime

from pydantic import Field, SecretStr

from digest.enrichers import Asked, Exhausted, Findings, Needs, Service, Subject
from digest.enrichers.answers import as_object, count, https, parsed, text
from digest.exchange import Request, Response
from digest.papers.enrichment import PaperSaid

_REPOSITORY = re.compile(r"https?://(?:www\.)?github\.com/([A-Za-z0-9-]{1,39})/([A-Za-z0-9._-]{1,100})(?:[/?#]|$)")
_GONE = frozenset({404, 451})
_REFUSED = frozenset({403, 429})


class GitHub(Service):
    """The stars of the papers' repositories, from GitHub."""

    refresh_hours: int = Field(
        default=24, ge=1, le=8760, description="Its facts are asked for again after so many hours."
    )
    token: SecretStr = Field(
        default=SecretStr(""), description="A token without any scope raises 60 requests an hour to 5,000."
    )
    base_url: str = Field(default="https://api.github.com", description="For GitHub Enterprise or for tests.")

    @property
    def kind(self) -> str:
        return "github"

    @property
    def needs(self) -> Needs:
        return Needs.GITHUB

    @property
    def batch(self) -> int:
        return 50 if self.token.get_secret_value() else 15

    def secrets(self) -> Sequence[str]:
        return (self.token.get_secret_value(),)

    def requests(self, papers: Sequence[Subject]) -> Sequence[Asked]:
        """One per repository: several papers may share one."""
        by_repository: dict[str, list[Subject]] = defaultdict(list)
        for paper in papers:
            name = repository(paper.code_url or "")
            if name:
                by_repository[name].append(paper)
        return [Asked(self._request(name), papers=tuple(some)) for name, some in by_repository.items()]

    def _request(self, name: str) -> Request:
        token = self.token.get_secret_value()
        headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        return Request(f"{self.base_url}/repos/{name}", headers, name, speaking=_GONE | _REFUSED)

    def parse(self, asked: Asked, response: Response) -> Findings:
        if response.status in _REFUSED and _is_pause(response):
            raise Exhausted(f"HTTP {response.status}: the hour's requests are used up", _reset(response))
        if response.status in _GONE:
            return Findings()
        found = as_object(parsed(response))
        stars = count(found, "stargazers_count")
        said = PaperSaid(key=text(found, "full_name") or None, stars=stars, code_url=https(text(found, "html_url")))
        return Findings({paper.id: said for paper in asked.papers})


def repository(address: str) -> str:
    """`owner/name` of an address on GitHub, in lower case as GitHub compares them; "" for any other address."""
    found = _REPOSITORY.match(address)
    return f"{found[1]}/{found[2].removesuffix('.git')}".lower() if found else ""


def _is_pause(response: Response) -> bool:
    """A 403 may also be about this repository alone; then the allowance is not used up."""
    spent = response.headers.get("x-ratelimit-remaining") == "0"
    return response.status == 429 or spent or "retry-after" in response.headers


def _reset(response: Response) -> datetime | None:
    """When the hour's allowance begins anew: seconds since 1970 in a header of GitHub's own."""
    reset = response.headers.get("x-ratelimit-reset", "")
    return datetime.fromtimestamp(int(reset), UTC) if reset.isdecimal() and len(reset) <= 11 else None
