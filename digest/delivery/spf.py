"""May this address send for that domain? SPF (RFC 7208), as far as it can be decided without a message.

Macros depend on the message, so a mechanism with one decides nothing: the verdict is then UNKNOWN, never a guess.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Protocol

_LOOKUPS = 10  # section 4.6.4
_DEPTH = 10


class Zone(Protocol):
    """Who knows names. Each gives nothing where a name has no such records; what they raise passes through."""

    def texts(self, name: str) -> Sequence[str]: ...

    def addresses(self, name: str) -> Sequence[str]: ...

    def exchanges(self, name: str) -> Sequence[str]: ...


class Verdict(StrEnum):
    PASS = "pass"  # noqa: S105  # the standard's word
    FAIL = "fail"
    SOFTFAIL = "softfail"
    NEUTRAL = "neutral"
    NONE = "none"
    ERROR = "permerror"
    UNKNOWN = "unknown"


_QUALIFIERS = {"+": Verdict.PASS, "-": Verdict.FAIL, "~": Verdict.SOFTFAIL, "?": Verdict.NEUTRAL}


@dataclass(frozen=True, slots=True)
class Spf:
    """`why` is the mechanism that decided, or what is wrong with the record."""

    verdict: Verdict
    why: str = ""
    lookups: int = 0


def records(texts: Sequence[str]) -> list[str]:
    """Those of a name's TXT records that are SPF's."""
    return [text for text in texts if text.lower() == "v=spf1" or text.lower().startswith("v=spf1 ")]


def evaluate(zone: Zone, domain: str, address: str) -> Spf:
    """What `domain` says of mail from `address`."""
    return _Evaluation(zone, ip_address(address)).of(domain, 0)


@dataclass(slots=True)
class _Evaluation:
    zone: Zone
    address: IPv4Address | IPv6Address
    lookups: int = field(default=0)

    def of(self, domain: str, depth: int) -> Spf:
        found = records(self.zone.texts(domain))
        if len(found) != 1:
            what = f"{len(found)} SPF records of {domain}" if found else ""
            return self._told(Verdict.ERROR if found else Verdict.NONE, what)
        is_unsure, redirect = False, ""
        for term in found[0].split()[1:]:
            name, separator, value = term.partition("=")
            if separator and name.isalnum():
                redirect = value if name.lower() == "redirect" else redirect
                continue
            matched = self._matches(term.lstrip("+-~?"), domain, depth)
            if isinstance(matched, Spf):
                return matched
            is_unsure |= matched is None
            if matched:
                sure = Verdict.UNKNOWN if is_unsure else _QUALIFIERS[term[0] if term[0] in _QUALIFIERS else "+"]
                return self._told(sure, term)
        if redirect:
            return self._redirected(redirect, depth)
        return self._told(Verdict.UNKNOWN if is_unsure else Verdict.NEUTRAL, "nothing in the record matches")

    def _redirected(self, domain: str, depth: int) -> Spf:
        if "%" in domain:
            return self._told(Verdict.UNKNOWN, f"redirect={domain}")
        if (broken := self._count(depth)) is not None:
            return broken
        found = self.of(domain, depth + 1)
        is_missing = found.verdict is Verdict.NONE
        return self._told(Verdict.ERROR, f"redirect={domain}: no record there") if is_missing else found

    def _matches(self, mechanism: str, domain: str, depth: int) -> bool | Spf | None:
        """Whether a mechanism matches; None where only a message could tell, an `Spf` where the record is wrong."""
        name, _, value = mechanism.partition(":")
        name = name.partition("/")[0].lower()
        if name == "all":
            return True
        if name in ("ip4", "ip6"):
            return self._is_within(value)
        if name in ("ptr", "exists") or "%" in value:
            return None
        if name not in ("include", "a", "mx"):
            return self._told(Verdict.ERROR, f"unknown mechanism {mechanism}")
        if (broken := self._count(depth)) is not None:
            return broken
        return self._included(value, depth) if name == "include" else self._is_host(mechanism, name, domain)

    def _included(self, domain: str, depth: int) -> bool | Spf | None:
        inner = self.of(domain, depth + 1)
        if inner.verdict in (Verdict.ERROR, Verdict.NONE):
            return self._told(Verdict.ERROR, inner.why or f"include:{domain}: no SPF record there")
        return None if inner.verdict is Verdict.UNKNOWN else inner.verdict is Verdict.PASS

    def _is_host(self, mechanism: str, name: str, domain: str) -> bool | Spf:
        target, _, sizes = mechanism[len(name) :].removeprefix(":").partition("/")
        hosts = [target or domain] if name == "a" else self.zone.exchanges(target or domain)
        size4, _, size6 = sizes.partition("//")
        size = (size4 or "32") if self.address.version == 4 else (size6 or "128")
        for host in hosts:
            for known in self.zone.addresses(host):
                matched = self._is_within(f"{known}/{size}")
                if matched is not False and ip_address(known).version == self.address.version:
                    return matched
        return False

    def _is_within(self, network: str) -> bool | Spf:
        try:
            return self.address in ip_network(network, strict=False)
        except ValueError:
            return self._told(Verdict.ERROR, f"{network} is no address")

    def _count(self, depth: int) -> Spf | None:
        self.lookups += 1
        if self.lookups > _LOOKUPS or depth >= _DEPTH:
            return self._told(Verdict.ERROR, f"more than {_LOOKUPS} lookups, which receivers refuse")
        return None

    def _told(self, verdict: Verdict, why: str) -> Spf:
        return Spf(verdict, why, self.lookups)
