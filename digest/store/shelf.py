"""What is never recommended to a subscriber: papers they read, saved or wrote, and works of their own library."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from digest.model import Alias, AliasKind, Paper
from digest.papers.forms import folded_name, hash_of_form
from digest.store import catalog
from digest.store.among import among
from digest.store.drafts import chunks
from digest.store.liking import lock, papers_today
from digest.store.merge import surviving
from digest.store.tables import (
    author_enrichments,
    paper_aliases,
    paper_authors,
    papers,
    profiles,
    shelf,
    work_aliases,
)
from digest.store.tables import works as work_rows
from digest.store.works import sides_of, sides_of_papers, works_of

Known = defaultdict[int, set[int]]


class Kind(StrEnum):
    READ = "read"
    SAVED = "saved"


def works(connection: Connection, subscriber_ids: Iterable[int]) -> dict[int, Paper]:
    """Id below zero → work of the libraries of these subscribers and of their groups' members, for the ranker."""
    return works_of(connection, subscriber_ids)


def mark(connection: Connection, subscriber_id: int, paper_ids: Sequence[int], kind: Kind, now: datetime) -> None:
    """Put papers on the shelf; those that stand there keep their time. Raises NotFound for unknown numbers."""
    lock(connection, subscriber_id)
    row = {"subscriber_id": subscriber_id, "kind": kind.value, "at": now}
    rows = [{**row, "paper_id": paper_id} for paper_id in papers_today(connection, paper_ids)]
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    if rows:
        connection.execute(dialect.insert(shelf).on_conflict_do_nothing(), rows)


def unmark(connection: Connection, subscriber_id: int, paper_ids: Sequence[int], kind: Kind) -> None:
    """Take papers off the shelf again."""
    for ids in chunks({*paper_ids, *surviving(connection, paper_ids).values()}):
        mine = (shelf.c.subscriber_id == subscriber_id, shelf.c.kind == kind.value, shelf.c.paper_id.in_(ids))
        connection.execute(delete(shelf).where(*mine))


def on_shelf(connection: Connection, subscriber_id: int, kind: Kind) -> dict[int, datetime]:
    """The papers of one kind and since when they stand there, the latest first."""
    mine = (shelf.c.subscriber_id == subscriber_id, shelf.c.kind == kind.value)
    query = select(shelf.c.paper_id, shelf.c.at).where(*mine).order_by(shelf.c.at.desc(), shelf.c.paper_id.desc())
    return {row.paper_id: row.at for row in connection.execute(query)}


def saved(connection: Connection, subscriber_id: int) -> list[Paper]:
    """The papers a subscriber saved, the latest first."""
    return catalog.papers_in_order(connection, list(on_shelf(connection, subscriber_id, Kind.SAVED)))


def known_ids(
    connection: Connection, subscriber_ids: Iterable[int], paper_ids: Sequence[int]
) -> dict[int, frozenset[int]]:
    """Per subscriber those of the papers that are never recommended: read, saved, their own, or in their library.

    A number of statements that depends neither on the subscribers nor on the papers.
    """
    readers, candidates = sorted(set(subscriber_ids)), sorted(set(paper_ids))
    found: Known = defaultdict(set)
    if readers and candidates:
        _add_shelves(connection, readers, candidates, found)
        _add_own(connection, readers, candidates, found)
        _add_library(connection, readers, candidates, found)
    return {reader: frozenset(found.get(reader, ())) for reader in readers}


def why_known(connection: Connection, subscriber_id: int, paper_id: int) -> str | None:
    """Why a paper is never recommended to somebody, in words; None where nothing is against it."""
    for kind in Kind:
        at = on_shelf(connection, subscriber_id, kind).get(paper_id)
        if at is not None:
            return f"{kind} on {at:%Y-%m-%d}"
    for words, add in (("your own paper", _add_own), ("in your library", _add_library)):
        found: Known = defaultdict(set)
        add(connection, [subscriber_id], [paper_id], found)
        if found[subscriber_id]:
            return words
    return None


def _add_shelves(connection: Connection, readers: Sequence[int], candidates: Sequence[int], found: Known) -> None:
    """Sorted out here: asked for both, SQLite would look up every pair of them."""
    wanted, mine = set(candidates), among(connection, shelf.c.subscriber_id, readers)
    columns = select(shelf.c.subscriber_id, shelf.c.paper_id)
    for reader, paper_id in connection.execute(columns.where(mine, shelf.c.paper_id >= candidates[0])):
        if paper_id in wanted:
            found[reader].add(paper_id)


def _add_own(connection: Connection, readers: Sequence[int], candidates: Sequence[int], found: Known) -> None:
    """An ORCID is known by the names that a service gave its owner."""
    owners = _owners(connection, readers)
    if not owners:
        return
    columns = select(paper_authors.c.paper_id, paper_authors.c.folded)
    is_one = among(connection, paper_authors.c.folded, sorted(owners))
    for row in connection.execute(columns.where(is_one, among(connection, paper_authors.c.paper_id, candidates))):
        for reader in owners[row.folded]:
            found[reader].add(row.paper_id)


def _owners(connection: Connection, readers: Sequence[int]) -> Mapping[str, set[int]]:
    """Folded name → the subscribers who publish under it."""
    names: defaultdict[str, set[int]] = defaultdict(set)
    orcids: defaultdict[str, set[int]] = defaultdict(set)
    mine = select(profiles.c.subscriber_id, profiles.c.own_names, profiles.c.own_orcids)
    for row in connection.execute(mine.where(among(connection, profiles.c.subscriber_id, readers))):
        for name in row.own_names:
            names[folded_name(name)].add(row.subscriber_id)
        for orcid in row.own_orcids:
            orcids[orcid].add(row.subscriber_id)
    if orcids:
        known = select(author_enrichments.c.folded, author_enrichments.c.orcid)
        is_one = among(connection, author_enrichments.c.orcid, sorted(orcids))
        for folded, orcid in connection.execute(known.where(is_one)):
            names[folded] |= orcids[orcid]
    names.pop("", None)
    return names


def _add_library(connection: Connection, readers: Sequence[int], candidates: Sequence[int], found: Known) -> None:
    """From the candidates to the works: those are few, and the works of all libraries many."""
    holders: dict[tuple[str, str], int] = {}
    for row in connection.execute(select(paper_aliases).where(among(connection, paper_aliases.c.paper_id, candidates))):
        holders[row.kind, row.value] = row.paper_id
    columns = select(work_rows.c.subscriber_id, work_aliases.c.kind, work_aliases.c.value)
    named = columns.join(work_rows, work_rows.c.id == work_aliases.c.work_id).where(work_rows.c.removed_at.is_(None))
    values, mine = sorted({value for _, value in holders}), set(readers)
    for reader, kind, value in connection.execute(named.where(among(connection, work_aliases.c.value, values))):
        if reader in mine and (kind, value) in holders:
            found[reader].add(holders[kind, value])
    _add_by_title(connection, readers, candidates, found)


def _add_by_title(connection: Connection, readers: Sequence[int], candidates: Sequence[int], found: Known) -> None:
    """Rows of works are few to find by title, and only those are compared."""
    hashes: defaultdict[str, list[int]] = defaultdict(list)
    titles = select(papers.c.id, papers.c.title_form).where(among(connection, papers.c.id, candidates))
    for row in connection.execute(titles):
        hashes[hash_of_form(row.title_form)].append(row.id)
    same = (among(connection, work_rows.c.title_hash, sorted(hashes)), work_rows.c.removed_at.is_(None))
    mine = set(readers)
    alike = [row for row in connection.execute(select(work_rows).where(*same)) if row.subscriber_id in mine]
    if not alike:
        return
    sides = sides_of_papers(connection, {paper for row in alike for paper in hashes[row.title_hash]}, 0)
    for row in alike:
        aliases = [Alias(AliasKind(kind), value) for kind, value in row.identifiers]
        work = sides_of(row.title, row.authors, aliases)
        found[row.subscriber_id].update(one for one in hashes[row.title_hash] if work.is_same(sides[one]))
