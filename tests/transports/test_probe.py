"""A probe says what a relay offers and how its TLS is, and sends nothing."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from digest.transports.probe import Seen, probe
from digest.transports.smtp import Security, Smtp
from tests.support.smtp_server import CLOSE, SmtpServer
from tests.support.tls import Authority


def look(port: int, security: Security = "plain", authority: Authority | None = None) -> Seen:
    tls = authority.client if authority else None
    return asyncio.run(probe(Smtp("127.0.0.1", port, security, tls=tls, name="client.example.org")))


def test_a_plain_relay_shows_its_extensions_and_gets_no_mail() -> None:
    with SmtpServer() as server:
        seen = look(server.port)
        assert server.commands == ["EHLO client.example.org", "QUIT"]
    assert seen == Seen({"pipelining": "", "8bitmime": "", "size": "50000000", "enhancedstatuscodes": "", "help": ""})


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_says_until_when(authority: Authority, security: Security) -> None:
    with SmtpServer(tls=authority.server, is_tls_from_start=security == "tls") as server:
        seen = look(server.port, security, authority)
    assert seen.problem == ""
    assert seen.protocol == "TLSv1.3"
    assert seen.expires_at is not None
    assert seen.expires_at > datetime.now(UTC)
    assert "auth" in seen.extensions


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_of_a_stranger_is_a_matter_of_tls(authority: Authority, security: Security) -> None:
    with SmtpServer(tls=authority.server, is_tls_from_start=security == "tls") as server:
        seen = look(server.port, security)
    assert seen.is_tls
    assert "certificate" in seen.problem.lower()


def test_without_starttls_on_offer_it_is_a_matter_of_tls() -> None:
    with SmtpServer() as server:
        seen = look(server.port, "starttls")
    assert seen.is_tls
    assert "STARTTLS" in seen.problem
    assert "pipelining" in seen.extensions


def test_a_relay_that_is_not_there_or_hangs_up_is_told() -> None:
    with SmtpServer({"CONNECT": [CLOSE]}) as server:
        seen = look(server.port)
        assert seen.problem
        assert not seen.is_tls
    assert look(server.port).problem
