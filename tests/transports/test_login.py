"""Logging in with a token, and what a refusal says (fault 11)."""

from __future__ import annotations

import asyncio
import base64
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest

from digest.delivery.replies import Accepted, Reply, Unavailable
from digest.model import Envelope
from digest.transports.login import Token
from digest.transports.smtp import Smtp
from tests.support.delivery import SENDER, relay
from tests.support.smtp_server import SmtpServer

MESSAGE = b"Subject: hello\r\n\r\nbody\r\n"
CHALLENGE = base64.b64encode(b'{"status":"400","schemes":"bearer","scope":"mail"}').decode()
Mechanism = Literal["XOAUTH2", "OAUTHBEARER"]


async def granted() -> bool:
    return True


def send(transport: Smtp) -> Reply:
    async def scenario() -> Reply:
        connection = await transport.connect()
        if isinstance(connection, Unavailable):
            return connection
        reply = await connection.send(Envelope(SENDER, "a@example.org", "<1>"), MESSAGE, granted)
        await connection.close()
        return reply

    return asyncio.run(scenario())


def with_token(server: SmtpServer, token: Token) -> Smtp:
    return replace(relay(server.port), login=token)


def offering(*replies: str, methods: str = "PLAIN XOAUTH2 OAUTHBEARER") -> SmtpServer:
    return SmtpServer({"TOKEN": replies}, extensions=["PIPELINING", f"AUTH {methods}"])


def shown(server: SmtpServer) -> str:
    (command,) = [command for command in server.commands if command.startswith("AUTH")]
    return base64.b64decode(command.split()[2]).decode()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "token").write_text("first-token\n")
    return tmp_path / "token"


def test_a_token_is_shown_as_xoauth2_wants_it(file: Path) -> None:
    with offering() as server:
        assert isinstance(send(with_token(server, Token("me@example.org", file))), Accepted)
        assert shown(server) == "user=me@example.org\1auth=Bearer first-token\1\1"


def test_a_token_is_shown_as_oauthbearer_wants_it(file: Path) -> None:
    with offering() as server:
        token = Token("me,you=us@example.org", file, mechanism="OAUTHBEARER")
        assert isinstance(send(with_token(server, token)), Accepted)
        told = f"host=127.0.0.1\1port={server.port}\1auth=Bearer first-token\1\1"
        assert shown(server) == f"n,a=me=2Cyou=3Dus@example.org,\1{told}"


def test_a_token_is_read_anew_for_each_connection(file: Path) -> None:
    with offering() as server:
        transport = with_token(server, Token("me", file))
        send(transport)
        file.write_text("second-token")
        send(transport)
        tokens = [command.split()[2] for command in server.commands if command.startswith("AUTH")]
        assert b"first-token" in base64.b64decode(tokens[0])
        assert b"second-token" in base64.b64decode(tokens[1])


def test_a_token_may_come_from_a_command() -> None:
    with offering() as server:
        assert isinstance(send(with_token(server, Token("me", command="echo 'from a command'"))), Accepted)
        assert shown(server).endswith("auth=Bearer from\1\1")


@pytest.mark.parametrize(("mechanism", "answer"), [("XOAUTH2", ""), ("OAUTHBEARER", "AQ==")])
def test_a_challenge_is_answered_and_its_reason_told(file: Path, mechanism: Mechanism, answer: str) -> None:
    with offering(f"334 {CHALLENGE}", "535 5.7.8 not accepted") as server:
        reply = send(with_token(server, Token("me", file, mechanism=mechanism)))
        assert isinstance(reply, Unavailable)
        assert reply.is_auth
        assert "535 5.7.8 not accepted" in reply.text
        assert "status 400, schemes bearer" in reply.text
        assert "first-token" not in reply.text
        assert server.commands[2] == answer


def test_a_challenge_that_nobody_can_read_is_told_as_it_is(file: Path) -> None:
    with offering("334 what?", "535 no") as server:
        reply = send(with_token(server, Token("me", file)))
        assert isinstance(reply, Unavailable)
        assert "what?" in reply.text


@pytest.mark.parametrize(
    ("token", "told"),
    [
        (Token("me", Path("no such file")), "no such file"),
        (Token("me", command="no-such-program"), "no-such-program"),
        (Token("me", command="false"), "ended with status 1"),
        (Token("me", command="true"), "no token"),
    ],
)
def test_without_a_token_nothing_is_shown(token: Token, told: str) -> None:
    with offering() as server:
        reply = send(with_token(server, token))
        assert isinstance(reply, Unavailable)
        assert reply.is_auth
        assert told in reply.text
        assert [command for command in server.commands if command.startswith("AUTH")] == []


def test_a_server_that_takes_no_tokens_never_sees_one(file: Path) -> None:
    with offering(methods="PLAIN LOGIN") as server:
        reply = send(with_token(server, Token("me", file)))
        assert isinstance(reply, Unavailable)
        assert "does not offer XOAUTH2" in reply.text


def test_the_token_is_not_in_the_representation(file: Path) -> None:
    assert "first-token" not in repr(Token("me", file))
