"""`digest doctor` end to end: a real relay, a real resolver and the real pages, all on loopback."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from digest import clock, wiring
from digest.config.load import load
from digest.store import migrations
from digest.store.database import Database
from tests.support.cli import Cli
from tests.support.delivery import seed
from tests.support.dns_server import DnsServer, Records
from tests.support.smtp_server import SmtpServer
from tests.support.web import serve

ZONE: Records = {
    ("example.org", "TXT"): ['"v=spf1 mx -all"'],
    ("example.org", "MX"): ["10 mail.example.org."],
    ("mail.example.org", "A"): ["5.9.1.2"],
    ("_dmarc.example.org", "TXT"): ['"v=DMARC1; p=none"'],
}


@dataclass
class World:
    """An installation and what is around it."""

    folder: Path
    database_url: str
    relay: SmtpServer
    resolver: DnsServer

    def program(self, *, public_url: str = "", more: str = "") -> Cli:
        config = f"""
[database]
url = "{self.database_url}"
[mail]
transport = "smtp"
from = "Papers <digest@example.org>"
[smtp]
host = "127.0.0.1"
port = {self.relay.port}
security = "plain"
[fetch]
contact = "admin@example.org"
[doctor]
resolver = "{self.resolver.host}"
[web]
public_url = "{public_url}"
{more}
"""
        return Cli(self.folder, config)


@pytest.fixture
def world(tmp_path: Path, database_url: str) -> Iterator[World]:
    database = Database(database_url)
    migrations.upgrade(database)
    database.close()
    with SmtpServer() as relay, DnsServer(ZONE) as resolver:
        yield World(tmp_path, database_url, relay, resolver)


def told(program: Cli, *args: str, status: int = 1) -> Mapping[str, list[Mapping[str, str]]]:
    """The findings by name."""
    done = program.run("doctor", "--json", *args)
    assert done.exit_code == status, done.output
    found: dict[str, list[Mapping[str, str]]] = {}
    for one in json.loads(done.stdout)["findings"]:
        found.setdefault(one["name"], []).append(one)
    return found


def level(found: Mapping[str, list[Mapping[str, str]]], name: str) -> str:
    return found[name][0]["level"]


def test_a_sound_installation_is_well_and_its_page_answers(world: World) -> None:
    async def scenario() -> Any:
        settings = load(world.program().file, {}, world.folder)
        database = wiring.open_database(settings)
        async with serve(wiring.site(settings, database, clock.now).app) as address:
            found = await asyncio.to_thread(told, world.program(public_url=address), status=0)
        database.close()
        return found

    found = asyncio.run(scenario())
    for name in ("database", "disk", "relay", "SPF", "DMARC", "return path", "public_url", "unsubscribe", "clock"):
        assert level(found, name) in ("ok", "skipped"), found[name]
    assert level(found, "unsubscribe") == "ok"
    assert "PIPELINING" in found["relay"][0]["text"]
    assert "as that of the web page" in found["clock"][-1]["text"]
    assert world.relay.mails == []


def test_people_read_the_same_and_are_told_what_to_do(world: World) -> None:
    done = world.program().run("doctor")
    assert done.exit_code == 1
    assert "failure  unsubscribe" in done.stdout
    assert "→ set web.public_url" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("1 broken, ")


def test_a_page_that_is_not_there_is_a_failure(world: World) -> None:
    with SmtpServer() as gone:
        address = f"http://127.0.0.1:{gone.port}"
    found = told(world.program(public_url=address))
    assert level(found, "unsubscribe") == "failure"


def test_another_database_behind_the_page_is_noticed(world: World, tmp_path: Path) -> None:
    async def scenario() -> Any:
        (tmp_path / "other").mkdir()
        other = Cli(tmp_path / "other")
        other("db", "upgrade")
        settings = load(other.file, {}, other.folder)
        database = wiring.open_database(settings)
        async with serve(wiring.site(settings, database, clock.now).app) as address:
            found = await asyncio.to_thread(told, world.program(public_url=address))
        database.close()
        return found

    found = asyncio.run(scenario())
    assert "gives 404: another program, or another database" in found["unsubscribe"][0]["text"]


def test_a_relay_that_is_down_is_a_failure_and_the_rest_is_still_looked_at(world: World) -> None:
    with SmtpServer() as gone:
        program = replace(world, relay=gone).program()
    found = told(program)
    assert level(found, "relay") == "failure"
    assert level(found, "SPF") == "ok"
    (one,) = told(program, "--send-test", "admin@example.org")["test message"]
    assert one["level"] == "failure"
    assert [row["state"] for row in program.json("outbox", "list")] == ["cancelled"]


def test_a_test_message_goes_the_way_of_all_mails_and_the_reply_is_told(world: World) -> None:
    found = told(world.program(), "--send-test", "admin@example.org")
    (one,) = found["test message"]
    assert (one["level"], one["text"]) == ("ok", "to admin@example.org: 250 2.0.0 taken")
    (mail,) = world.relay.mails
    assert mail.recipient == "admin@example.org"
    assert b"Subject: Test message of Papers" in mail.message
    shown = world.program().json("outbox", "list", "--kind", "test")
    assert [row["state"] for row in shown] == ["sent"]


def test_a_refused_test_message_is_told_and_suppresses_nobody(world: World) -> None:
    with SmtpServer(recipients={"typo@example.org": ["550 5.1.1 no such user"]}) as relay:
        found = told(replace(world, relay=relay).program(), "--send-test", "typo@example.org")
    (one,) = found["test message"]
    assert one["level"] == "failure"
    assert "550 5.1.1 no such user" in one["text"]
    assert world.program().json("suppression", "list") == []


def test_a_suppressed_address_gets_no_test_message(world: World) -> None:
    program = world.program()
    program("suppression", "add", "gone@example.org")
    (one,) = told(program, "--send-test", "gone@example.org")["test message"]
    assert "suppressed" in one["text"]
    assert world.relay.mails == []


def test_refused_auth_is_told_apart(world: World) -> None:
    with SmtpServer({"AUTH": ["535 5.7.8 wrong password"] * 9}) as relay:
        program = replace(world, relay=relay).program()
        text = program.file.read_text().replace("[smtp]", '[smtp]\nusername = "u"\npassword = "p"')
        program.file.write_text(text)
        found = told(program)
    assert level(found, "relay") == "ok"
    assert level(found, "AUTH") == "failure"
    assert "535 5.7.8 wrong password" in found["AUTH"][0]["text"]


def test_a_wrong_configuration_is_the_only_finding(tmp_path: Path) -> None:
    found = told(Cli(tmp_path, '[mail]\ntransport = "smtp"\nnonsense = 1\n'))
    assert set(found) == {"configuration"}
    assert all(one["level"] == "failure" for one in found["configuration"])


def test_a_database_that_is_not_there_is_told_and_the_outside_still_looked_at(world: World) -> None:
    world.database_url = f"sqlite:///{world.folder / 'nowhere.db'}"
    found = told(world.program())
    assert level(found, "database") == "failure"
    assert level(found, "relay") == "ok"


def test_an_installation_that_writes_files_needs_no_dns(cli: Cli) -> None:
    found = told(cli, status=0)
    assert [level(found, name) for name in ("relay", "DNS", "unsubscribe")] == ["ok", "skipped", "skipped"]


def test_the_resolver_may_be_given(world: World) -> None:
    with DnsServer({}) as empty:
        found = told(world.program(), "--resolver", empty.host)
        assert empty.asked
    assert level(found, "SPF") == "failure"


def test_the_published_key_is_compared_with_ours(world: World) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("no openssl program to make a key with")
    key = world.folder / "dkim.pem"
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", str(key)], check=True, capture_output=True)
    key.chmod(0o600)
    program = world.program(more=f'[dkim]\nselector = "s1"\nkey_file = "{key}"')
    assert "s1._domainkey.example.org is not published" in told(program)["DKIM"][0]["text"]


def test_a_stuck_mail_is_doubtful(world: World) -> None:
    database = Database(world.database_url)
    database.run_sync(seed, 1)
    database.run_sync(lambda c: c.exec_driver_sql("UPDATE outbox SET state = 'stuck'"))
    database.close()
    (one,) = told(world.program())["stuck rows"]
    assert (one["level"], one["text"]) == ("warning", "1 mail stuck")


def test_the_way_back_of_bounces_is_looked_at(world: World) -> None:
    (told_apart, read_here) = told(world.program())["inbox"]
    assert (told_apart["level"], read_here["level"]) == ("warning", "skipped")
    returned = world.folder / "returned"
    back = f'[inbox]\nkind = "maildir"\npath = "{returned}"'
    program = world.program(more=back)
    program.file.write_text(program.file.read_text().replace("[mail]", '[mail]\nreturn_path = "b@example.org"'))
    (one,) = told(program)["inbox"]
    assert (one["level"], "there is no Maildir" in one["text"]) == ("failure", True)
    (returned / "new").mkdir(parents=True)
    (returned / "new" / "1").write_bytes(b"Subject: hello\r\n\r\n")
    (one,) = told(program, status=0)["inbox"]
    assert one["level"] == "ok"
    assert (returned / "new" / "1").exists()
