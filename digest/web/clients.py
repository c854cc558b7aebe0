"""Who asks: the address of a client, and the networks by which requests are counted.

`X-Forwarded-For` is what a client says of itself, except for what a proxy of ours adds at its end. So it is read from
its end, as long as whoever wrote the entry is one of `[web] trusted_proxies`; without any it is not read at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from starlette.requests import Request

from digest.store.asked import Origin

Address = IPv4Address | IPv6Address
_UNKNOWN = Origin("unknown", "unknown")  # a Unix socket: everybody is one
_LONGEST = 2_000  # characters of a header that are read


class Clients:
    """Knows the proxies: addresses or networks such as `10.0.0.0/8`."""

    def __init__(self, trusted: Sequence[str] = ()) -> None:
        self._trusted = [ip_network(one, strict=False) for one in trusted]

    def origin(self, request: Request) -> Origin:
        """By what the requests of a client are counted."""
        address = self._address(request)
        if address is None:
            return _UNKNOWN
        if isinstance(address, IPv4Address):
            return Origin(str(address), str(ip_network((address, 24), strict=False)))
        # Whoever has an IPv6 address has a whole /64 of them, and a provider's customer often a /56 or /48.
        return Origin(*(str(ip_network((address, size), strict=False)) for size in (64, 48)))

    def _address(self, request: Request) -> Address | None:
        found = _parsed(request.client.host if request.client else "")
        forwarded = ",".join(request.headers.getlist("x-forwarded-for"))[-_LONGEST:].split(",")
        while found is not None and self._is_trusted(found) and forwarded:
            named = _parsed(forwarded.pop())
            if named is None:
                break
            found = named
        return found

    def _is_trusted(self, address: Address) -> bool:
        return any(address in network for network in self._trusted)


def _parsed(text: str) -> Address | None:
    try:
        found = ip_address(text.strip().strip("[]").partition("%")[0])
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found
