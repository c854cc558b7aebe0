"""Through a real Postfix: TLS, a login, mailboxes, and the bounce that comes back and ends a subscription's mail."""

from __future__ import annotations

import shutil
import subprocess
import textwrap
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

import pytest

from digest.model import OutboxState, Schedule
from digest.store import outbox, profiles, subscribers, suppressions
from digest.store.database import Connection, Database
from tests.support.dovecot_auth import DovecotAuth
from tests.support.people import MORNING, announce
from tests.support.postfix import Postfix, running, why_not
from tests.support.program import Program
from tests.support.tls import make_authority

pytestmark = pytest.mark.slow

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ADA, NOBODY = "ada@readers.example", "nobody@readers.example"


@dataclass
class Installation:
    """The program beside a Postfix that knows its authority, its name and its password."""

    postfix: Postfix
    auth: DovecotAuth
    program: Program
    database: Database
    env: Mapping[str, str]

    def once(self, now: datetime, *jobs: str, **env: str) -> subprocess.CompletedProcess[str]:
        return self.program.run("once", *jobs, "--now", now.isoformat(), env={**self.env, **env})

    def deliver(self, now: datetime) -> None:
        done = self.once(now, "compose", "deliver")
        assert done.returncode == 0, done.stderr + self.postfix.log
        assert "ERROR" not in done.stderr, done.stderr

    def states(self) -> Mapping[OutboxState, int]:
        return self.database.run_sync(outbox.counts)


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Postfix, DovecotAuth, Path]]:
    """A running Postfix, who lets in, and the authority that signed its certificate."""
    openssl = shutil.which("openssl")
    if (reason := why_not()) or openssl is None:
        pytest.skip(reason or "no openssl program")
    folder = tmp_path_factory.mktemp("authority")
    make_authority(openssl, folder)
    with ExitStack() as stack:
        auth = stack.enter_context(DovecotAuth("digest", "open sesame"))
        certificate, key = folder / "server.pem", folder / "server.key"
        postfix = stack.enter_context(running(certificate, key, auth.port, ["ada", "bo"]))
        yield postfix, auth, folder / "ca.pem"


@pytest.fixture
def installation(relay: tuple[Postfix, DovecotAuth, Path], tmp_path: Path) -> Iterator[Installation]:
    postfix, auth, authority = relay
    program = Program(
        tmp_path,
        textwrap.dedent(f"""
            [database]
            url = "sqlite:///digest.db"
            [mail]
            transport = "smtp"
            from = "Trending Papers <digest@papers.example>"
            return_path = "bounces@papers.example"
            [smtp]
            host = "127.0.0.1"
            port = {postfix.port}
            security = "starttls"
            username = "digest"
            password = "open sesame"
            [inbox]
            kind = "maildir"
            path = "{postfix.returned}"
            [web]
            public_url = "https://papers.example"
        """),
    )
    database = Database(f"sqlite:///{tmp_path / 'digest.db'}")
    yield Installation(postfix, auth, program, database, {"SSL_CERT_FILE": str(authority)})
    database.close()


def subscribe(connection: Connection, address: str) -> None:
    added = subscribers.add(connection, address, "", Schedule(), 5, "admin", MORNING, MORNING)
    profiles.set_profile(connection, added.id, keywords=["lighthouses", "parrots"])


def read(raw: bytes) -> EmailMessage:
    message = BytesParser(policy=policy.default).parsebytes(raw)
    assert isinstance(message, EmailMessage)
    return message


def test_mail_goes_through_postfix_and_what_bounces_is_never_mailed_again(installation: Installation) -> None:
    postfix, database = installation.postfix, installation.database
    database.run_sync(announce, MORNING - HOUR, 1, 2, 3)
    for address in (ADA, NOBODY):
        database.run_sync(subscribe, address)

    installation.deliver(MORNING)
    assert installation.states() == {OutboxState.SENT: 2}  # Postfix took both: only later it finds nobody at home
    postfix.wait_for("ada", 1)
    postfix.wait_for("returned", 1)

    mail = read(postfix.received("ada")[0])
    assert "with ESMTPSA" in str(mail["Received"])  # encrypted and authenticated (RFC 3848)
    assert mail["To"] == ADA
    assert str(mail["Return-Path"]).startswith("<bounces+")
    assert b"\nList-Unsubscribe: <https://papers.example/" in postfix.received("ada")[0]  # not folded on its way

    bounce = read(postfix.received("returned")[0])
    assert (bounce.get_content_type(), bounce["Return-Path"]) == ("multipart/report", "<>")
    told = installation.program.json("bounce", "ingest", "--dry-run", *map(str, (postfix.returned / "new").iterdir()))
    assert [(row["recipient"], row["status"], row["verdict"]) for row in told] == [(NOBODY, "5.1.1", "hard")]

    learnt = installation.once(MORNING + HOUR, "learn")
    assert learnt.returncode == 0, learnt.stderr
    assert [one.address_key for one in database.run_sync(suppressions.list_suppressed)] == [NOBODY]
    database.run_sync(announce, MORNING + DAY - HOUR, 4, 5, 6)
    installation.deliver(MORNING + DAY)
    postfix.wait_for("ada", 2)
    assert installation.states()[OutboxState.SENT] == 3
    assert len(postfix.received("returned")) == 0  # read, and no second one


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"DIGEST_SMTP__PASSWORD": "wrong"}, "535 5.7.8"),
        ({"DIGEST_SMTP__SECURITY": "tls"}, "wrong version number|record layer failure"),
        ({"SSL_CERT_FILE": "/dev/null"}, "certificate verify failed"),
    ],
    ids=["password", "mode", "authority"],
)
def test_a_relay_that_cannot_be_trusted_or_does_not_trust_us_gets_nothing(
    installation: Installation, change: Mapping[str, str], says: str
) -> None:
    """Faults 10 and 11, with Postfix at the other end: nothing is sent, nothing is lost, no attempt is used up."""
    installation.database.run_sync(announce, MORNING - HOUR, 1, 2, 3)
    installation.database.run_sync(subscribe, "bo@readers.example")
    refused = installation.once(MORNING, "compose", "deliver", **change)
    assert any(word in refused.stderr for word in says.split("|")), refused.stderr
    assert installation.states() == {OutboxState.PENDING: 1}
    before = len(installation.postfix.received("bo"))
    installation.deliver(MORNING + HOUR)
    installation.postfix.wait_for("bo", before + 1)
    assert installation.states() == {OutboxState.SENT: 1}
