"""One stated mode of security, and never a weaker one (fault 10); what a refused login looks like (fault 11)."""

from __future__ import annotations

import asyncio
import base64
from dataclasses import replace

import pytest

from digest.delivery.replies import Accepted, Reply, Unavailable
from digest.model import Envelope
from digest.transports.smtp import Security, Smtp, Timeouts
from tests.support.delivery import SENDER
from tests.support.smtp_server import HOLD, SmtpServer
from tests.support.tls import Authority

MESSAGE = b"Subject: hello\r\n\r\n" + b".a line of the message\r\n" * 8000
SHORT = Timeouts(connect=0.2, quit=0.2)


async def granted() -> bool:
    return True


def client(authority: Authority, port: int, security: Security, username: str = "", password: str = "") -> Smtp:
    return Smtp("127.0.0.1", port, security, username, password, authority.client, "client.example.org")


def send(transport: Smtp) -> Reply:
    async def scenario() -> Reply:
        connection = await transport.connect()
        if isinstance(connection, Unavailable):
            return connection
        reply = await connection.send(Envelope(SENDER, "a@example.org", "<1>"), MESSAGE, granted)
        await connection.close()
        return reply

    return asyncio.run(scenario())


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_message_goes_through_tls(authority: Authority, security: Security) -> None:
    with SmtpServer(tls=authority.server, is_tls_from_start=security == "tls") as server:
        assert isinstance(send(client(authority, server.port, security)), Accepted)
        assert [mail.message for mail in server.mails] == [MESSAGE]


def test_without_starttls_on_offer_nothing_is_sent(authority: Authority) -> None:
    with SmtpServer() as server:
        reply = send(client(authority, server.port, "starttls", "user", "secret"))
        assert isinstance(reply, Unavailable)
        assert "STARTTLS" in reply.text
        assert [command.partition(" ")[0] for command in server.commands] == ["EHLO"]


@pytest.mark.parametrize("reply", ["454 4.7.0 TLS not available", "502 5.5.1 unknown", "250 fine, go on in clear"])
def test_a_refused_starttls_is_no_reason_to_speak_in_clear(authority: Authority, reply: str) -> None:
    with SmtpServer({"STARTTLS": [reply]}, tls=authority.server) as server:
        assert isinstance(send(client(authority, server.port, "starttls", "user", "secret")), Unavailable)
        assert [command.partition(" ")[0] for command in server.commands] == ["EHLO", "STARTTLS"]


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_of_somebody_else_is_refused(authority: Authority, security: Security) -> None:
    with SmtpServer(tls=authority.server, is_tls_from_start=security == "tls") as server:
        trusting_others = replace(client(authority, server.port, security), tls=None)
        reply = send(trusting_others)
        assert isinstance(reply, Unavailable)
        assert "certificate" in reply.text
        assert server.mails == []


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_for_another_name_is_refused(authority: Authority, security: Security) -> None:
    with SmtpServer(tls=authority.server, is_tls_from_start=security == "tls") as server:
        reply = send(replace(client(authority, server.port, security), host="localhost"))
        assert isinstance(reply, Unavailable)
        assert server.mails == []


def test_what_was_slipped_in_before_tls_is_not_taken_for_a_reply(authority: Authority) -> None:
    injected = "220 2.0.0 go on\n250-injected\n250 AUTH PLAIN"
    with SmtpServer({"STARTTLS": [injected]}, tls=authority.server) as server:
        assert isinstance(send(client(authority, server.port, "starttls")), Accepted)
        assert [command.partition(" ")[0] for command in server.commands[:4]] == ["EHLO", "STARTTLS", "EHLO", "MAIL"]


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_handshake_that_hangs_is_given_up(authority: Authority, security: Security) -> None:
    script = {"CONNECT": [HOLD]} if security == "tls" else {"STARTTLS": ["220 go on"]}
    with SmtpServer(script, extensions=["STARTTLS"]) as server:
        reply = send(replace(client(authority, server.port, security), timeouts=SHORT))
        assert isinstance(reply, Unavailable)
        assert server.mails == []


def test_a_login_is_made_after_tls_only(authority: Authority) -> None:
    with SmtpServer(tls=authority.server) as server:
        assert isinstance(send(client(authority, server.port, "starttls", "user", "secret")), Accepted)
        verbs = [command.partition(" ")[0] for command in server.commands]
        assert verbs[:4] == ["EHLO", "STARTTLS", "EHLO", "AUTH"]
        assert server.commands[3] == "AUTH PLAIN " + base64.b64encode(b"\0user\0secret").decode()


@pytest.mark.parametrize(("code", "is_auth"), [("535 5.7.8 wrong", True), ("454 4.7.0 not now", False)])
def test_a_refused_login_makes_the_relay_unavailable(authority: Authority, code: str, is_auth: bool) -> None:
    """Fault 11: whatever the server says, the password is never in the text."""
    with SmtpServer({"AUTH": [code] * 2}, tls=authority.server) as server:
        reply = send(client(authority, server.port, "starttls", "user", "secret"))
        assert isinstance(reply, Unavailable)
        assert reply.is_auth is is_auth
        assert code in reply.text
        assert "secret" not in reply.text


def test_a_server_without_login_is_unavailable_where_one_is_configured(authority: Authority) -> None:
    with SmtpServer() as server:
        assert isinstance(send(client(authority, server.port, "plain", "user", "secret")), Unavailable)
        assert server.mails == []


def test_the_password_is_not_in_the_representation() -> None:
    assert "secret" not in repr(Smtp("h", 25, username="user", password="secret"))
