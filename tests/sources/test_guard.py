"""Which addresses are refused, and how hosts are exempted."""

from __future__ import annotations

import asyncio
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.sources.guard import Guard, GuardedBackend, Refused, is_public, resolve


@pytest.mark.parametrize("address", ["93.184.215.14", "8.8.8.8", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"])
def test_public_addresses_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.255.255.254",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "224.0.0.251",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        "192.0.2.1",
        "198.18.0.1",
        "::",
        "::1",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "fc00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "2001:0:7f00:1::",
        "not an address",
        "",
    ],
)
def test_private_addresses_are_not_public(address: str) -> None:
    assert not is_public(address)


@given(st.ip_addresses(v=4, network="10.0.0.0/8") | st.ip_addresses(v=4, network="127.0.0.0/8"))
def test_no_spelling_of_a_private_address_passes(address: IPv4Address) -> None:
    """Fault row 24: 0x7f000001 and the like."""
    number = int(address)
    tail = number & 0xFFFFFF
    spellings = [str(address), str(number), hex(number), f"{number >> 24}.{tail}", f"0{number >> 24:o}.{tail}"]
    for spelling in spellings:
        with pytest.raises(Refused):
            Guard().check_url(f"http://{spelling}/feed")
    with pytest.raises(Refused):
        Guard().check_url(f"http://[{IPv6Address('::ffff:0:0') + number}]/feed")


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://example.org/", "javascript:alert(1)", "//example.org/", "http:///x", "feed"]
)
def test_only_http_with_a_host_is_fetched(url: str) -> None:
    with pytest.raises(Refused):
        Guard().check_url(url)


@pytest.mark.parametrize("url", ["https://export.arxiv.org/rss", "http://example.org:8080/feed", "https://8.8.8.8/"])
def test_public_names_pass(url: str) -> None:
    Guard().check_url(url)


@pytest.mark.parametrize(
    ("allowed", "host", "port", "is_allowed"),
    [
        ("127.0.0.1", "127.0.0.1", 8080, True),
        ("127.0.0.1:8080", "127.0.0.1", 8080, True),
        ("127.0.0.1:8080", "127.0.0.1", 22, False),
        ("Mirror.LAN", "mirror.lan", 80, True),
        ("mirror.lan", "evil.mirror.lan", 80, False),
        ("::1", "::1", 80, True),
        ("[::1]:8080", "::1", 8080, True),
        ("[::1]:8080", "::1", 80, False),
    ],
)
def test_hosts_are_exempt_by_name_or_name_and_port(allowed: str, host: str, port: int, is_allowed: bool) -> None:
    assert Guard([allowed]).is_allowed_by_name(host, port) is is_allowed


def test_the_systems_resolver_reads_numbers_as_addresses_and_the_guard_sees_them() -> None:
    assert asyncio.run(resolve("0x7f000001", 80)) == ["127.0.0.1"]
    with pytest.raises(Refused):
        asyncio.run(GuardedBackend(Guard()).connect_tcp("0x7f000001", 80))


def test_unix_sockets_are_refused() -> None:
    with pytest.raises(Refused):
        asyncio.run(GuardedBackend(Guard()).connect_unix_socket("/run/x"))
