"""Messages as files: whole or not at all, and one however often they are delivered."""

from __future__ import annotations

import asyncio
import mailbox
from collections.abc import Sequence
from pathlib import Path

import pytest

from digest.delivery.replies import Accepted, Reply, Unavailable, Withdrawn
from digest.model import Envelope
from digest.transports.maildir import Maildir, file_name

TO = Envelope("digest@example.org", "a@example.org", "<1@example.org>")
MESSAGE = b"Subject: hello\r\n\r\nbody\r\n"


async def granted() -> bool:
    return True


async def refused() -> bool:
    return False


def send(folder: Path, *envelopes: Envelope) -> list[Reply]:
    async def scenario() -> list[Reply]:
        connection = await Maildir(folder).connect()
        if isinstance(connection, Unavailable):
            return [connection]
        return [await connection.send(envelope, MESSAGE, granted) for envelope in envelopes]

    return asyncio.run(scenario())


def names(folder: Path) -> Sequence[str]:
    return sorted(f"{file.parent.name}/{file.name}" for file in folder.glob("*/*"))


def test_a_message_is_one_whole_file_that_mail_readers_understand(tmp_path: Path) -> None:
    assert isinstance(send(tmp_path / "mail", TO)[0], Accepted)
    assert names(tmp_path / "mail") == [f"new/{file_name(TO)}"]
    assert (tmp_path / "mail" / "new" / file_name(TO)).read_bytes() == MESSAGE
    (read,) = mailbox.Maildir(tmp_path / "mail", create=False)
    assert read["Subject"] == "hello"


def test_delivering_twice_leaves_one_file(tmp_path: Path) -> None:
    send(tmp_path, TO, TO)
    send(tmp_path, TO)
    assert names(tmp_path) == [f"new/{file_name(TO)}"]


def test_what_a_mail_reader_has_seen_does_not_come_back(tmp_path: Path) -> None:
    send(tmp_path, TO)
    (tmp_path / "new" / file_name(TO)).rename(tmp_path / "cur" / f"{file_name(TO)}:2,S")
    assert isinstance(send(tmp_path, TO)[0], Accepted)
    assert names(tmp_path) == [f"cur/{file_name(TO)}:2,S"]


def test_two_recipients_of_one_message_id_have_a_file_each(tmp_path: Path) -> None:
    send(tmp_path, TO, Envelope(TO.sender, "b@example.org", TO.message_id))
    assert len(names(tmp_path)) == 2


def test_a_withdrawn_message_leaves_nothing(tmp_path: Path) -> None:
    async def scenario() -> Reply:
        connection = await Maildir(tmp_path).connect()
        assert not isinstance(connection, Unavailable)
        return await connection.send(TO, MESSAGE, refused)

    assert asyncio.run(scenario()) == Withdrawn()
    assert names(tmp_path) == []


def test_a_folder_that_cannot_be_made_is_an_outage(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    (reply,) = send(tmp_path / "file", TO)
    assert isinstance(reply, Unavailable)
    assert str(tmp_path / "file") in reply.text


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full to stand for a full disk")
def test_a_full_disk_is_an_outage_that_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "tmp").mkdir()
    (tmp_path / "tmp" / file_name(TO)).symlink_to("/dev/full")
    (reply,) = send(tmp_path, TO)
    assert isinstance(reply, Unavailable)
    assert "the disk is full" in reply.text
    assert names(tmp_path) == []
