"""Whether receivers can see that mail from this installation is its owner's: SPF, DKIM, DMARC, and the way back.

Gmail, Yahoo and Outlook ask bulk senders for all three, and for a name of the sending address.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from digest.delivery import dmarc, spf
from digest.delivery.spf import Verdict
from digest.doctor import Finding, failure, ok, skipped, warning
from digest.doctor.names import Names, Unanswered

_NO_DOMAIN = ("", "localhost")


@dataclass(frozen=True, slots=True)
class Published:
    """A DKIM key's record, as it should stand in DNS."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends. `return_domain` is the envelope sender's, `relay` the relay's host, "" where mails become files.

    `dkim_domain` is the one that our own signatures vouch with; without `keys` the relay signs, or nobody.
    """

    domain: str
    return_domain: str
    relay: str = ""
    dkim_domain: str = ""
    keys: Sequence[Published] = ()


def examine(names: Names, sender: Sender) -> Iterator[Finding]:
    """SPF, DKIM, DMARC, MX and PTR, one finding each or more."""
    if sender.domain in _NO_DOMAIN or "." not in sender.domain:
        what = f"mail.from has the domain '{sender.domain}', which is in no DNS"
        yield skipped("sender's domain", what)
        return
    for name, check in (("SPF", _spf), ("DKIM", _dkim), ("DMARC", _dmarc), ("return path", _mx), ("PTR", _ptr)):
        try:
            yield from check(names, sender)
        except Unanswered as error:
            yield warning(name, f"DNS gave no answer: {error}", "ask again, or another one: --resolver 9.9.9.9:53")


# ── SPF ──────────────────────────────────────────────────────────────────────────────────────────


def _spf(names: Names, sender: Sender) -> Iterator[Finding]:
    domain = sender.return_domain
    found = spf.records(names.texts(domain))
    if not found:
        record = f'"v=spf1 {_suggested(names, sender)} ~all"'
        yield failure("SPF", f"{domain} has no SPF record", f"publish a TXT record of {domain}: {record}")
        return
    if len(found) > 1:
        yield failure("SPF", f"{domain} has {len(found)} SPF records: receivers refuse that", "join them into one")
        return
    addresses = _public_addresses(names, sender.relay)
    if not addresses:
        yield _undecided(names, domain, found[0])
        return
    for address in addresses:
        yield _allowed(spf.evaluate(names, domain, address), domain, address)


def _suggested(names: Names, sender: Sender) -> str:
    addresses = _public_addresses(names, sender.relay)
    return " ".join(f"ip{ip_address(one).version}:{one}" for one in addresses) or "a mx"


def _undecided(names: Names, domain: str, record: str) -> Finding:
    """The relay is on this machine, or none: which address will be seen outside is not known here."""
    broken = spf.evaluate(names, domain, "192.0.2.1")  # of nobody (RFC 5737): only whether the record can be read
    if broken.verdict is Verdict.ERROR:
        return failure("SPF", f"the record of {domain} is wrong: {broken.why}", "mend it: receivers refuse it")
    return ok("SPF", f"{domain}: {record}; which address mails leave from cannot be seen here")


def _allowed(found: spf.Spf, domain: str, address: str) -> Finding:
    match found.verdict:
        case Verdict.PASS:
            return ok("SPF", f"{domain} lets {address} send ({found.why})")
        case Verdict.ERROR:
            return failure("SPF", f"the record of {domain} is wrong: {found.why}", "mend it: receivers refuse it")
        case Verdict.UNKNOWN:
            return ok("SPF", f"{domain} has a record with macros, which only a message decides; see --send-test")
        case _:
            what = f"{domain} does not name the relay's address {address} ({found.verdict})"
            advice = "add it, or your provider's include; right already if the relay sends from other addresses"
            return warning("SPF", what, advice)


# ── DKIM ─────────────────────────────────────────────────────────────────────────────────────────


def _dkim(names: Names, sender: Sender) -> Iterator[Finding]:
    if not sender.keys:
        yield skipped("DKIM", "no key here: the relay must sign; --send-test shows whether it does")
    for key in sender.keys:
        yield _key(names, key)


def _key(names: Names, key: Published) -> Finding:
    found = [dmarc.tags(text) for text in names.texts(key.name)]
    advice = f"publish what 'digest dkim show' prints as the TXT record of {key.name}"
    if not found:
        return failure("DKIM", f"{key.name} is not published: every signature fails", advice)
    if len(found) > 1:
        return failure("DKIM", f"{key.name} has {len(found)} records", "leave one of them")
    told, ours = found[0], dmarc.tags(key.value)
    if not _packed(told.get("p", "")):
        return failure("DKIM", f"{key.name} says that the key was revoked", advice)
    if _packed(told["p"]) != _packed(ours["p"]) or told.get("k", "rsa") != ours.get("k", "rsa"):
        return failure("DKIM", f"{key.name} publishes another key: every signature fails", advice)
    if "y" in told.get("t", "").split(":"):
        return warning("DKIM", f"{key.name} says t=y, only a test: some receivers ignore it", "remove t=y")
    return ok("DKIM", f"{key.name} publishes our {ours.get('k', 'rsa')} key")


def _packed(text: str) -> str:
    return "".join(text.split())


# ── DMARC ────────────────────────────────────────────────────────────────────────────────────────


def _dmarc(names: Names, sender: Sender) -> Iterator[Finding]:
    try:
        policy = dmarc.find(names.texts, sender.domain)
    except dmarc.Malformed as error:
        yield failure("DMARC", str(error), "mend the record")
        return
    if policy is None:
        advice = f'publish a TXT record of _dmarc.{sender.domain}: "v=DMARC1; p=none"'
        yield failure("DMARC", f"{sender.domain} has no DMARC record, which Gmail and Yahoo ask for", advice)
        return
    aligned = list(_aligned(sender, policy))
    told = f"_dmarc.{policy.domain}: p={policy.policy}"
    if not aligned:
        what = f"{told}; neither {sender.return_domain} (SPF) nor {sender.dkim_domain or 'a key of ours'} (DKIM) counts"
        yield failure("DMARC", f"{what} for {sender.domain}", "sign with, or return to, a domain that belongs to From")
    else:
        yield ok("DMARC", f"{told}; aligned by {' and '.join(aligned)}")


def _aligned(sender: Sender, policy: dmarc.Policy) -> Iterator[str]:
    home = policy.domain
    if dmarc.is_aligned(sender.return_domain, sender.domain, home, is_strict=policy.is_spf_strict):
        yield "SPF"
    if sender.keys and dmarc.is_aligned(sender.dkim_domain, sender.domain, home, is_strict=policy.is_dkim_strict):
        yield "DKIM"


# ── the way back ─────────────────────────────────────────────────────────────────────────────────


def _mx(names: Names, sender: Sender) -> Iterator[Finding]:
    domain = sender.return_domain
    hosts = names.exchanges(domain)
    if hosts and not hosts[0]:
        yield failure("return path", f"{domain} says that it takes no mail (RFC 7505)", "publish an MX, or bounces die")
    elif not hosts and not names.addresses(domain):
        what = f"{domain} has no MX and no address: bounces cannot come back, and some receivers refuse its mail"
        yield failure("return path", what, f"publish an MX record of {domain}")
    elif not hosts:
        yield warning("return path", f"{domain} has no MX, only an address", f"publish an MX record of {domain}")
    else:
        unread = [host for host in hosts if not names.addresses(host)]
        if len(unread) == len(hosts):
            yield failure("return path", f"the MX of {domain}, {unread[0]}, has no address", "mend the MX record")
        else:
            yield ok("return path", f"bounces for {domain} go to {hosts[0]}")


def _ptr(names: Names, sender: Sender) -> Iterator[Finding]:
    if not sender.relay:
        yield skipped("PTR", "mails become files here: nothing is sent")
        return
    addresses = _public_addresses(names, sender.relay)
    if not addresses:
        yield skipped("PTR", f"{sender.relay} has no public address: look at the one it sends from")
    for address in addresses:
        yield _named(names, sender.relay, address)


def _named(names: Names, relay: str, address: str) -> Finding:
    pointers = names.pointers(address)
    if not pointers:
        advice = "ask whoever gives you the address for a PTR record; a provider's relay sends from other addresses"
        return warning("PTR", f"{address} ({relay}) has no name: receivers defer or refuse such senders", advice)
    if any(address in names.addresses(name) for name in pointers):
        return ok("PTR", f"{address} is {pointers[0]}, and back")
    advice = f"give {pointers[0]} the address {address}"
    return warning("PTR", f"{address} is called {pointers[0]}, which has another address", advice)


def _public_addresses(names: Names, host: str) -> list[str]:
    """The addresses of the relay that others could see."""
    if not host:
        return []
    try:
        found = [str(ip_address(host.strip("[]")))]
    except ValueError:
        found = [] if host == "localhost" else list(names.addresses(host))
    return [address for address in found if ip_address(address).is_global]
