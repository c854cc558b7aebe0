"""`digest bounce ingest`: what returned mail means, from files, folders, Maildirs and a pipe."""

from __future__ import annotations

import json
from pathlib import Path

from digest.delivery import verp
from digest.store import keys
from digest.store.database import Database
from tests.support.cli import Cli
from tests.support.delivery import NOW, seed
from tests.support.returned import dsn, feedback, message, recipient_fields

INGEST = ("bounce", "ingest", "--dry-run")


def test_each_recipient_of_each_file_is_told(cli: Cli, tmp_path: Path) -> None:
    one, two = tmp_path / "one.eml", tmp_path / "two.eml"
    one.write_bytes(dsn(recipient_fields(), recipient_fields("bob@example.com", "4.2.2", "smtp; 452 4.2.2 full")))
    two.write_bytes(feedback())
    assert cli.json(*INGEST, str(one), str(two)) == [
        {"path": str(one), "recipient": "ada@example.com", "status": "5.1.1", "verdict": "hard", "why": "user unknown"},
        {"path": str(one), "recipient": "bob@example.com", "status": "4.2.2", "verdict": "soft", "why": "mailbox full"},
        {
            "path": str(two),
            "recipient": "ada@example.com",
            "status": None,
            "verdict": "complaint",
            "why": "feedback report: abuse",
        },
    ]


def test_a_message_is_read_from_a_pipe(cli: Cli) -> None:
    told = cli(*INGEST, "--json", "-", stdin=dsn(recipient_fields()).decode())
    assert [(row["path"], row["recipient"], row["verdict"]) for row in json.loads(told)] == [
        ("-", "ada@example.com", "hard")
    ]


def test_a_pipe_may_bring_anything(cli: Cli) -> None:
    for anything in ("", "hello", message("thanks!", sender="ada@example.com", subject="Re: digest").decode()):
        told = cli(*INGEST, "--json", "-", stdin=anything)
        assert [row["verdict"] for row in json.loads(told)] == ["ignore"]


def test_a_maildir_is_read_without_what_is_half_written(cli: Cli, tmp_path: Path) -> None:
    box = tmp_path / "box"
    for name in ("new", "cur", "tmp"):
        (box / name).mkdir(parents=True)
        (box / name / f"1.{name}").write_bytes(dsn(recipient_fields(f"{name}@example.com")))
    assert [row["recipient"] for row in cli.json(*INGEST, str(box))] == ["new@example.com", "cur@example.com"]


def test_a_folder_is_the_messages_in_it(cli: Cli, tmp_path: Path) -> None:
    folder = tmp_path / "mail"
    (folder / "deeper").mkdir(parents=True)
    assert cli(*INGEST, str(folder)) == "No messages there.\n"
    for name in ("b.eml", "a.eml", ".hidden"):
        (folder / name).write_bytes(feedback())
    assert [row["path"] for row in cli.json(*INGEST, str(folder))] == [str(folder / "a.eml"), str(folder / "b.eml")]


def test_people_get_a_table_and_a_sum(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "one.eml"
    file.write_bytes(dsn(recipient_fields(), recipient_fields("bob@example.com", "4.4.7", "")))
    heading, first, _second, total = cli(*INGEST, str(file)).splitlines()
    assert heading.split() == ["VERDICT", "STATUS", "RECIPIENT", "WHY", "PATH"]
    assert first.split()[:5] == ["hard", "5.1.1", "ada@example.com", "user", "unknown"]
    assert total == "1 message: 1 hard, 1 soft"


def test_a_path_that_is_not_there_is_told(cli: Cli) -> None:
    assert cli.error(*INGEST, "nowhere.eml") == "nowhere.eml: there is no such file or folder"


def bounced(cli: Cli) -> str:
    """A hard bounce of a mail to r0@example.org, with its return path."""
    database = Database(f"sqlite:///{cli.folder / 'digest.db'}")
    (number,) = database.run_sync(seed, 1)
    token = verp.sign(database.run_sync(keys.signing_keys, NOW), verp.RETURN, number)
    database.close()
    return dsn(recipient_fields("r0@example.org"), to=verp.address("bounces@example.org", token)).decode()


def test_a_bounce_from_a_pipe_takes_effect_once(cli: Cli) -> None:
    report = bounced(cli)
    assert "1 took effect, 1 suppressed" in cli("bounce", "ingest", "-", stdin=report)
    assert "0 took effect, 0 suppressed, 1 known already" in cli("bounce", "ingest", "-", stdin=report)
    (row,) = cli.json("suppression", "list")
    assert (row["address_key"], row["origin"], row["reason"][:11]) == ("r0@example.org", "bounce", "hard bounce")


def test_a_report_without_a_token_changes_nothing(cli: Cli) -> None:
    told = cli("bounce", "ingest", "-", stdin=dsn(recipient_fields()).decode())
    assert "1 without a token of ours, which changed nothing" in told
    assert cli.json("suppression", "list") == []


def test_a_pipe_asks_the_mail_server_to_try_again_while_there_is_no_database(cli: Cli) -> None:
    (cli.folder / "digest.db").unlink()
    assert cli.run("bounce", "ingest", "-", stdin=dsn(recipient_fields()).decode()).exit_code == 75
