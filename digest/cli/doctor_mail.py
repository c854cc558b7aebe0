"""What `digest doctor` looks at outside: relay, DNS, the way back of bounces, the unsubscribe page."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator
from datetime import timedelta
from email.utils import parseaddr

from digest import clock, wiring
from digest.cli.desk import Desk
from digest.cli.output import when
from digest.config import Settings
from digest.config.signing import signing_domain, signing_keys
from digest.delivery.replies import Unavailable
from digest.doctor import Finding, failure, ok, skipped, warning
from digest.doctor import sender as outside
from digest.doctor.names import Names
from digest.doctor.pages import Answer, ask, judge
from digest.doctor.sender import Published, Sender
from digest.editions.headers import a_label
from digest.editions.links import UNSUBSCRIBE, check_public_url, sign, unsubscribe_url
from digest.errors import ConfigError
from digest.inboxes import Unreadable
from digest.transports import Transport
from digest.transports.probe import Seen, probe
from digest.transports.smtp import Smtp

_RENEW_WITHIN = timedelta(days=14)
_COLUMNS = 74
_NOBODY = 0  # no subscriber has this number: its link opens the page and can end nothing


def relay(settings: Settings) -> Iterator[Finding]:
    """Whether mails can leave: the relay is reached, its TLS is good, it lets us in."""
    found = wiring.transport(settings)
    if not isinstance(found, Smtp):
        yield asyncio.run(_opened(found, f"mails leave by {settings.mail.transport}", "relay"))
        return
    seen = asyncio.run(probe(found))
    where = f"{found.host}:{found.port}"
    if seen.problem and not seen.is_tls:
        yield failure("relay", f"{where}: {seen.problem}", "is it running, and may this machine connect to it?")
        return
    offered = " ".join(sorted(f"{name} {value}".strip().upper() for name, value in seen.extensions.items()))
    yield ok("relay", f"{where} answers; it offers {offered or 'no extension'}")
    yield _tls(found, seen, settings)
    if not seen.problem:
        user = settings.smtp.username
        yield asyncio.run(_opened(found, f"{where} takes {user}", "AUTH")) if user else _open(found)


def _tls(found: Smtp, seen: Seen, settings: Settings) -> Finding:
    if seen.problem:
        advice = "is smtp.host the name in its certificate, and is that valid? Nothing is sent without"
        return failure("TLS", seen.problem, advice)
    if found.security == "plain":
        if settings.smtp.is_loopback:
            return ok("TLS", "none, and none needed: the relay is on this machine")
        return warning("TLS", "mails go to the relay readable by all between", 'security = "starttls" or "tls"')
    if seen.expires_at is None:
        return ok("TLS", f"{seen.protocol}, verified")
    if seen.expires_at < clock.now() + _RENEW_WITHIN:
        return warning("TLS", f"the relay's certificate ends at {when(seen.expires_at)} UTC", "have it renewed")
    return ok("TLS", f"{seen.protocol}, verified; the certificate ends at {when(seen.expires_at)} UTC")


def _open(found: Smtp) -> Finding:
    return skipped("AUTH", f"no smtp.username: {found.host} must know this machine")


async def _opened(found: Transport, text: str, name: str) -> Finding:
    opened = await found.connect()
    if isinstance(opened, Unavailable):
        return failure(name, opened.text, "mend smtp.username and its password" if opened.is_auth else "mend it first")
    await opened.close()
    return ok(name, text)


def sender(settings: Settings, resolver: str | None) -> Iterator[Finding]:
    """What DNS says of us."""
    if settings.mail.transport == "maildir":
        yield skipped("DNS", "mails become files: what DNS says of their sender does not matter")
        return
    try:
        keys = [Published(key.record.name, key.record.value) for key in signing_keys(settings)]
    except ConfigError as error:
        yield from (failure("DKIM", problem, "nothing is sent without the key") for problem in error.problems)
        keys = []
    domain = a_label(wiring.sender_domain(settings))
    who = Sender(
        domain=domain,
        return_domain=a_label(return_path(settings).rpartition("@")[2]),
        relay=settings.smtp.host,
        dkim_domain=signing_domain(settings) if keys else "",
        keys=keys,
    )
    yield from outside.examine(Names(resolver or settings.doctor.resolver), who)


def return_path(settings: Settings) -> str:
    """The address to which bounces go."""
    return parseaddr(settings.mail.return_path or settings.mail.sender)[1]


def way_back(settings: Settings) -> Iterator[Finding]:
    """Whether what comes back is told apart, and read."""
    name = "inbox"
    if settings.mail.transport == "maildir":
        yield skipped(name, "mails become files: nothing comes back")
        return
    if not settings.mail.return_path:
        what = f"no mail.return_path: bounces go to {return_path(settings)} and change nothing"
        yield warning(name, what, "set mail.return_path and an [inbox], or dead addresses are mailed for ever")
    if not settings.inbox.kind:
        yield skipped(name, "none is read here; does a mail server pipe to 'digest bounce ingest -'?")
        return
    looked = wiring.inbox(settings.inbox).read((), 0)
    if isinstance(looked, Unreadable):
        yield failure(name, f"cannot be read: {looked.reason}", "mend [inbox], or bounces and complaints are missed")
    else:
        yield ok(name, f"{settings.inbox.kind} inbox can be read")


def pages(desk: Desk) -> tuple[Answer | None, list[Finding]]:
    """The unsubscribe page, opened and posted to as nobody; its answer says what time it is there."""
    settings = desk.settings
    url = settings.web.public_url
    if not url:
        if settings.mail.transport == "maildir":
            return None, [skipped("unsubscribe", "no web.public_url: mails have no unsubscribe button")]
        return None, [_no_page(settings)]
    keys = wiring.letterhead(settings, desk.database, desk.now()).keys
    token = sign(keys, UNSUBSCRIBE, _NOBODY)
    tls = _further(settings)
    page = ask(unsubscribe_url(url, token), tls=tls)
    post = ask(unsubscribe_url(url, token), "POST", tls=tls)
    return (page if isinstance(page, Answer) else None), [_length(url), judge(url, page, post)]


def _no_page(settings: Settings) -> Finding:
    advice = "set web.public_url to the https address of 'digest run'"
    if settings.mail.unsubscribe or settings.mail.return_path:
        what = "no web.public_url: readers unsubscribe by mail only, without the button that Gmail and Yahoo ask for"
        return warning("unsubscribe", what, advice)
    return failure("unsubscribe", "no web.public_url and no return path: readers cannot unsubscribe", advice)


def _length(url: str) -> Finding:
    problem = check_public_url(url)
    if problem is not None:
        return failure("public_url", f"{url} {problem}", "mend web.public_url")
    longest = len(f"<{unsubscribe_url(url, 'x' * 34)}>")
    return ok("public_url", f"unsubscribe links take at most {longest} of {_COLUMNS} columns")


def _further(settings: Settings) -> ssl.SSLContext | None:
    """With the authorities that are trusted besides the machine's."""
    if settings.fetch.ca_file is None:
        return None
    context = ssl.create_default_context()
    context.load_verify_locations(settings.fetch.ca_file)
    return context
