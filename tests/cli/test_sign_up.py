"""From the form on the pages to the mailbox and into the subscription, as an installation is configured."""

from __future__ import annotations

import re
from collections.abc import Callable
from email import policy
from email.parser import BytesParser
from pathlib import Path

import httpx
import pytest

from digest import clock, wiring
from digest.config.load import load
from digest.store.database import Database
from tests.support.cli import Cli
from tests.support.private import Asked, ask

ADA = "ada@example.net"
_LINK = re.compile(r"https://example\.org/papers(/\w+/[\w-]+)")


@pytest.fixture
def installed(tmp_path: Path) -> Callable[[str], Cli]:
    def install(web: str) -> Cli:
        mail = '[mail]\nfrom = "Papers <digest@example.org>"\n'
        made = Cli(tmp_path, f'{mail}[web]\npublic_url = "https://example.org/papers"\n{web}\n')
        made("db", "upgrade")
        return made

    return install


def visit(program: Cli, *requests: Asked) -> list[httpx.Response]:
    """What the pages of this installation answer."""
    settings = load(program.file, {}, program.folder)
    database = Database(settings.database.url)
    try:
        return ask(wiring.site(settings, database, clock.now).app, *requests)
    finally:
        database.close()


def link(program: Cli, subject: str) -> str:
    """The path of the link in the mail of this subject, once it is delivered."""
    program("once", "sign-up", "deliver")
    parser = BytesParser(policy=policy.default)
    mails = [parser.parsebytes(path.read_bytes()) for path in (program.folder / "maildir" / "new").glob("*")]
    (mail,) = (one for one in mails if str(one["Subject"]).startswith(subject))
    body = mail.get_body(preferencelist=("plain",))
    assert body is not None
    found = _LINK.search(str(body.get_content()))
    assert found is not None
    return found[1]


def test_a_form_becomes_a_mail_and_its_link_a_subscription_with_a_page_of_its_own(
    installed: Callable[[str], Cli],
) -> None:
    program = installed("")
    (answer,) = visit(program, ("POST", "/subscribe", {"email": ADA, "topics": "robotics"}))
    assert answer.status_code == 200
    confirm = link(program, "Please confirm")
    assert program.json("subscriber", "show", ADA)["state"] == "pending"
    (confirmed,) = visit(program, ("POST", confirm, {}))
    own = re.search(r'href="/papers(/preferences/[\w-]+)"', confirmed.text)
    assert own is not None
    assert program.json("subscriber", "show", ADA)["state"] == "active"
    visit(program, ("POST", f"{own[1]}/muted", {"muted": "survey"}), ("POST", "/manage", {"email": ADA}))
    assert program.json("profile", ADA, "show")["muted"] == ["survey"]
    (page,) = visit(program, ("GET", link(program, "Your preferences"), None))
    assert ADA in page.text
    visit(program, ("POST", f"{own[1]}/address", {"email": "new@example.net"}))
    visit(program, ("POST", link(program, "Please confirm your new address"), {}))
    assert program.json("subscriber", "show", "new@example.net")["state"] == "active"


def test_the_settings_of_sign_up_hold_and_the_admin_approves(installed: Callable[[str], Cli]) -> None:
    program = installed('sign_up = "approval"\nsign_up_domains = ["@Example.NET"]\ntrusted_proxies = ["127.0.0.0/8"]')
    outside, inside = visit(
        program, ("POST", "/subscribe", {"email": "a@example.com"}), ("POST", "/subscribe", {"email": ADA})
    )
    assert (outside.status_code, inside.status_code) == (422, 200)
    visit(program, ("POST", link(program, "Please confirm"), {}))
    assert [one["address"] for one in program.json("subscriber", "approve")] == [ADA]
    assert program("subscriber", "approve", ADA).startswith(f"approved {ADA}; first digest")
    assert program.json("subscriber", "approve") == []
    assert "nothing to approve" in program.error("subscriber", "approve", ADA)
    assert program.json("subscriber", "show", ADA)["state"] == "active"


@pytest.mark.parametrize(
    ("web", "said"),
    [
        ('sign_up = "everybody"', "web: sign_up: must be 'open'"),
        ('sign_up_domains = ["no domain"]', "is not a mail domain"),
        ('trusted_proxies = ["proxy.example.org"]', "is not an address or a network"),
    ],
)
def test_what_is_wrong_in_these_settings_is_said(tmp_path: Path, web: str, said: str) -> None:
    program = Cli(tmp_path, f"[web]\n{web}\n")
    assert said in program.error("config", "check", status=2)
