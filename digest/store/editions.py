"""What each subscriber got: editions, the facts they showed, and the ledger of what was ever picked for whom.

    drafts ─► facts (equal ones once) ─► editions (one per subscriber and occasion) ─► picked (the ledger)

Storing the same edition twice changes nothing. A skip is an edition with a reason and without picks; it gives
way to a real edition of its occasion.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, case, func, select
from sqlalchemy.dialects import postgresql, sqlite

from digest.editions.select import REVISED
from digest.model import AuthorCard, Edition, Facts, Reason, ReasonKind, ShownPick
from digest.store import bulk
from digest.store.drafts import chunks
from digest.store.facts import Memory, load_facts, store_facts
from digest.store.merge import earlier_ids, surviving
from digest.store.revisions import note_told
from digest.store.tables import editions, papers, picked


@dataclass(frozen=True, slots=True)
class Composed:
    """An edition before it has a row: picks to mail, or the reason why there is no mail."""

    subscriber_id: int
    occasion: str
    day: date
    since: datetime
    composed_at: datetime
    scanned: int
    picks: tuple[ShownPick, ...] = ()
    skip_reason: str | None = None
    language: str = ""
    is_text_only: bool = False
    authors: tuple[AuthorCard, ...] = ()


@dataclass(frozen=True, slots=True)
class Chapter:
    """One line of a subscriber's history: an edition or a skip."""

    edition_id: int
    occasion: str
    day: date
    since: datetime
    composed_at: datetime
    scanned: int
    picks: int
    skip_reason: str | None


@dataclass(frozen=True, slots=True)
class Appearance:
    """When a paper was picked for a subscriber, and how; `retold_at` is when a revision of it was last mailed."""

    edition_id: int
    occasion: str
    score: float
    reasons: tuple[Reason, ...]
    place: int | None = None
    marker: str = ""
    interest: str = ""
    is_exploration: bool = False
    retold_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Recent:
    """The last day with an edition that was no skip, and where the first period began."""

    last_day: date | None
    since: datetime


def store_editions(connection: Connection, composed: Sequence[Composed]) -> dict[int, int]:
    """Subscriber id → edition id of those that are new; an occasion that has its edition already is left as it is.

    At most one edition per subscriber in one call.
    """
    composed = _of_today(connection, composed)
    # By identity first: most picks of a morning share their facts, which are long to hash.
    shown = {id(pick.facts): pick.facts for one in composed for pick in one.picks}
    by_facts = store_facts(connection, set(shown.values()))
    facts_ids = {identity: by_facts[facts] for identity, facts in shown.items()}
    stored: dict[int, int] = {}
    for some in chunks(composed):
        rows = [_edition_row(one, facts_ids) for one in some]
        insert = _insert(connection, editions)
        upsert = insert.on_conflict_do_update(
            index_elements=["subscriber_id", "occasion"],
            set_={name: insert.excluded[name] for name in rows[0] if name not in ("subscriber_id", "occasion")},
            where=editions.c.skip_reason.is_not(None) & insert.excluded.skip_reason.is_(None),
        )
        result = connection.execute(upsert.returning(editions.c.id, editions.c.subscriber_id), rows)
        stored |= {row.subscriber_id: row.id for row in result}
    _store_ledger(connection, composed, stored)
    return stored


def _of_today(connection: Connection, composed: Sequence[Composed]) -> Sequence[Composed]:
    """The same editions, for papers that were merged into others since they were picked."""
    picked_now = {pick.facts.paper_id for one in composed for pick in one.picks}
    alive = surviving(connection, picked_now)
    if all(alive.get(paper_id) == paper_id for paper_id in picked_now):
        return composed
    ledger = picked_ids(connection, [one.subscriber_id for one in composed])
    return [replace(one, picks=_renamed(one.picks, alive, ledger[one.subscriber_id])) for one in composed]


def _renamed(picks: tuple[ShownPick, ...], alive: Mapping[int, int], known: frozenset[int]) -> tuple[ShownPick, ...]:
    """What the reader got before, under another number, goes; an edition of nothing else stays as it is."""
    renamed: dict[int, ShownPick] = {}
    for pick in picks:
        paper_id = alive.get(pick.facts.paper_id)
        if paper_id is not None:
            renamed.setdefault(paper_id, replace(pick, facts=replace(pick.facts, paper_id=paper_id)))
    fresh = (pick for paper_id, pick in renamed.items() if paper_id not in known or pick.facts.marker == REVISED)
    return tuple(fresh) or tuple(renamed.values())


def store_edition(connection: Connection, composed: Composed) -> int | None:
    """The new edition's id, None where the occasion has its edition already."""
    return store_editions(connection, [composed]).get(composed.subscriber_id)


def picked_ids(connection: Connection, subscriber_ids: Iterable[int], from_paper: int = 0) -> dict[int, frozenset[int]]:
    """Per subscriber the papers of an id from `from_paper` on that were ever picked: they are never picked again."""
    found: defaultdict[int, set[int]] = defaultdict(set)
    for ids in chunks(set(subscriber_ids)):
        ledger = select(picked.c.subscriber_id, picked.c.paper_id)
        for row in connection.execute(ledger.where(picked.c.subscriber_id.in_(ids), picked.c.paper_id >= from_paper)):
            found[row.subscriber_id].add(row.paper_id)
    return {subscriber_id: frozenset(found.get(subscriber_id, ())) for subscriber_id in subscriber_ids}


def picked_among(
    connection: Connection, subscriber_ids: Iterable[int], paper_ids: Sequence[int]
) -> dict[int, frozenset[int]]:
    """Per subscriber those of a few papers that were ever picked."""
    found: defaultdict[int, set[int]] = defaultdict(set)
    for ids in chunks(set(subscriber_ids) if paper_ids else ()):
        ledger = select(picked.c.subscriber_id, picked.c.paper_id).where(picked.c.subscriber_id.in_(ids))
        for row in connection.execute(ledger.where(picked.c.paper_id.in_(paper_ids))):
            found[row.subscriber_id].add(row.paper_id)
    return {subscriber_id: frozenset(found.get(subscriber_id, ())) for subscriber_id in subscriber_ids}


def picked_from(connection: Connection, subscriber_id: int, since: datetime) -> frozenset[int]:
    """The papers picked for a subscriber in the editions composed at `since` or later."""
    query = select(picked.c.paper_id).join(editions, editions.c.id == picked.c.edition_id)
    late = (picked.c.subscriber_id == subscriber_id, editions.c.composed_at >= since)
    return frozenset(connection.execute(query.where(*late)).scalars())


def load_editions(
    connection: Connection, edition_ids: Iterable[int], memory: Memory | None = None
) -> dict[int, Edition]:
    """Those of the ids that exist, picks and facts as they were stored; `memory` spares reading facts again."""
    rows = [
        row
        for ids in chunks(set(edition_ids))
        for row in connection.execute(select(editions).where(editions.c.id.in_(ids)))
    ]
    facts = load_facts(connection, {pick["facts"] for row in rows for pick in row.picks}, memory)
    return {row.id: _edition(row, facts) for row in rows}


class Shelf:
    """`load_editions` with a memory, for whoever loads many: most editions of a day show the same papers."""

    def __init__(self) -> None:
        self._memory = Memory()

    def load(self, connection: Connection, edition_ids: Iterable[int]) -> dict[int, Edition]:
        return load_editions(connection, edition_ids, self._memory)


def find_edition(connection: Connection, subscriber_id: int, day: date) -> Edition | None:
    """The last edition of a local day that was not a skip."""
    found = select(editions.c.id).where(
        editions.c.subscriber_id == subscriber_id, editions.c.day == day, editions.c.skip_reason.is_(None)
    )
    edition_id = connection.execute(found.order_by(editions.c.id.desc()).limit(1)).scalar()
    return load_editions(connection, [edition_id])[edition_id] if edition_id is not None else None


def latest_edition(connection: Connection, subscriber_id: int) -> Edition | None:
    """The last edition that was not a skip, of any day."""
    found = select(editions.c.id).where(editions.c.subscriber_id == subscriber_id, editions.c.skip_reason.is_(None))
    edition_id = connection.execute(found.order_by(editions.c.id.desc()).limit(1)).scalar()
    return load_editions(connection, [edition_id])[edition_id] if edition_id is not None else None


def history(
    connection: Connection, subscriber_id: int, day: date | None = None, limit: int | None = None
) -> list[Chapter]:
    """Editions and skips of a subscriber, latest first, of one local day where it is given."""
    found = select(editions).where(editions.c.subscriber_id == subscriber_id)
    if day is not None:
        found = found.where(editions.c.day == day)
    rows = connection.execute(found.order_by(editions.c.day.desc(), editions.c.id.desc()).limit(limit))
    return [_chapter(row) for row in rows]


def appearance(connection: Connection, subscriber_id: int, paper_id: int) -> Appearance | None:
    """In which edition a paper was picked for a subscriber, and why."""
    found = (
        select(editions.c.id, editions.c.occasion, picked.c.score, picked.c.retold_at)
        .join(picked, picked.c.edition_id == editions.c.id)
        .where(picked.c.subscriber_id == subscriber_id, picked.c.paper_id == paper_id)
    )
    row = connection.execute(found).one_or_none()
    if row is None:
        return None
    picks = load_editions(connection, [row.id])[row.id].picks
    numbers = earlier_ids(connection, paper_id)
    for place, pick in enumerate(picks, 1):
        if pick.facts.paper_id in numbers:
            how = place, pick.facts.marker, pick.interest, pick.is_exploration
            return Appearance(row.id, row.occasion, row.score, pick.reasons, *how, row.retold_at)
    return Appearance(row.id, row.occasion, row.score, ())


def recent(connection: Connection, subscriber_ids: Iterable[int], from_day: date) -> dict[int, Recent]:
    """Per subscriber what the editions and skips from `from_day` on were; nobody without any."""
    made = func.max(case((editions.c.skip_reason.is_(None), editions.c.day))).label("made")
    found: dict[int, Recent] = {}
    for ids in chunks(set(subscriber_ids)):
        # Occasions begin with their day: the unique index finds the latest ones among years of them.
        late = (editions.c.subscriber_id.in_(ids), editions.c.occasion >= str(from_day))
        query = select(editions.c.subscriber_id, made, func.min(editions.c.since).label("since")).where(*late)
        for row in connection.execute(query.group_by(editions.c.subscriber_id)):
            found[row.subscriber_id] = Recent(row.made, row.since)
    return found


def newest_paper_at(connection: Connection, until: datetime) -> datetime | None:
    """When the newest new paper was first seen, not after `until`; None in an empty catalog."""
    seen = select(func.max(papers.c.first_seen_at)).where(papers.c.is_new.is_(True), papers.c.first_seen_at <= until)
    return connection.execute(seen).scalar()


def _store_ledger(connection: Connection, composed: Sequence[Composed], stored: Mapping[int, int]) -> None:
    rows = [
        (one.subscriber_id, pick.facts.paper_id, stored[one.subscriber_id], pick.score, pick.ranker)
        for one in composed
        if one.subscriber_id in stored
        for pick in one.picks
    ]
    bulk.insert_missing(connection, picked, ("subscriber_id", "paper_id", "edition_id", "score", "ranker"), rows)
    note_told(
        connection,
        [
            (one.subscriber_id, pick.facts.paper_id, one.composed_at)
            for one in composed
            if one.subscriber_id in stored
            for pick in one.picks
            if pick.facts.marker == REVISED
        ],
    )


def _insert(connection: Connection, table: Any) -> postgresql.Insert | sqlite.Insert:
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


# ── to and from JSON ─────────────────────────────────────────────────────────────────────────────


def _edition_row(one: Composed, facts_ids: Mapping[int, int]) -> dict[str, Any]:
    return {
        "subscriber_id": one.subscriber_id,
        "occasion": one.occasion,
        "day": one.day,
        "since": one.since,
        "composed_at": one.composed_at,
        "scanned": one.scanned,
        "picks": [_pick_row(pick, facts_ids[id(pick.facts)]) for pick in one.picks],
        "skip_reason": one.skip_reason,
        "manner": _manner_row(one),
    }


def _manner_row(one: Composed) -> dict[str, Any] | None:
    """None for most: a hundred thousand editions are in the usual language and follow nobody of the day."""
    unusual = {
        "language": one.language,
        "text_only": one.is_text_only,
        "authors": [_card_row(card) for card in one.authors],
    }
    return {name: value for name, value in unusual.items() if value} or None


def _card_row(card: AuthorCard) -> dict[str, Any]:
    return {name: value for name, value in asdict(card).items() if value is not None}


def _pick_row(pick: ShownPick, facts_id: int) -> dict[str, Any]:
    """What is usual is left out: a hundred thousand editions hold two million of these."""
    reasons = [(reason.kind, reason.words, reason.share) for reason in pick.reasons]
    row: dict[str, Any] = {"facts": facts_id, "score": pick.score, "reasons": reasons}
    if pick.interest:
        row["interest"] = pick.interest
    if pick.is_exploration:
        row["is_exploration"] = True
    if pick.ranker:
        row["ranker"] = pick.ranker
    return row


def _edition(row: Row[*tuple[Any, ...]], facts: Mapping[int, Facts]) -> Edition:
    return Edition(
        id=row.id,
        subscriber_id=row.subscriber_id,
        occasion=row.occasion,
        day=row.day,
        since=row.since,
        composed_at=row.composed_at,
        scanned=row.scanned,
        picks=tuple([_pick(facts[pick["facts"]], pick) for pick in row.picks]),
        **(_manner(row.manner) if row.manner else {}),
    )


def _manner(told: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "language": told.get("language", ""),
        "is_text_only": told.get("text_only", False),
        "authors": tuple(AuthorCard(**card) for card in told.get("authors", ())),
    }


def _pick(facts: Facts, row: Mapping[str, Any]) -> ShownPick:
    reasons = tuple([Reason(_KINDS[kind], tuple(words), share) for kind, words, share in row["reasons"]])
    if len(row) == _USUAL:
        return ShownPick(facts, row["score"], reasons)
    is_exploration = row.get("is_exploration", False)
    return ShownPick(facts, row["score"], reasons, row.get("interest", ""), is_exploration, row.get("ranker", ""))


_USUAL = 3  # facts, score and reasons
_KINDS = {str(kind): kind for kind in ReasonKind}


def _chapter(row: Row[*tuple[Any, ...]]) -> Chapter:
    return Chapter(
        edition_id=row.id,
        occasion=row.occasion,
        day=row.day,
        since=row.since,
        composed_at=row.composed_at,
        scanned=row.scanned,
        picks=len(row.picks),
        skip_reason=row.skip_reason,
    )
