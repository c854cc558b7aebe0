"""Storing a listing: one transaction that diffs every entry with the catalog and writes what is new of it.

    entries ─form─► Formed… ─load─► drafts ─classify, unite─► drafts + rows ─write─► tables

Doing it twice changes nothing. On PostgreSQL catalog writers take turns by a lock that ends with the transaction,
so that two sources that announce one new paper at the same moment make one paper.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Table, bindparam, delete, func, insert, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from digest.model import AuthorCard, Change, DiffCounts, Listing
from digest.papers.diff import classify, known_of, unite
from digest.papers.forms import Formed, form
from digest.papers.identity import fold_name
from digest.store.drafts import ROW, Draft, Drafts, chunks, load
from digest.store.tables import (
    author_cards,
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

_CATALOG_LOCK = 0x64696765  # any constant will do, it only has to be ours

Rows = list[dict[str, Any]]


@dataclass(slots=True)
class _Storing:
    """One listing being stored: where it comes from, and the rows that only ever are added."""

    source: str
    listing: Listing
    now: datetime
    drafts: Drafts
    counts: Counter[Change] = field(default_factory=Counter)
    sightings: Rows = field(default_factory=list)
    versions: Rows = field(default_factory=list)
    signals: Rows = field(default_factory=list)

    def day(self, formed: Formed) -> date:
        """The announcement day; the clock's UTC date where the source has none."""
        return formed.entry.day or self.listing.day or self.now.date()


def formed(listing: Listing) -> tuple[Formed, ...]:
    """The costly, pure part of storing a listing: call it outside the transaction where time matters."""
    return tuple(map(form, listing.entries))


def upsert_listing(
    connection: Connection,
    source: str,
    listing: Listing,
    now: datetime,
    entries: Sequence[Formed] | None = None,
) -> DiffCounts:
    """Store what a listing says; `entries` are its formed entries where the caller has them already."""
    entries = formed(listing) if entries is None else entries
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_CATALOG_LOCK)))
    storing = _Storing(source, listing, now, load(connection, source, listing.feed, entries))
    for one in entries:
        _apply(storing, one)
    _write(connection, storing)
    if listing.card:
        _write_card(connection, source, listing.card, now)
    counts = storing.counts
    return DiffCounts(counts[Change.NEW], counts[Change.REVISED], counts[Change.MERGED], counts[Change.UNCHANGED])


def _apply(storing: _Storing, one: Formed) -> None:
    draft = storing.drafts.find(one)
    change = classify(one, draft.paper if draft else None)
    storing.counts[change] += 1
    if draft is None:
        draft = storing.drafts.new(known_of(one), _first_seen(storing, one))
    else:
        draft.take(unite(draft.paper, one))
        if change is Change.REVISED:
            draft.seen["revised_at"] = storing.now
            draft.changed.add("revised_at")
    storing.drafts.index(draft)
    _note_version(storing, draft, one, change)
    _note_sighting(storing, draft, one, change)
    _note_signals(storing, draft, one)


def _first_seen(storing: _Storing, one: Formed) -> dict[str, Any]:
    is_replacement = one.entry.announcement.is_replacement
    return {
        "first_seen_at": storing.now,
        "first_seen_day": storing.day(one),
        "is_new": not is_replacement,
        "revised_at": storing.now if is_replacement else None,
    }


def _note_version(storing: _Storing, draft: Draft, one: Formed, change: Change) -> None:
    if change not in (Change.NEW, Change.REVISED):
        return
    draft.versions += 1
    storing.versions.append(
        {
            "paper_id": draft,
            "number": one.entry.version or draft.versions,
            "title_raw": one.entry.title_raw,
            "abstract_raw": one.entry.abstract_raw,
            "seen_at": storing.now,
        }
    )


def _note_sighting(storing: _Storing, draft: Draft, one: Formed, change: Change) -> None:
    day, announcement = storing.day(one), one.entry.announcement.value
    if day in draft.sighted_on:
        return
    draft.sighted_on.add(day)
    storing.sightings.append(
        {
            "paper_id": draft,
            "source": storing.source,
            "feed": storing.listing.feed,
            "day": day,
            "announcement": announcement,
            "seen_at": storing.now,
            "change": change.value,
        }
    )


def _note_signals(storing: _Storing, draft: Draft, one: Formed) -> None:
    """A reading is stored when it differs from this source's last: the series is a step function."""
    for signal in one.entry.signals:
        if draft.latest.get(signal.name) != signal.value:
            draft.latest[signal.name] = signal.value
            storing.signals.append(
                {
                    "paper_id": draft,
                    "name": signal.name,
                    "source": storing.source,
                    "observed_at": storing.now,
                    "value": signal.value,
                }
            )


# ── writing ──────────────────────────────────────────────────────────────────────────────────────


def _write(connection: Connection, storing: _Storing) -> None:
    drafts = list(storing.drafts.by_id.values())
    fresh_drafts = [d for d in drafts if d.id < 0]
    for draft, paper_id in zip(fresh_drafts, _new_ids(connection, len(fresh_drafts)), strict=True):
        draft.id = paper_id
    new_ids = {d.id for d in fresh_drafts}
    _insert(connection, papers, [{"id": d.id, **d.columns()} for d in fresh_drafts])
    old = [{"paper_id": d.id, **d.columns()} for d in drafts if d.changed & ROW and d.id not in new_ids]
    if old:
        columns: dict[str, Any] = {c.name: bindparam(c.name) for c in papers.c if c.name != "id"}
        connection.execute(update(papers).where(papers.c.id == bindparam("paper_id")).values(columns), old)
    _write_parts(connection, drafts, new_ids)
    for table, rows in (
        (paper_versions, storing.versions),
        (sightings, storing.sightings),
        (signals, storing.signals),
    ):
        _insert(connection, table, [{**row, "paper_id": row["paper_id"].id} for row in rows], or_ignore=True)


def _write_parts(connection: Connection, drafts: list[Draft], fresh: set[int]) -> None:
    _insert(
        connection,
        paper_aliases,
        [
            {"kind": a.kind.value, "value": a.value, "paper_id": d.id}
            for d in drafts
            if "aliases" in d.changed
            for a in sorted(d.paper.aliases)
        ],
        or_ignore=True,
    )
    _insert(
        connection,
        paper_titles,
        [
            {"title_hash": h, "paper_id": d.id}
            for d in drafts
            if "title_hashes" in d.changed
            for h in sorted(d.paper.title_hashes)
        ],
        or_ignore=True,
    )
    lists: tuple[tuple[str, Table, Any], ...] = (
        ("authors", paper_authors, lambda n: {"name": n, "folded": fold_name(n)[:256]}),
        ("affiliations", paper_affiliations, lambda n: {"name": n}),
        ("categories", paper_categories, lambda n: {"category": n}),
    )
    for part, table, row in lists:
        changed = [d for d in drafts if part in d.changed]
        for some in chunks([d.id for d in changed if d.id not in fresh]):
            connection.execute(delete(table).where(table.c.paper_id.in_(some)))
        rows = [
            {"paper_id": d.id, "position": i, **row(name)}
            for d in changed
            for i, name in enumerate(getattr(d.paper, part))
        ]
        _insert(connection, table, rows)


def _new_ids(connection: Connection, n: int) -> Iterable[int]:
    """`n` paper ids. SQLite's writer is alone, so counting on is safe there."""
    if connection.dialect.name == "postgresql":
        series = text("SELECT nextval(pg_get_serial_sequence('papers', 'id')) FROM generate_series(1, :n)")
        return list(connection.execute(series, {"n": n}).scalars())
    first = (connection.execute(select(func.max(papers.c.id))).scalar() or 0) + 1
    return range(first, first + n)


def _insert(connection: Connection, table: Table, rows: Rows, *, or_ignore: bool = False) -> None:
    if not rows:
        return
    if not or_ignore:
        connection.execute(insert(table), rows)
    elif connection.dialect.name == "postgresql":
        connection.execute(postgresql.insert(table).on_conflict_do_nothing(), rows)
    else:
        connection.execute(sqlite.insert(table).on_conflict_do_nothing(), rows)


def _write_card(connection: Connection, source: str, card: AuthorCard, now: datetime) -> None:
    folded = fold_name(card.name)[:256]
    here = (author_cards.c.folded == folded) & (author_cards.c.source == source)
    connection.execute(delete(author_cards).where(here))
    values = {
        "name": card.name,
        "category": card.category,
        "h_index": card.h_index,
        "papers": card.papers,
        "citations": card.citations,
        "novelty": card.novelty,
        "ai_score": card.ai_score,
    }
    connection.execute(insert(author_cards).values(folded=folded, source=source, seen_at=now, **values))
