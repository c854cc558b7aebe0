"""Handing over to the local mail system, with small real programs in its place."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from digest.delivery.replies import Accepted, Ambiguous, Blame, Deferred, Rejected, Reply, Unavailable, Withdrawn
from digest.model import Envelope
from digest.transports.sendmail import Sendmail, SendmailConnection

TO = Envelope("digest@example.org", "a@example.org", "<1@example.org>")
MESSAGE = b"Subject: hello\r\n\r\nbody\r\n.\r\nand more\r\n"
LARGE = b"Subject: large\r\n\r\n" + b"a line that does not fit into a pipe\r\n" * 20_000


async def granted() -> bool:
    return True


async def refused() -> bool:
    return False


@pytest.fixture
def program(tmp_path: Path) -> Path:
    return tmp_path / "sendmail"


def written(program: Path, body: str) -> Path:
    program.write_text(f"#!/bin/sh\n{body}\n")
    program.chmod(0o755)
    return program


def send(program: Path, message: bytes = MESSAGE, to: Envelope = TO, timeout: float = 30) -> Reply:
    async def scenario() -> Reply:
        connection = await Sendmail((str(program),), timeout).connect()
        if isinstance(connection, Unavailable):
            return connection
        reply = await connection.send(to, message, granted)
        await connection.close()
        return reply

    return asyncio.run(scenario())


def test_the_message_is_handed_over_with_the_line_ends_and_words_that_sendmail_wants(
    program: Path, tmp_path: Path
) -> None:
    written(program, f'printf "%s\\n" "$@" > {tmp_path}/words; cat > {tmp_path}/message')
    assert isinstance(send(program), Accepted)
    assert (tmp_path / "message").read_bytes() == MESSAGE.replace(b"\r\n", b"\n")
    assert (tmp_path / "words").read_text().split() == ["-i", "-f", "digest@example.org", "--", "a@example.org"]


def test_a_large_message_arrives_whole(program: Path, tmp_path: Path) -> None:
    assert isinstance(send(written(program, f"cat > {tmp_path}/message"), LARGE), Accepted)
    assert (tmp_path / "message").read_bytes() == LARGE.replace(b"\r\n", b"\n")


@pytest.mark.parametrize(
    ("status", "kind"),
    [(65, Rejected), (67, Rejected), (68, Rejected), (69, Deferred), (70, Deferred), (75, Deferred), (1, Deferred)],
)
def test_an_exit_status_is_read(program: Path, status: int, kind: type[Reply]) -> None:
    reply = send(written(program, f"cat > /dev/null; echo 'what is wrong' >&2; exit {status}"))
    assert isinstance(reply, kind)
    assert isinstance(reply, Rejected | Deferred)
    assert str(status) in reply.text
    assert "what is wrong" in reply.text


@pytest.mark.parametrize(("status", "blame"), [(65, Blame.MESSAGE), (67, Blame.RECIPIENT), (68, Blame.RECIPIENT)])
def test_a_rejection_says_whose_fault_it_is(program: Path, status: int, blame: Blame) -> None:
    reply = send(written(program, f"cat > /dev/null; exit {status}"))
    assert isinstance(reply, Rejected)
    assert reply.blame is blame


@pytest.mark.parametrize("status", [64, 77, 78, 127])
def test_a_wrong_set_up_is_no_message_s_fault(program: Path, status: int) -> None:
    assert isinstance(send(written(program, f"cat > /dev/null; exit {status}")), Unavailable)


def test_a_program_that_is_killed_in_the_middle_took_nothing(program: Path) -> None:
    assert isinstance(send(written(program, "head -c 1000 > /dev/null; kill -9 $$"), LARGE), Deferred)


def test_a_program_that_is_killed_after_the_whole_message_leaves_a_doubt(program: Path) -> None:
    assert isinstance(send(written(program, "cat > /dev/null; kill -9 $$"), LARGE), Ambiguous)


def test_a_program_that_does_not_end_leaves_a_doubt(program: Path) -> None:
    assert isinstance(send(written(program, "cat > /dev/null; sleep 60"), timeout=0.2), Ambiguous)


def test_a_program_that_does_not_read_took_nothing(program: Path) -> None:
    assert isinstance(send(written(program, "sleep 60"), LARGE, timeout=0.2), Deferred)


def test_an_abort_kills_the_program_and_says_what_is_known(program: Path, tmp_path: Path) -> None:
    written(program, f"cat > /dev/null; mkdir {tmp_path}/read; sleep 60")

    async def scenario() -> Reply:
        connection = await Sendmail((str(program),)).connect()
        assert isinstance(connection, SendmailConnection)
        sending = asyncio.create_task(connection.send(TO, MESSAGE, granted))
        while not (tmp_path / "read").exists():
            await asyncio.sleep(0.01)
        connection.abort()
        return await sending

    assert isinstance(asyncio.run(scenario()), Ambiguous)


def test_a_withdrawn_message_starts_no_program(program: Path, tmp_path: Path) -> None:
    written(program, f"mkdir {tmp_path}/started")

    async def scenario() -> Reply:
        connection = await Sendmail((str(program),)).connect()
        assert isinstance(connection, SendmailConnection)
        return await connection.send(TO, MESSAGE, refused)

    assert asyncio.run(scenario()) == Withdrawn()
    assert not (tmp_path / "started").exists()


@pytest.mark.parametrize("address", ["-oQ/tmp", "a@example.org,b@example.org", "a b@example.org", "a@b(x)", "", "a"])
def test_an_address_that_is_not_one_is_never_handed_over(program: Path, tmp_path: Path, address: str) -> None:
    written(program, f"mkdir {tmp_path}/started")
    assert isinstance(send(program, to=Envelope("digest@example.org", address, "<1>")), Rejected)
    assert not (tmp_path / "started").exists()


def test_a_missing_program_makes_the_transport_unavailable(tmp_path: Path) -> None:
    reply = send(tmp_path / "nothing")
    assert isinstance(reply, Unavailable)
    assert "no such program" in reply.text
