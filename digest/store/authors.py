"""Who wrote what across the catalog, and what is known of them: figures that others gave, and figures of our own.

    paper_authors (by folded name) ─► papers ─► novelty, AI Score ─┐
    author_cards (by folded name and source) ──────────────────────┴─► Author

An author is a folded name: two people of one name are one author here, and one person under two names is two.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from difflib import get_close_matches
from functools import cached_property
from statistics import fmean
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, false, func, literal, or_, select

from digest.errors import NotFound
from digest.model import AuthorCard, Paper
from digest.papers.identity import fold_name, surname
from digest.ranking.standing import Standing, author_standing, mean_standing, paper_standing
from digest.store.among import among
from digest.store.catalog import papers_by_id
from digest.store.drafts import chunks
from digest.store.novelty import percentiles_of
from digest.store.readings import last_readings
from digest.store.tables import author_cards, author_enrichments, paper_authors, paper_categories, papers

_NEAR = 5
_COMPARED = 5000  # names of the same beginning that are compared letter by letter


@dataclass(frozen=True, slots=True)
class SaidCard:
    """An author's figures as a source gave them; they are shown, never changed."""

    card: AuthorCard
    source: str
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Work:
    """A paper with the figures computed for it; `novelty` is a percentile, None where it was not measured."""

    paper: Paper
    novelty: float | None
    standing: Standing


@dataclass(frozen=True)
class Author:
    """An author: imported cards, latest first, and works, latest first; the properties are computed from the works."""

    name: str
    imported: tuple[SaidCard, ...]
    works: tuple[Work, ...]
    ids: tuple[tuple[str, str], ...] = ()  # (service, id there) of the services that know the author

    @cached_property
    def category(self) -> str | None:
        """The main category of most works; the first by name of several."""
        return _most(work.paper.categories[0] for work in self.works if work.paper.categories)

    @cached_property
    def novelties(self) -> tuple[float, ...]:
        """The novelty of the works that were measured."""
        return tuple(work.novelty for work in self.works if work.novelty is not None)

    @property
    def novelty(self) -> float | None:
        """The mean novelty of the works."""
        return fmean(self.novelties) if self.novelties else None

    @cached_property
    def standing(self) -> Standing:
        """The parts of the AI Score; the author's own standing is of the latest imported figures."""
        own = _standing_of(one.card for one in self.imported)
        return mean_standing((work.standing for work in self.works), own)


@dataclass(frozen=True, slots=True)
class Overview:
    """An author as a page shows one: figures of all works, and some of the works, latest first."""

    name: str
    imported: tuple[SaidCard, ...]
    count: int  # of all works
    category: str | None
    novelty: float | None
    standing: Standing
    works: tuple[Work, ...]


def find(connection: Connection, name: str) -> Author:
    """The author of this name, however it is written, or the only one whose name holds these words.

    Raises:
        NotFound: nobody, or several; the text names near ones.
    """
    folded = fold_name(name)
    found = _author(connection, folded, name)
    if found is not None:
        return found
    holding = _named(connection, _holds(folded))
    if len(holding) == 1 and (found := _author(connection, fold_name(holding[0][0]), holding[0][0])) is not None:
        return found
    raise NotFound(_nobody(name, holding or near(connection, name)))


def overview(connection: Connection, name: str, limit: int, offset: int = 0) -> Overview | None:
    """The author of exactly this name, however it is written, with up to `limit` works.

    A common name is on a thousand papers: of the others only what the figures are made of is read.
    """
    folded = fold_name(name)
    said = tuple(_cards(connection, {folded}).get(folded, ()))
    spelt = _spelt(connection, folded)
    if not said and not spelt:
        return None
    known = _slips(connection, list(spelt))
    shown = [one.paper_id for one in known[offset : offset + limit]]
    found = papers_by_id(connection, shown)
    novelties = [one.novelty for one in known if one.novelty is not None]
    return Overview(
        name=_name(said, spelt, name),
        imported=said,
        count=len(known),
        category=_most([one.category for one in known if one.category is not None]),
        novelty=fmean(novelties) if novelties else None,
        standing=mean_standing((one.standing for one in known), _standing_of(one.card for one in said)),
        works=tuple(works(connection, [found[paper_id] for paper_id in shown if paper_id in found])),
    )


@dataclass(frozen=True, slots=True)
class _Slip:
    """What an author's figures are made of, of one paper."""

    paper_id: int
    category: str | None
    novelty: float | None
    standing: Standing


def _slips(connection: Connection, ids: Sequence[int]) -> list[_Slip]:
    """Latest first."""
    novelty = percentiles_of(connection, ids)
    signals: dict[int, dict[str, int]] = defaultdict(dict)
    for paper_id, name, value, _ in last_readings(connection, ids):
        signals[paper_id][name] = value
    first = (paper_categories.c.paper_id == papers.c.id) & (paper_categories.c.position == 0)
    columns = papers.c.id, papers.c.published_on, papers.c.first_seen_day, papers.c.has_code, papers.c.code_url
    query = select(*columns, paper_categories.c.category).outerjoin(paper_categories, first)
    rows = connection.execute(query.where(among(connection, papers.c.id, sorted(ids)))).all()
    found = []
    for row in sorted(rows, key=lambda row: _age(row.published_on or row.first_seen_day, row.id)):
        has_code = row.has_code or row.code_url is not None
        standing = paper_standing(signals[row.id], novelty.get(row.id), has_code)
        found.append(_Slip(row.id, row.category, novelty.get(row.id), standing))
    return found


def cards(connection: Connection, folded: Iterable[str]) -> dict[str, AuthorCard]:
    """By folded name what is known of each author in one card: said by a source where one does, else computed.

    The number of statements does not depend on how many there are.
    """
    names = sorted({name[:256] for name in folded})
    by_name: dict[str, dict[int, str]] = defaultdict(dict)
    for some in chunks(names):
        rows = select(paper_authors).where(paper_authors.c.folded.in_(some))
        for row in connection.execute(rows):
            by_name[row.folded][row.paper_id] = row.name
    said = _cards(connection, names)
    latest = sorted({paper_id for spelt in by_name.values() for paper_id in spelt}, reverse=True)[:_MEASURED]
    known = {work.paper.id: work for work in works(connection, list(papers_by_id(connection, latest).values()))}
    found = {}
    for name in names:
        spelt = by_name.get(name, {})
        own = tuple(known[paper_id] for paper_id in spelt if paper_id in known)
        if spelt or name in said:
            usual = min(spelt.values(), default=name)
            found[name] = _one_card(Author(usual, tuple(said.get(name, ())), own), len(spelt))
    return found


_MEASURED = 2000  # papers of all asked authors together


def _one_card(author: Author, papers: int) -> AuthorCard:
    """The latest imported figures, and what is computed here where there is none."""
    said = author.imported[0].card if author.imported else AuthorCard(author.name)
    return replace(
        said,
        category=said.category or author.category,
        papers=said.papers if said.papers is not None else papers or None,
        novelty=said.novelty if said.novelty is not None or author.novelty is None else round(author.novelty),
        ai_score=said.ai_score if said.ai_score is not None else author.standing.score,
    )


def near(connection: Connection, name: str) -> list[tuple[str, int]]:
    """Authors of the same surname, else of a name written nearly so, with how many papers they have."""
    last = surname(name)
    same = _named(connection, or_(paper_authors.c.folded == last, paper_authors.c.folded.endswith(f" {last}")))
    if same and last:
        return same
    folded = fold_name(name)
    begins = select(paper_authors.c.folded).distinct().where(paper_authors.c.folded.startswith(folded[:2]))
    known = connection.execute(begins.limit(_COMPARED)).scalars().all()
    alike = get_close_matches(folded, known, n=_NEAR)
    return _named(connection, paper_authors.c.folded.in_(alike)) if alike else []


def works(connection: Connection, papers: Sequence[Paper]) -> list[Work]:
    """The papers with their figures, in their order."""
    novelty = percentiles_of(connection, [paper.id for paper in papers])
    cards = _cards(connection, {fold_name(name) for paper in papers for name in paper.authors})
    standing = {folded: _standing_of(one.card for one in said) for folded, said in cards.items()}
    return [Work(paper, novelty.get(paper.id), _standing(paper, novelty.get(paper.id), standing)) for paper in papers]


def _standing(paper: Paper, novelty: float | None, known: dict[str, float | None]) -> Standing:
    has_code = paper.has_code or paper.code_url is not None
    return paper_standing(paper.signals, novelty, has_code, [known.get(fold_name(name)) for name in paper.authors])


def _standing_of(cards: Iterable[AuthorCard]) -> float | None:
    """Of the first of the cards that has a figure."""
    return next((one for card in cards if (one := author_standing(card.h_index, card.citations)) is not None), None)


def _author(connection: Connection, folded: str, asked: str) -> Author | None:
    said = tuple(_cards(connection, {folded}).get(folded, ()))
    spelt = _spelt(connection, folded)
    if not said and not spelt:
        return None
    found = sorted(papers_by_id(connection, spelt).values(), key=_latest_first)
    ids = _ids(connection, folded)
    return Author(_name(said, spelt, asked), said, tuple(works(connection, found)), ids)


def _spelt(connection: Connection, folded: str) -> dict[int, str]:
    """The papers of an author, and how each writes the name."""
    rows = select(paper_authors.c.paper_id, paper_authors.c.name).where(paper_authors.c.folded == folded[:256])
    return {row.paper_id: row.name for row in connection.execute(rows)}


def _name(said: Sequence[SaidCard], spelt: Mapping[int, str], asked: str) -> str:
    """As a source writes it, else as most papers do."""
    return said[0].card.name if said else _most(spelt.values()) or asked


def _most(some: Iterable[str]) -> str | None:
    """The most frequent; of several the first in order."""
    counted = Counter(some)
    return min(counted, key=lambda one: (-counted[one], one), default=None)


def _ids(connection: Connection, folded: str) -> tuple[tuple[str, str], ...]:
    known = select(author_enrichments).where(author_enrichments.c.folded == folded[:256])
    return tuple((row.service, row.key) for row in connection.execute(known.order_by(author_enrichments.c.service)))


def _latest_first(paper: Paper) -> tuple[float, int]:
    return _age(paper.published_on or paper.first_seen_day, paper.id)


def _age(day: date | None, paper_id: int) -> tuple[float, int]:
    return -(day or date.min).toordinal(), paper_id


def _cards(connection: Connection, names: Iterable[str]) -> dict[str, list[SaidCard]]:
    """By folded name what each source said, latest first."""
    found: dict[str, list[SaidCard]] = defaultdict(list)
    for some in chunks(sorted({name[:256] for name in names})):
        query = select(author_cards).where(author_cards.c.folded.in_(some))
        for row in connection.execute(query.order_by(author_cards.c.seen_at.desc(), author_cards.c.source)):
            found[row.folded].append(SaidCard(_card(row), row.source, row.seen_at))
    return found


def _card(row: Any) -> AuthorCard:
    return AuthorCard(row.name, row.category, row.h_index, row.papers, row.citations, row.novelty, row.ai_score)


def _holds(folded: str) -> ColumnElement[bool]:
    """Names with a word that begins so, for every word."""
    padded = literal(" ") + paper_authors.c.folded
    words = [padded.contains(f" {word}", autoescape=True) for word in folded.split()]
    return and_(*words) if words else false()


def _named(connection: Connection, test: ColumnElement[bool]) -> list[tuple[str, int]]:
    count = func.count().label("n")
    query = select(func.min(paper_authors.c.name), count).where(test).group_by(paper_authors.c.folded)
    rows = connection.execute(query.order_by(count.desc(), func.min(paper_authors.c.name)).limit(_NEAR))
    return [(name, papers) for name, papers in rows]


def _nobody(name: str, others: Sequence[tuple[str, int]]) -> str:
    if not others:
        return f"no author {name!r} in the catalog: 'digest author list' shows who is"
    told = ", ".join(f"{other} ({papers} paper{'' if papers == 1 else 's'})" for other, papers in others)
    return f"no author {name!r} in the catalog; near: {told}"
