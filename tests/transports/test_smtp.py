"""The SMTP dialogue, step by step, against a server that speaks the real protocol."""

from __future__ import annotations

import asyncio
import email
import email.policy
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.delivery.replies import Accepted, Ambiguous, Blame, Deferred, Rejected, Reply, Unavailable, Withdrawn
from digest.model import Envelope
from digest.transports import Parcel
from digest.transports.smtp import Recycling, Smtp, SmtpConnection, Timeouts
from tests.support.delivery import SENDER, relay
from tests.support.smtp_server import CLOSE, CUT, HOLD, TAKE_AND_CLOSE, SmtpServer

SHORT = Timeouts(connect=0.2, mail=0.2, rcpt=0.2, data=0.2, block=0.2, dot=0.2, quit=0.2)
MESSAGE = b"Subject: hello\r\n\r\nbody\r\n"


async def granted() -> bool:
    return True


async def refused() -> bool:
    return False


async def opened(transport: Smtp) -> SmtpConnection:
    connection = await transport.connect()
    assert isinstance(connection, SmtpConnection), connection
    return connection


def send(transport: Smtp, *messages: bytes, to: str = "reader@example.org") -> list[Reply]:
    """Send messages one after the other over one connection, as long as it lasts."""

    async def scenario() -> list[Reply]:
        connection = await opened(transport)
        replies = [await connection.send(Envelope(SENDER, to, "<1@example.org>"), one, granted) for one in messages]
        await connection.close()
        return replies

    return asyncio.run(scenario())


def test_a_message_arrives_as_it_was_built() -> None:
    body = "\r\n".join([".", "..", ".dot", "a" * 998, "=3D", "", "end", ""]).encode()
    message = b"Subject: =?utf-8?q?=E2=9C=93?=\r\nList-Unsubscribe: <https://example.org/u/1>\r\n\r\n" + body
    with SmtpServer() as server:
        (reply,) = send(relay(server.port), message)
        assert reply == Accepted("250 2.0.0 taken")
        assert server.mails[0].message == message
    parsed = email.message_from_bytes(server.mails[0].message, policy=email.policy.SMTP)
    assert parsed["Subject"] == "✓"
    assert parsed["List-Unsubscribe"] == "<https://example.org/u/1>"


@settings(max_examples=25, deadline=None)
@given(st.lists(st.text("a. é", max_size=5), min_size=1, max_size=5))
def test_any_canonical_bytes_arrive_unchanged(lines: list[str]) -> None:
    message = "".join(f"{line}\r\n" for line in lines).encode()
    with SmtpServer() as server:
        send(relay(server.port), message)
        assert [mail.message for mail in server.mails] == [message]


def test_a_large_message_arrives_whole() -> None:
    message = b"Subject: large\r\n\r\n" + b".sixty-four kilobytes are one block, this is more\r\n" * 20_000
    with SmtpServer() as server:
        send(relay(server.port), message)
        assert server.mails[0].message == message


@pytest.mark.parametrize("extensions", [(), ("PIPELINING",), ("SIZE", "8BITMIME")])
def test_a_server_is_spoken_to_in_the_words_it_offers(extensions: tuple[str, ...]) -> None:
    message = "Subject: ✓\r\n\r\n".encode()
    with SmtpServer(extensions=extensions) as server:
        send(relay(server.port), message, MESSAGE)
        mails = [command for command in server.commands if command.startswith("MAIL")]
    size, eight_bit = (f" SIZE={len(message)}", " BODY=8BITMIME") if "SIZE" in extensions else ("", "")
    assert mails[0] == f"MAIL FROM:<{SENDER}>{size}{eight_bit}"
    assert "8BITMIME" not in mails[1]


def test_start_is_awaited_after_rcpt_and_before_data() -> None:
    seen: list[str] = []

    async def scenario(server: SmtpServer) -> None:
        async def start() -> bool:
            seen.extend(command.partition(" ")[0] for command in server.commands)
            return True

        connection = await opened(relay(server.port))
        await connection.send(Envelope(SENDER, "a@example.org", "<1>"), MESSAGE, start)
        await connection.close()

    with SmtpServer() as server:
        asyncio.run(scenario(server))
        assert seen == ["EHLO", "MAIL", "RCPT"]
        assert server.commands[-2:] == ["DATA", "QUIT"]


def test_a_withdrawn_message_is_never_started_and_the_connection_goes_on() -> None:
    async def scenario(server: SmtpServer) -> list[Reply]:
        connection = await opened(relay(server.port))
        to = Envelope(SENDER, "a@example.org", "<1>")
        replies = [await connection.send(to, MESSAGE, start) for start in (refused, granted)]
        await connection.close()
        return replies

    with SmtpServer() as server:
        assert asyncio.run(scenario(server)) == [Withdrawn(), Accepted("250 2.0.0 taken")]
        assert server.ledger == {"a@example.org": 1}
        assert server.connections == 1


@pytest.mark.parametrize("extensions", [(), ("PIPELINING",)])
@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA", "DOT"])
def test_after_a_temporary_refusal_the_next_message_goes_over_the_same_connection(
    verb: str, extensions: tuple[str, ...]
) -> None:
    with SmtpServer({verb: ["451 4.3.0 later"]}, extensions=extensions) as server:
        first, second = send(relay(server.port), MESSAGE, MESSAGE)
        assert first == Deferred("451 4.3.0 later")
        assert second == Accepted("250 2.0.0 taken")
        assert server.connections == 1


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("how", [CLOSE, "421 4.3.2 going down", "hello?", "250-never ends"])
def test_whatever_ends_the_dialogue_before_the_message_proves_it_unsent(verb: str, how: str) -> None:
    with SmtpServer({verb: [how]}) as server:
        (reply,) = send(relay(server.port, SHORT), MESSAGE)
        assert isinstance(reply, Deferred)
        assert reply.is_dropped
        assert server.mails == []


def test_a_connection_reset_inside_the_message_proves_it_unsent() -> None:
    with SmtpServer({"DATA": [CUT]}, receive_buffer=65536) as server:
        (reply,) = send(relay(server.port), b"x" * 998 + b"\r\n" + b"more of it\r\n" * 100_000)
        assert isinstance(reply, Deferred)
        assert "before the message was sent" in reply.text


@pytest.mark.parametrize("how", [CLOSE, TAKE_AND_CLOSE, HOLD, "hello?"])
def test_whatever_ends_the_dialogue_after_the_dot_is_ambiguous(how: str) -> None:
    with SmtpServer({"DOT": [how]}) as server:
        (reply,) = send(relay(server.port, SHORT), MESSAGE)
        assert isinstance(reply, Ambiguous)


def test_a_421_after_the_dot_is_an_honest_no() -> None:
    with SmtpServer({"DOT": ["421 4.3.2 shutting down"]}) as server:
        assert send(relay(server.port), MESSAGE) == [Deferred("421 4.3.2 shutting down", is_dropped=True)]


def test_a_server_that_hung_up_between_two_messages_is_noticed_before_the_next() -> None:
    async def scenario(server: SmtpServer) -> bool:
        connection = await opened(relay(server.port))
        await connection.send(Envelope(SENDER, "a@example.org", "<1>"), MESSAGE, granted)
        await asyncio.to_thread(server.hang_up)
        while connection.is_usable:
            await asyncio.sleep(0)
        await connection.close()
        return True

    with SmtpServer() as server:
        assert asyncio.run(scenario(server))


def test_a_connection_is_recycled_after_so_many_messages() -> None:
    async def scenario(server: SmtpServer) -> list[bool]:
        transport = replace(relay(server.port), recycling=Recycling(messages=2))
        connection, usable = await opened(transport), []
        for _ in range(2):
            usable.append(connection.is_usable)
            await connection.send(Envelope(SENDER, "a@example.org", "<1>"), MESSAGE, granted)
        usable.append(connection.is_usable)
        await connection.close()
        return usable

    with SmtpServer() as server:
        assert asyncio.run(scenario(server)) == [True, True, False]


@pytest.mark.parametrize("recycling", [Recycling(age=0), Recycling(idle=0)])
def test_an_old_or_idle_connection_is_recycled(recycling: Recycling) -> None:
    async def scenario(server: SmtpServer) -> bool:
        connection = await opened(replace(relay(server.port), recycling=recycling))
        is_usable = connection.is_usable
        await connection.close()
        return is_usable

    with SmtpServer() as server:
        assert not asyncio.run(scenario(server))


@pytest.mark.parametrize("address", ["a@b>\r\nRSET", "a b@example.org", "<a@example.org>", "", "a@example.org\x00"])
def test_an_address_that_could_speak_smtp_is_never_sent(address: str) -> None:
    with SmtpServer() as server:
        (reply,) = send(relay(server.port), MESSAGE, to=address)
        assert isinstance(reply, Rejected)
        assert reply.blame is Blame.RECIPIENT
        assert [command.partition(" ")[0] for command in server.commands] == ["EHLO", "QUIT"]


def test_an_address_beyond_ascii_needs_a_relay_that_takes_it() -> None:
    with SmtpServer(extensions=["SMTPUTF8"]) as able, SmtpServer() as unable:
        assert isinstance(send(relay(able.port), MESSAGE, to="é@example.org")[0], Accepted)
        assert able.ledger == {"é@example.org": 1}
        (reply,) = send(relay(unable.port), MESSAGE, to="é@example.org")
        assert isinstance(reply, Rejected)
        assert reply.blame is Blame.MESSAGE


def test_an_abort_during_the_message_says_what_is_known() -> None:
    async def scenario(server: SmtpServer) -> Reply:
        connection = await opened(relay(server.port))
        sending = asyncio.create_task(connection.send(Envelope(SENDER, "a@example.org", "<1>"), MESSAGE, granted))
        await asyncio.to_thread(server.wait_held, 1)
        connection.abort()
        return await sending

    with SmtpServer({"DOT": [HOLD]}) as server:
        assert isinstance(asyncio.run(scenario(server)), Ambiguous)
    with SmtpServer({"RCPT": [HOLD]}) as server:
        assert isinstance(asyncio.run(scenario(server)), Deferred)


@pytest.mark.parametrize("reply", ["421 4.3.2 busy", "554 5.7.1 not you", CLOSE, "what?"])
def test_a_greeting_that_is_none_makes_the_relay_unavailable(reply: str) -> None:
    with SmtpServer({"CONNECT": [reply]}) as server:
        assert isinstance(asyncio.run(relay(server.port, SHORT).connect()), Unavailable)


def test_nobody_at_home_makes_the_relay_unavailable() -> None:
    with SmtpServer() as server:
        port = server.port
    found = asyncio.run(relay(port).connect())
    assert isinstance(found, Unavailable)
    assert str(port) in found.text


# ── the next envelope, announced behind the dot ──────────────────────────────────────────────────


def in_turn(transport: Smtp, *recipients: str, announced: str | None = None) -> list[Reply]:
    """Send to each over one connection, announcing the next each time, or always `announced`."""
    parcels = [Parcel(Envelope(SENDER, to, "<1@example.org>"), MESSAGE) for to in recipients]

    async def scenario() -> list[Reply]:
        connection, replies = await opened(transport), []
        for number, (envelope, message) in enumerate(parcels):
            coming = [Parcel(Envelope(SENDER, announced, "<2>"), MESSAGE)] if announced else parcels[number + 1 :]
            replies.append(await connection.send(envelope, message, granted, partial(next, iter(coming), None)))
        await connection.close()
        return replies

    return asyncio.run(scenario())


def test_the_next_envelope_goes_out_behind_the_dot_and_its_message_waits_for_start() -> None:
    seen: list[str] = []

    async def scenario(server: SmtpServer) -> None:
        async def start() -> bool:
            seen[:] = [command.partition(" ")[0] for command in server.commands]
            return True

        connection = await opened(relay(server.port))
        first, second = (Parcel(Envelope(SENDER, to, "<1>"), MESSAGE) for to in ("a@example.org", "b@example.org"))
        await connection.send(*first, granted, lambda: second)
        assert connection.is_usable
        await connection.send(*second, start)
        await connection.close()

    with SmtpServer() as server:
        asyncio.run(scenario(server))
        assert seen == ["EHLO", "MAIL", "RCPT", "DATA", "MAIL", "RCPT"]
        assert server.ledger == {"a@example.org": 1, "b@example.org": 1}


def test_an_announced_recipient_who_is_refused_is_refused_in_his_own_turn() -> None:
    unknown = {"b@example.org": ["550 5.1.1 no such user"]}
    with SmtpServer(recipients=unknown) as server:
        replies = in_turn(relay(server.port), "a@example.org", "b@example.org", "c@example.org")
        assert [type(reply) for reply in replies] == [Accepted, Rejected, Accepted]
        assert server.ledger == {"a@example.org": 1, "c@example.org": 1}


def test_an_announcement_is_taken_back_where_something_else_comes() -> None:
    with SmtpServer() as server:
        replies = in_turn(relay(server.port), "a@example.org", "b@example.org", announced="x@example.org")
        assert [type(reply) for reply in replies] == [Accepted, Accepted]
        assert server.ledger == {"a@example.org": 1, "b@example.org": 1}
        assert server.connections == 1


def test_a_refused_message_does_not_disturb_the_announced_one() -> None:
    with SmtpServer({"DOT": ["554 5.6.0 no"]}) as server:
        replies = in_turn(relay(server.port), "a@example.org", "b@example.org")
        assert [type(reply) for reply in replies] == [Rejected, Accepted]


def test_without_pipelining_nothing_is_announced() -> None:
    with SmtpServer(extensions=["SIZE"]) as server:
        in_turn(relay(server.port), "a@example.org", announced="x@example.org")
        assert [command.partition(" ")[0] for command in server.commands] == ["EHLO", "MAIL", "RCPT", "DATA", "QUIT"]


def test_the_last_message_before_recycling_announces_nothing() -> None:
    with SmtpServer() as server:
        in_turn(replace(relay(server.port), recycling=Recycling(messages=1)), "a@example.org", announced="x@e.org")
        assert "RCPT TO:<x@e.org>" not in server.commands


def test_a_reply_after_minutes_is_waited_for_as_long_as_the_standard_asks() -> None:
    """Fault 3: RFC 5321 section 4.5.3.2 asks for at least these seconds."""
    given = Timeouts()
    assert (given.mail, given.rcpt, given.data, given.block, given.dot) >= (300, 300, 120, 180, 600)
    assert given.dot > timedelta(minutes=5).total_seconds()


def test_a_server_that_reads_slower_than_the_limit_allows_is_waited_for_while_it_reads() -> None:
    """Fault 4, scaled: what moves is not given up, though all of it takes many times the limit."""
    message = b"Subject: large\r\n\r\n" + b"a line of a large message, one of many\r\n" * 60_000
    with SmtpServer(receive_buffer=4096, reading=(200_000, 0.1)) as server:
        (reply,) = send(relay(server.port, replace(Timeouts(), block=0.4)), message)
        assert isinstance(reply, Accepted)
        assert server.mails[0].message == message
