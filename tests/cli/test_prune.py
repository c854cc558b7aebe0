"""`digest once prune` and `[retention]`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.cli import Cli


def test_what_is_kept_no_longer_goes_by_a_command_once_a_day(cli: Cli) -> None:
    cli.file.write_text(
        cli.file.read_text() + "[web]\npublic_url = 'https://digest.example.org'\n[retention]\nsign_ups = '3d'\n"
    )
    cli("subscriber", "add", "--invite", "ada@example.org")
    assert cli("once", "prune") == "prune: 1 batch\n"
    assert cli("once", "prune") == "prune: nothing due\n"
    assert [one["state"] for one in cli.json("subscriber", "list")] == ["pending"]
    assert cli.json("once", "prune", "--now", "2100-01-01") == {"prune": 1}
    assert cli.json("subscriber", "list") == []


@pytest.mark.parametrize(("option", "least"), [("sign_ups", 3), ("mails", 366), ("history", 30)])
def test_what_is_still_needed_cannot_be_forgotten_earlier(tmp_path: Path, option: str, least: int) -> None:
    program = Cli(tmp_path, f"[retention]\n{option} = '{least}d'\n")
    assert "is right" in program("config", "check")
    program.file.write_text(f"[retention]\n{option} = '{least * 24 - 1}h'\n")
    assert f"must be {least}d or more" in program.error("config", "check", status=2)
