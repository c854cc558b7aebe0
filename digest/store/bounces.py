"""Returned mail put into effect: each message counts once for each verdict, however often it is reported.

    reports ─token─► outbox ids ─insert, unless there─► fresh ─► suppress | unsubscribe | pause a domain

The key (outbox id, verdict) is why applying twice is harmless: a replayed report finds its row, and only fresh rows
have an effect. Which message is meant is told by a signed token alone; what a report says of itself can be forged.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, exists, func, select
from sqlalchemy.dialects import postgresql, sqlite

from digest.delivery import scores, verp
from digest.delivery.bounces import NO_REPORT, Returned
from digest.delivery.causes import Cause
from digest.delivery.verdicts import Verdict
from digest.model import OutboxKind, OutboxState
from digest.store import pauses, subscribers, subscriptions
from digest.store.among import among
from digest.store.outbox import AnyRow
from digest.store.suppressions import address_key, suppress
from digest.store.tables import bounces, outbox

_PAUSE = timedelta(hours=1)
_REPORTED_WITHIN = timedelta(days=1)
_REMEMBERED = timedelta(days=366)
_WIDER_THAN_ONE = {str(cause) for cause in (Cause.SPAM, Cause.AUTHENTICATION, Cause.SENDER, Cause.POLICY)}
_NOBODY_SUBSCRIBED = (OutboxKind.ALERT, OutboxKind.TEST)
_MAX_TEXT = 1_000


@dataclass(frozen=True, slots=True)
class Learnt:
    """What came of reports. `unsigned` named no message of ours by a token that holds, and changed nothing."""

    fresh: Mapping[Verdict, int]
    known: int
    unsigned: int
    ignored: int
    suppressed: tuple[str, ...]
    unsubscribed: int


@dataclass(frozen=True, slots=True)
class Refusal:
    """Mail that a domain refuses for our sake: how many recipients were concerned, and the last one's reply."""

    domain: str
    recipients: int
    reply: str


@dataclass(frozen=True, slots=True)
class Event:
    """One stored bounce, complaint or unsubscription of an address; `outbox_id` is the message that came back."""

    at: datetime
    day: date
    verdict: Verdict
    status: str | None
    why: str
    reply: str
    origin: str
    outbox_id: int
    is_ours_at_fault: bool
    is_forgiven: bool


# ── taking in ────────────────────────────────────────────────────────────────────────────────────


def apply(
    connection: Connection,
    keys: Mapping[int, bytes],
    messages: Sequence[Sequence[Returned]],
    origin: str,
    now: datetime,
    goodbye_from: str = "",
) -> Learnt:
    """Put into effect what messages mean, each as `delivery.bounces.read` reads it.

    `origin` says how they came; `goodbye_from` is the domain from which one goodbye is mailed to whoever unsubscribes.
    """
    known: list[tuple[int, Returned]] = []
    unsigned = ignored = unsubscribed = 0
    for returned in messages:
        person = verp.first_genuine(keys, verp.UNSUBSCRIBE, returned[0].tokens)
        if person is not None:
            wants = _is_wish(returned[0])
            unsubscribed += wants and subscriptions.end(connection, person, now, goodbye_from)
            ignored += not wants
            continue
        telling = [one for one in returned if one.verdict is not Verdict.IGNORE]
        ignored += not telling
        number = verp.first_genuine(keys, verp.RETURN, returned[0].tokens) if telling else None
        unsigned += bool(telling) and number is None
        known += [(number, one) for one in telling if number is not None]
    learnt = apply_known(connection, known, origin, now, goodbye_from)
    return Learnt(
        learnt.fresh,
        learnt.known,
        unsigned,
        ignored,
        learnt.suppressed,
        learnt.unsubscribed + unsubscribed,
    )


def _is_wish(one: Returned) -> bool:
    """Is what came to an unsubscribe address a mail, whatever its words, and no program's answer?"""
    return one.verdict is Verdict.UNSUBSCRIBE or (one.verdict is Verdict.IGNORE and one.why == NO_REPORT)


def apply_known(
    connection: Connection,
    reports: Sequence[tuple[int, Returned]],
    origin: str,
    now: datetime,
    goodbye_from: str = "",
) -> Learnt:
    """The same for reports of whom we know that they are true, and which message (outbox id) they mean."""
    rows = _rows(connection, {number for number, _ in reports})
    chosen = _one_each(rows, reports)
    fresh = _store(connection, rows, chosen, origin, now)
    gone = _suppressible(connection, rows, fresh, now)
    ended, suppressed = 0, list[str]()
    for (number, verdict), one in sorted(fresh.items()):
        row = rows[number]
        reason = gone.get((number, verdict))
        if verdict is Verdict.COMPLAINT:
            reason = f"complaint: {one.reply or one.why}"
        if reason and suppress(connection, row.recipient, reason, _origin_of(verdict), now):
            suppressed.append(row.recipient)
        if row.subscriber_id is not None and verdict is Verdict.COMPLAINT:
            ended += subscribers.unsubscribe(connection, row.subscriber_id, now)
        elif row.subscriber_id is not None and verdict is Verdict.UNSUBSCRIBE:
            ended += subscriptions.end(connection, row.subscriber_id, now, goodbye_from)
    _pause_domains(connection, rows, fresh, now)
    counts = Counter(verdict for _, verdict in fresh)
    return Learnt(counts, len(chosen) - len(fresh), 0, 0, tuple(suppressed), ended)


def apply_trusted(
    connection: Connection,
    keys: Mapping[int, bytes],
    reports: Sequence[Returned],
    now: datetime,
    goodbye_from: str = "",
) -> Learnt:
    """The same for reports that a provider signed: by their token, else by their recipient and Message-ID."""
    known: list[tuple[int, Returned]] = []
    for one in reports:
        number = verp.first_genuine(keys, verp.RETURN, one.tokens)
        if number is None and one.recipient:
            number = find_message(connection, _plain(one.recipient), one.message_id)
        if number is not None and one.verdict is not Verdict.IGNORE:
            known.append((number, one))
    return apply_known(connection, known, "webhook", now, goodbye_from)


def note_at_delivery(connection: Connection, outbox_id: int, verdict: Verdict, reply: str, now: datetime) -> bool:
    """A relay's last word on a message: hard or soft; whether it suppressed the address."""
    one = Returned(None, None, verdict, "refused", reply, False, (), None)
    return bool(apply_known(connection, [(outbox_id, one)], "smtp", now).suppressed)


def find_message(connection: Connection, recipient: str, message_id: str | None = None) -> int | None:
    """The message of that Message-ID to an address, else the last one that was sent to it; None where none was.

    Only for reports that are known to be true: a Message-ID proves nothing.
    """
    by_kind = outbox.c.kind.in_([kind.value for kind in OutboxKind])
    mine = select(outbox.c.id, outbox.c.message_id).where(by_kind, outbox.c.recipient == recipient)
    sent = connection.execute(mine.where(outbox.c.sent_at.is_not(None)).order_by(outbox.c.id.desc()).limit(500)).all()
    named = f"<{message_id.strip().strip('<>')}>" if message_id else ""
    found = next((row for row in sent if row.message_id == named), sent[0] if sent else None)
    return int(found.id) if found is not None else None


def _rows(connection: Connection, ids: Collection[int]) -> Mapping[int, AnyRow]:
    columns = outbox.c.id, outbox.c.kind, outbox.c.recipient, outbox.c.subscriber_id, outbox.c.composed_at
    wanted = select(*columns).where(among(connection, outbox.c.id, ids))
    found = {int(row.id): row for row in connection.execute(wanted)} if ids else {}
    return {number: row for number, row in found.items() if row.kind not in _NOBODY_SUBSCRIBED}


_Key = tuple[int, Verdict]


def _one_each(rows: Mapping[int, AnyRow], reports: Iterable[tuple[int, Returned]]) -> dict[_Key, Returned]:
    """One report for each message and verdict: what is said of its own recipient, before that of whom it went on to."""
    chosen: dict[_Key, Returned] = {}
    for number, one in reports:
        if number not in rows:
            continue
        own = address_key(one.recipient or "") == address_key(rows[number].recipient)
        if own or (number, one.verdict) not in chosen:
            chosen[number, one.verdict] = replace(one, why=_plain(one.why), reply=_plain(one.reply))
    return chosen


def _plain(text: str) -> str:
    """What every database takes and every screen shows, of what strangers wrote."""
    return "".join(character if character.isprintable() else " " for character in text[:_MAX_TEXT]).strip()


def _store(
    connection: Connection, rows: Mapping[int, AnyRow], chosen: Mapping[_Key, Returned], origin: str, now: datetime
) -> dict[_Key, Returned]:
    """Store what is not there yet; what was stored."""
    if not chosen:
        return {}
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(bounces).on_conflict_do_nothing(index_elements=["outbox_id", "verdict"])
    # In the order of their keys, so that two processes cannot wait for each other.
    values = [_columns(rows[number], one, origin, now) for (number, _), one in sorted(chosen.items())]
    made = connection.execute(statement.returning(bounces.c.outbox_id, bounces.c.verdict), values)
    keys = [(int(row.outbox_id), Verdict(row.verdict)) for row in made]
    return {key: chosen[key] for key in keys}


def _columns(row: AnyRow, one: Returned, origin: str, now: datetime) -> dict[str, object]:
    key = address_key(row.recipient)
    return {
        "outbox_id": row.id,
        "verdict": str(one.verdict),
        "address_key": key,
        "domain": key.rpartition("@")[2],
        "day": row.composed_at.date(),
        "at": now,
        "status": one.status,
        "why": one.why,
        "reply": one.reply,
        "is_ours_at_fault": one.is_ours_at_fault,
        "origin": origin,
        "is_forgiven": False,
    }


# ── what follows ─────────────────────────────────────────────────────────────────────────────────


def _suppressible(
    connection: Connection, rows: Mapping[int, AnyRow], fresh: Mapping[_Key, Returned], now: datetime
) -> dict[_Key, str]:
    """Whom the fresh bounces end, and why."""
    hard = {number: one for (number, verdict), one in fresh.items() if verdict is Verdict.HARD}
    soft = {n: o for (n, verdict), o in fresh.items() if verdict is Verdict.SOFT and not o.is_ours_at_fault}
    found = {(number, Verdict.HARD): _hard_reason(hard[number]) for number in _gone(connection, hard)}
    scored = _scores(connection, {rows[number].recipient for number in soft}, now)
    for number, one in soft.items():
        score = scored.get(address_key(rows[number].recipient), 0)
        if scores.is_too_much(score):
            found[number, Verdict.SOFT] = f"soft bounces on {score} days: {one.reply or one.why}"
    return found


def _hard_reason(one: Returned) -> str:
    return f"hard bounce: {one.reply or one.why}"


def _origin_of(verdict: Verdict) -> str:
    return "complaint" if verdict is Verdict.COMPLAINT else "bounce"


def _gone(connection: Connection, ids: Collection[int]) -> set[int]:
    """Of messages that bounced hard those whose address is to get no more."""
    if not ids:
        return set()
    returned, earlier = outbox.alias("returned"), outbox.alias("earlier")
    same = (earlier.c.recipient == returned.c.recipient) & (earlier.c.id < returned.c.id)
    mine = select(returned.c.id, func.max(earlier.c.id).label("last")).where(among(connection, returned.c.id, ids))
    came_back = exists().where(bounces.c.outbox_id == earlier.c.id, bounces.c.verdict.in_(["hard", "soft"]))
    every = earlier.c.kind.in_([kind.value for kind in OutboxKind])
    took = mine.where(same, every, earlier.c.state == OutboxState.SENT, ~came_back).group_by(returned.c.id)
    worked = {int(row.id) for row in connection.execute(took)}
    ended = earlier.c.state.in_([OutboxState.SENT, OutboxState.FAILED])
    before = mine.where(same, earlier.c.kind == OutboxKind.DIGEST, ended).group_by(returned.c.id)
    last = {int(row.id): int(row.last) for row in connection.execute(before)}
    again = _bounced_hard(connection, set(last.values()))
    return {
        number
        for number in ids
        if scores.is_gone(has_worked=number in worked, bounced_before=last.get(number) in again)
    }


def _bounced_hard(connection: Connection, ids: Collection[int]) -> set[int | None]:
    hard = select(bounces.c.outbox_id).where(
        among(connection, bounces.c.outbox_id, ids), bounces.c.verdict == "hard", ~bounces.c.is_forgiven
    )
    return {int(row.outbox_id) for row in connection.execute(hard)} if ids else set()


def _scores(connection: Connection, recipients: Collection[str], now: datetime) -> dict[str, int]:
    """address_key → score, of those who may have too high a one."""
    counted = select(bounces.c.address_key, bounces.c.day).where(
        among(connection, bounces.c.address_key, {address_key(one) for one in recipients}),
        bounces.c.verdict == "soft",
        bounces.c.day >= (now - _REMEMBERED).date(),
        ~bounces.c.is_ours_at_fault,
        ~bounces.c.is_forgiven,
    )
    days: defaultdict[str, set[date]] = defaultdict(set)
    for row in connection.execute(counted) if recipients else ():
        days[row.address_key].add(row.day)
    close = {one for one in recipients if scores.is_too_much(len(days[address_key(one)]))}
    sent = _edition_days(connection, close, now)
    return {key: scores.points(days[key], sent[key]) for key in map(address_key, close)}


def _edition_days(connection: Connection, recipients: Collection[str], now: datetime) -> defaultdict[str, set[date]]:
    found: defaultdict[str, set[date]] = defaultdict(set)
    sent = select(outbox.c.recipient, outbox.c.composed_at).where(
        outbox.c.kind == OutboxKind.DIGEST,
        among(connection, outbox.c.recipient, recipients),
        outbox.c.composed_at >= now - _REMEMBERED,
        outbox.c.sent_at.is_not(None),
    )
    for row in connection.execute(sent) if recipients else ():
        found[address_key(row.recipient)].add(row.composed_at.date())
    return found


def _pause_domains(
    connection: Connection, rows: Mapping[int, AnyRow], fresh: Mapping[_Key, Returned], now: datetime
) -> None:
    """Pause domains of which several recipients report that they refuse us."""
    fault = {number: one for (number, _), one in fresh.items() if _is_refusal(one)}
    domains = {address_key(rows[number].recipient).rpartition("@")[2] for number in fault}
    for refusal in refusals(connection, now):
        if refusal.domain in domains and scores.refuses_us(refusal.recipients):
            pauses.pause(connection, "domain", refusal.domain, now + _PAUSE, refusal.reply, now)


def _is_refusal(one: Returned) -> bool:
    return one.is_ours_at_fault and (one.why in _WIDER_THAN_ONE or (one.status or "").startswith("5.7."))


# ── looking at it ────────────────────────────────────────────────────────────────────────────────


def refusals(connection: Connection, now: datetime) -> list[Refusal]:
    """The domains whose reports of the last day say that we are at fault."""
    recent = (bounces.c.at > now - _REPORTED_WITHIN) & bounces.c.is_ours_at_fault
    told = select(
        bounces.c.domain,
        func.count(bounces.c.address_key.distinct()).label("recipients"),
        func.max(bounces.c.reply).label("reply"),
        func.max(bounces.c.why).label("why"),
    )
    found = connection.execute(told.where(recent).group_by(bounces.c.domain).order_by(bounces.c.domain))
    return [Refusal(row.domain, row.recipients, row.reply or row.why) for row in found]


def of_messages(connection: Connection, ids: Collection[int]) -> dict[int, list[Event]]:
    """What came back of these messages, the oldest first."""
    found: defaultdict[int, list[Event]] = defaultdict(list)
    mine = select(bounces).where(among(connection, bounces.c.outbox_id, ids)).order_by(bounces.c.at, bounces.c.verdict)
    for row in connection.execute(mine) if ids else ():
        found[int(row.outbox_id)].append(_event(row))
    return dict(found)


def _event(row: AnyRow) -> Event:
    told = row.at, row.day, Verdict(row.verdict), row.status, row.why, row.reply, row.origin
    return Event(*told, int(row.outbox_id), row.is_ours_at_fault, row.is_forgiven)


def score_of(connection: Connection, address: str, now: datetime) -> int:
    """The soft score of an address; `delivery.scores.THRESHOLD` suppresses it."""
    mine = select(bounces.c.day).where(
        bounces.c.address_key == address_key(address), bounces.c.verdict == "soft",
        ~bounces.c.is_ours_at_fault, ~bounces.c.is_forgiven,
    )  # fmt: skip
    days = [row.day for row in connection.execute(mine)]
    return scores.points(days, _edition_days(connection, {address}, now)[address_key(address)])
