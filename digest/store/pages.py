"""What the public pages read, in transactions that only read. The work grows with the page, not with the catalog."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, func, select

from digest.model import Alias, Paper
from digest.papers.identity import aliases_of, fold_name, surname
from digest.ranking.akin import Akin, compare
from digest.ranking.terms import surfaces, terms
from digest.store import catalog, search
from digest.store.authors import Overview, Work, overview, works
from digest.store.catalog import papers_by_id
from digest.store.tables import (
    merged_papers,
    paper_aliases,
    paper_authors,
    paper_categories,
    papers,
)

_COMPARED = 800  # the latest earlier papers of a category among which the near ones are looked for
_NEAR = 6
_NEAR_NAMES = 8
_AMONG = 300  # papers whose authors are looked at for near names
_UNHEARD = 8
_LONGEST_NAME = 256


@dataclass(frozen=True, slots=True)
class Found:
    """Papers of one page of a list, and whether there are more."""

    papers: tuple[Paper, ...]
    has_more: bool


@dataclass(frozen=True, slots=True)
class Whole:
    """All that the page of a paper shows."""

    work: Work
    aliases: tuple[Alias, ...]
    versions: Sequence[tuple[int, datetime, str]]
    sightings: Sequence[tuple[str, str, date, str]]
    readings: Sequence[tuple[str, str, datetime, int]]
    akin: Sequence[tuple[Akin, Paper]]
    unheard: tuple[str, ...]  # words of the paper that no compared one has, as they are written in it
    compared: int  # with how many


def latest(connection: Connection, category: str | None, limit: int, offset: int = 0) -> Found:
    """The papers that came into the catalog last as news, of one category or of all."""
    query = select(papers.c.id).where(papers.c.is_new.is_(True), papers.c.withdrawn_at.is_(None))
    if category is None:
        query = query.order_by(papers.c.first_seen_at.desc(), papers.c.id.desc())
    else:
        held = paper_categories.c.paper_id == papers.c.id
        query = query.join(paper_categories, held).where(paper_categories.c.category == category)
        query = query.order_by(paper_categories.c.paper_id.desc())
    return _found(connection, connection.execute(query.limit(limit + 1).offset(offset)).scalars().all(), limit)


def matching(connection: Connection, words: str, limit: int, offset: int = 0) -> Found:
    """The papers that hold all the words, see `search`."""
    return _found(connection, search.search(connection, search.wanted(words), limit + 1, offset), limit)


def on_topic(
    connection: Connection, categories: Sequence[str], keywords: Iterable[str], limit: int, offset: int = 0
) -> Found:
    """The latest papers in one of the categories that hold one of the keywords."""
    phrases = [search.wanted(keyword) for keyword in keywords]
    return _found(connection, search.on_topic(connection, categories, phrases, limit + 1, offset), limit)


def _found(connection: Connection, ids: Sequence[int], limit: int) -> Found:
    shown = [int(paper_id) for paper_id in ids[:limit]]
    found = papers_by_id(connection, shown)
    return Found(tuple(found[i] for i in shown if i in found), len(ids) > limit)


def categories(connection: Connection) -> list[tuple[str, int]]:
    """Every category and how many papers it has, by name."""
    count = func.count().label("n")
    query = select(paper_categories.c.category, count).group_by(paper_categories.c.category)
    return [(name, n) for name, n in connection.execute(query.order_by(paper_categories.c.category))]


def has_category(connection: Connection, category: str) -> bool:
    held = select(paper_categories.c.paper_id).where(paper_categories.c.category == category).limit(1)
    return connection.execute(held).first() is not None


# ── one paper ────────────────────────────────────────────────────────────────────────────────────


def paper(connection: Connection, key: str) -> Paper | None:
    """The paper of an identifier in any form, of its number (`p:12`), or of a number it had before it was merged."""
    paper_id = _by_number(connection, key) or _by_alias(connection, key)
    return papers_by_id(connection, [paper_id]).get(paper_id) if paper_id else None


def _by_number(connection: Connection, key: str) -> int | None:
    number = key.removeprefix("p:")
    if not (key.startswith("p:") and number.isascii() and number.isdecimal() and len(number) < 18):
        return None
    moved = select(merged_papers.c.paper_id).where(merged_papers.c.id == int(number))
    return connection.execute(moved).scalar() or int(number)


def _by_alias(connection: Connection, key: str) -> int | None:
    for alias in aliases_of(key):
        query = select(paper_aliases.c.paper_id)
        query = query.where(paper_aliases.c.kind == alias.kind.value, paper_aliases.c.value == alias.value)
        found = connection.execute(query).scalar()
        if found is not None:
            return int(found)
    return None


def near_ids(connection: Connection, key: str, limit: int = _NEAR) -> list[Paper]:
    """Papers whose arXiv id begins as `key` does, the more of it the better: an address that was cut or mistyped."""
    bare = key.rpartition(":")[2].strip().lower()
    for length in range(min(len(bare), 12), 5, -1):
        begin = bare[:length]
        query = select(paper_aliases.c.paper_id).where(
            paper_aliases.c.kind == "arxiv",
            paper_aliases.c.value >= begin,
            paper_aliases.c.value < begin + "\uffff",
        )
        ids = connection.execute(query.order_by(paper_aliases.c.value).limit(limit)).scalars().all()
        if ids:
            found = papers_by_id(connection, ids)
            return [found[i] for i in ids if i in found]
    return []


def whole(connection: Connection, one: Paper) -> Whole:
    """What else is known of a paper, and what is near it."""
    (work,) = works(connection, [one])
    others = search.words_by_id(connection, _earlier(connection, one))
    mine = frozenset(terms(f"{one.title}\n{one.abstract}"))
    compared = compare(mine, others, _NEAR)
    near = papers_by_id(connection, [each.paper_id for each in compared.nearest])
    written = surfaces(f"{one.title}\n{one.abstract}", compared.unheard) if others else {}
    return Whole(
        work=work,
        aliases=catalog.aliases_of_paper(connection, one.id),
        versions=catalog.versions_of(connection, one.id),
        sightings=catalog.sightings_of(connection, one.id),
        readings=catalog.signal_series(connection, one.id),
        akin=[(each, near[each.paper_id]) for each in compared.nearest if each.paper_id in near],
        unheard=tuple(dict.fromkeys(written.values()))[:_UNHEARD],
        compared=len(others),
    )


def _earlier(connection: Connection, one: Paper) -> list[int]:
    """The latest other papers of its main category that the catalog had before it or soon after."""
    if not one.categories:
        return []
    held = select(paper_categories.c.paper_id).where(
        paper_categories.c.category == one.categories[0], paper_categories.c.paper_id != one.id
    )
    before = held.where(paper_categories.c.paper_id < one.id)
    after = held.where(paper_categories.c.paper_id > one.id)
    ids = list(connection.execute(before.order_by(paper_categories.c.paper_id.desc()).limit(_COMPARED)).scalars())
    few = _COMPARED - len(ids)
    if few > 0:
        ids += connection.execute(after.order_by(paper_categories.c.paper_id).limit(few)).scalars().all()
    return ids


# ── authors ──────────────────────────────────────────────────────────────────────────────────────


def author(connection: Connection, name: str, limit: int, offset: int = 0) -> Overview | None:
    """The author of exactly this name, however it is written, with some of the works."""
    return overview(connection, name, limit, offset) if name and len(name) <= _LONGEST_NAME else None


def near_names(connection: Connection, name: str) -> list[tuple[str, int]]:
    """Authors whose name holds the same words, else the same surname, with how many papers they have of the latest."""
    for asked in dict.fromkeys((fold_name(name), surname(name))):
        wanted = search.wanted(asked)
        ids = search.by_authors(connection, wanted, _AMONG)
        query = select(paper_authors.c.name, paper_authors.c.folded).where(paper_authors.c.paper_id.in_(ids))
        counted: Counter[str] = Counter()
        written: dict[str, str] = {}
        for each, folded in connection.execute(query) if ids else ():
            if set(wanted) <= set(terms(folded)):
                counted[folded] += 1
                written.setdefault(folded, each)
        if counted:
            return [(written[folded], n) for folded, n in counted.most_common(_NEAR_NAMES)]
    return []
