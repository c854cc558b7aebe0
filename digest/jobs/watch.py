"""Watch: does everything that should happen still happen? What does not is told once, and shown until it is over.

claim    the check, where its time has come
work     nothing but a look at the disk
settle   look at sources, catch-ups, subscribers, mails, pauses, inboxes; open and close alerts, one mail for all
         newly opened ones

Killed at any point: looked at again after the lease. An alert is told once per occasion: by the log, by
`digest status`, and by a mail to the admin through the outbox.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from digest.editions.message import derive_message_id
from digest.model import OutboxKind, OutboxState
from digest.papers.completeness import ARXIV_CUT, Batch, Silence, arxiv_silence, is_near_cut, learnt_silence
from digest.store import (
    batches,
    bounces,
    catch_ups,
    checks,
    inboxes,
    outbox,
    pauses,
    sources,
    subscribers,
    subscriptions,
)
from digest.store.checks import Alert, ClaimedCheck
from digest.store.database import Connection
from digest.store.pauses import Pause
from digest.store.sources import SourceRow

_log = logging.getLogger(__name__)

_NAME = "all"
_LEASE = timedelta(minutes=5)
_EVERY = timedelta(minutes=10)
_MAIL_LIVES = timedelta(days=3)
_ERRORS_IN_A_ROW = 3
_EXPIRED_SHOWN = timedelta(hours=24)
_AUTH_REFUSED = re.compile(r"the login was refused|(?:^|\s)(?:530|534|535|538)\s")  # RFC 4954 section 6
_LEAST_FREE = 500_000_000  # bytes; an SQLite backup, a vacuum or a day's papers need some
_SILENT_KINDS = frozenset({"files"})  # a folder has no rhythm but its owner's


@dataclass(frozen=True, slots=True)
class Disk:
    """The disk the database is on; figures in bytes."""

    path: str
    free: int


class Watch:
    """The job. Mails go to `admin` from the sender's `domain`; without an admin there are none.

    `disk` looks at the disk of the database; None where that is another machine's.
    """

    name = "watch"

    def __init__(self, admin: str, domain: str, disk: Callable[[], Disk | None]) -> None:
        self._admin = admin
        self._domain = domain
        self._disk = disk

    def claim(self, connection: Connection, now: datetime) -> ClaimedCheck | None:
        return checks.claim_due(connection, _NAME, now, _LEASE)

    async def work(self, claim: ClaimedCheck) -> Disk | None:
        del claim
        return await asyncio.to_thread(self._disk)

    def settle(self, connection: Connection, claim: ClaimedCheck, result: Disk | None, now: datetime) -> None:
        findings = dict(look(connection, result, now))
        opened, closed = checks.settle(connection, claim, findings, now, now + _EVERY)
        for alert in opened:
            _log.error("alert: %s", alert.text)
        for alert in closed:
            _log.info("over: %s", alert.text)
        if opened and self._admin:
            outbox.enqueue_many(connection, [self._mail(opened, now)])

    def _mail(self, opened: Sequence[Alert], now: datetime) -> outbox.Draft:
        occasion = f"{now:%Y-%m-%dT%H:%M:%S}Z"
        return outbox.Draft(
            kind=OutboxKind.ALERT,
            recipient=self._admin,
            occasion=occasion,
            message_id=derive_message_id(OutboxKind.ALERT, self._admin.casefold(), occasion, self._domain),
            subscriber_id=None,
            edition_id=None,
            composed_at=now,
            expires_at=now + _MAIL_LIVES,
            content={"alerts": [alert.text for alert in opened]},
        )


def look(connection: Connection, disk: Disk | None, now: datetime) -> Iterator[tuple[str, str]]:
    """Everything that is wrong: (key, what and what to do)."""
    told = batches.recent(connection, now)
    for row in sources.list_all(connection):
        if not row.is_paused:
            yield from _about_source(row, told.get(row.name, []), now)
    for one in catch_ups.list_open(connection):
        if one.is_stuck:
            help_ = f"'digest poll {one.source} --since {one.since}'"
            yield f"source:{one.source}:catch-up:{one.feed}", f"catching up with {one.feed} is stuck: {help_}"
    for person in subscribers.stuck(connection):
        yield f"subscriber:{person.id}", f"{person.address} is stuck: 'digest subscriber resume {person.address}'"
    yield from _about_approvals(connection, now)
    yield from _about_mails(connection, now)
    yield from _about_servers(connection, now)
    if disk is not None and disk.free < _LEAST_FREE:
        yield "disk", f"{disk.path}: {disk.free // 1_000_000} MB free: make room, or the database will stand still"


def _about_approvals(connection: Connection, now: datetime) -> Iterator[tuple[str, str]]:
    """Who waits for the admin: one occasion a day, however many come."""
    people = [person.address for person in subscriptions.waiting(connection)]
    if people:
        what = f"waiting to be approved ({len(people)}): {people[0]}{', …' if len(people) > 1 else ''}"
        yield (
            f"approval:{now:%Y-%m-%d}",
            f"{what}: 'digest subscriber approve {people[0]}', without an address it lists all",
        )


def _about_servers(connection: Connection, now: datetime) -> Iterator[tuple[str, str]]:
    """Who takes nothing from us, who sends it back, and where that cannot be read."""
    for pause in pauses.list_all(connection, now):
        yield _about_pause(pause)
    for refusal in bounces.refusals(connection, now):
        what = f"{refusal.domain} sends mail back for our sake ({refusal.recipients} readers today): {refusal.reply}"
        yield f"returned:{refusal.domain}", f"{what}: nobody is suppressed for it; 'digest doctor' looks for the cause"
    for inbox in inboxes.list_all(connection):
        if inbox.errors >= _ERRORS_IN_A_ROW:
            yield f"inbox:{inbox.name}", f"inbox {inbox.name} cannot be read, so bounces are missed: {inbox.last_error}"


def _about_mails(connection: Connection, now: datetime) -> Iterator[tuple[str, str]]:
    stuck = outbox.counts(connection).get(OutboxState.STUCK, 0)
    if stuck:
        yield "outbox:stuck", f"mails are stuck ({stuck}): 'digest outbox list --state stuck'"
    if held := outbox.held(connection):
        doubt = f"mails may have arrived or not ({held}), and are not sent again by themselves"
        yield "outbox:ambiguous", f"{doubt}: 'digest outbox list --state ambiguous', then retry or cancel them"
    for day, count in outbox.expired(connection, now - _EXPIRED_SHOWN).items():
        what = f"mails expired on {day} before they could be sent ({count}), and were dropped"
        yield f"outbox:expired:{day}", f"{what}: 'digest outbox list --state dropped'"


def _about_pause(one: Pause) -> tuple[str, str]:
    """One trouble is one occasion, however often its pause is prolonged."""
    if one.kind == "domain":
        what = f"{one.name} refuses our mail since {one.since:%Y-%m-%d %H:%M} UTC, and nobody there gets any"
        help_ = f"'digest doctor' looks for the cause, then 'digest outbox resume {one.name}'"
        return f"domain:{one.name}", f"{what}: {one.reason}: {help_}"
    if _AUTH_REFUSED.search(one.reason):
        what = "the relay refuses our user name or password, and no mail leaves"
        help_ = "mend smtp.username and smtp.password_file, restart, then 'digest outbox resume relay'"
        return "relay:auth", f"{what}: {one.reason}: {help_}"
    since = f"since {one.since:%Y-%m-%d %H:%M} UTC"
    help_ = "mails wait, 'digest doctor' looks for the cause, then 'digest outbox resume relay'"
    return "relay", f"the relay takes nothing {since}: {one.reason}: {help_}"


def _about_source(row: SourceRow, told: Sequence[Batch], now: datetime) -> Iterator[tuple[str, str]]:
    name = f"source {row.name}"
    if row.is_stuck:
        yield f"source:{row.name}:stuck", f"{name} is stuck, polling it died: 'digest source resume {row.name}'"
    if row.errors >= _ERRORS_IN_A_ROW:
        yield f"source:{row.name}:errors", f"{name} fails again and again: {row.last_error}"
    for silence in silences(row, told, now):
        if not silence.is_known:
            key = f"source:{row.name}:silence:{silence.feed}:{silence.since}"
            yield key, f"{name}, {silence.feed}: {silence.reason}"
    for feed, batch in latest(told).items():
        if row.kind == "arxiv" and is_near_cut(batch.announced or 0, ARXIV_CUT):
            what = f"{batch.announced} papers on {batch.day}, and arXiv cuts a feed at {ARXIV_CUT}"
            yield f"source:{row.name}:cut:{feed}", f"{name}, {feed}: {what}: ask for its categories one by one"


def silences(row: SourceRow, told: Sequence[Batch], now: datetime) -> list[Silence]:
    """The feeds of a source that say nothing, or the source as a whole where its rhythm is only known from itself."""
    if row.kind in _SILENT_KINDS or row.idle:
        return []
    if row.kind == "arxiv":
        found = [arxiv_silence(feed, some, row.polled_at) for feed, some in by_feed(told).items() if feed in row.state]
        return [silence for silence in found if silence is not None]
    silence = learnt_silence("all", [batch.first_seen_at for batch in told if batch.seen], now)
    return [silence] if silence else []


def by_feed(told: Sequence[Batch]) -> Mapping[str, list[Batch]]:
    found: dict[str, list[Batch]] = {}
    for batch in told:
        found.setdefault(batch.feed, []).append(batch)
    return found


def latest(told: Sequence[Batch]) -> Mapping[str, Batch]:
    """The last batch of each feed that held anything."""
    return {batch.feed: batch for batch in sorted(told, key=lambda b: b.day) if batch.seen}
