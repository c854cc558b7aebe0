"""Settings → objects: the only module that names the concrete classes together.

Settings ─┬─► Database
          ├─► Poll(build_source, Fetcher) · Compose · Deliver(Transport, assemble) ─► Worker…
          └─► web application ─► Site
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from email.utils import parseaddr
from typing import TypeVar

import digest
from digest import clock as ambient
from digest import daemon
from digest.clock import Clock
from digest.config import Settings
from digest.config.load import source_table
from digest.daemon import Site, Worker
from digest.editions.assemble import Letterhead, mail
from digest.errors import DatabaseError
from digest.jobs import Job, Stop, run_due
from digest.jobs.compose import Compose
from digest.jobs.deliver import Deliver, Pace
from digest.jobs.poll import Poll
from digest.plugins import build_source
from digest.sources.fetcher import Fetcher, Network, user_agent
from digest.store import editions, keys, migrations
from digest.store import sources as source_rows
from digest.store.database import Database, shown, sqlite_path
from digest.store.outbox_claims import Claimed
from digest.store.rewind import rewind
from digest.transports import Transport
from digest.transports.maildir import Maildir
from digest.transports.smtp import Smtp
from digest.web import app

C = TypeVar("C")
R = TypeVar("R")

JOBS = ("poll", "compose", "deliver")
"""In the order of the flow."""


def connect(settings: Settings, *, is_creating: bool = False) -> Database:
    """The database of the settings, whatever its revision.

    Raises:
        DatabaseError: an SQLite file that is not there; it is only made where `is_creating`.
    """
    file = sqlite_path(settings.database.url)
    if file is not None and not file.exists() and not is_creating:
        raise DatabaseError(f"{shown_url(settings)}: there is no database yet: run 'digest db upgrade'")
    return Database(settings.database.url)


def open_database(settings: Settings) -> Database:
    """The database of the settings at this program's revision.

    Raises:
        DatabaseError: missing, unreachable, corrupt or of another revision.
    """
    database = connect(settings)
    try:
        migrations.check(database)
    except BaseException:
        database.close()
        raise
    return database


def shown_url(settings: Settings) -> str:
    """The database's URL without its password."""
    return shown(settings.database.url)


def sync_sources(settings: Settings, database: Database, now: datetime) -> None:
    """Lay the configured sources into the database; the file wins for the names it holds."""
    database.run_sync(source_rows.sync_config, source_table(settings), now)


def prepare(settings: Settings, database: Database, now: datetime) -> None:
    """What stands before the jobs run: the configured sources, and nothing due beyond its rhythm."""
    sync_sources(settings, database, now)
    database.run_sync(rewind, now)


def workers(settings: Settings, database: Database, clock: Clock, jobs: Sequence[str] = JOBS) -> list[Worker]:
    """The jobs of these names, ready to run, in the order of the flow."""
    build = {
        "poll": lambda: _working(poll(settings), database, clock),
        "compose": lambda: _working(compose(settings), database, clock),
        "deliver": lambda: Worker("deliver", deliver(settings, database, clock).run_due),
    }
    return [build[name]() for name in JOBS if name in jobs]


def _working(job: Job[C, R], database: Database, clock: Clock) -> Worker:
    async def run(stop: Stop) -> int:
        return await run_due(job, database, clock, stop)

    return Worker(job.name, run)


def poll(settings: Settings) -> Poll:
    return Poll(build_source, fetcher(settings))


def compose(settings: Settings) -> Compose:
    return Compose(_domain(settings), settings.mail.max_age)


def deliver(settings: Settings, database: Database, clock: Clock) -> Deliver:
    head = letterhead(settings, database, clock())

    def assemble(claimed: Claimed) -> bytes:
        if claimed.edition is None:
            raise ValueError(f"outbox {claimed.id}: there is nothing to write a {claimed.kind} from")
        return mail(head, claimed.edition, claimed.recipient)

    pace = Pace(head.address, settings.smtp.connections, ambiguous=settings.mail.ambiguous)
    return Deliver(database, transport(settings), assemble, editions.Shelf().load, pace, clock=clock, rng=ambient.rng())


def transport(settings: Settings) -> Transport:
    """How mails leave."""
    smtp = settings.smtp
    if settings.mail.transport == "maildir":
        return Maildir(settings.maildir.path)
    password = smtp.password.get_secret_value()
    return Smtp(smtp.host, smtp.effective_port, smtp.security, smtp.username, password)


def letterhead(settings: Settings, database: Database, now: datetime) -> Letterhead:
    """What all mails of this installation share."""
    return Letterhead(
        sender=settings.mail.sender,
        keys=database.run_sync(keys.signing_keys, now),
        public_url=settings.web.public_url,
        owner=settings.admin.address,
        imprint=settings.mail.imprint,
        overrides=settings.mail.templates,
    )


def _domain(settings: Settings) -> str:
    return parseaddr(settings.mail.sender)[1].rpartition("@")[2]


async def run_jobs(settings: Settings, database: Database, clock: Clock, jobs: Sequence[str]) -> dict[str, int]:
    """Do what is due of these jobs; how many claims each settled."""
    return await daemon.once(workers(settings, database, clock, jobs))


def fetcher(settings: Settings) -> Fetcher:
    """The one polite client of this process."""
    fetch = settings.fetch
    network = Network(
        proxy=fetch.proxy or None,
        ca_file=str(fetch.ca_file) if fetch.ca_file else None,
        allow_hosts=fetch.allow_hosts,
    )
    return Fetcher(user_agent(digest.__version__, None, fetch.contact or None), network=network)


def site(settings: Settings, database: Database, clock: Clock) -> Site:
    """The readers' pages and where they listen."""
    host, _, port = settings.web.listen.rpartition(":")
    head = letterhead(settings, database, clock())
    application = app(database, lambda: head.keys, clock, name=head.name, overrides=head.overrides)
    return Site(application, host.strip("[]"), int(port))
