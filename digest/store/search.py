"""Finding papers by words: the index behind the search page, and what fills it.

    papers ─trigger─► paper_words_due ─claim─► texts ─work─► terms ─settle─► paper_words ─► FTS5 | GIN

Words are terms (`digest.ranking.terms`): accents, case and plurals fold, Chinese is found by pairs of characters, on
both databases alike. Found papers come latest first, those with all words in their title before the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, insert, select, text

from digest.ranking.terms import terms
from digest.store.among import among
from digest.store.drafts import chunks
from digest.store.search_schema import FTS, VECTORS
from digest.store.tables import paper_authors, paper_words, paper_words_due, papers

MOST_WORDS = 12
"""Words of a query that are looked up."""


@dataclass(frozen=True, slots=True)
class Unindexed:
    """A paper whose words are to be taken."""

    paper_id: int
    title: str
    abstract: str
    authors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Words:
    """The terms of a paper, each once."""

    paper_id: int
    title: tuple[str, ...]
    abstract: tuple[str, ...]  # those that are not in the title
    authors: tuple[str, ...]


# ── filling ──────────────────────────────────────────────────────────────────────────────────────


def claim(connection: Connection, limit: int) -> list[Unindexed]:
    """Up to `limit` papers that are due. Nothing is leased: two programs that take the same one store the same."""
    due = select(paper_words_due.c.paper_id).order_by(paper_words_due.c.paper_id).limit(limit)
    ids = connection.execute(due.with_for_update(skip_locked=True)).scalars().all()
    names: dict[int, list[str]] = {}
    found: list[Unindexed] = []
    for some in chunks(ids):
        of = select(paper_authors.c.paper_id, paper_authors.c.name).where(paper_authors.c.paper_id.in_(some))
        for row in connection.execute(of.order_by(paper_authors.c.paper_id, paper_authors.c.position)):
            names.setdefault(row.paper_id, []).append(row.name)
        texts = select(papers.c.id, papers.c.title, papers.c.abstract).where(papers.c.id.in_(some))
        rows = connection.execute(texts.order_by(papers.c.id)).all()
        found += [Unindexed(i, title, abstract, tuple(names.get(i, ()))) for i, title, abstract in rows]
    return found


def words_of(paper: Unindexed) -> Words:
    """What is found of a paper."""
    title = tuple(dict.fromkeys(terms(paper.title)))
    abstract = tuple(dict.fromkeys(term for term in terms(paper.abstract) if term not in title))
    return Words(paper.paper_id, title, abstract, tuple(dict.fromkeys(terms(" ".join(paper.authors)))))


def settle(connection: Connection, taken: Sequence[Unindexed], found: Sequence[Words]) -> None:
    """Store the words of what was claimed; it is due no more. A paper that got another text meanwhile stays due."""
    for some in chunks(zip(taken, found, strict=True)):
        texts = {paper.paper_id: (paper.title, paper.abstract) for paper, _ in some}
        held = select(papers.c.id, papers.c.title, papers.c.abstract).where(papers.c.id.in_(texts))
        rows = connection.execute(held.order_by(papers.c.id).with_for_update())
        ids = [row.id for row in rows if texts[row.id] == (row.title, row.abstract)]
        connection.execute(delete(paper_words).where(paper_words.c.paper_id.in_(ids)))
        if ids:
            kept = frozenset(ids)
            connection.execute(insert(paper_words), [_row(words) for _, words in some if words.paper_id in kept])
        connection.execute(delete(paper_words_due).where(paper_words_due.c.paper_id.in_(ids)))


def _row(one: Words) -> dict[str, object]:
    joined = {"title": one.title, "abstract": one.abstract, "authors": one.authors}
    return {"paper_id": one.paper_id, **{name: " ".join(words) for name, words in joined.items()}}


def index_due(connection: Connection, limit: int) -> int:
    """Take the words of up to `limit` papers that are due; how many there were."""
    due = claim(connection, limit)
    settle(connection, due, [words_of(paper) for paper in due])
    return len(due)


def count_due(connection: Connection) -> int:
    """How many papers are not found by their words yet."""
    return connection.execute(select(func.count()).select_from(paper_words_due)).scalar_one()


# ── finding ──────────────────────────────────────────────────────────────────────────────────────


def wanted(words: str) -> tuple[str, ...]:
    """The terms of a query, each once; none where it only holds words that say nothing ("the", "of")."""
    return tuple(dict.fromkeys(terms(words)))[:MOST_WORDS]


def search(connection: Connection, query: Sequence[str], limit: int, offset: int = 0) -> list[int]:
    """Ids of the papers that hold every term of `query`: those with all in the title first, then latest first."""
    if not query:
        return []
    reach = offset + limit
    found = dict.fromkeys(_matching(connection, [query], reach, "title"))
    if len(found) < reach:
        found |= dict.fromkeys(_matching(connection, [query], reach))
    return list(found)[offset:reach]


def on_topic(
    connection: Connection, categories: Sequence[str], phrases: Iterable[Sequence[str]], limit: int, offset: int = 0
) -> list[int]:
    """Ids of the latest papers in any of the categories that hold all terms of any phrase."""
    groups = [group for group in phrases if group]
    return _matching(connection, groups, limit, categories=categories, offset=offset) if groups else []


def by_authors(connection: Connection, query: Sequence[str], limit: int) -> list[int]:
    """Ids of the latest papers whose authors' names hold every term."""
    return _matching(connection, [query], limit, "authors") if query else []


def words_by_id(connection: Connection, ids: Sequence[int]) -> Mapping[int, Sequence[str]]:
    """The terms of title and abstract of these papers, each once, where they were taken."""
    # Hundreds of papers for one page: no sets, no objects of rows, and one statement for any number of them.
    columns = paper_words.c.paper_id, paper_words.c.title + " " + paper_words.c.abstract
    rows = connection.execute(select(*columns).where(among(connection, paper_words.c.paper_id, sorted(ids))))
    return {paper_id: words.split() for paper_id, words in rows}


def _matching(
    connection: Connection,
    groups: Sequence[Sequence[str]],
    limit: int,
    part: str = "",
    *,
    categories: Sequence[str] = (),
    offset: int = 0,
) -> list[int]:
    """Ids, highest first, of papers with all terms of one of the groups, in one part of them or anywhere."""
    is_sqlite = connection.dialect.name == "sqlite"
    number = f"{FTS}.rowid" if is_sqlite else "paper_words.paper_id"
    names = [f"c{place}" for place in range(len(categories))]
    marks = ", ".join(f":{name}" for name in names)
    among = (
        f" AND EXISTS (SELECT 1 FROM paper_categories c WHERE c.paper_id = {number} AND c.category IN ({marks}))"  # noqa: S608 - names of our own
        if names
        else ""
    )
    table, test = (
        (FTS, f"{FTS} MATCH :query") if is_sqlite else ("paper_words", f"{VECTORS[part]} @@ CAST(:query AS tsquery)")
    )
    query = _fts(groups, part) if is_sqlite else _tsquery(groups)
    values = {"query": query, "limit": limit, "offset": offset, **dict(zip(names, categories, strict=True))}
    start = f"SELECT {number} FROM {table} WHERE {test}{among}"  # noqa: S608 - names of our own
    found: list[int] = []
    for order in (f" ORDER BY {number} DESC",) if is_sqlite else (_among_latest(marks), _BY_INDEX):
        statement = text(f"{start}{order} LIMIT :limit OFFSET :offset")
        found = [int(paper_id) for paper_id in connection.execute(statement, values).scalars()]
        if len(found) == limit:
            break
    return found


# PostgreSQL would walk all papers for a rare word, latest first, hoping to be done soon. So what is common is looked
# for among the latest, and what is not found often enough there is rare enough to be sorted.
_LATEST = 500
_BY_INDEX = " ORDER BY paper_words.paper_id + 0 DESC"


def _among_latest(marks: str) -> str:
    """Only the latest papers, of the categories where there are any: common words of a small one are sought in it."""
    if not marks:
        start = f"(SELECT max(paper_id) - {_LATEST} FROM paper_words)"  # noqa: S608 - names of our own
        return f" AND paper_words.paper_id > {start} ORDER BY paper_words.paper_id DESC"
    held = f"SELECT DISTINCT paper_id FROM paper_categories WHERE category IN ({marks})"  # noqa: S608 - as above
    some = f"ARRAY({held} ORDER BY paper_id DESC LIMIT {_LATEST})"
    return f" AND paper_words.paper_id = ANY({some}) ORDER BY paper_words.paper_id DESC"


_COLUMNS = {"": "", "title": "{title} : ", "authors": "{authors} : "}


def _fts(groups: Sequence[Sequence[str]], part: str) -> str:
    """https://sqlite.org/fts5.html, section 3: strings in double quotes are only words."""
    every = [" AND ".join(f'"{word}"' for word in group) for group in groups]
    return " OR ".join(f"({_COLUMNS[part]}({one}))" for one in every)


def _tsquery(groups: Sequence[Sequence[str]]) -> str:
    """Terms hold letters, digits and marks only, so nothing can end the quotation; here as above."""
    every = [" & ".join(f"'{word}'" for word in group) for group in groups]
    return " | ".join(f"({one})" for one in every)
