"""Settings → objects: the only module that names the concrete classes together.

Settings ─┬─► Database
          ├─► Poll, CatchUp(Fetcher) · Novelty · Compose · Watch · Deliver(Transport, assemble) ─► Worker…
          └─► web application ─► Site
"""

from __future__ import annotations

import logging
import shlex
import shutil
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from email.utils import parseaddr
from functools import cache
from typing import Literal, TypeVar

from starlette.types import ASGIApp

import digest
from digest import clock as ambient
from digest import daemon
from digest.clock import Clock
from digest.config import Settings
from digest.config.load import source_table
from digest.config.settings import InboxSettings, SmtpSettings
from digest.config.signing import careless, signing_keys
from digest.daemon import Site, Worker
from digest.delivery import verp
from digest.delivery.bearer import Mechanism
from digest.editions.assemble import Letterhead, letter, note, notice
from digest.editions.letter import LETTERS, Letter
from digest.editions.library import Library
from digest.editions.look import Look
from digest.editions.note import Note
from digest.editions.notice import Notice
from digest.editions.press import Press
from digest.encoder import Remembering, SentenceEncoder
from digest.errors import DatabaseError
from digest.inboxes import Inbox
from digest.inboxes.maildir import Maildir as ReturnedMaildir
from digest.jobs import Job, Stop, run_due
from digest.jobs.catch_up import CatchUp
from digest.jobs.compose import Compose
from digest.jobs.deliver import Deliver, Pace
from digest.jobs.embed import Embed
from digest.jobs.enrich import Enrich
from digest.jobs.index import Index
from digest.jobs.learn import Learn
from digest.jobs.novelty import Novelty
from digest.jobs.poll import Poll
from digest.jobs.prune import Prune
from digest.jobs.sign_up import SignUp as SignUpJob
from digest.jobs.turns import SharedTurns
from digest.jobs.vectors import Feed
from digest.jobs.watch import Disk, Watch
from digest.model import OutboxKind
from digest.plugins import as_enricher, build_source, load_ranker
from digest.ranking.corpus import Corpus
from digest.ranking.embeddings import Embeddings, Encoder
from digest.ranking.rankers import Bm25, Interleaved, Learner, Semantic
from digest.sources.fetcher import Fetcher, Network, user_agent
from digest.store import editions, keys, migrations
from digest.store import sources as source_rows
from digest.store.database import Database, shown, sqlite_path
from digest.store.outbox_claims import Claimed
from digest.store.retention import Retention
from digest.store.rewind import rewind, set_back
from digest.transports import Transport
from digest.transports.login import Password, Token
from digest.transports.maildir import Maildir
from digest.transports.sendmail import Sendmail
from digest.transports.smtp import Smtp
from digest.web import SignUp, app, health
from digest.web.webhooks import Hook

_log = logging.getLogger(__name__)

C = TypeVar("C")
R = TypeVar("R")

JOBS = (
    "poll",
    "catch-up",
    "enrich",
    "embed",
    "compose",
    "learn",
    "watch",
    "sign-up",
    "deliver",
    "novelty",
    "index",
    "prune",
)
"""In the order of the flow; the last three are those that no mail waits for."""


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


async def catch_time(database: Database) -> None:
    """The clock was set back, maybe before this process started: nothing is to wait for a time that was wrong."""
    await database.run(set_back, ambient.now())


def workers(settings: Settings, database: Database, clock: Clock, jobs: Sequence[str] = JOBS) -> list[Worker]:
    """The jobs of these names, ready to run, in the order of the flow."""
    http = cache(lambda: fetcher(settings, database))
    model = cache(lambda: encoder(settings))
    build = {
        "poll": lambda: _working(Poll(build_source, http()), database, clock),
        "catch-up": lambda: _working(CatchUp(build_source, http()), database, clock),
        "enrich": lambda: _working(enrich(settings, http()), database, clock, every=timedelta(minutes=1)),
        "embed": lambda: _working(embed(settings, model()), database, clock, every=timedelta(minutes=1)),
        "compose": lambda: _working(compose(settings, model()), database, clock),
        "learn": lambda: _working(learn(settings, database, clock), database, clock),
        "watch": lambda: _working(watch(settings), database, clock),
        "sign-up": lambda: _working(SignUpJob(sender_domain(settings)), database, clock),
        "deliver": lambda: Worker("deliver", deliver(settings, database, clock).run_due),
        "novelty": lambda: _working(Novelty(), database, clock),
        "index": lambda: _working(Index(), database, clock),
        "prune": lambda: _working(prune(settings), database, clock, every=timedelta(minutes=1)),
    }
    without = {"embed": not reads_meaning(settings), "learn": not settings.inbox.kind}
    return [build[name]() for name in JOBS if name in jobs and not without.get(name)]


def _working(job: Job[C, R], database: Database, clock: Clock, every: timedelta = timedelta(seconds=5)) -> Worker:
    async def run(stop: Stop) -> int:
        return await run_due(job, database, clock, stop)

    return Worker(job.name, run, every)


def catch_up(settings: Settings, database: Database, only: Sequence[int]) -> CatchUp:
    """The job for some rows, for a command that waits for them."""
    return CatchUp(build_source, fetcher(settings, database), only=only)


def enrich(settings: Settings, http: Fetcher) -> Enrich:
    """The configured services; without any the job never has anything to do."""
    return Enrich({name: as_enricher(one.options) for name, one in settings.enrich.items()}, http)


def watch(settings: Settings) -> Watch:
    address = parseaddr(settings.admin.address)[1]
    return Watch(address, sender_domain(settings), lambda: disk(settings))


def prune(settings: Settings) -> Prune:
    kept = settings.retention
    return Prune(Retention(kept.sign_ups, kept.mails, kept.history))


def disk(settings: Settings) -> Disk | None:
    """The disk of an SQLite database."""
    file = sqlite_path(settings.database.url)
    return Disk(str(file.parent), shutil.disk_usage(file.parent).free) if file else None


def compose(settings: Settings, model: Encoder | None = None) -> Compose:
    """The job; `model` is the one it shares with `embed`."""
    known = Embeddings() if reads_meaning(settings) else None
    feed = Feed(settings.semantic.model, known, settings.semantic.window) if known is not None else None
    ranker = ranker_of(settings, known, model)
    return Compose(sender_domain(settings), settings.mail.max_age, ranker=ranker, feed=feed)


def embed(settings: Settings, model: Encoder) -> Embed:
    return Embed(model, settings.semantic.window)


def reads_meaning(settings: Settings) -> bool:
    """Whether a language model is needed."""
    return "semantic" in (settings.ranking.kind, settings.ranking.against)


def encoder(settings: Settings) -> SentenceEncoder:
    """The configured model, not yet loaded."""
    semantic = settings.semantic
    return SentenceEncoder(semantic.model, semantic.batch, semantic.threads)


def ranker_of(settings: Settings, known: Embeddings | None, model: Encoder | None = None) -> Learner:
    """The configured ranker, or two that take turns; `known` are the papers' vectors, kept up to date elsewhere."""
    corpus = Corpus()

    def one(kind: str) -> Learner:
        if kind == "bm25":
            return Bm25(corpus)
        if kind == "semantic":
            return Semantic(model or encoder(settings), known, corpus)
        return load_ranker(kind)()

    first, second = settings.ranking.kind, settings.ranking.against
    return Interleaved((first, one(first)), (second, one(second))) if second else one(first)


def measured_ranker(settings: Settings, kind: str) -> Learner:
    """A ranker of a kind that has read nothing yet; it embeds what it learns itself.

    Raises:
        UsageError: as `load_ranker`.
    """
    load_ranker(kind)
    if kind == "bm25":
        return Bm25()
    if kind == "semantic":
        model: Encoder = encoder(settings)
        cache = settings.semantic.cache
        return Semantic(Remembering(model, cache) if cache else model)
    return load_ranker(kind)()


def deliver(settings: Settings, database: Database, clock: Clock) -> Deliver:
    head = letterhead(settings, database, clock())
    press, sign = Press(head), signer(settings)

    def signed(claimed: Claimed) -> bytes:
        return sign(assemble(claimed), claimed.composed_at)

    def assemble(claimed: Claimed) -> bytes:
        if claimed.kind is OutboxKind.NOTE and claimed.content is not None and claimed.subscriber_id is not None:
            to = claimed.subscriber_id, claimed.recipient, claimed.occasion
            return note(head, Note(*to, claimed.composed_at, claimed.content))
        if claimed.kind in LETTERS and claimed.content is not None:
            whom = claimed.subscriber_id, claimed.recipient, claimed.occasion
            return letter(head, Letter(claimed.kind, *whom, claimed.message_id, claimed.composed_at, claimed.content))
        if claimed.content is not None:
            message = claimed.kind, claimed.recipient, claimed.message_id, claimed.composed_at
            return notice(head, Notice(*message, claimed.content))
        if claimed.edition is None:
            raise ValueError(f"outbox {claimed.id}: there is nothing to write a {claimed.kind} from")
        return press.digest(claimed.edition, claimed.recipient, claimed.message_id)

    limits = settings.limits
    pace = Pace(
        head.address,
        settings.smtp.connections,
        per_minute=limits.per_minute,
        domain_per_minute=limits.domain_per_minute,
        domain_connections=limits.domain_connections,
        ambiguous=settings.mail.ambiguous,
        return_path=return_path(settings, database, clock()),
    )
    return Deliver(database, transport(settings), signed, editions.Shelf().load, pace, clock=clock, rng=ambient.rng())


def signer(settings: Settings) -> Callable[[bytes, datetime], bytes]:
    """What signs a message that was composed at an instant; where no key is configured, the message as it is.

    Raises:
        ConfigError: a key cannot be read or is none to sign with.
    """
    keys = signing_keys(settings)
    if not keys:
        return lambda message, _at: message
    for warning in careless(settings):
        _log.warning("%s", warning)
    from digest.delivery.dkim import Signer  # cryptography, where it is needed

    return Signer(keys).sign


def transport(settings: Settings) -> Transport:
    """How mails leave."""
    smtp = settings.smtp
    if settings.mail.transport == "maildir":
        return Maildir(settings.maildir.path)
    if settings.mail.transport == "sendmail":
        return Sendmail(tuple(shlex.split(settings.sendmail.command)))
    login = _login(smtp) if smtp.username else None
    return Smtp(smtp.host, smtp.effective_port, smtp.security, login=login)


def _login(smtp: SmtpSettings) -> Password | Token:
    if smtp.auth == "password":
        return Password(smtp.username, smtp.password.get_secret_value())
    mechanism: Literal["XOAUTH2", "OAUTHBEARER"] = "XOAUTH2" if smtp.auth == "xoauth2" else "OAUTHBEARER"
    return Token(smtp.username, smtp.token_file, smtp.token_command, mechanism)


def letterhead(settings: Settings, database: Database, now: datetime) -> Letterhead:
    """What all mails of this installation share."""
    return Letterhead(
        sender=settings.mail.sender,
        keys=database.run_sync(keys.signing_keys, now),
        public_url=settings.web.public_url,
        owner=settings.admin.address,
        imprint=settings.mail.imprint,
        overrides=settings.mail.templates,
        library=Library(settings.links.proxy_prefix, settings.links.open_hosts),
        mailto=unsubscribe_mailto(settings, database, now),
        look=look(settings),
        language=settings.mail.language,
    )


def look(settings: Settings) -> Look:
    """How the mails look."""
    chosen = settings.look
    return Look(chosen.organisation, chosen.logo, chosen.accent, settings.mail.privacy, settings.links.html_edition)


def unsubscribe_mailto(settings: Settings, database: Database, now: datetime) -> Callable[[int], str] | None:
    """The mailto: link of a subscriber; None where no address for it is configured."""
    base = settings.mail.unsubscribe or settings.mail.return_path
    if not base:
        return None
    signing = database.run_sync(keys.signing_keys, now)
    return lambda subscriber: "mailto:" + verp.address(base, verp.sign(signing, verp.UNSUBSCRIBE, subscriber))


def return_path(settings: Settings, database: Database, now: datetime) -> Callable[[int], str] | None:
    """The envelope sender of a message by its outbox id; None where all leave from the sender's own address."""
    base = settings.mail.return_path
    if not base:
        return None
    signing = database.run_sync(keys.signing_keys, now)
    return lambda message: verp.address(base, verp.sign(signing, verp.RETURN, message))


def learn(settings: Settings, database: Database, clock: Clock) -> Learn:
    """The job for the configured inbox."""
    signing = database.run_sync(keys.signing_keys, clock())
    return Learn(inbox(settings.inbox), signing, goodbyes_from(settings), settings.inbox.every)


def inbox(of: InboxSettings) -> Inbox:
    """Where returned mail comes in."""
    if of.kind == "imap":
        from digest.inboxes.imap import Account, Imap
        from digest.inboxes.imap import Token as ImapToken

        where = of.host, of.effective_port, of.security
        mechanism: Mechanism = "OAUTHBEARER" if of.auth == "oauthbearer" else "XOAUTH2"
        password = of.password.get_secret_value()
        secret = password if of.auth == "password" or of.token_file is None else ImapToken(of.token_file, mechanism)
        return Imap(Account(*where, of.username, secret, of.folder, of.ca_file), of.after)
    assert of.path is not None  # as the configuration was checked
    return ReturnedMaildir(of.path, of.after)


def goodbyes_from(settings: Settings) -> str:
    """The domain from which goodbyes are mailed, "" where none are."""
    return sender_domain(settings) if settings.mail.goodbye else ""


def sender_domain(settings: Settings) -> str:
    """The domain of the From address, from which everything is mailed."""
    return parseaddr(settings.mail.sender)[1].rpartition("@")[2]


async def run_jobs(settings: Settings, database: Database, clock: Clock, jobs: Sequence[str]) -> dict[str, int]:
    """Do what is due of these jobs; how many claims each settled."""
    return await daemon.once(workers(settings, database, clock, jobs))


def fetcher(settings: Settings, database: Database | None = None) -> Fetcher:
    """The one polite client of this process; it takes turns with those of others on this database."""
    fetch = settings.fetch
    network = Network(
        proxy=fetch.proxy or None,
        ca_file=str(fetch.ca_file) if fetch.ca_file else None,
        allow_hosts=fetch.allow_hosts,
    )
    turns = SharedTurns(database, ambient.now) if database else None
    agent = user_agent(digest.__version__, None, fetch.contact or None)
    return Fetcher(agent, network=network, turns=turns)


def sites(settings: Settings, database: Database, clock: Clock, *, with_pages: bool = True) -> list[Site]:
    """What answers HTTP: the readers' pages, and health on a port of its own where one is configured."""
    found = [site(settings, database, clock)] if with_pages else []
    if settings.health.listen:
        found.append(_site_at(settings.health.listen, health(database), "health.listen"))
    return found


def site(settings: Settings, database: Database, clock: Clock) -> Site:
    """The readers' pages and where they listen."""
    head = letterhead(settings, database, clock())
    goodbye_from = goodbyes_from(settings)
    application = app(
        database,
        lambda: head.keys,
        clock,
        name=head.name,
        overrides=head.overrides,
        language=head.language,
        look=head.look,
        goodbye_from=goodbye_from,
        public_url=settings.web.public_url or f"http://{settings.web.listen}",
        imprint=head.imprint,
        hook=hook(settings),
        sender=sender_domain(settings) if settings.web.public_url else "",
        sign_up=SignUp(settings.web.sign_up, settings.web.sign_up_domains),
        trusted_proxies=settings.web.trusted_proxies,
    )
    return _site_at(settings.web.listen, application, "web.listen")


def hook(settings: Settings) -> Hook | None:
    """Who may report bounces over the web, where somebody may."""
    of = settings.webhook
    if not of.kind:
        return None
    from digest.delivery.providers import READERS

    return Hook(READERS[of.kind], of.secret.get_secret_value(), goodbyes_from(settings))


def _site_at(listen: str, application: ASGIApp, option: str) -> Site:
    host, _, port = listen.rpartition(":")
    return Site(application, host.strip("[]"), int(port), option)
