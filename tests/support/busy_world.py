"""An installation in which every job has something to do each day, to be killed at any point and compared with a twin.

sources ─ a feed with new papers, and a day that nobody polled, told by the archive
services ─ one that knows more about papers
subscribers ─ each with an edition every day, mailed to a server that keeps a ledger
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs

from sqlalchemy import Connection, Select, insert, select

from digest import wiring
from digest.model import Schedule
from digest.store import migrations, profiles, subscribers, tables
from digest.store.asked import Asking, Caps, Origin, Request, ask
from digest.store.database import Database
from tests.support.feeds import Announced, arxiv_rss
from tests.support.http_server import Answer, Asked, HttpServer
from tests.support.nursery import Nursery
from tests.support.returned import dsn, recipient_fields
from tests.support.smtp_server import Mail

READERS = 10
CONNECTIONS = 4
AFTER_EVERY_LEASE = timedelta(minutes=45)
FORGOTTEN_AFTER = timedelta(days=3650)  # nobody of these days is, whose mails the ledger counts

_RUNNER = ("before-claim-commit", "after-claim", "after-work", "before-settle-commit", "after-settle")
_DELIVER = ("before-claim-commit", "after-claim", "after-rcpt", "after-start", "after-dot", "after-reply")
_WAVES = (
    "before-settle-commit",
    "before-settle-commit:4",
    "after-settle",
    "after-dot:6",
    "after-reply:6",
    "after-settle:3",
)

BOUNDARIES: Mapping[str, Sequence[str]] = {
    **{job: tuple(f"{job}.{point}" for point in _RUNNER) for job in wiring.JOBS if job != "deliver"},
    "deliver": tuple(f"deliver.{point}" for point in (*_DELIVER, *_WAVES)),
}
"""Every place where each job can die: before and after each commit, and around the work between them."""

_TOPICS = ("lighthouse lamps at sea", "parrots that colour graphs", "proteins folded from paper", "clouds of gaussians")
_OAI = "<OAI-PMH xmlns='http://www.openarchives.org/OAI/2.0/'><ListRecords>{}<resumptionToken>{}</resumptionToken></ListRecords></OAI-PMH>"


def days() -> Iterator[date]:
    """Announcement days, every second weekday: those between are missed."""
    day, is_polled = date(2026, 4, 6), True
    while True:
        if is_polled:
            yield day
        is_polled, day = not is_polled, _next_weekday(day)


def reader(number: int) -> str:
    """Readers in turn."""
    return f"reader{number % READERS}@example.org"


def _next_weekday(day: date, step: int = 1) -> date:
    day += timedelta(days=step)
    while day.weekday() >= 5:
        day += timedelta(days=step)
    return day


class Outside:
    """What the world offers on a day: a feed, an archive, a service. It is the same for everybody who asks."""

    def __init__(self, server: HttpServer) -> None:
        self.server = server
        self.today = date(2026, 4, 6)
        server.routes |= {"/rss/cs.CL": self._feed, "/oai": self._archive, "/graph/v1/paper/batch": self._service}

    def _feed(self, _asked: Asked) -> Answer:
        return Answer(200, {}, arxiv_rss(self.today, (_paper(self.today, n) for n in range(5)), "cs.CL"))

    def _archive(self, asked: Asked) -> Answer:
        """Two pages of the weekday before today."""
        missed = _next_weekday(self.today, -1)
        is_second = "resumptionToken" in parse_qs(asked.query)
        records = "".join(_record(missed, n) for n in ((7, 8) if is_second else (5, 6)))
        return Answer(200, {"Content-Type": "text/xml"}, _OAI.format(records, "" if is_second else "page-2").encode())

    def _service(self, asked: Asked) -> Answer:
        ids = json.loads(asked.body)["ids"]
        known = [{"paperId": f"sha-{name}", "citationCount": int(name[-1]), "authors": []} for name in ids]
        return Answer(200, {}, json.dumps(known).encode())


def _paper(day: date, number: int) -> Announced:
    name = f"{day:%y%m}.{day.day:02}{number:03}"
    topic = _TOPICS[number % len(_TOPICS)]
    return Announced(name, f"Study {name} of {topic}", f"In study {name} we look at {topic}, and measure what follows.")


def _record(day: date, number: int) -> str:
    paper = _paper(day, number)
    before = _next_weekday(day, -1)
    return (
        f"<record><header><identifier>oai:arXiv.org:{paper.id}</identifier><datestamp>{day}</datestamp></header>"
        f"<metadata><arXivRaw><id>{paper.id}</id><version version='v1'><date>{before}T10:00:00Z</date></version>"
        f"<title>{paper.title}</title><authors>Ada Example</authors><categories>cs.CL</categories>"
        f"<abstract>{paper.abstract}</abstract></arXivRaw></metadata></record>"
    )


class World:
    """One installation, whose jobs run as processes that may be killed."""

    def __init__(self, folder: Path, url: str, outside: Outside, smtp_port: int, nursery: Nursery) -> None:
        folder.mkdir(exist_ok=True)
        for name in ("new", "cur", "tmp"):
            (folder / "returned" / name).mkdir(parents=True, exist_ok=True)
        self._config, self._url, self._nursery = folder / "digest.toml", url, nursery
        self._config.write_text(_config(url, outside.server, smtp_port), "utf-8")
        self._inbox = folder / "returned"
        self.database = Database(url)
        migrations.upgrade(self.database)
        self.database.run_sync(_subscribe)

    def receive(self, mail: Mail, now: datetime) -> None:
        """What comes from outside on a day: a mail comes back, somebody wants to subscribe, others let that pass."""
        returned = dsn(recipient_fields(mail.recipient), to=mail.sender)
        (self._inbox / "new" / f"{now:%Y%m%d}.eml").write_bytes(returned)
        request = Request(Asking.SUBSCRIBE, f"new-{now:%m%d}@example.org", Origin("192.0.2.1", "192.0.2.0/24"))
        self.database.run_sync(ask, request, Caps(), now)
        self.database.run_sync(_never_confirmed, now)

    def run(self, job: str, now: datetime, failpoint: str = "") -> int:
        """Let a process do what is due of a job; its exit status."""
        if job == "embed":
            return self._nursery.run("tests.support.jobs_program:embed", [self._url, now.isoformat()], failpoint)
        args = [str(self._config), job, now.isoformat()]
        return self._nursery.run("tests.support.jobs_program:once", args, failpoint)

    def close(self) -> None:
        self.database.close()


def _config(url: str, server: HttpServer, smtp_port: int) -> str:
    return textwrap.dedent(f"""
        [database]
        url = "{url}"
        [mail]
        transport = "smtp"
        from = "Trending Papers <digest@example.org>"
        return_path = "bounces@example.org"
        [inbox]
        kind = "maildir"
        path = "returned"
        [web]
        public_url = "https://digest.example.org"
        [smtp]
        host = "127.0.0.1"
        port = {smtp_port}
        security = "plain"
        connections = {CONNECTIONS}
        [retention]
        sign_ups = "{FORGOTTEN_AFTER.days}d"
        [log]
        level = "error"
        [fetch]
        allow_hosts = ["{server.host}"]
        [sources.arxiv]
        kind = "arxiv"
        categories = ["cs.CL"]
        base_url = "{server.url()}"
        oai_url = "{server.url("/oai")}"
        api_url = "{server.url("/api")}"
        [enrich.semantic_scholar]
        kind = "semantic_scholar"
        base_url = "{server.url()}"
    """)


def _subscribe(connection: Connection) -> None:
    at = datetime(2026, 4, 6, 7, tzinfo=UTC)
    for number in range(READERS):
        added = subscribers.add(connection, reader(number), "", Schedule(), 50, "admin", at, at)
        profiles.set_profile(connection, added.id, keywords=[*_TOPICS[number % 4].split(), "study"])


def _never_confirmed(connection: Connection, now: datetime) -> None:
    """Somebody who was asked long ago and never answered."""
    at, address = now - FORGOTTEN_AFTER, f"lost-{now:%m%d}@example.org"
    subscribers.add(connection, address, "", Schedule(), 20, "web", at, None)
    asked = {"id": int(f"{now:%Y%m%d}"), "address": address, "address_key": address, "number": 1, "wishes": {}}
    connection.execute(insert(tables.confirmations).values(**asked, begun_at=at, expires_at=at + timedelta(days=3)))


def stored(connection: Connection) -> dict[str, list[tuple[object, ...]]]:
    """What an installation holds, by names and not by numbers or times: two that did the same work are equal."""
    t, title = tables, tables.papers.c.title
    queries: dict[str, Select[*tuple[object, ...]]] = {
        "papers": select(title, t.papers.c.version, t.papers.c.is_new, t.papers.c.abstract_hash),
        "aliases": select(title, t.paper_aliases.c.kind, t.paper_aliases.c.value).join_from(t.papers, t.paper_aliases),
        "versions": select(title, t.paper_versions.c.number).join_from(t.papers, t.paper_versions),
        "sightings": select(title, t.sightings.c.feed, t.sightings.c.day, t.sightings.c.announcement).join_from(
            t.papers, t.sightings
        ),
        "batches": select(t.source_batches.c.feed, t.source_batches.c.day, t.source_batches.c.seen),
        "catch-ups": select(t.catch_ups.c.since, t.catch_ups.c.pages, t.catch_ups.c.new, t.catch_ups.c.due_at),
        "said": select(title, t.paper_enrichments.c.service, t.paper_enrichments.c.said).join_from(
            t.papers, t.paper_enrichments
        ),
        "vectors": select(title, t.paper_vectors.c.vector).join_from(t.papers, t.paper_vectors),
        "novelty": select(title, t.paper_novelty.c.distance, t.paper_novelty.c.percentile).join_from(
            t.papers, t.paper_novelty
        ),
        "editions": select(t.subscribers.c.address, t.editions.c.occasion, t.editions.c.skip_reason).join_from(
            t.subscribers, t.editions
        ),
        "picks": select(t.subscribers.c.address, title, t.editions.c.occasion)
        .join_from(t.subscribers, t.picked)
        .join(t.editions, t.editions.c.id == t.picked.c.edition_id)
        .join(t.papers, t.papers.c.id == t.picked.c.paper_id),
        "outbox": select(t.outbox.c.kind, t.outbox.c.recipient, t.outbox.c.occasion, t.outbox.c.state),
        "bounces": select(t.outbox.c.recipient, t.outbox.c.occasion, t.bounces.c.verdict).join_from(
            t.outbox, t.bounces
        ),
        "suppressions": select(t.suppressions.c.address_key),
        "sign-ups": select(t.asked.c.address, t.asked.c.answer),
        "alerts": select(t.alerts.c.key),
        "people": select(t.subscribers.c.address, t.subscribers.c.state),
        "questions": select(t.confirmations.c.address, t.confirmations.c.number),
    }
    return {name: sorted(map(tuple, connection.execute(query)), key=repr) for name, query in queries.items()}
