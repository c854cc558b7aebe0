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
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Table, delete, func, insert, select, text

from digest.model import Announcement, AuthorCard, Change, DiffCounts, Listing
from digest.papers.diff import taken_in
from digest.papers.forms import Formed, folded_name, form
from digest.store import bulk
from digest.store.drafts import ROW, Draft, Drafts, chunks, load
from digest.store.merge import merge
from digest.store.tables import (
    author_cards,
    merged_papers,
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


@dataclass(slots=True)
class _Storing:
    """One listing being stored: where it comes from, and the rows that only ever are added."""

    source: str
    listing: Listing
    now: datetime
    drafts: Drafts
    counts: Counter[Change] = field(default_factory=Counter)
    sightings: list[tuple[Draft, bulk.Values]] = field(default_factory=list)
    versions: list[tuple[Draft, bulk.Values]] = field(default_factory=list)
    signals: list[tuple[Draft, bulk.Values]] = field(default_factory=list)

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
    take_turns(connection)
    storing = _Storing(source, listing, now, load(connection, source, listing.feed, entries))
    for one in entries:
        _apply(storing, one)
    _write(connection, storing, entries)
    if listing.card:
        _write_card(connection, source, listing.card, now)
    counts = storing.counts
    return DiffCounts(counts[Change.NEW], counts[Change.REVISED], counts[Change.MERGED], counts[Change.UNCHANGED])


def take_turns(connection: Connection) -> None:
    """Wait for the other writers of the catalog; the turn ends with the transaction. SQLite's writer is alone."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_CATALOG_LOCK)))


def _apply(storing: _Storing, one: Formed) -> None:
    draft = storing.drafts.find(one)
    if one.entry.is_signal_only:
        if draft is not None:
            storing.counts[Change.UNCHANGED] += 1
            _note_signals(storing, draft, one)
        return
    merges = len(storing.drafts.merges)
    draft, one = storing.drafts.settle_aliases(draft, one)
    change, paper = taken_in(one, draft.paper if draft else None)
    if draft is None:
        draft = storing.drafts.new(paper, _first_seen(storing, one))
    else:
        draft.take(paper)
        if change is Change.REVISED:
            draft.note("revised_at", storing.now)
        if _is_news_after_all(storing, draft, one):
            change = Change.NEW
            _note_news(storing, draft, one)
    if draft.paper.is_withdrawn != (draft.seen["withdrawn_at"] is not None):
        draft.note("withdrawn_at", storing.now if draft.paper.is_withdrawn else None)
    storing.drafts.index(draft)
    draft = storing.drafts.merge_by_title(draft, one.title_hash)
    if change is Change.UNCHANGED and len(storing.drafts.merges) > merges:
        change = Change.MERGED
    storing.counts[change] += 1
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
        "withdrawn_at": None,
    }


def _note_version(storing: _Storing, draft: Draft, one: Formed, change: Change) -> None:
    if change not in (Change.NEW, Change.REVISED):
        return
    draft.versions += 1
    entry = one.entry
    number = entry.version or draft.versions
    storing.versions.append((draft, (number, entry.title_raw, entry.abstract_raw, storing.now)))


def _is_news_after_all(storing: _Storing, draft: Draft, one: Formed) -> bool:
    """Whether a paper first seen as a replacement was announced as new before, on a day that was missed."""
    first_day = draft.seen["first_seen_day"]
    is_news = one.entry.announcement is Announcement.CAUGHT_UP and not draft.seen["is_new"]
    return is_news and first_day is not None and storing.day(one) < first_day


def _note_news(storing: _Storing, draft: Draft, one: Formed) -> None:
    for name in ("first_seen_at", "first_seen_day", "is_new"):
        draft.note(name, _first_seen(storing, one)[name])


def _was_missed(draft: Draft, one: Formed, change: Change) -> bool:
    """Whether a sighting is one; an archive lists a paper again for every change of its record, announced or not."""
    is_told = not draft.sighted_on or not one.entry.announcement.is_caught_up
    return is_told or change in (Change.NEW, Change.REVISED)


def _note_sighting(storing: _Storing, draft: Draft, one: Formed, change: Change) -> None:
    day = storing.day(one)
    if day in draft.sighted_on:
        return
    if not _was_missed(draft, one, change):
        return
    draft.sighted_on.add(day)
    words = str(one.entry.announcement), str(change)
    storing.sightings.append((draft, (storing.source, storing.listing.feed, day, words[0], storing.now, words[1])))


def _note_signals(storing: _Storing, draft: Draft, one: Formed) -> None:
    """A reading is stored when it differs from this source's last: the series is a step function."""
    for signal in one.entry.signals:
        if draft.latest.get(signal.name) != signal.value:
            draft.latest[signal.name] = signal.value
            storing.signals.append((draft, (signal.name, storing.source, storing.now, signal.value)))


# ── writing ──────────────────────────────────────────────────────────────────────────────────────


def _write(connection: Connection, storing: _Storing, entries: Sequence[Formed]) -> None:
    drafts = list(storing.drafts.by_id.values())
    fresh_drafts = [d for d in drafts if d.id < 0]
    for draft, paper_id in zip(fresh_drafts, _new_ids(connection, len(fresh_drafts)), strict=True):
        draft.id = paper_id
    fresh = {d.id for d in fresh_drafts}
    _merge(connection, storing)
    bulk.insert(connection, papers, ("id", *ROW), [(d.id, *d.row()) for d in fresh_drafts])
    _update(connection, [d for d in drafts if d.id not in fresh and not _ROW.isdisjoint(d.changed)])
    _write_parts(connection, drafts, fresh, entries)
    for table, rows in (
        (paper_versions, storing.versions),
        (sightings, storing.sightings),
        (signals, storing.signals),
    ):
        _add(connection, table, [(draft.id, *rest) for draft, rest in rows], fresh)


_ROW = frozenset(ROW)


def _update(connection: Connection, drafts: list[Draft]) -> None:
    """Only what changed of any: abstracts are long, and few listings bring other ones."""
    changed = {name for draft in drafts for name in draft.changed}
    places = [place for place, name in enumerate(ROW) if name in changed]
    rows: list[bulk.Values] = []
    for draft in drafts:
        row = draft.row()
        rows.append((*[row[place] for place in places], draft.id))
    bulk.update(connection, papers, (*[ROW[place] for place in places], "id"), rows)


def _add(connection: Connection, table: Table, rows: list[bulk.Values], fresh: set[int]) -> None:
    """Rows in the order of the table's columns, the key first; one that is there already changes nothing.

    Nothing is there of a paper that is new, but a listing may say a thing twice.
    """
    names, width = table.columns.keys(), len(table.primary_key)
    place = names.index("paper_id")
    key = itemgetter(*range(width))
    if len(set(map(key, rows))) < len(rows):
        rows = list({key(row): row for row in reversed(rows)}.values())[::-1]
    new = [row for row in rows if row[place] in fresh]
    bulk.insert(connection, table, names, new)
    if len(new) < len(rows):
        bulk.insert_missing(connection, table, names, [row for row in rows if row[place] not in fresh])


def _merge(connection: Connection, storing: _Storing) -> None:
    """What the drafts became, in the tables. Rows that are yet to be added go to the paper that is left."""
    merges = storing.drafts.merges
    for newer, elder in merges:
        if newer.id > 0:
            merge(connection, newer.id, elder.id, storing.now)
    for newer, elder in reversed(merges):
        newer.id = elder.id


def _write_parts(connection: Connection, drafts: list[Draft], fresh: set[int], entries: Sequence[Formed]) -> None:
    named = [d for d in drafts if "aliases" in d.changed]
    _add(connection, paper_aliases, [(str(a.kind), a.value, d.id) for d in named for a in d.paper.aliases], fresh)
    titled = [d for d in drafts if "title_hashes" in d.changed]
    _add(connection, paper_titles, [(h, d.id) for d in titled for h in d.paper.title_hashes], fresh)
    folded = _Folded()
    for one in entries:
        folded.update(zip(one.authors, one.folded, strict=True))
    for part, table in _LISTS:
        changed = [d for d in drafts if part in d.changed]
        for some in chunks([d.id for d in changed if d.id not in fresh]):
            connection.execute(delete(table).where(table.c.paper_id.in_(some)))
        parts: list[bulk.Values]
        if table is paper_authors:
            parts = [(d.id, i, name, folded[name]) for d in changed for i, name in enumerate(d.paper.authors)]
        else:
            parts = [(d.id, i, name) for d in changed for i, name in enumerate(getattr(d.paper, part))]
        bulk.insert(connection, table, table.columns.keys(), parts)


_LISTS = (("authors", paper_authors), ("affiliations", paper_affiliations), ("categories", paper_categories))


class _Folded(dict[str, str]):
    """Names as they are compared: those of the entries are there, those of merged papers are derived."""

    def __missing__(self, name: str) -> str:
        return folded_name(name)


def _new_ids(connection: Connection, n: int) -> Iterable[int]:
    """`n` paper ids. SQLite's writer is alone, so counting on is safe there."""
    if connection.dialect.name == "postgresql":
        series = text("SELECT nextval(pg_get_serial_sequence('papers', 'id')) FROM generate_series(1, :n)")
        return list(connection.execute(series, {"n": n}).scalars())
    # A merged paper's number is taken for ever: old mails and links name it.
    used = [connection.execute(select(func.max(table.c.id))).scalar() or 0 for table in (papers, merged_papers)]
    first = max(used) + 1
    return range(first, first + n)


def _write_card(connection: Connection, source: str, card: AuthorCard, now: datetime) -> None:
    folded = folded_name(card.name)
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
