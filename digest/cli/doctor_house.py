"""What `digest doctor` looks at inside: configuration, database, disk, clock, and rows that need somebody."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta

from digest.cli.desk import Desk
from digest.cli.health import conditions
from digest.cli.outbox_pauses import resuming
from digest.cli.output import counted, when
from digest.cli.setup import hints
from digest.config import Settings
from digest.config.signing import careless
from digest.doctor import Finding, failure, ok, skipped, warning
from digest.doctor.pages import Answer
from digest.errors import DigestError
from digest.model import OutboxState
from digest.store import migrations, outbox, pauses, server, subscribers
from digest.store.database import sqlite_path
from digest.wiring import shown_url

_LEAST_FREE = 500_000_000  # bytes, as the alerts have it
_DRIFT, _FAR_OFF = timedelta(minutes=1), timedelta(minutes=10)
_BAD = ("failing", "stuck", "silent")


def configuration(settings: Settings) -> Iterator[Finding]:
    """It could be read; what is allowed, but rarely meant, is told."""
    where = str(settings.file) if settings.file else "the environment"
    yield ok("configuration", f"{where}: {counted(len(settings.sources), 'source')}, mail by {settings.mail.transport}")
    for hint in hints(settings):
        what, _, advice = hint.partition(": ")
        if not what.startswith("web.public_url"):  # told with the unsubscribe page
            yield warning("configuration", what, advice)
    for danger in careless(settings):
        yield warning("configuration", danger, "see the command in it")


def database(desk: Desk) -> Iterator[Finding]:
    """It answers, and has this program's revision."""
    try:
        desk.call(migrations.current)
    except DigestError as error:
        yield failure("database", str(error), "nothing works without it")
    else:
        yield ok("database", f"{shown_url(desk.settings)}, revision {migrations.head()}")


def disk(settings: Settings) -> Iterator[Finding]:
    """There is room where the database is, and where mails become files."""
    file = sqlite_path(settings.database.url)
    folders = {file.parent} if file is not None else set()
    if settings.mail.transport == "maildir":
        folders.add(settings.maildir.path.parent)
    if not folders:
        yield skipped("disk", "the database has a server, whose disk is not seen here")
    for folder in sorted(folders):
        try:
            free = shutil.disk_usage(folder).free
        except OSError as error:
            yield failure("disk", f"{folder}: {error.strerror}", "make the folder, or mend the path")
            continue
        if free < _LEAST_FREE:
            yield failure("disk", f"{folder}: {free // 1_000_000} MB free", "make room: with a full disk all stops")
        else:
            yield ok("disk", f"{folder}: {free / 1e9:.1f} GB free")


def rows(desk: Desk) -> Iterator[Finding]:
    """Sources that say nothing, and work that was given up."""
    yield from _sources(desk)
    yield from _refusals(desk)
    mails = desk.call(outbox.counts)
    stuck = desk.call(subscribers.stuck)
    for one in stuck:
        yield warning("stuck rows", f"subscriber {one.address}", f"'digest subscriber resume {one.address}'")
    for state in (OutboxState.STUCK, OutboxState.AMBIGUOUS):
        if mails.get(state):
            advice = f"'digest outbox list --state {state}', then 'digest outbox retry' or 'cancel'"
            yield warning("stuck rows", f"{counted(mails[state], 'mail')} {state}", advice)
    if not stuck and not mails.get(OutboxState.STUCK) and not mails.get(OutboxState.AMBIGUOUS):
        yield ok("stuck rows", "none")


def _refusals(desk: Desk) -> Iterator[Finding]:
    """Who takes nothing from us at the moment, as the deliver job stored it."""
    found = desk.call(pauses.list_all, desk.now())
    for one in found:
        who = f"{one.name} refuses our mail" if one.kind == "domain" else "the relay takes nothing"
        what = f"{who} since {when(one.since)} UTC: {one.reason}"
        advice = "see SPF, DKIM and DMARC below; the words of the refusal often name a page"
        yield warning("refusals", what, f"{advice}; once it is mended, '{resuming(one)}'")
    if not found:
        yield ok("refusals", "no domain refuses our mail, and the relay takes it")


def _sources(desk: Desk) -> Iterator[Finding]:
    desk.sync_sources()
    found = desk.call(conditions, desk.now())
    bad = [one for one in found if one.health.word in _BAD]
    for one in bad:
        what = f"{one.row.name} is {one.health.word}: {one.health.why}"
        yield warning("sources", what, f"'digest source test {one.row.name}'")
    if not bad:
        yield ok("sources", f"{counted(len(found), 'source')}, none silent")


def clock(desk: Desk, page: Answer | None) -> Iterator[Finding]:
    """This machine's clock against the database server's and that of the web page, as far as there are any."""
    compared = []
    before, there, after = desk.now(), desk.call(server.server_time), desk.now()
    if there is not None:
        compared.append(("the database", there - (before + (after - before) / 2)))
    if page is not None and page.at is not None:
        compared.append(("the web page", page.at - desk.now()))
    if not compared:
        yield skipped("clock", "no other clock to compare with: see that this machine keeps its own by NTP")
    for whom, ahead in compared:
        seconds = abs(ahead.total_seconds())
        if abs(ahead) < _DRIFT:
            yield ok("clock", f"as that of {whom}, within {seconds:.0f} s")
            continue
        what = f"{seconds:.0f} s {'behind' if ahead > timedelta(0) else 'ahead of'} that of {whom}"
        level = failure if abs(ahead) > _FAR_OFF else warning
        yield level("clock", what, "set it by NTP: digests come at wrong hours, and signatures look forged")
