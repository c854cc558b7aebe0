"""The papers a listing touches, loaded at once, changed in memory, written at once by `digest.store.upsert`.

A paper that stands twice in one listing meets its own draft: the second mention finds what the first one said.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime
from operator import attrgetter, itemgetter
from typing import Any, TypeVar

from sqlalchemy import Connection, Select, Table, func, select

from digest.model import Alias, AliasKind
from digest.papers.diff import KnownPaper, join
from digest.papers.forms import Formed, Identity, excludes, identity, is_same_work
from digest.papers.identity import surname
from digest.store.among import among
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
_FETCHED = 500  # rows: fewer new objects than set off the garbage collector
_AT_ONCE = 2000  # papers loaded at once: some 10 MB


def chunks(items: Iterable[T], size: int = _CHUNK) -> Iterator[list[T]]:
    """The items in lists of at most `size`."""
    rest = list(items)
    for start in range(0, len(rest), size):
        yield rest[start : start + size]


_FIELDS = frozenset(f.name for f in fields(KnownPaper)) - {"was_sighted_here"}
_ELSEWHERE = {"authors", "affiliations", "categories", "aliases", "title_hashes", "is_withdrawn"}
_COLUMNS = tuple(sorted(_FIELDS - _ELSEWHERE))
_SEEN = ("first_seen_at", "first_seen_day", "is_new", "revised_at", "withdrawn_at")

_NAMES = tuple(sorted(_FIELDS))
_all, _values = attrgetter(*_NAMES), attrgetter(*_COLUMNS)
_seen_values = itemgetter(*_SEEN)

ROW = (*_COLUMNS, *_SEEN)
"""The columns of `papers` that a draft fills, in the order of `Draft.row`."""


@dataclass(slots=True)
class Draft:
    """A paper as it will stand when the listing is stored. `id` is negative until the row exists."""

    id: int
    paper: KnownPaper
    seen: dict[str, Any]  # when and how it was first seen
    sighted_on: set[date] = field(default_factory=set)  # by this source and feed
    latest: dict[str, int] = field(default_factory=dict)  # this source's latest signals
    versions: int = 0
    changed: AbstractSet[str] = frozenset()  # fields of `paper` that must be written

    def take(self, paper: KnownPaper) -> None:
        """Become `paper`, remembering what changed."""
        if paper is not self.paper:
            pairs = zip(_NAMES, _all(self.paper), _all(paper), strict=True)
            self.changed |= {name for name, before, after in pairs if before is not after and before != after}
            self.paper = paper

    def age(self) -> tuple[bool, datetime, int]:
        """The oldest first: what is stored before what is not, then by first sighting, then by number."""
        first_seen_at: datetime = self.seen["first_seen_at"]
        return self.id < 0, first_seen_at, abs(self.id)

    def absorb(self, newer: Draft) -> None:
        """Become what both are."""
        self.take(join(self.paper, newer.paper))
        self.sighted_on |= newer.sighted_on
        self.latest = newer.latest | self.latest
        self.versions += newer.versions
        revised = [at for at in (self.seen["revised_at"], newer.seen["revised_at"]) if at]
        self.note("revised_at", max(revised, default=None))
        self.note("first_seen_day", self.seen["first_seen_day"] or newer.seen["first_seen_day"])
        self.note("withdrawn_at", self.seen["withdrawn_at"] or newer.seen["withdrawn_at"])

    def note(self, name: str, value: object) -> None:
        """Set one of `seen`, remembering whether it changed."""
        if self.seen[name] != value:
            self.seen[name] = value
            self.changed |= {name}

    def row(self) -> tuple[Any, ...]:
        """The row of `papers`, as `ROW` names it."""
        return (*_values(self.paper), *_seen_values(self.seen))

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
    """All drafts of one listing, found by alias or by title. `merges` are those that proved to be one: newer, older."""

    def __init__(self) -> None:
        self.by_id: dict[int, Draft] = {}
        self.merges: list[tuple[Draft, Draft]] = []
        self._made = 0
        self._by_alias: dict[Alias, int] = {}
        self._by_title: dict[str, list[int]] = {}

    def find(self, formed: Formed) -> Draft | None:
        """The paper an entry speaks of: by identifier in their order of authority, else by title and proof."""
        aliases = formed.entry.aliases
        for alias in sorted(aliases) if len(aliases) > 1 else aliases:
            draft = self.holder(alias)
            if draft and not (len(aliases) > 1 and _are_two(alias, aliases, draft.paper.aliases)):
                return draft
        if formed.title_hash not in self._by_title:
            return None
        return self._by_title_and_proof(formed.title_hash, identity(formed), None)

    def holder(self, alias: Alias) -> Draft | None:
        """The paper that has an identifier."""
        found = self._by_alias.get(alias)
        return self.by_id[found] if found is not None else None

    def settle_aliases(self, draft: Draft | None, formed: Formed) -> tuple[Draft | None, Formed]:
        """The paper, all others that the entry's identifiers name merged into it, and what the entry may claim of them.

        An identifier of a paper that can only be another one stays with that paper.
        """
        aliases = formed.entry.aliases
        if len(aliases) < 2:
            return draft, formed
        kept: list[Alias] = []
        for alias in sorted(aliases):
            other = self.holder(alias)
            if alias.kind is AliasKind.ARXIV and kept and kept[0].kind is AliasKind.ARXIV:
                continue  # one text has one arXiv id
            if other is not None and other is not draft:
                mine = frozenset(kept) | (draft.paper.aliases if draft else frozenset())
                if draft is None or _are_two(alias, mine, other.paper.aliases):
                    continue
                draft = self.merge(draft, other)
            kept.append(alias)
        if len(kept) == len(aliases):
            return draft, formed
        return draft, replace(formed, entry=replace(formed.entry, aliases=tuple(kept)))

    def merge_by_title(self, draft: Draft, title_hash: str) -> Draft:
        """The paper with every other one merged into it that has the same title, and the proof for it."""
        while len(self._by_title.get(title_hash, ())) > 1:
            other = self._by_title_and_proof(title_hash, draft.identity(title_hash), draft)
            if other is None:
                break
            draft = self.merge(draft, other)
        return draft

    def _by_title_and_proof(self, title_hash: str, wanted: Identity, besides: Draft | None) -> Draft | None:
        for paper_id in self._by_title.get(title_hash, ()):
            draft = self.by_id[paper_id]
            if draft is not besides and is_same_work(wanted, draft.identity(title_hash)):
                return draft
        return None

    def merge(self, one: Draft, other: Draft) -> Draft:
        """The older of two drafts, which becomes both."""
        elder, newer = sorted((one, other), key=Draft.age)
        del self.by_id[newer.id]
        for alias in newer.paper.aliases:
            self._by_alias[alias] = elder.id
        for title_hash in newer.paper.title_hashes:
            self._by_title[title_hash].remove(newer.id)
        elder.absorb(newer)
        self.index(elder)
        self.merges.append((newer, elder))
        return elder

    def index(self, draft: Draft) -> None:
        """Make the draft findable by all it is known by; again after a change."""
        self.by_id[draft.id] = draft
        for alias in draft.paper.aliases:
            self._by_alias.setdefault(alias, draft.id)
        for title_hash in draft.paper.title_hashes:
            holders = self._by_title.setdefault(title_hash, [])
            if draft.id not in holders:
                holders.append(draft.id)

    def new(self, paper: KnownPaper, seen: dict[str, Any]) -> Draft:
        self._made += 1
        return Draft(-self._made, paper, seen, changed=_FIELDS)


def _are_two(alias: Alias, mine: Iterable[Alias], theirs: Iterable[Alias]) -> bool:
    """Whether an alias in common means nothing: an address may be shared, what journals and arXiv number is not."""
    return excludes(mine, theirs, by_doi=alias.kind is AliasKind.URL)


def load(connection: Connection, source: str, feed: str, formed: Sequence[Formed]) -> Drafts:
    """The drafts of every paper the entries may speak of, in a number of queries that does not depend on theirs."""
    drafts = Drafts()
    ids = ids_by_alias(connection, {a for f in formed for a in f.entry.aliases})
    ids |= _ids_by_title(connection, {f.title_hash for f in formed if f.title_hash})
    for some in chunks(sorted(ids), _AT_ONCE):
        for draft in _load_some(connection, source, feed, some):
            drafts.index(draft)
    return drafts


def _rows(connection: Connection, query: Select[Any]) -> Iterator[Sequence[Any]]:
    """The rows, few at a time: fetched one by one each costs a call, all at once they set off the garbage collector."""
    for some in connection.execute(query).partitions(_FETCHED):
        yield from some


def ids_by_alias(connection: Connection, aliases: Iterable[Alias]) -> set[int]:
    """The papers that hold any of the aliases."""
    by_kind: defaultdict[AliasKind, list[str]] = defaultdict(list)
    for alias in aliases:
        by_kind[alias.kind].append(alias.value)
    found: set[int] = set()
    for kind, values in by_kind.items():
        values.sort()
        if connection.dialect.name == "postgresql":
            rows = connection.exec_driver_sql(_HOLDERS_POSTGRESQL, (kind.value, values))
        else:
            rows = connection.exec_driver_sql(_HOLDERS_SQLITE, (kind.value, json.dumps(values)))
        found.update([row[0] for row in rows])
    return found


# As text: it is asked for every listing, and SQLAlchemy takes as long to write it as the database to answer.
_HOLDERS_POSTGRESQL = "SELECT paper_id FROM paper_aliases WHERE kind = %s AND value = ANY (%s)"
_HOLDERS_SQLITE = "SELECT paper_id FROM paper_aliases WHERE kind = ? AND value IN (SELECT value FROM json_each(?))"


def _ids_by_title(connection: Connection, hashes: set[str]) -> set[int]:
    where = among(connection, paper_titles.c.title_hash, sorted(hashes))
    return set(connection.execute(select(paper_titles.c.paper_id).where(where)).scalars()) if hashes else set()


def _load_some(connection: Connection, source: str, feed: str, ids: list[int]) -> Iterable[Draft]:
    names = [_lists(connection, table, ids) for table in (paper_authors, paper_affiliations, paper_categories)]
    aliases: defaultdict[int, list[Alias]] = defaultdict(list)
    for paper_id, kind, value in _of(connection, ids, paper_aliases, "kind", "value"):
        aliases[paper_id].append(Alias(_KINDS[kind], value))
    titles: defaultdict[int, list[str]] = defaultdict(list)
    for paper_id, title_hash in _of(connection, ids, paper_titles, "title_hash"):
        titles[paper_id].append(title_hash)
    sighted = _sighted_on(connection, source, feed, ids)
    drafts: dict[int, Draft] = {}
    rows = select(papers.c.id, *[papers.c[name] for name in ROW]).where(among(connection, papers.c.id, ids))
    for paper_id, *values in _rows(connection, rows):
        authors, affiliations, categories = [tuple(lists.get(paper_id, ())) for lists in names]
        seen = dict(zip(_SEEN, values[len(_COLUMNS) :], strict=True))
        paper = KnownPaper(
            **dict(zip(_COLUMNS, values, strict=False)),
            title_hashes=frozenset(titles.get(paper_id, ())),
            authors=authors,
            affiliations=affiliations,
            categories=categories,
            aliases=frozenset(aliases.get(paper_id, ())),
            is_withdrawn=seen["withdrawn_at"] is not None,
            was_sighted_here=paper_id in sighted,
        )
        drafts[paper_id] = Draft(paper_id, paper, seen, sighted_on=sighted.get(paper_id, set()))
    _load_history(connection, source, drafts)
    return drafts.values()


_KINDS = {kind.value: kind for kind in AliasKind}


def _load_history(connection: Connection, source: str, drafts: dict[int, Draft]) -> None:
    ids = list(drafts)
    states = select(paper_versions.c.paper_id, func.count()).where(among(connection, paper_versions.c.paper_id, ids))
    for paper_id, n in _rows(connection, states.group_by(paper_versions.c.paper_id)):
        drafts[paper_id].versions = n
    later = signals.alias()
    same = [later.c[name] == signals.c[name] for name in ("paper_id", "name", "source")]
    latest = select(func.max(later.c.observed_at)).where(*same).scalar_subquery()  # a series grows for ever
    readings = select(signals.c.paper_id, signals.c.name, signals.c.value).where(
        among(connection, signals.c.paper_id, ids), signals.c.source == source, signals.c.observed_at == latest
    )
    for paper_id, name, value in connection.execute(readings):
        drafts[paper_id].latest[name] = value


def _sighted_on(connection: Connection, source: str, feed: str, ids: list[int]) -> dict[int, set[date]]:
    found: defaultdict[int, set[date]] = defaultdict(set)
    here = (sightings.c.source == source, sightings.c.feed == feed, among(connection, sightings.c.paper_id, ids))
    for paper_id, day in _rows(connection, select(sightings.c.paper_id, sightings.c.day).where(*here)):
        found[paper_id].add(day)
    return found


def _lists(connection: Connection, table: Table, ids: list[int]) -> dict[int, list[str]]:
    """The names of a list table, in order, by paper id."""
    found: defaultdict[int, list[str]] = defaultdict(list)
    query = select(table.c.paper_id, table.c[2]).where(among(connection, table.c.paper_id, ids))
    for paper_id, value in _rows(connection, query.order_by(table.c.paper_id, table.c.position)):
        found[paper_id].append(value)
    return found


def _of(connection: Connection, ids: list[int], table: Table, *names: str) -> Iterable[Sequence[Any]]:
    """The paper's id and the named columns of its rows."""
    query = select(table.c.paper_id, *[table.c[name] for name in names])
    return _rows(connection, query.where(among(connection, table.c.paper_id, ids)))
