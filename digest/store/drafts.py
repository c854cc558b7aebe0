"""The papers a listing touches, loaded at once, changed in memory, written at once by `digest.store.upsert`.

A paper that stands twice in one listing meets its own draft: the second mention finds what the first one said.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, Table, select, tuple_

from digest.model import Alias, AliasKind
from digest.papers.diff import KnownPaper
from digest.papers.forms import Formed, Identity, identity, is_same_work
from digest.papers.identity import surname
from digest.store.tables import (
    paper_affiliations,
    paper_aliases,
    paper_authors,
    paper_categories,
    paper_titles,
    paper_versions,
    papers,
    sightings,
    signals,
)

T = TypeVar("T")

_CHUNK = 400  # rows per IN list: far below SQLite's limit on bound values


def chunks(items: Iterable[T], size: int = _CHUNK) -> Iterator[list[T]]:
    """The items in lists of at most `size`."""
    rest = list(items)
    for start in range(0, len(rest), size):
        yield rest[start : start + size]


_FIELDS = frozenset(f.name for f in fields(KnownPaper)) - {"was_sighted_here"}
_ELSEWHERE = {"authors", "affiliations", "categories", "aliases", "title_hashes"}
_COLUMNS = tuple(sorted(_FIELDS - _ELSEWHERE))
_SEEN = ("first_seen_at", "first_seen_day", "is_new", "revised_at")

ROW = frozenset({*_COLUMNS, "revised_at"})
"""The names in `Draft.changed` that stand in the row of `papers` itself."""


@dataclass(slots=True)
class Draft:
    """A paper as it will stand when the listing is stored. `id` is negative until the row exists."""

    id: int
    paper: KnownPaper
    seen: dict[str, Any]  # when and how it was first seen
    sighted_on: set[date] = field(default_factory=set)  # by this source and feed
    latest: dict[str, int] = field(default_factory=dict)  # this source's latest signals
    versions: int = 0
    changed: set[str] = field(default_factory=set)  # fields of `paper` that must be written

    def take(self, paper: KnownPaper) -> None:
        """Become `paper`, remembering what changed."""
        self.changed |= {name for name in _FIELDS if getattr(self.paper, name) != getattr(paper, name)}
        self.paper = paper

    def columns(self) -> dict[str, Any]:
        """The row of `papers`, without its id."""
        return {name: getattr(self.paper, name) for name in _COLUMNS} | self.seen

    def identity(self, title_hash: str) -> Identity:
        published = self.paper.published_on
        return Identity(
            title_hash=title_hash if title_hash in self.paper.title_hashes else "",
            abstract_hash=self.paper.abstract_hash,
            surnames=frozenset(filter(None, map(surname, self.paper.authors))),
            year=published.year if published else None,
            aliases=self.paper.aliases,
        )


class Drafts:
    """All drafts of one listing, found by alias or by title."""

    def __init__(self) -> None:
        self.by_id: dict[int, Draft] = {}
        self._by_alias: dict[Alias, int] = {}
        self._by_title: defaultdict[str, list[int]] = defaultdict(list)

    def find(self, formed: Formed) -> Draft | None:
        """The paper an entry speaks of: by identifier in their order of authority, else by title and proof."""
        for alias in sorted(formed.entry.aliases):
            if alias in self._by_alias:
                return self.by_id[self._by_alias[alias]]
        wanted = identity(formed)
        for paper_id in self._by_title.get(formed.title_hash, ()):
            draft = self.by_id[paper_id]
            if is_same_work(wanted, draft.identity(formed.title_hash)):
                return draft
        return None

    def index(self, draft: Draft) -> None:
        """Make the draft findable by all it is known by; again after a change."""
        self.by_id[draft.id] = draft
        for alias in draft.paper.aliases:
            self._by_alias.setdefault(alias, draft.id)
        for title_hash in draft.paper.title_hashes:
            if draft.id not in self._by_title[title_hash]:
                self._by_title[title_hash].append(draft.id)

    def new(self, paper: KnownPaper, seen: dict[str, Any]) -> Draft:
        return Draft(-1 - len(self.by_id), paper, seen, changed=set(_FIELDS))


def load(connection: Connection, source: str, feed: str, formed: Sequence[Formed]) -> Drafts:
    """The drafts of every paper the entries may speak of, in a number of queries that does not depend on theirs."""
    drafts = Drafts()
    ids = _ids_by_alias(connection, {a for f in formed for a in f.entry.aliases})
    ids |= _ids_by_title(connection, {f.title_hash for f in formed if f.title_hash})
    for some in chunks(sorted(ids)):
        for draft in _load_some(connection, source, feed, some):
            drafts.index(draft)
    return drafts


def _ids_by_alias(connection: Connection, aliases: set[Alias]) -> set[int]:
    found: set[int] = set()
    for some in chunks(sorted(aliases)):
        pairs = [(a.kind.value, a.value) for a in some]
        where = tuple_(paper_aliases.c.kind, paper_aliases.c.value).in_(pairs)
        found.update(connection.execute(select(paper_aliases.c.paper_id).where(where)).scalars())
    return found


def _ids_by_title(connection: Connection, hashes: set[str]) -> set[int]:
    found: set[int] = set()
    for some in chunks(sorted(hashes)):
        where = paper_titles.c.title_hash.in_(some)
        found.update(connection.execute(select(paper_titles.c.paper_id).where(where)).scalars())
    return found


def _load_some(connection: Connection, source: str, feed: str, ids: list[int]) -> Iterable[Draft]:
    names = {table: _lists(connection, table, ids) for table in (paper_authors, paper_affiliations, paper_categories)}
    aliases: defaultdict[int, set[Alias]] = defaultdict(set)
    for row in _of(connection, paper_aliases, ids):
        aliases[row.paper_id].add(Alias(AliasKind(row.kind), row.value))
    titles: defaultdict[int, set[str]] = defaultdict(set)
    for row in _of(connection, paper_titles, ids):
        titles[row.paper_id].add(row.title_hash)
    sighted = _sighted_on(connection, source, feed, ids)
    drafts: dict[int, Draft] = {}
    for row in connection.execute(select(papers).where(papers.c.id.in_(ids))):
        paper = KnownPaper(
            **{name: getattr(row, name) for name in _COLUMNS},
            title_hashes=frozenset(titles[row.id]),
            authors=tuple(names[paper_authors][row.id]),
            affiliations=tuple(names[paper_affiliations][row.id]),
            categories=tuple(names[paper_categories][row.id]),
            aliases=frozenset(aliases[row.id]),
            was_sighted_here=bool(sighted[row.id]),
        )
        seen = {name: getattr(row, name) for name in _SEEN}
        drafts[row.id] = Draft(row.id, paper, seen, sighted_on=sighted[row.id])
    _load_history(connection, source, drafts)
    return drafts.values()


def _load_history(connection: Connection, source: str, drafts: dict[int, Draft]) -> None:
    for row in _of(connection, paper_versions, list(drafts)):
        drafts[row.paper_id].versions += 1
    readings = select(signals).where(signals.c.paper_id.in_(list(drafts)), signals.c.source == source)
    for row in connection.execute(readings.order_by(signals.c.observed_at)):
        drafts[row.paper_id].latest[row.name] = row.value


def _sighted_on(connection: Connection, source: str, feed: str, ids: list[int]) -> defaultdict[int, set[date]]:
    found: defaultdict[int, set[date]] = defaultdict(set)
    here = (sightings.c.source == source) & (sightings.c.feed == feed)
    for row in connection.execute(select(sightings).where(sightings.c.paper_id.in_(ids), here)):
        found[row.paper_id].add(row.day)
    return found


def _lists(connection: Connection, table: Table, ids: list[int]) -> defaultdict[int, list[str]]:
    """The names of a list table, in order, by paper id."""
    found: defaultdict[int, list[str]] = defaultdict(list)
    name = table.c[2]
    query = select(table.c.paper_id, name).where(table.c.paper_id.in_(ids))
    for paper_id, value in connection.execute(query.order_by(table.c.paper_id, table.c.position)):
        found[paper_id].append(value)
    return found


def _of(connection: Connection, table: Table, ids: list[int]) -> Iterable[Row[Any]]:
    return connection.execute(select(table).where(table.c.paper_id.in_(ids)))
