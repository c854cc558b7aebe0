"""A note from the empty edition to the reader's mailbox."""

from __future__ import annotations

from datetime import timedelta
from email import policy
from email.parser import BytesParser
from pathlib import Path

from digest.model import Options, WhenEmpty
from digest.store import profiles
from digest.store.database import Database
from tests.support.cli import Cli
from tests.support.people import MORNING, announce, subscribe


def test_a_note_is_delivered_as_a_digest_is_and_why_knows_of_it(tmp_path: Path) -> None:
    program = Cli(tmp_path, '[web]\npublic_url = "https://digest.example.org"\n')
    program("db", "upgrade")
    database = Database(f"sqlite:///{tmp_path / 'digest.db'}")
    database.run_sync(announce, MORNING - timedelta(hours=1), 4, 8)
    ada = database.run_sync(subscribe, keywords=["parrots"])
    database.run_sync(profiles.set_options, ada.id, Options(when_empty=WhenEmpty.NOTE))
    database.close()
    done = program.json("once", "compose", "deliver", "--now", "2026-04-20T07:00")
    assert (done["compose"], done["deliver"]) == (1, 1)
    (path,) = (tmp_path / "maildir" / "new").iterdir()
    mail = BytesParser(policy=policy.default).parsebytes(path.read_bytes())
    assert mail["Subject"] == "Nothing that fits today: 2 papers scanned"
    assert mail["List-Unsubscribe"].startswith("<https://digest.example.org/u/")
    (told,) = program.json("why", "ada@example.org")["editions"]
    assert told["skip_reason"] == "none of the 2 papers since 2026-04-17 06:00 UTC fits the profile"
    assert [(sent["kind"], sent["state"]) for sent in told["mails"]] == [("note", "sent")]
    assert program("why", "ada@example.org").startswith("2026-04-20: a note to ada@example.org: none of the 2 papers")
