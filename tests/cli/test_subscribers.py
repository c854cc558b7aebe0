"""`digest subscriber`, `profile` and `suppression`: who gets digests, when, and what they want to read."""

from __future__ import annotations

import json
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from digest import assets
from tests.support.cli import Cli

_ADA = "ada@example.org"


@pytest.fixture
def program(cli: Cli) -> Cli:
    cli("subscriber", "add", _ADA, "--time-zone", "europe/berlin", "--hour", "8", "--days", "weekdays")
    return cli


def test_a_subscriber_is_active_at_once_and_due_at_the_next_hour(program: Cli) -> None:
    shown = program.json("subscriber", "show", _ADA)
    assert (shown["state"], shown["time_zone"], shown["hour"], shown["days"]) == (
        "active",
        "Europe/Berlin",
        8,
        "weekdays",
    )
    due = datetime.fromisoformat(shown["edition_at"]).astimezone(ZoneInfo("Europe/Berlin"))
    assert (due.hour, due.minute) == (8, 0)
    assert due.weekday() < 5


def test_a_profile_may_come_with_the_subscriber(cli: Cli) -> None:
    told = cli("subscriber", "add", _ADA, "--category", "CS.cl", "--keyword", "tokenizers", "--follow", "Ada Lovelace")
    assert "without a profile" not in told
    profile = cli.json("profile", _ADA, "show")
    assert (profile["categories"], profile["keywords"], profile["authors"]) == (
        ["cs.CL"],
        ["tokenizers"],
        ["Ada Lovelace"],
    )


def test_nobody_is_added_twice(program: Cli) -> None:
    assert "is subscribed already" in program.error("subscriber", "add", "ADA@example.org")


def test_an_edit_changes_what_is_given_and_leaves_the_rest(program: Cli) -> None:
    program("subscriber", "edit", _ADA, "--hour", "0", "--name", "Ada")
    shown = program.json("subscriber", "show", _ADA)
    assert (shown["hour"], shown["time_zone"], shown["name"]) == (0, "Europe/Berlin", "Ada")
    program("subscriber", "edit", _ADA, "--address", "countess@example.org", "--limit", "5")
    assert program.json("subscriber", "show", "countess@example.org")["limit"] == 5


def test_a_pause_ends_by_resuming(program: Cli) -> None:
    program("subscriber", "pause", _ADA)
    assert program.json("subscriber", "show", _ADA)["edition_at"] is None
    assert "is paused: no digests are made." in program("why", _ADA)
    program("subscriber", "resume", _ADA)
    assert program.json("subscriber", "show", _ADA)["edition_at"]


def test_a_removed_subscriber_may_come_back_and_an_erased_one_left_nothing(program: Cli) -> None:
    program("profile", _ADA, "mute", "survey")
    program("subscriber", "remove", _ADA)
    assert program("subscriber", "list", "--state", "active") == "Nobody is active.\n"
    program("subscriber", "add", _ADA)
    assert program.json("profile", _ADA, "show")["muted"] == ["survey"]
    program("subscriber", "erase", _ADA, "--yes")
    assert program.json("subscriber", "list") == []


def test_erasing_asks_first(program: Cli) -> None:
    done = program.run("subscriber", "erase", _ADA, stdin="n\n")
    assert done.exit_code == 1
    assert "nothing was erased" in done.stderr
    assert program.json("subscriber", "list")


def test_what_is_exported_can_be_imported(program: Cli) -> None:
    program("profile", _ADA, "set", "--keyword", "tokenizers", "--category", "cs.CL")
    exported = program("subscriber", "export")
    program("subscriber", "erase", _ADA, "--yes")
    assert program("subscriber", "import", "-", stdin=exported) == "added 1 subscriber\n"
    again = json.loads(program("subscriber", "export"))
    assert again | {"created_at": ""} == json.loads(exported) | {"created_at": ""}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("{", "<stdin>:2: not JSON"),
        ("[]", "<stdin>:2: not a JSON object; 'digest subscriber export' shows the form"),
        ('{"address": "x"}', "<stdin>:2: 'x' is no mail address"),
        ('{"address": "x@example.org", "time_zone": "Mars/Base"}', "<stdin>:2: no time zone 'Mars/Base'"),
        ('{"address": "x@example.org", "hour": 24}', "<stdin>:2: hour: 24 is no hour of the day"),
    ],
)
def test_an_import_with_a_wrong_line_adds_nobody(cli: Cli, line: str, expected: str) -> None:
    done = cli.run("subscriber", "import", "-", stdin=f'{{"address": "good@example.org"}}\n{line}\n')
    assert done.exit_code == 1
    assert done.stderr.removeprefix("digest: ").startswith(expected)
    assert cli.json("subscriber", "list") == []


def test_a_profile_is_set_list_by_list(program: Cli) -> None:
    program("profile", _ADA, "set", "--category", "cs.CL", "--category", "Neuroscience", "--keyword", "parsing")
    program("profile", _ADA, "set", "--keyword", "")
    program("profile", _ADA, "follow", "Ada Lovelace")
    program("profile", _ADA, "follow", "--undo", "ada lovelace")
    program("profile", _ADA, "mute", "survey", "blockchain")
    program("profile", _ADA, "mute", "--undo", "survey")
    profile = program.json("profile", _ADA, "show")
    assert profile["categories"] == ["cs.CL", "Neuroscience"]
    assert profile["keywords"] == profile["authors"] == []
    assert profile["muted"] == ["blockchain"]
    assert program.error("profile", _ADA, "set", status=2).startswith("nothing to set")


def test_papers_are_liked_by_any_name_they_have(program: Cli) -> None:
    program("import", str(assets.samples()))
    program("profile", _ADA, "like", "https://arxiv.org/abs/2603.91001v1")
    program("profile", _ADA, "dislike", "Comics as a Test of Reading between Pictures")
    shown = program.json("profile", _ADA, "show")
    assert shown["likes"] == ["arxiv:2603.91001"]
    assert len(shown["dislikes"]) == 1
    assert "liked: arxiv:2603.91001" in program("profile", _ADA, "show")
    program("profile", _ADA, "like", "--undo", "2603.91001")
    assert program.json("profile", _ADA, "show")["likes"] == []


def test_a_suppressed_address_is_told_everywhere(program: Cli) -> None:
    program("suppression", "add", _ADA, "--reason", "asked by phone")
    assert program.json("suppression", "list")[0]["reason"] == "asked by phone"
    assert program.json("subscriber", "show", _ADA)["suppressed"] == "asked by phone"
    assert "is suppressed and gets no mail: asked by phone" in program("why", _ADA)
    assert "is suppressed (asked by phone)" in program.error("send", _ADA)
    program("suppression", "remove", _ADA)
    assert program.json("suppression", "list") == []
