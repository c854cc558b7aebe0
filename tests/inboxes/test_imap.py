"""A mailbox on an IMAP server: what is unread is read, and put away only once its meaning is stored."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from digest import wiring
from digest.config.load import load
from digest.delivery.bearer import Mechanism
from digest.errors import ConfigError
from digest.inboxes import Arrived, Unreadable
from digest.inboxes.imap import Account, Imap, Token
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
        trusted = Account("127.0.0.1", server.port, "tls", USER, PASSWORD, ca_file=tmp_path / "ca.pem")
        assert len(read(Imap(trusted))) == 1
    assert isinstance(found, Unreadable)
    assert "not trusted" in found.reason
    assert len(box.shown) == 1


@pytest.mark.skipif(OPENSSL is None, reason="no openssl to make certificates with")
def test_an_authority_of_the_configuration_is_trusted(tmp_path: Path) -> None:
    authority = make_authority(OPENSSL or "", tmp_path)
    box = Mailbox()
    box.add(b"one")
    with ImapServer(box, authority.server) as server:
        lines = f"""
            [inbox]
            kind = "imap"
            host = "127.0.0.1"
            port = {server.port}
            username = "{USER}"
            password = "{PASSWORD}"
            ca_file = "ca.pem"
        """
        assert len(read_configured(tmp_path, lines)) == 1
        with pytest.raises(AssertionError, match="not trusted"):
            read_configured(tmp_path, lines.replace("ca_file", "# ca_file"))


# ── access tokens ────────────────────────────────────────────────────────────────────────────────

FIRST = b"user=digest\1auth=Bearer first-token\1\1"


def read_configured(folder: Path, lines: str) -> list[Arrived]:
    """Look once into the inbox of a configuration."""
    file = folder / "digest.toml"
    file.write_text(lines)
    inbox = wiring.inbox(load(file, {}, folder).inbox)
    found = inbox.read((), 10)
    assert not isinstance(found, Unreadable), found.reason
    return found


def with_token(server: ImapServer, file: Path, mechanism: Mechanism = "XOAUTH2") -> Imap:
    return Imap(Account("127.0.0.1", server.port, "plain", USER, Token(file, mechanism)))


def taking(words: bytes = FIRST, methods: str = "AUTH=PLAIN AUTH=XOAUTH2 AUTH=OAUTHBEARER") -> Mailbox:
    box = Mailbox(capabilities=f"IMAP4rev1 {methods}", token_words=words)
    box.add(b"one")
    return box


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "token").write_text("first-token\n")
    return tmp_path / "token"


def test_a_token_of_the_configuration_opens_the_mailbox(file: Path, tmp_path: Path) -> None:
    box = taking()
    with ImapServer(box) as server:
        lines = f"""
            [inbox]
            kind = "imap"
            host = "127.0.0.1"
            port = {server.port}
            security = "plain"
            username = "{USER}"
            auth = "xoauth2"
            token_file = "{file.name}"
        """
        assert len(read_configured(tmp_path, lines)) == 1
    assert box.shown == [FIRST]


def test_a_token_is_shown_as_oauthbearer_wants_it(file: Path) -> None:
    box = taking()
    with ImapServer(box) as server:
        where = f"host=127.0.0.1\1port={server.port}"
        box.token_words = f"n,a=digest,\1{where}\1auth=Bearer first-token\1\1".encode()
        assert len(read(with_token(server, file, "OAUTHBEARER"))) == 1


def test_a_token_is_read_anew_for_each_look(file: Path) -> None:
    box = taking()
    with ImapServer(box) as server:
        inbox = with_token(server, file)
        read(inbox)
        file.write_text("second-token")
        box.token_words = FIRST.replace(b"first", b"second")
        assert len(read(inbox)) == 1


@pytest.mark.parametrize(("mechanism", "answer"), [("XOAUTH2", b""), ("OAUTHBEARER", b"\x01")])
def test_a_refused_token_is_told_with_the_reason_and_never_itself(
    file: Path, mechanism: Mechanism, answer: bytes
) -> None:
    box = taking(b"another")
    with ImapServer(box) as server:
        found = with_token(server, file, mechanism).read((), 1)
        where = f"127.0.0.1:{server.port}"
    told = "wrong user or password (the server says of the token: status 400, schemes bearer, scope mail)"
    assert found == Unreadable(f"{where}: {told}")
    assert box.shown[1:] == [answer]


def test_a_server_that_takes_no_tokens_never_sees_one(file: Path) -> None:
    box = taking(methods="AUTH=PLAIN AUTH=CRAM-MD5")
    with ImapServer(box) as server:
        found = with_token(server, file).read((), 1)
    assert isinstance(found, Unreadable)
    assert "does not offer XOAUTH2, only PLAIN, CRAM-MD5" in found.reason
    assert box.shown == []


@pytest.mark.parametrize(("content", "told"), [(None, "No such file"), ("\n", "there is no token")])
def test_without_a_token_nothing_is_shown(tmp_path: Path, content: str | None, told: str) -> None:
    if content is not None:
        (tmp_path / "token").write_text(content)
    box = taking()
    with ImapServer(box) as server:
        found = with_token(server, tmp_path / "token").read((), 1)
    assert isinstance(found, Unreadable)
    assert "the token cannot be read" in found.reason
    assert told in found.reason
    assert box.shown == []


@pytest.mark.parametrize(
    ("lines", "wrong"),
    [
        ('auth = "xoauth2"', 'auth = "xoauth2" needs a username and token_file = "FILE"'),
        ('auth = "xoauth2"\nusername = "u"\ntoken_file = "t"\npassword = "p"', "a token and a password"),
        ('username = "u"\npassword = "p"\ntoken_file = "t"', 'a token, but auth = "password"'),
        ('username = "u"', 'needs a username and password_file = "FILE"'),
        ('username = "u"\npassword = "p"\nca_file = "none.pem"', "there is no file"),
    ],
)
def test_a_login_that_makes_no_sense_is_told_by_the_configuration(tmp_path: Path, lines: str, wrong: str) -> None:
    file = tmp_path / "digest.toml"
    file.write_text(f'[inbox]\nkind = "imap"\nhost = "imap.example.org"\n{lines}\n')
    with pytest.raises(ConfigError, match=re.escape(wrong)):
        load(file, {}, tmp_path)
