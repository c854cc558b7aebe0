"""The works of subscribers' own libraries: each a catalog paper that is liked, or a private row that is read as one.

    references ─► by identifier, else by title and an author ─► likes of catalog papers
                                                            └─► works, numbered below zero, seen by nobody else

Importing again adds nothing twice, and finds those that the catalog has got meanwhile.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from digest.model import Alias, AliasKind, Paper, Reference
from digest.papers.forms import excludes, title_hash
from digest.papers.identity import surname
from digest.store import feedback, groups, interests
from digest.store.among import among
from digest.store.liking import LIKED, lock, vote, votes_of
from digest.store.tables import paper_aliases, paper_authors, paper_titles, work_aliases, works

_TELLING = 4  # words of a title that is proof enough where one side names no authors


@dataclass(frozen=True, slots=True)
class Imported:
    """How an import ended: papers of the catalog now liked, works now kept, what was there before, what says nothing.

    `stored` are ids as a profile has them, below zero.
    """

    resolved: tuple[int, ...] = ()
    stored: tuple[int, ...] = ()
    known: tuple[Reference, ...] = ()
    unusable: tuple[Reference, ...] = ()


@dataclass(frozen=True, slots=True)
class Held:
    """A work as it was imported, for which interest, and whether it teaches the taste anything."""

    interest: str
    teaches: bool
    reference: Reference


@dataclass(frozen=True, slots=True)
class Sides:
    """What decides whether a work and a paper with one title are the same."""

    words: int  # of the title
    surnames: frozenset[str]
    aliases: frozenset[Alias] = frozenset()

    def is_same(self, other: Sides) -> bool:
        """An author in common, or a telling title where one side names nobody; ids must not exclude each other."""
        if excludes(self.aliases, other.aliases):
            return False
        if self.surnames and other.surnames:
            return bool(self.surnames & other.surnames)
        return max(self.words, other.words) >= _TELLING


def add_works(  # what an import consists of
    connection: Connection,
    subscriber_id: int,
    references: Sequence[Reference],
    interest: str,
    now: datetime,
    origin: str = "import",
    *,
    teaches: bool = True,
) -> Imported:
    """Take a library in, as likes of an interest. A paper that is disliked stays so.

    A library that `teaches` nothing is only known: its papers are marked as read, its works say nothing of the taste.

    Raises:
        NotFound: there is no such subscriber or interest.
    """
    from digest.store import shelf  # which reads works

    lock(connection, subscriber_id)
    name = interests.named(connection, subscriber_id, interest)
    with feedback.noted(connection, subscriber_id, f"imported {len(references)} works", origin, now):
        papers = _papers_of(connection, references)
        done = _Shelving(connection, subscriber_id, teaches)
        for one in references:
            done.sort_in(one, papers.get(id(one)), is_usable=bool(title_hash(one.title)))
        if teaches:
            vote(connection, subscriber_id, list(done.resolved), LIKED, name, now)
        else:
            shelf.mark(connection, subscriber_id, list(done.resolved), shelf.Kind.READ, now)
        _remove(connection, subscriber_id, done.now_papers, now)
        stored = _insert(connection, subscriber_id, done.new, name, now, teaches=teaches)
    return Imported(tuple(done.resolved), stored, tuple(done.known), tuple(done.unusable))


def remove_works(connection: Connection, subscriber_id: int, ids: Iterable[int], now: datetime) -> None:
    """Forget works of the library, by the ids that a profile has (below zero)."""
    _remove(connection, subscriber_id, [-one for one in ids], now)


def works_of(connection: Connection, subscriber_ids: Iterable[int]) -> dict[int, Paper]:
    """Id below zero → the work as a paper that can be read, of everybody and of the members of groups."""
    ids = set(subscriber_ids)
    ids |= {one for some in groups.readable_members(connection, ids).values() for one in some}
    return {-row.id: _paper(row) for row in _rows(connection, ids)}


def library(connection: Connection, subscriber_id: int) -> list[tuple[str, Paper]]:
    """A subscriber's own works with the interest of each, oldest first."""
    return [(row.interest, _paper(row)) for row in _rows(connection, [subscriber_id])]


def references(connection: Connection, subscriber_id: int) -> list[Held]:
    """The same as they were imported."""
    return [
        Held(
            row.interest,
            row.teaches,
            Reference(
                title=row.title,
                abstract=row.abstract,
                authors=tuple(row.authors),
                aliases=_aliases(row),
                year=row.year,
                keywords=tuple(row.keywords),
                venue=row.venue,
            ),
        )
        for row in _rows(connection, [subscriber_id])
    ]


def sides_of_papers(connection: Connection, paper_ids: Iterable[int], words: int) -> dict[int, Sides]:
    """Of papers what `Sides.is_same` compares; their titles are known to be of `words` words, or 0."""
    ids = sorted(set(paper_ids))
    names: defaultdict[int, set[str]] = defaultdict(set)
    query = select(paper_authors.c.paper_id, paper_authors.c.name)
    for row in connection.execute(query.where(among(connection, paper_authors.c.paper_id, ids))):
        names[row.paper_id].add(surname(row.name))
    aliases: defaultdict[int, set[Alias]] = defaultdict(set)
    for row in connection.execute(select(paper_aliases).where(among(connection, paper_aliases.c.paper_id, ids))):
        aliases[row.paper_id].add(Alias(AliasKind(row.kind), row.value))
    return {one: Sides(words, frozenset(names[one] - {""}), frozenset(aliases[one])) for one in ids}


def sides_of(title: str, authors: Iterable[str], aliases: Iterable[Alias]) -> Sides:
    """The same of a work."""
    return Sides(len(title.split()), frozenset(filter(None, map(surname, authors))), frozenset(aliases))


@dataclass(slots=True)
class _Shelving:
    """Sorts references into what is new and what is there."""

    connection: Connection
    subscriber_id: int
    teaches: bool
    resolved: dict[int, None] = field(default_factory=dict)
    now_papers: list[int] = field(default_factory=list)  # works that the catalog has got
    new: list[Reference] = field(default_factory=list)
    known: list[Reference] = field(default_factory=list)
    unusable: list[Reference] = field(default_factory=list)
    _voted: set[int] = field(default_factory=set)
    _by_alias: dict[Alias, int] = field(default_factory=dict)  # 0: of this import
    _by_title: defaultdict[str, list[tuple[int, Sides]]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        from digest.store import shelf  # which reads works

        if self.teaches:
            votes = votes_of(self.connection, [self.subscriber_id])[self.subscriber_id]
            self._voted = {one.paper_id for one in votes if one.paper_id > 0}
        else:
            self._voted = set(shelf.on_shelf(self.connection, self.subscriber_id, shelf.Kind.READ))
        for row in _rows(self.connection, [self.subscriber_id]):
            self._index(row.id, row.title, row.authors, _aliases(row))

    def sort_in(self, one: Reference, paper_id: int | None, *, is_usable: bool) -> None:
        work = self._work(one)
        if paper_id is not None:
            is_known = paper_id in self._voted or paper_id in self.resolved
            self.now_papers += [work] if work else []
            self.known.append(one) if is_known else self.resolved.setdefault(paper_id)
        elif work is not None:
            self.known.append(one)
        elif not is_usable:
            self.unusable.append(one)
        else:
            self.new.append(one)
            self._index(0, one.title, one.authors, one.aliases)

    def _index(self, work: int, title: str, authors: Iterable[str], aliases: Iterable[Alias]) -> None:
        self._by_alias |= dict.fromkeys(aliases, work)
        self._by_title[title_hash(title)].append((work, sides_of(title, authors, aliases)))

    def _work(self, one: Reference) -> int | None:
        for alias in one.aliases:
            if alias in self._by_alias:
                return self._by_alias[alias]
        mine = sides_of(one.title, one.authors, one.aliases)
        form = title_hash(one.title)
        return next((work for work, theirs in self._by_title.get(form, ()) if form and mine.is_same(theirs)), None)


def _papers_of(connection: Connection, references: Sequence[Reference]) -> dict[int, int]:
    """Identity of the reference object → the paper of the catalog that it is."""
    holders = _holders(connection, {alias for one in references for alias in one.aliases})
    found: dict[int, int] = {}
    for one in references:
        ids = [holders[alias] for alias in sorted(one.aliases) if alias in holders]
        if ids:
            found[id(one)] = ids[0]
    return found | _papers_by_title(connection, [one for one in references if id(one) not in found])


def _papers_by_title(connection: Connection, references: Sequence[Reference]) -> dict[int, int]:
    hashes = {form for one in references if (form := title_hash(one.title))}
    alike: defaultdict[str, list[int]] = defaultdict(list)
    query = select(paper_titles).where(among(connection, paper_titles.c.title_hash, sorted(hashes)))
    for row in connection.execute(query.order_by(paper_titles.c.paper_id)):
        alike[row.title_hash].append(row.paper_id)
    sides = sides_of_papers(connection, {paper for ids in alike.values() for paper in ids}, 0)
    found: dict[int, int] = {}
    for one in references:
        mine = sides_of(one.title, one.authors, one.aliases)
        for paper_id in alike.get(title_hash(one.title), ()):
            if mine.is_same(sides[paper_id]):
                found.setdefault(id(one), paper_id)
    return found


def _holders(connection: Connection, aliases: Iterable[Alias]) -> dict[Alias, int]:
    values: defaultdict[AliasKind, list[str]] = defaultdict(list)
    for alias in aliases:
        values[alias.kind].append(alias.value)
    found: dict[Alias, int] = {}
    for kind, some in sorted(values.items()):
        holds = (paper_aliases.c.kind == kind.value, among(connection, paper_aliases.c.value, sorted(some)))
        for row in connection.execute(select(paper_aliases.c.value, paper_aliases.c.paper_id).where(*holds)):
            found[Alias(kind, row.value)] = row.paper_id
    return found


def _insert(
    connection: Connection, subscriber_id: int, new: Sequence[Reference], interest: str, now: datetime, *, teaches: bool
) -> tuple[int, ...]:
    if not new:
        return ()
    rows: list[dict[str, Any]] = [
        {
            "subscriber_id": subscriber_id,
            "interest": interest,
            "title": interests.cleaned_text(one.title),
            "abstract": interests.cleaned_text(one.abstract),
            "authors": list(one.authors),
            "year": one.year,
            "identifiers": [[alias.kind.value, alias.value] for alias in sorted(set(one.aliases))],
            "keywords": list(one.keywords),
            "venue": interests.cleaned_text(one.venue),
            "title_hash": title_hash(one.title),
            "added_at": now,
            "teaches": teaches,
        }
        for one in new
    ]
    adding = insert(works).returning(works.c.id, sort_by_parameter_order=True)
    ids = [row.id for row in connection.execute(adding, rows)]
    named = [
        {"work_id": work_id, "kind": kind, "value": value[:512]}
        for work_id, row in zip(ids, rows, strict=True)
        for kind, value in row["identifiers"]
    ]
    if named:
        connection.execute(insert(work_aliases), named)
    return tuple(-work_id for work_id in ids)


def _remove(connection: Connection, subscriber_id: int, work_ids: Iterable[int], now: datetime) -> None:
    ids = sorted(set(work_ids))
    mine = (works.c.subscriber_id == subscriber_id, works.c.removed_at.is_(None), among(connection, works.c.id, ids))
    if ids:
        connection.execute(update(works).where(*mine).values(removed_at=now))


def _rows(connection: Connection, subscriber_ids: Iterable[int]) -> list[Row[Any]]:
    mine = among(connection, works.c.subscriber_id, sorted(subscriber_ids))
    return list(connection.execute(select(works).where(mine, works.c.removed_at.is_(None)).order_by(works.c.id)))


def _aliases(row: Row[Any]) -> tuple[Alias, ...]:
    return tuple(Alias(AliasKind(kind), value) for kind, value in row.identifiers)


def _paper(row: Row[Any]) -> Paper:
    """Keywords stand in where there is no abstract: they are all that is said of the work besides its title."""
    aliases = _aliases(row)
    return Paper(
        id=-row.id,
        key=str(min(aliases)) if aliases else f"w:{row.id}",
        title=row.title,
        abstract=row.abstract or "; ".join(row.keywords),
        authors=tuple(row.authors),
        is_authors_complete=True,
        affiliations=(),
        categories=(),
        version=None,
        published_on=None,
        first_seen_at=row.added_at,
        first_seen_day=None,
        url=next((alias.value for alias in aliases if alias.kind is AliasKind.URL), None),
        pdf_url=None,
        code_url=None,
        has_code=False,
    )
