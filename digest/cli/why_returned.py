"""The part of `digest why` about what came back: of each mail, and what it means for the address."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from digest.cli.output import when
from digest.delivery.scores import THRESHOLD
from digest.delivery.verdicts import Verdict
from digest.store import bounces, suppressions
from digest.store.bounces import Event
from digest.store.database import Connection
from digest.store.outbox import Message
from digest.store.suppressions import Suppression


@dataclass(frozen=True, slots=True)
class Returned:
    """What came back of the mails to an address, by mail; its score; its suppression, where there is one."""

    of: Mapping[int, Sequence[Event]]
    score: int
    suppression: Suppression | None


def load(connection: Connection, address: str, mails: Iterable[Message], now: datetime) -> Returned:
    """What is to be told beside these mails."""
    return Returned(
        bounces.of_messages(connection, [mail.id for mail in mails]),
        bounces.score_of(connection, address, now),
        suppressions.find(connection, address),
    )


def lines(returned: Returned, mail: int) -> list[tuple[str, object]]:
    """For `record`: "2026-04-20 07:04 UTC hard 5.1.1 (inbox): user unknown: 550 …; suppressed"."""
    return [("  came back", _told(event, returned.suppression)) for event in returned.of.get(mail, ())]


def notes(returned: Returned) -> list[str]:
    """What the address has come to by bounces, as far as that is no suppression yet."""
    if not returned.score or returned.suppression is not None:
        return []
    return [f"soft bounces: {returned.score} of {THRESHOLD} points, at which an address is suppressed"]


def facts(returned: Returned, mail: int) -> list[dict[str, object]]:
    """The same for `--json`."""
    return [
        {
            "at": one.at,
            "verdict": one.verdict,
            "status": one.status,
            "why": one.why,
            "reply": one.reply,
            "origin": one.origin,
            "followed": _followed(one, returned.suppression),
        }
        for one in returned.of.get(mail, ())
    ]


def _told(one: Event, suppression: Suppression | None) -> str:
    code = f" {one.status}" if one.status else ""
    reply = f": {one.reply}" if one.reply else ""
    said = f"{when(one.at)} UTC {one.verdict}{code} ({one.origin}): {one.why}{reply}"
    return f"{said}; {_followed(one, suppression)}"


def _followed(one: Event, suppression: Suppression | None) -> str:
    """What was done. A suppression is of the very transaction that stored its cause."""
    if one.is_forgiven:
        return "forgiven: the admin let the address get mail again"
    if one.verdict is Verdict.COMPLAINT:
        return "unsubscribed and suppressed"
    if one.verdict is Verdict.UNSUBSCRIBE:
        return "unsubscribed"
    if suppression is not None and suppression.since == one.at:
        return "suppressed"
    if one.verdict is Verdict.HARD:
        return "counted: at the second edition in a row the address is suppressed"
    return "no point: the fault is ours" if one.is_ours_at_fault else "a point for its day"
