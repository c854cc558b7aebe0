"""Reading the catalog: papers with all that is known of them, by id, by day, by words, as candidates, as corpus.

Writing is `upsert_listing`, which lives in `digest.store.upsert`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, case, func, select

from digest.errors import NotFound
from digest.model import Alias, AliasKind, AuthorCard, Paper
from digest.papers.identity import aliases_of, fold_name, public_key
from digest.ranking.attention import A_DAY_EARLIER
from digest.store.drafts import chunks
from digest.store.merge import surviving
from digest.store.tables import (
    author_cards,
    paper_affiliations,
    paper_aliases,
    paper_authors,
    paper_categories,
    paper_versions,
    papers,
    sightings,
    signals,
)
from digest.store.upsert import formed, upsert_listing

__all__ = [
    "aliases_of_paper",
    "announcements",
    "author_card",
    "authors",
    "candidates",
    "corpus_texts",
    "count",
    "find",
    "formed",
    "list_papers",
    "newest_id",
    "papers_by_id",
    "papers_of",
    "sightings_of",
    "signal_series",
    "upsert_listing",
    "versions_of",
]

_SERIES = 8  # readings of a signal that a paper carries


def candidates(connection: Connection, since: datetime, until: datetime) -> list[Paper]:
    """The new papers first seen after `since` and not after `until`, newest first; withdrawn ones never are."""
    query = select(papers.c.id).where(
        papers.c.is_new.is_(True),
        papers.c.withdrawn_at.is_(None),
        papers.c.first_seen_at > since,
        papers.c.first_seen_at <= until,
    )
    ids = connection.execute(query.order_by(papers.c.first_seen_at.desc(), papers.c.id.desc())).scalars().all()
    found = papers_by_id(connection, ids, until)
    return [found[i] for i in ids]


def papers_by_id(connection: Connection, ids: Iterable[int], now: datetime | None = None) -> dict[int, Paper]:
    """The papers of these ids that exist. With `now`, signals are those of that moment and of a day earlier."""
    found: dict[int, Paper] = {}
    for some in chunks(dict.fromkeys(ids)):
        parts = _Parts(connection, some, now)
        for row in connection.execute(select(papers).where(papers.c.id.in_(some))):
            found[row.id] = parts.paper(row)
    return found


def papers_in_order(connection: Connection, ids: Sequence[int]) -> list[Paper]:
    """Those of the papers that exist, in the order of `ids`."""
    found = papers_by_id(connection, ids)
    return [found[paper_id] for paper_id in ids if paper_id in found]


class _Parts:
    """What stands in other tables about some papers, by paper id."""

    def __init__(self, connection: Connection, ids: list[int], now: datetime | None) -> None:
        self.authors = _names(connection, paper_authors, ids)
        self.affiliations = _names(connection, paper_affiliations, ids)
        self.categories = _names(connection, paper_categories, ids, "category")
        self.aliases: dict[int, list[Alias]] = defaultdict(list)
        for row in connection.execute(select(paper_aliases).where(paper_aliases.c.paper_id.in_(ids))):
            self.aliases[row.paper_id].append(Alias(AliasKind(row.kind), row.value))
        self.signals: dict[int, dict[str, int]] = defaultdict(dict)
        self.before: dict[int, dict[str, int]] = defaultdict(dict)
        self.series: dict[int, dict[str, tuple[int, ...]]] = defaultdict(dict)
        for row in connection.execute(_latest_readings(ids, now)):
            self.signals[row.paper_id][row.name] = row.value
            series = self.series[row.paper_id]
            series[row.name] = (*series.get(row.name, ())[1 - _SERIES :], row.value)
            if now is not None and row.observed_at <= now - A_DAY_EARLIER:
                self.before[row.paper_id][row.name] = row.value

    def paper(self, row: Any) -> Paper:
        return Paper(
            id=row.id,
            key=public_key(tuple(sorted(self.aliases[row.id])), row.id),
            title=row.title,
            abstract=row.abstract,
            authors=tuple(self.authors[row.id]),
            is_authors_complete=row.is_authors_complete,
            affiliations=tuple(self.affiliations[row.id]),
            categories=tuple(self.categories[row.id]),
            version=row.version,
            published_on=row.published_on,
            first_seen_at=row.first_seen_at,
            first_seen_day=row.first_seen_day,
            url=row.url,
            pdf_url=row.pdf_url,
            code_url=row.code_url,
            has_code=row.has_code,
            discussion_url=row.discussion_url,
            summary=row.summary,
            summary_source=row.summary_source,
            withdrawn_at=row.withdrawn_at,
            signals=self.signals[row.id],
            signals_before=self.before[row.id],
            series=self.series[row.id],
        )


def _latest_readings(ids: list[int], now: datetime | None) -> Select[Any]:
    """The last few readings of every signal, and of those a day earlier; a whole series grows for ever."""
    of_signal: list[ColumnElement[Any]] = [signals.c.paper_id, signals.c.name]
    query = select(signals).where(signals.c.paper_id.in_(ids))
    if now is not None:
        of_signal.append(case((signals.c.observed_at <= now - A_DAY_EARLIER, 1), else_=0))
        query = query.where(signals.c.observed_at <= now)
    place = func.row_number().over(partition_by=of_signal, order_by=signals.c.observed_at.desc())
    ranked = query.add_columns(place.label("place")).subquery()
    return select(ranked).where(ranked.c.place <= _SERIES).order_by(ranked.c.observed_at)


def _names(connection: Connection, table: Any, ids: list[int], column: str = "name") -> dict[int, list[str]]:
    found: dict[int, list[str]] = defaultdict(list)
    query = select(table.c.paper_id, table.c[column]).where(table.c.paper_id.in_(ids))
    for paper_id, name in connection.execute(query.order_by(table.c.paper_id, table.c.position)):
        found[paper_id].append(name)
    return found


def corpus_texts(connection: Connection, after_id: int, limit: int) -> list[tuple[int, str]]:
    """Id and text (title, newline, abstract) of up to `limit` papers with an id above `after_id`, in order of id."""
    query = select(papers.c.id, papers.c.title, papers.c.abstract).where(papers.c.id > after_id)
    return [
        (row.id, f"{row.title}\n{row.abstract}") for row in connection.execute(query.order_by(papers.c.id).limit(limit))
    ]


def newest_id(connection: Connection) -> int:
    """The highest paper id, 0 in an empty catalog."""
    return connection.execute(select(func.max(papers.c.id))).scalar() or 0


def count(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(papers)).scalar_one()


def find(connection: Connection, text: str) -> Paper:
    """The paper of an id in any form (arXiv, DOI, URL, `p:12`), or of an exact title. NotFound says what to try."""
    paper_id = _by_number(connection, text) or _by_alias(connection, text) or _by_title(connection, text)
    found = papers_by_id(connection, [paper_id]) if paper_id else {}
    if paper_id not in found:
        raise NotFound(f"no paper {text!r} in the catalog: try 'digest paper search WORDS'")
    return found[paper_id]


def _by_number(connection: Connection, text: str) -> int | None:
    number = text.removeprefix("p:")
    if not (number.isascii() and number.isdigit() and len(number) < 18 and text.startswith("p:")):
        return None
    return surviving(connection, [int(number)]).get(int(number))


def _by_alias(connection: Connection, text: str) -> int | None:
    for alias in aliases_of(text):
        query = select(paper_aliases.c.paper_id)
        query = query.where(paper_aliases.c.kind == alias.kind.value, paper_aliases.c.value == alias.value)
        paper_id = connection.execute(query).scalar()
        if paper_id is not None:
            return int(paper_id)
    return None


def _by_title(connection: Connection, text: str) -> int | None:
    return connection.execute(select(papers.c.id).where(papers.c.title == text).limit(1)).scalar()


def list_papers(
    connection: Connection, limit: int, day: date | None = None, category: str | None = None
) -> list[Paper]:
    """The newest papers, of one announcement day and category where given."""
    query = select(papers.c.id)
    if day is not None:
        query = query.where(papers.c.id.in_(select(sightings.c.paper_id).where(sightings.c.day == day)))
    if category is not None:
        holds = select(paper_categories.c.paper_id).where(paper_categories.c.category == category)
        query = query.where(papers.c.id.in_(holds))
    return _newest(connection, query, limit)


def _newest(connection: Connection, query: Select[Any], limit: int) -> list[Paper]:
    order = (papers.c.first_seen_at.desc(), papers.c.id.desc())
    ids = connection.execute(query.order_by(*order).limit(limit)).scalars().all()
    found = papers_by_id(connection, ids)
    return [found[i] for i in ids]


def papers_of(connection: Connection, author: str, limit: int) -> list[Paper]:
    """The papers of an author by folded name, newest first."""
    holds = select(paper_authors.c.paper_id).where(paper_authors.c.folded == fold_name(author))
    return _newest(connection, select(papers.c.id).where(papers.c.id.in_(holds)), limit)


def authors(connection: Connection, limit: int, words: str = "") -> list[tuple[str, int]]:
    """Author names and how many papers of the catalog they have, most first."""
    papers_each = func.count().label("n")
    query = select(func.min(paper_authors.c.name), papers_each).group_by(paper_authors.c.folded)
    if words:
        query = query.where(paper_authors.c.folded.contains(fold_name(words), autoescape=True))
    rows = connection.execute(query.order_by(papers_each.desc(), func.min(paper_authors.c.name)).limit(limit))
    return [(name, n) for name, n in rows]


def author_card(connection: Connection, author: str) -> AuthorCard | None:
    """What the latest listing page said of an author."""
    query = select(author_cards).where(author_cards.c.folded == fold_name(author))
    row = connection.execute(query.order_by(author_cards.c.seen_at.desc()).limit(1)).one_or_none()
    if row is None:
        return None
    return AuthorCard(row.name, row.category, row.h_index, row.papers, row.citations, row.novelty, row.ai_score)


def announcements(connection: Connection, source: str) -> Mapping[date, Mapping[str, int]]:
    """How many papers a source announced on each day, by announcement."""
    query = select(sightings.c.day, sightings.c.announcement, func.count(sightings.c.paper_id.distinct()))
    query = query.where(sightings.c.source == source).group_by(sightings.c.day, sightings.c.announcement)
    found: dict[date, dict[str, int]] = defaultdict(dict)
    for day, announcement, papers_seen in connection.execute(query.order_by(sightings.c.day)):
        found[day][announcement] = papers_seen
    return found


def signal_series(connection: Connection, paper_id: int) -> list[tuple[str, str, datetime, int]]:
    """Every reading of a paper's attention: name, source, instant, value, in order of time."""
    query = select(signals).where(signals.c.paper_id == paper_id).order_by(signals.c.observed_at, signals.c.name)
    return [(row.name, row.source, row.observed_at, row.value) for row in connection.execute(query)]


def sightings_of(connection: Connection, paper_id: int) -> list[tuple[str, str, date, str]]:
    """Where and when a paper was seen: source, feed, day, announcement."""
    query = select(sightings).where(sightings.c.paper_id == paper_id).order_by(sightings.c.seen_at, sightings.c.day)
    return [(row.source, row.feed, row.day, row.announcement) for row in connection.execute(query)]


def versions_of(connection: Connection, paper_id: int) -> list[tuple[int, datetime, str]]:
    """The states of a paper that were seen, oldest first: number, instant, title as its source gave it."""
    query = select(paper_versions).where(paper_versions.c.paper_id == paper_id).order_by(paper_versions.c.number)
    return [(row.number, row.seen_at, row.title_raw) for row in connection.execute(query)]


def aliases_of_paper(connection: Connection, paper_id: int) -> tuple[Alias, ...]:
    """All identifiers of a paper, by authority."""
    query = select(paper_aliases.c.kind, paper_aliases.c.value).where(paper_aliases.c.paper_id == paper_id)
    return tuple(sorted(Alias(AliasKind(kind), value) for kind, value in connection.execute(query)))
