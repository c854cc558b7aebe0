"""What the services said of a paper, each fact with who said it and how long ago."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from digest.cli.output import counted
from digest.model import Paper
from digest.papers.enrichment import shown, title_of
from digest.store.said import Told


def told_lines(paper: Paper, told: Sequence[Told], now: datetime) -> Iterator[str]:
    """One line per fact of a service: `citations 12 (Semantic Scholar, 3 days ago)`.

    Of a text or list that the paper has already from a listing, nothing is said: it is not the service's.
    """
    facts = shown({one.kind: one.said for one in told})
    asked_at = {one.kind: one.asked_at for one in told}
    counts = (("citations", facts.citations), ("stars", facts.stars), ("upvotes", facts.upvotes))
    for name, fact in counts:
        if fact:
            yield f"{name} {fact[0]:,} {_by(fact[1], asked_at[fact[1]], now)}"
    if facts.affiliations and facts.affiliations[0] == paper.affiliations:
        yield f"affiliations {_by(facts.affiliations[1], asked_at[facts.affiliations[1]], now)}"
    if facts.code_url and facts.code_url[0] == paper.code_url:
        yield f"code link {_by(facts.code_url[1], asked_at[facts.code_url[1]], now)}"
    if facts.summary and paper.summary_source == facts.summary[1]:
        yield f"summary {_by(facts.summary[1], asked_at[facts.summary[1]], now)}"
    if facts.is_retracted:
        yield f"retracted {_by(facts.is_retracted[1], asked_at[facts.is_retracted[1]], now)}"


def told_facts(told: Sequence[Told]) -> list[dict[str, object]]:
    """Everything the services said, as JSON."""
    return [
        {"service": one.service, "kind": one.kind, "asked_at": one.asked_at, "said": one.said.to_json()} for one in told
    ]


def ago(at: datetime, now: datetime) -> str:
    """How long ago in the largest unit that fits: `3 days ago`."""
    passed = max(now - at, timedelta(0))
    for unit, size in (("day", timedelta(days=1)), ("hour", timedelta(hours=1)), ("minute", timedelta(minutes=1))):
        if passed >= size:
            return f"{counted(passed // size, unit)} ago"
    return "just now"


def _by(kind: str, at: datetime, now: datetime) -> str:
    return f"({title_of(kind)}, {ago(at, now)})"
