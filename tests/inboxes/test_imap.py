"""A mailbox on an IMAP server: what is unread is read, and put away only once its meaning is stored."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from digest.inboxes import Arrived, Unreadable
from digest.inboxes.imap import Account, Imap
from tests.support.imap_server import PASSWORD, USER, ImapServer, Mailbox
from tests.support.tls import make_authority

OPENSSL = shutil.which("openssl")


def account(server: ImapServer, password: str = PASSWORD, folder: str = "INBOX") -> Account:
    return Account("127.0.0.1", server.port, "plain", USER, password, folder)


def read(inbox: Imap, *learnt: str, limit: int = 10) -> list[Arrived]:
    found = inbox.read(learnt, limit)
    assert not isinstance(found, Unreadable), found.reason
    return found


def test_messages_stay_unread_until_they_are_put_away() -> None:
    box = Mailbox()
    box.add(b"one\r\n")
    box.add(b"two\r\n")
    with ImapServer(box) as server:
        inbox = Imap(account(server))
        assert [one.raw for one in read(inbox)] == [b"one\r\n", b"two\r\n"]
        (first, second) = read(inbox)
        assert [one.raw for one in read(inbox, first.key)] == [b"two\r\n"]
        assert read(inbox, second.key) == []
    assert box.flags == {1: {"\\Seen"}, 2: {"\\Seen"}}


@pytest.mark.parametrize("capabilities", ["IMAP4rev1 AUTH=PLAIN UIDPLUS", "IMAP4rev1 AUTH=PLAIN"])
def test_messages_are_deleted_where_that_is_wanted(capabilities: str) -> None:
    box = Mailbox(capabilities=capabilities)
    box.add(b"one\r\n")
    box.add(b"two\r\n")
    box.flags[2].add("\\Seen")
    with ImapServer(box) as server:
        inbox = Imap(account(server), "delete")
        keys = [one.key for one in read(inbox)]
        assert len(keys) == 2
        assert read(inbox, *keys) == []
    assert box.messages == {}


def test_only_so_many_are_read_at_once_the_oldest_first() -> None:
    box = Mailbox()
    for number in range(12):
        box.add(f"{number}".encode())
    with ImapServer(box) as server:
        assert [one.raw for one in read(Imap(account(server)), limit=11)] == [str(n).encode() for n in range(11)]


def test_a_mailbox_that_was_made_anew_loses_nothing() -> None:
    box = Mailbox()
    box.add(b"one")
    with ImapServer(box) as server:
        inbox = Imap(account(server))
        (old,) = read(inbox)
        box.validity = 8
        (new,) = read(inbox, old.key)
    assert (new.key, new.raw) == ("8:1", b"one")


def test_a_wrong_password_a_wrong_folder_and_nobody_there_are_told_without_the_password() -> None:
    with ImapServer(Mailbox()) as server:
        port = server.port
        refused = Imap(account(server, "wröng")).read((), 1)
        missing = Imap(account(server, folder="Bounces")).read((), 1)
    nobody = Imap(Account("127.0.0.1", port, "plain", USER, PASSWORD)).read((), 1)
    assert refused == Unreadable(f"127.0.0.1:{port}: wrong user or password")
    assert missing == Unreadable(f"127.0.0.1:{port}: folder 'Bounces': no such folder")
    assert nobody == Unreadable(f"127.0.0.1:{port}: Connection refused")


@pytest.mark.skipif(OPENSSL is None, reason="no openssl to make certificates with")
def test_a_server_whose_certificate_is_not_trusted_gets_no_password(tmp_path: Path) -> None:
    authority = make_authority(OPENSSL or "", tmp_path)
    box = Mailbox()
    box.add(b"one")
    with ImapServer(box, authority.server) as server:
        found = Imap(Account("127.0.0.1", server.port, "tls", USER, PASSWORD)).read((), 1)
        trusted = Account("127.0.0.1", server.port, "tls", USER, PASSWORD, ca_file=str(tmp_path / "ca.pem"))
        assert len(read(Imap(trusted))) == 1
    assert isinstance(found, Unreadable)
    assert "not trusted" in found.reason
