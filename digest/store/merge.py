"""Two rows that turned out to be one paper: everything moves to the older one, and the newer one's number leads there.

    merge      every table that points to papers: rows move, those the older paper has already go, votes by the later
    surviving  ids from links, editions and jobs that began before ─► the papers they are now

Merging again does nothing. A number is never given to another paper, so what an old mail says stays true.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Column, ColumnElement, Connection, Table, delete, exists, func, insert, select, update

from digest.store.drafts import ROW, chunks
from digest.store.tables import (
    likes,
    merged_papers,
    metadata,
    paper_affiliations,
    paper_authors,
    paper_categories,
    papers,
)

_REWRITTEN = {paper_affiliations, paper_authors, paper_categories}
"""Lists in order: their union is written by whoever merges, their rows cannot be mixed."""


def merge(connection: Connection, loser: int, survivor: int, now: datetime) -> bool:
    """Make the paper `loser` a part of `survivor`; False where one of them is no paper (any more).

    The row of `papers` and the lists of authors, affiliations and categories are the caller's to write.
    """
    # Whoever is about to point to one of them holds its row (`surviving`), or waits for it here.
    both = select(papers.c.id).where(papers.c.id.in_([loser, survivor])).order_by(papers.c.id).with_for_update()
    if loser == survivor or len(connection.execute(both).all()) < 2:
        return False
    _fill_gaps(connection, loser, survivor)
    _drop_earlier_votes(connection, loser, survivor)
    for table, column in _PLACES:
        _move(connection, table, column, loser, survivor)
    connection.execute(delete(papers).where(papers.c.id == loser))
    connection.execute(insert(merged_papers).values(id=loser, paper_id=survivor, merged_at=now))
    return True


def surviving(connection: Connection, paper_ids: Iterable[int]) -> dict[int, int]:
    """Id → id of the paper that it is now; ids that never were a paper's are left out.

    The papers stay what they are until the transaction ends: rows that point to them may be written.
    """
    found: dict[int, int] = {}
    for some in chunks(set(paper_ids)):
        held = select(papers.c.id).where(papers.c.id.in_(some)).order_by(papers.c.id)
        found |= {i: i for i in connection.execute(held.with_for_update(read=True, key_share=True)).scalars()}
    for some in chunks(set(paper_ids) - found.keys()):
        moved = select(merged_papers.c.id, merged_papers.c.paper_id).where(merged_papers.c.id.in_(some))
        found |= {row.id: row.paper_id for row in connection.execute(moved)}
    return found


def earlier_ids(connection: Connection, paper_id: int) -> set[int]:
    """All the numbers a paper ever had."""
    before = select(merged_papers.c.id).where(merged_papers.c.paper_id == paper_id)
    return {paper_id, *connection.execute(before).scalars()}


def _places() -> list[tuple[Table, Column[int]]]:
    """Every column that points to a paper, of tables to come as well."""
    return [
        (table, column)
        for table in metadata.sorted_tables
        if table not in _REWRITTEN
        for column in table.columns
        if any(key.column.table is papers for key in column.foreign_keys)
    ]


_PLACES = _places()


def _move(connection: Connection, table: Table, column: Column[int], loser: int, survivor: int) -> None:
    """Rows the survivor has already stay behind, and go with the loser."""
    statement = update(table).where(column == loser).values({column: survivor})
    if column.primary_key:
        other = table.alias()
        same: list[ColumnElement[bool]] = [other.c[c.name] == c for c in table.primary_key if c is not column]
        statement = statement.where(~exists().where(other.c[column.name] == survivor, *same))
    connection.execute(statement)


def _fill_gaps(connection: Connection, loser: int, survivor: int) -> None:
    """Columns of the paper itself that no draft knows, such as where a summary comes from."""
    newer = papers.alias()
    values = {
        column.name: func.coalesce(column, select(newer.c[column.name]).where(newer.c.id == loser).scalar_subquery())
        for column in papers.columns
        if column.name != "id" and column.name not in ROW
    }
    if values:
        connection.execute(update(papers).where(papers.c.id == survivor).values(values))


def _drop_earlier_votes(connection: Connection, loser: int, survivor: int) -> None:
    """Whoever voted for both meant the later vote."""
    later = likes.alias()
    is_earlier = exists().where(
        later.c.subscriber_id == likes.c.subscriber_id,
        later.c.paper_id == loser,
        later.c.liked_at > likes.c.liked_at,
    )
    connection.execute(delete(likes).where(likes.c.paper_id == survivor, is_earlier))
