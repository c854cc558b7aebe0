"""Names and addresses as DNS knows them, by dnspython."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from digest.errors import DigestError

if TYPE_CHECKING:  # imported where a question is asked: few commands do
    from dns.resolver import Resolver

_PATIENCE = 5.0  # seconds for one question, all tries together


class Unanswered(DigestError):
    """The resolver gave no answer, not even that there is none."""


class Names:
    """Asks the resolver at `server` (HOST:PORT), those of this machine where it is empty.

    Every question gives nothing where the name, or a record of that kind, does not exist.

    Raises:
        Unanswered: no resolver, no answer in time, or a server that failed.
    """

    def __init__(self, server: str = "") -> None:
        self._server = server

    def texts(self, name: str) -> Sequence[str]:
        """The TXT records, the strings of each joined (RFC 7208 section 3.3)."""
        from dns.rdtypes.ANY.TXT import TXT

        found = [one for one in self._ask(name, "TXT") if isinstance(one, TXT)]
        return [b"".join(one.strings).decode("utf-8", "replace") for one in found]

    def addresses(self, name: str) -> Sequence[str]:
        return [str(one) for kind in ("A", "AAAA") for one in self._ask(name, kind)]

    def exchanges(self, name: str) -> Sequence[str]:
        """Who takes mail for a domain, the preferred first; [""] says that it takes none (RFC 7505)."""
        from dns.rdtypes.ANY.MX import MX

        found = [one for one in self._ask(name, "MX") if isinstance(one, MX)]
        ordered = sorted(found, key=lambda one: one.preference)
        return [one.exchange.to_text(omit_final_dot=True).rstrip(".").lower() for one in ordered]

    def pointers(self, address: str) -> Sequence[str]:
        """The names of an address."""
        import dns.reversename
        from dns.rdtypes.ANY.PTR import PTR

        found = self._ask(dns.reversename.from_address(address).to_text(), "PTR")
        return [one.target.to_text(omit_final_dot=True).lower() for one in found if isinstance(one, PTR)]

    def _ask(self, name: str, kind: str) -> Sequence[object]:
        import dns.exception
        import dns.resolver

        try:
            return list(self._resolver.resolve(name, kind, lifetime=_PATIENCE))
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return ()
        except dns.exception.Timeout as error:
            raise Unanswered(f"{kind} of {name}: nothing within {_PATIENCE:.0f} seconds") from error
        except (dns.exception.DNSException, OSError, ValueError) as error:
            raise Unanswered(f"{kind} of {name}: {_short(error)}") from error

    @cached_property
    def _resolver(self) -> Resolver:
        import dns.resolver

        if not self._server:
            return dns.resolver.Resolver()
        found = dns.resolver.Resolver(configure=False)
        host, _, port = self._server.rpartition(":")
        found.nameservers, found.port = [host.strip("[]")], int(port)
        return found


def _short(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
