"""The loop by command line: `demo`, `once`, `preview`, `send`, `why`, `outbox`."""

from __future__ import annotations

from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

import pytest
from click.testing import CliRunner

from digest import assets
from digest.cli.app import digest
from digest.cli.demo import sample_days
from tests.support.cli import Cli
from tests.support.smtp_server import SmtpServer

_ADA = "ada@example.org"


def mails(maildir: Path) -> list[EmailMessage]:
    parser = BytesParser(policy=policy.default)
    return [parser.parsebytes(path.read_bytes()) for path in sorted((maildir / "new").iterdir())]


@pytest.fixture
def program(cli: Cli) -> Cli:
    """A reader and the sample papers, imported just now."""
    cli("import", str(assets.samples()))
    cli("subscriber", "add", _ADA, "--keyword", "language models", "--category", "cs.CL")
    return cli


def test_the_demo_gives_three_readers_three_different_digests_a_day(demo: Cli) -> None:
    found = mails(demo.folder / "maildir")
    days = sample_days(assets.samples())
    assert len(found) == 3 * len(days) == 15
    subjects = {(mail["Date"].datetime.date(), mail["To"], mail["Subject"]) for mail in found}
    assert len(subjects) == 15
    last = {str(mail["Subject"]) for mail in found if mail["Date"].datetime.date() == days[-1]}
    assert len(last) >= 2
    pages = sorted(path.name for path in demo.folder.glob("*.html"))
    assert len(pages) == 16
    index = (demo.folder / "index.html").read_text(encoding="utf-8")
    assert all(page in index for page in pages if page != "index.html")
    assert "no paper, author, institution or result here is real" in index


def test_the_demo_starts_afresh_and_leaves_other_folders_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()
    refused = CliRunner().invoke(digest, ["demo", "--dir", str(tmp_path)])
    assert refused.exit_code == 2
    assert "holds something else: name an empty folder with --dir" in refused.stderr
    assert (tmp_path / "thesis.tex").exists()


def test_no_reader_of_the_demo_gets_a_paper_twice(demo: Cli) -> None:
    for reader in demo.json("subscriber", "list"):
        past = demo.json("subscriber", "show", reader["address"])["editions"]
        picked = [
            pick["paper"]
            for chapter in past
            for told in demo.json("why", reader["address"], "--date", chapter["day"])["editions"]
            for pick in told["picks"]
        ]
        assert len(picked) == len(set(picked)) > 20


def test_why_tells_the_reasons_of_a_day_and_of_a_paper(demo: Cli) -> None:
    told = demo.json("why", "ines@example.org", "--date", "2026-03-09")
    (edition,) = told["editions"]
    first = edition["picks"][0]
    assert first["score"] == pytest.approx(sum(reason["share"] for reason in first["reasons"]))
    assert edition["mails"][0]["state"] == "sent"
    about = demo.json("why", "ines@example.org", "--paper", first["paper"])
    assert about["chosen"]["occasion"] == "2026-03-09"
    assert "because" in demo("why", "ines@example.org")


def test_why_tells_also_what_was_not_chosen(demo: Cli) -> None:
    chosen = {p["paper"] for p in demo.json("why", "noor@example.org", "--date", "2026-03-09")["editions"][0]["picks"]}
    other = next(
        paper["key"] for paper in demo.json("paper", "list", "--day", "2026-03-09") if paper["key"] not in chosen
    )
    note = demo.json("why", "noor@example.org", "--paper", other)["note"]
    assert note.startswith("Not chosen: the digest of 2026-03-")
    assert demo("why", "noor@example.org", "--date", "2020-01-01").startswith("No digest was made for 2020-01-01")


def test_a_past_digest_can_be_looked_at_in_every_form(demo: Cli, tmp_path: Path) -> None:
    past = ("preview", "tomas@example.org", "--date", "2026-03-10")
    (sent,) = [mail for mail in mails(demo.folder / "maildir") if _is_of(mail, "tomas@example.org", "10 March")]
    assert demo(*past).startswith(str(sent["Subject"]))
    assert "<html" in demo(*past, "--format", "html")
    file = tmp_path / "digest.eml"
    demo(*past, "-o", str(file))
    assert BytesParser(policy=policy.default).parsebytes(file.read_bytes())["Message-ID"] == sent["Message-ID"]
    assert len(demo.json(*past)["picks"]) == 6
    nothing = demo.error("preview", "tomas@example.org", "--date", "2020-01-01")
    assert nothing.startswith("tomas@example.org got no digest")


def _is_of(mail: EmailMessage, address: str, day: str) -> bool:
    return mail["To"] == address and day in mail["Subject"]


def test_the_outbox_shows_what_was_sent(demo: Cli) -> None:
    shown = demo.json("outbox", "list", "--state", "sent")
    assert len(shown) == 15
    one = demo.json("outbox", "show", str(shown[0]["id"]))
    assert [attempt["outcome"] for attempt in one["attempts"]] == ["sent"]
    assert "was sent at" in demo.error("outbox", "retry", str(one["id"]))
    assert "there is nothing to cancel" in demo.error("outbox", "cancel", str(one["id"]))
    assert demo("outbox", "list", "--state", "failed") == "No mail is failed.\n"


def test_a_preview_stores_and_sends_nothing(program: Cli) -> None:
    assert "papers for" in program("preview", _ADA)
    assert program.json("outbox", "list") == []
    assert program.json("subscriber", "show", _ADA)["editions"] == []


def test_send_makes_todays_digest_once_and_again_only_when_told(program: Cli) -> None:
    assert program("send", _ADA).startswith("sent 20 papers to ada@example.org: 250 ")
    assert "--again" in program.error("send", _ADA)
    assert program("send", _ADA, "--again").startswith("sent ")
    first, second = mails(program.folder / "maildir")
    assert first["Message-ID"] != second["Message-ID"]
    assert program.json("once", "compose", "deliver") == {"compose": 0, "deliver": 0}


def test_nothing_new_is_told_and_not_sent(cli: Cli) -> None:
    cli("subscriber", "add", _ADA)
    assert "would get no digest now: nothing new" in cli.error("preview", _ADA)
    assert "nothing to send: nothing new" in cli.error("send", _ADA)
    assert "no mail to ada@example.org: nothing new" in cli("why", _ADA)


def test_once_plays_a_day_of_the_past_after_a_setup_of_today(tmp_path: Path) -> None:
    program = Cli(tmp_path, f"[sources.samples]\nkind = 'files'\npath = '{assets.samples()}'\n")
    program("db", "upgrade")
    program("subscriber", "add", _ADA, "--keyword", "language models", "--hour", "9")
    first = program.json("once", "--now", "2026-03-10T08:00")
    assert (first["poll"], first["compose"], first["deliver"]) == (1, 0, 0)
    second = program.json("once", "--now", "2026-03-11T09:00:00+00:00")
    assert (second["poll"], second["compose"], second["deliver"]) == (1, 1, 1)
    (mail,) = mails(tmp_path / "maildir")
    assert "11 March" in mail["Subject"]


def test_mail_goes_out_by_smtp_as_the_configuration_says(program: Cli) -> None:
    with SmtpServer() as server:
        program.file.write_text(
            f"""
            [mail]
            transport = "smtp"
            from = "Papers <digest@example.org>"
            [smtp]
            host = "127.0.0.1"
            port = {server.port}
            security = "plain"
            [web]
            public_url = "https://digest.example.org"
            [admin]
            address = "owner@example.org"
            """
        )
        program("send", _ADA)
    (taken,) = server.mails
    assert (taken.sender, taken.recipient) == ("digest@example.org", _ADA)
    message = BytesParser(policy=policy.default).parsebytes(taken.message)
    assert message["List-Unsubscribe"].startswith("<https://digest.example.org/u/")
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["List-Owner"] == "<mailto:owner@example.org>"


def test_a_relay_that_refuses_is_told_and_the_mail_waits(program: Cli) -> None:
    with SmtpServer({"RCPT": ["450 4.7.1 later"]}) as server:
        program.file.write_text(
            f"[mail]\ntransport='smtp'\n[smtp]\nhost='127.0.0.1'\nport={server.port}\nsecurity='plain'\n"
        )
        line = program.error("send", _ADA)
    assert "composed, but deferred: " in line
    assert "see 'digest outbox show 1'" in line
    program("outbox", "retry", "1")
    program("outbox", "cancel", "1")
    assert program.json("outbox", "list", "--state", "cancelled")[0]["recipient"] == _ADA


def test_the_whole_loop_runs_on_either_database(tmp_path: Path, database_url: str) -> None:
    program = Cli(
        tmp_path, f"[database]\nurl = '{database_url}'\n[sources.s]\nkind='files'\npath='{assets.samples()}'\n"
    )
    program("db", "upgrade")
    program("poll")
    program("subscriber", "add", _ADA, "--keyword", "language models")
    program("profile", _ADA, "like", "2603.91001")
    assert program("send", _ADA).startswith("sent 20 papers")
    assert program.json("status")["outbox"] == {"sent": 1}
    assert "is sound" in program("db", "check")
    assert program.json("once", "poll", "compose", "deliver") == {"poll": 0, "compose": 0, "deliver": 0}
    assert program.json("once")["novelty"] > 0
    assert program.json("once")["novelty"] == 0
