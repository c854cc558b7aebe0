"""Papers and rankers for the tests of the ranking, in a line each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from digest.model import Interest, Paper, Pick, Profile
from digest.ranking.corpus import Corpus
from digest.ranking.profile import paper_text
from digest.ranking.rank import Ranker, Request

NOW = datetime(2026, 4, 20, 7, tzinfo=UTC)


def paper(
    number: int,
    title: str,
    abstract: str = "",
    *,
    authors: tuple[str, ...] = (),
    categories: tuple[str, ...] = (),
    published_on: date | None = None,
    signals: Mapping[str, int] | None = None,
    signals_before: Mapping[str, int] | None = None,
) -> Paper:
    return Paper(
        id=number,
        key=f"p:{number}",
        title=title,
        abstract=abstract,
        authors=authors,
        is_authors_complete=True,
        affiliations=(),
        categories=categories,
        version=None,
        published_on=published_on,
        first_seen_at=NOW,
        first_seen_day=NOW.date(),
        url=None,
        pdf_url=None,
        code_url=None,
        has_code=False,
        signals=signals or {},
        signals_before=signals_before or {},
    )


def wanting(muted: tuple[str, ...] = (), **interest: Any) -> Profile:
    """A profile of one interest with these fields."""
    return Profile((Interest(**interest),), muted=muted)


def changed(profile: Profile, **fields: Any) -> Profile:
    """The profile with other fields of its first interest."""
    first, *others = profile.interests
    return replace(profile, interests=(replace(first, **fields), *others))


def corpus_of(papers: Sequence[Paper]) -> Corpus:
    corpus = Corpus()
    corpus.add([one.id for one in papers], [paper_text(one) for one in papers])
    return corpus


def rank(
    papers: Sequence[Paper],
    profile: Profile,
    *,
    limit: int = 20,
    excluded: Iterable[int] = (),
    candidates: Sequence[Paper] | None = None,
) -> tuple[Pick, ...]:
    """The picks of one subscriber from `candidates` (all papers unless given) over a corpus of all papers."""
    request = Request(1, profile, limit, frozenset(excluded))
    known = {one.id: one for one in papers}
    (picks,) = Ranker(corpus_of(papers)).rank_batch([request], papers if candidates is None else candidates, known, NOW)
    return picks


def ids(picks: Sequence[Pick]) -> list[int]:
    return [pick.paper_id for pick in picks]
