"""`digest why` tells what came back of each mail, and what followed from it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from digest.delivery.bounces import Returned
from digest.delivery.verdicts import Verdict
from digest.model import OutboxState
from digest.store import bounces, letters, subscribers
from digest.store.database import Database
from digest.store.tables import outbox
from tests.support.cli import Cli

ADA = "ada@example.org"
NOW = datetime.now(UTC).replace(microsecond=0)
LATER = NOW + timedelta(minutes=4)


@pytest.fixture
def database(cli: Cli, tmp_path: Path) -> Iterator[Database]:
    """Ada was welcomed."""
    cli("subscriber", "add", ADA, "--welcome")
    cli("once", "deliver")
    opened = Database(f"sqlite:///{tmp_path / 'digest.db'}")
    yield opened
    opened.close()


def came_back(database: Database, verdict: Verdict, reply: str, *, ours: bool = False, mail: int = 1) -> None:
    one = Returned(ADA, "5.1.1", verdict, "user unknown", reply, ours, (), None)
    database.run_sync(bounces.apply_known, [(mail, one)], "inbox", LATER)


def returned(cli: Cli) -> list[dict[str, object]]:
    return [one for letter in cli.json("why", ADA)["letters"] for one in letter["returned"]]


def test_a_mail_that_came_back_is_told_with_time_code_words_and_what_followed(cli: Cli, database: Database) -> None:
    assert returned(cli) == []
    came_back(database, Verdict.HARD, "550 5.1.1 no such user")
    (one,) = returned(cli)
    assert datetime.fromisoformat(str(one["at"])) == LATER
    assert (one["verdict"], one["status"], one["origin"]) == ("hard", "5.1.1", "inbox")
    assert (one["reply"], one["followed"]) == (
        "550 5.1.1 no such user",
        "suppressed",
    )
    line = f"{LATER:%Y-%m-%d %H:%M} UTC hard 5.1.1 (inbox): user unknown: 550 5.1.1 no such user; suppressed"
    assert line in " ".join(cli("why", ADA).split())


def test_a_hard_bounce_of_an_address_that_worked_is_only_counted(cli: Cli, database: Database) -> None:
    ada = database.run_sync(subscribers.get, ADA)
    second = database.run_sync(letters.welcome, ada, NOW + timedelta(days=1), "example.org")
    assert second is not None
    database.run_sync(lambda c: c.execute(update(outbox).values(state=OutboxState.SENT)))
    came_back(database, Verdict.HARD, "550 5.1.1 no such user", mail=second)
    assert [one["followed"] for one in returned(cli)] == [
        "counted: at the second edition in a row the address is suppressed"
    ]


@pytest.mark.parametrize(
    ("verdict", "ours", "followed"),
    [
        (Verdict.SOFT, False, "a point for its day"),
        (Verdict.SOFT, True, "no point: the fault is ours"),
        (Verdict.COMPLAINT, False, "unsubscribed and suppressed"),
        (Verdict.UNSUBSCRIBE, False, "unsubscribed"),
    ],
)
def test_each_verdict_says_what_followed(
    cli: Cli, database: Database, verdict: Verdict, ours: bool, followed: str
) -> None:
    came_back(database, verdict, "452 4.2.2 full", ours=ours)
    assert [one["followed"] for one in returned(cli) if one["verdict"] == verdict] == [followed]


def test_soft_bounces_are_counted_up_to_where_they_suppress(cli: Cli, database: Database) -> None:
    came_back(database, Verdict.SOFT, "452 4.2.2 full")
    assert cli.json("why", ADA)["soft_score"] == 1
    assert "soft bounces: 1 of 5 points" in cli("why", ADA)


def test_the_bounce_that_suppressed_says_so_and_is_forgiven_with_it(cli: Cli, database: Database) -> None:
    came_back(database, Verdict.HARD, "550 5.1.1 gone")
    assert [one["followed"] for one in returned(cli)] == ["suppressed"]
    assert cli.json("why", ADA)["suppression"]["origin"] == "bounce"
    assert f"{ADA} is suppressed and gets no mail" in cli("why", ADA)
    cli("suppression", "remove", ADA)
    assert [one["followed"] for one in returned(cli)] == ["forgiven: the admin let the address get mail again"]
    assert cli.json("why", ADA)["suppression"] is None
