"""Papers that try to break the program: all others are mailed, and nothing of theirs reaches a reader's mail client."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from digest.model import OutboxState
from tests.support.program import Program

CONFIG = """
[database]
url = "{url}"
[maildir]
path = "mail"
[sources.papers]
kind = "files"
path = "in"
"""

ORCHARD = "We count apples in foggy orchards and say how many there are."
TITLES = {
    1: "A Well Behaved Paper",
    2: "NUL \x00 in the Title",
    3: "A Lone \ud800 Surrogate",
    4: "</style><script>alert('x')</script> in the Title",
    5: "M" * 1_000_000,
    6: "{{ 7*7 }} {% raw %} is a Template",
    7: "Bidi \u202e Override \x07 and a Bell",
}


def payload() -> str:
    papers = [
        {
            "paper": {
                "id": f"2603.{number:05d}",
                "title": title,
                "summary": f"{ORCHARD} \x00 \udfff <img src=x onerror=alert(1)>",
                "authors": [{"name": "Ada </td><script>alert(2)</script>"}],
                "upvotes": 3,
                "submittedOnDailyAt": "2026-03-12T00:00:00.000Z",
            }
        }
        for number, title in TITLES.items()
    ]
    return json.dumps([*papers, None, {"paper": {}}])


@pytest.mark.slow
def test_hostile_papers_cost_nothing_but_themselves(database_url: str, tmp_path: Path) -> None:
    """Fault 21, from the listing to the mail."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "2026-03-12-daily.json").write_text(payload(), "utf-8")
    program = Program(tmp_path, CONFIG.format(url=database_url))
    for name in ("ada", "bo"):
        program("subscriber", "add", f"{name}@example.org")
    program("once", "--now", "2026-03-12T06:30:00Z")
    told = program.run("once", "--now", "2026-03-12T07:30:00Z")
    assert told.returncode == 0
    (source,) = program.json("source", "list")
    assert source["last_counts"]["new"] == len(TITLES) - 1
    assert source["last_counts"]["rejected"] == 3  # the endless title, the null, the paper without an id
    assert {row["state"] for row in program.json("outbox", "list")} == {OutboxState.SENT}

    mails = program.mails()
    assert [mail["To"].addresses[0].username for mail in mails] == ["ada", "bo"]
    for mail in mails:
        html, text = mail.get_body(("html",)), mail.get_body(("plain",))
        assert html is not None
        assert text is not None
        shown = html.get_content()
        assert "<script" not in shown
        assert "<img" not in shown
        assert "7*7" in shown  # and not 49
        for part in (shown, text.get_content()):
            assert not set("\x00\x07\u202e") & set(part)
            assert part.encode("utf-8")  # which lone surrogates would not survive
            assert "A Well Behaved Paper" in part
