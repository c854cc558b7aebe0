"""No request of ours reaches a private address, whatever a feed, a redirect or a name server says.

The check is at connect time, after DNS, on the very address the socket is then opened to: a name that answers
differently the second time (DNS rebinding) gains nothing.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

import httpcore

Resolve = Callable[[str, int], Awaitable[list[str]]]
"""The addresses of a host, in the order to try them; raises OSError where there is none."""

_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: the last 32 bits are an IPv4 address
_TUNNELS = (IPv6Network("2002::/16"), IPv6Network("2001::/32"))  # 6to4 and Teredo carry an IPv4 address too


class Refused(Exception):
    """The guard will not connect there; the text says why."""


async def resolve(host: str, port: int) -> list[str]:
    """By the system's resolver, which also reads `0x7f000001`, `127.1` and `2130706433` as addresses."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def is_public(address: str) -> bool:
    """Whether an address belongs to the public internet: not loopback, private, link-local, CGNAT, multicast…"""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    if isinstance(found, IPv6Address):
        inner = _embedded(found)
        if inner is not None:
            return _is_public(inner)
        if found.is_site_local or any(found in network for network in _TUNNELS):
            return False
    return _is_public(found)


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def _embedded(address: IPv6Address) -> IPv4Address | None:
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped


class Guard:
    """What may be connected to. `allow_hosts` holds names (`mirror.lan`) or name and port (`127.0.0.1:8080`)."""

    def __init__(self, allow_hosts: Iterable[str] = ()) -> None:
        self._allowed = frozenset(host.strip().lower() for host in allow_hosts)

    def is_allowed_by_name(self, host: str, port: int) -> bool:
        """Whether the admin exempted this host."""
        name = host.lower().strip("[]")
        shown = f"[{name}]" if ":" in name else name
        return bool(self._allowed & {name, shown, f"{shown}:{port}"})

    def check_url(self, url: str) -> None:
        """Refuse what needs no DNS to be refused: other schemes, no host, an address that is not public.

        Behind a proxy this is all we can see; its names are resolved by the proxy.
        """
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https"):
            raise Refused(f"only http and https are fetched, not {parts.scheme or 'a relative address'}:")
        if not parts.hostname:
            raise Refused("the address has no host")
        port = parts.port or (443 if parts.scheme == "https" else 80)
        if not self.is_allowed_by_name(parts.hostname, port):
            self._check_literal(parts.hostname)

    def _check_literal(self, host: str) -> None:
        literal = _literal(host)
        if host == "localhost" or host.endswith(".localhost") or (literal and not is_public(literal)):
            raise Refused(_why(host))

    def check_addresses(self, host: str, addresses: list[str]) -> None:
        """Refuse a name of which any address is private: an honest public name has none."""
        if not addresses or not all(map(is_public, addresses)):
            raise Refused(_why(host))


def _literal(host: str) -> str | None:
    """The address that a host written in numbers means, also `0x7f000001`, `127.1`, `2130706433`."""
    try:
        return str(ip_address(host))
    except ValueError:
        pass
    try:
        return socket.inet_ntoa(socket.inet_aton(host)) if host[:1].isdigit() else None
    except OSError:
        return None


def _why(host: str) -> str:
    return f"{host} is not a public address; if it is yours, name it in fetch.allow_hosts"


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Resolves, checks every address, and connects to a checked one by number."""

    def __init__(self, guard: Guard, resolver: Resolve = resolve) -> None:
        self._guard = guard
        self._resolve = resolver
        self._backend = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the signature is httpcore's
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        try:
            addresses = await self._resolve(host.strip("[]"), port)
        except OSError as error:
            raise httpcore.ConnectError(f"no address for {host}: {error.strerror or error}") from error
        if not self._guard.is_allowed_by_name(host, port):
            self._guard.check_addresses(host, addresses)
        failure: Exception = httpcore.ConnectError(f"no address for {host}")
        for address in addresses:
            try:
                return await self._backend.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109, ARG002 - the signature is httpcore's
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,  # noqa: ARG002
    ) -> httpcore.AsyncNetworkStream:
        raise Refused(f"no Unix sockets: {path}")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
