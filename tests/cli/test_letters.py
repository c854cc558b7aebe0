"""Letters from the command or the click that causes them to the mailbox."""

from __future__ import annotations

import re
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

import pytest

from digest import clock
from digest.config.load import load
from digest.store import subscriptions
from digest.store.database import Database
from digest.store.subscriptions import LinkState
from digest.wiring import goodbyes_from, letterhead
from tests.support.cli import Cli

_ADA = "ada@example.org"


@pytest.fixture
def program(tmp_path: Path) -> Cli:
    made = Cli(
        tmp_path, '[mail]\nfrom = "Papers <digest@example.org>"\n[web]\npublic_url = "https://digest.example.org"\n'
    )
    made("db", "upgrade")
    return made


def mails(program: Cli) -> list[EmailMessage]:
    """What was delivered, by subject."""
    program("once", "deliver")
    parser = BytesParser(policy=policy.default)
    found = [parser.parsebytes(path.read_bytes()) for path in (program.folder / "maildir" / "new").glob("*")]
    return sorted(found, key=lambda mail: str(mail["Subject"]))


def text(mail: EmailMessage) -> str:
    body = mail.get_body(preferencelist=("plain",))
    assert body is not None
    return str(body.get_content())


def confirm(program: Cli, link: str) -> LinkState:
    """What the page behind a confirmation's link does when its button is pressed."""
    database = Database(f"sqlite:///{program.folder / 'digest.db'}")
    keys = letterhead(load(program.file, {}, program.folder), database, clock.now()).keys
    token = link.rpartition("/")[2]
    followed = database.run_sync(subscriptions.confirm, keys, token, clock.now(), "example.org")
    database.close()
    return followed.state


def test_an_invitation_becomes_a_subscription_by_its_link_alone(program: Cli) -> None:
    told = program("subscriber", "add", _ADA, "--hour", "8", "--keyword", "tokenizers", "--invite")
    assert told.startswith(f"invited {_ADA}")
    assert program.json("subscriber", "show", _ADA)["state"] == "pending"
    (mail,) = mails(program)
    assert mail["Subject"] == "Please confirm: Papers"
    assert "List-Unsubscribe" not in mail
    found = re.search(r"https://digest\.example\.org/confirm/\S+", text(mail))
    assert found is not None
    assert confirm(program, found[0]) is LinkState.OPEN
    shown = program.json("subscriber", "show", _ADA)
    assert (shown["state"], shown["hour"]) == ("active", 8)
    assert program.json("profile", _ADA, "show")["keywords"] == ["tokenizers"]
    _first, welcome = mails(program)
    assert welcome["Subject"] == "Welcome to Papers"
    assert "every day at 08:00 (UTC)" in text(welcome)


def test_nobody_is_invited_twice_a_day_or_while_subscribed_or_suppressed(program: Cli) -> None:
    program("subscriber", "add", _ADA, "--invite")
    assert "was asked less than 24 hours ago" in program.error("subscriber", "add", _ADA, "--invite")
    program("subscriber", "add", "bea@example.org")
    assert "is subscribed already" in program.error("subscriber", "add", "bea@example.org", "--invite")
    program("suppression", "add", "cy@example.org")
    assert "is suppressed" in program.error("subscriber", "add", "cy@example.org", "--invite")
    assert [mail["To"] for mail in mails(program)] == [_ADA]


def test_an_invitation_needs_a_page_to_lead_to_and_one_person(cli: Cli, program: Cli) -> None:
    without = Cli(program.folder)
    assert "web.public_url is empty" in without.error("subscriber", "add", _ADA, "--invite", status=2)
    assert "leave out --member" in program.error("subscriber", "add", _ADA, "--invite", "--welcome", status=2)


def test_a_question_that_was_suppressed_meanwhile_is_not_asked(program: Cli) -> None:
    program("subscriber", "add", _ADA, "--invite")
    program("suppression", "add", _ADA)
    assert mails(program) == []
    assert [row["state"] for row in program.json("outbox", "list")] == ["cancelled"]


def test_a_goodbye_is_mailed_where_it_is_asked_for(program: Cli) -> None:
    program("subscriber", "add", _ADA)
    program("subscriber", "remove", _ADA, "--goodbye")
    (mail,) = mails(program)
    assert mail["Subject"] == "You are unsubscribed from Papers"
    program("subscriber", "add", "bea@example.org")
    program("subscriber", "remove", "bea@example.org")
    assert len(mails(program)) == 1


def test_goodbyes_can_be_turned_off(tmp_path: Path) -> None:
    file = tmp_path / "digest.toml"
    file.write_text('[mail]\nfrom = "digest@example.org"\n')
    assert goodbyes_from(load(file, {}, tmp_path)) == "example.org"
    file.write_text('[mail]\nfrom = "digest@example.org"\ngoodbye = false\n')
    assert goodbyes_from(load(file, {}, tmp_path)) == ""
