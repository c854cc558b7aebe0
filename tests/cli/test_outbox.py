"""`digest outbox` and `suppression`: what the admin sees of mails, and what he may do to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import pytest
from sqlalchemy import update

from digest.model import OutboxState
from digest.store import outbox_claims, outbox_waves, pauses
from digest.store.database import Connection, Database
from digest.store.outbox import Outcome
from digest.store.outbox_claims import Terms
from digest.store.outbox_waves import Result
from digest.store.tables import outbox as rows
from tests.support.cli import Cli
from tests.support.delivery import no_editions, seed

NOW = datetime.now(UTC)


@pytest.fixture
def database(cli: Cli, tmp_path: Path) -> Iterator[Database]:
    opened = Database(f"sqlite:///{tmp_path / 'digest.db'}")
    opened.run_sync(seed, 2, NOW - timedelta(days=2), "2026-04-18")
    opened.run_sync(seed, 3, NOW - timedelta(hours=1), "2026-04-20")
    yield opened
    opened.close()


def ids(program: Cli, *args: str) -> list[int]:
    return [row["id"] for row in program.json("outbox", "list", *args)]


def states(program: Cli) -> dict[int, str]:
    return {row["id"]: row["state"] for row in program.json("outbox", "list")}


def put(state: OutboxState, *mails: int) -> Callable[[Connection], object]:
    which = ", ".join(map(str, mails))
    return lambda c: c.exec_driver_sql(
        f"UPDATE outbox SET state = '{state}', lapses = 3, due_at = NULL WHERE id IN ({which})"
    )


def try_once(conn: Connection, mail: int, now: datetime, outcome: Outcome, reply: str) -> None:
    """One attempt at a mail, from claim to result."""
    terms = Terms(only=(mail,))
    (claimed,) = outbox_claims.claim(conn, now, terms, no_editions)
    outbox_waves.settle_wave(conn, [], [claimed.key], now, now)
    result = Result(claimed.key, outcome, reply, now if outcome is Outcome.DEFERRED else None)
    outbox_waves.settle_wave(conn, [result], [], now, now)


def test_mails_are_found_by_state_kind_address_domain_and_age(cli: Cli, database: Database) -> None:
    database.run_sync(put(OutboxState.FAILED, 2))
    assert ids(cli) == [5, 4, 3, 2, 1]
    assert ids(cli, "--state", "failed") == [2]
    assert ids(cli, "--kind", "alert") == []
    assert ids(cli, "--to", "R0@example.org") == [3, 1]
    assert ids(cli, "--to", "@example.org", "--limit", "1") == [5]
    assert ids(cli, "--to", "@ample.org") == []
    assert ids(cli, "--older-than", "24h") == [2, 1]
    assert ids(cli, "--newer-than", "24h", "--to", "r0@example.org") == [3]
    assert cli("outbox", "list", "--kind", "alert") == "No such mail.\n"
    assert "is not a duration" in cli.error("outbox", "list", "--older-than", "soon", status=2)


def test_a_mail_is_shown_with_every_attempt_and_reply(cli: Cli, database: Database) -> None:
    database.run_sync(try_once, 3, NOW, Outcome.DEFERRED, "450 4.2.0 greylisted")
    database.run_sync(try_once, 3, NOW, Outcome.SENT, "250 2.0.0 taken")
    attempts = cli.json("outbox", "show", "3")["attempts"]
    assert [(one["number"], one["outcome"], one["reply"]) for one in attempts] == [
        (1, "deferred", "450 4.2.0 greylisted"),
        (2, "sent", "250 2.0.0 taken"),
    ]
    assert "450 4.2.0 greylisted" in cli("outbox", "show", "3")


def test_why_is_the_delivery_log_of_a_subscriber(cli: Cli) -> None:
    told = cli("subscriber", "add", "ada@example.org", "--welcome")
    assert told.startswith("added ada@example.org")
    cli("once", "deliver")
    (letter,) = cli.json("why", "ada@example.org")["letters"]
    assert (letter["kind"], letter["state"], len(letter["attempts"])) == ("welcome", "sent", 1)
    assert letter["attempts"][0]["reply"].startswith("250 written to")
    shown = cli("why", "ada@example.org")
    assert "welcome" in shown
    assert "attempt 1" in shown
    assert cli.json("why", "ada@example.org", "--date", "2020-01-01")["letters"] == []


def test_a_stuck_mail_is_due_again_with_a_fresh_count(cli: Cli, database: Database) -> None:
    database.run_sync(put(OutboxState.STUCK, 3))
    assert cli("outbox", "retry", "3") == "mail 3 is due now\n"
    one = cli.json("outbox", "show", "3")
    assert (one["state"], one["lapses"]) == ("pending", 0)
    assert one["due_at"]


def test_all_mails_of_a_state_may_be_meant(cli: Cli, database: Database) -> None:
    database.run_sync(put(OutboxState.STUCK, 1, 2, 4))
    done = cli.json("outbox", "retry", "--state", "stuck", "--older-than", "24h")
    assert [(one["id"], one["state"]) for one in done] == [(1, "pending"), (2, "pending")]
    assert cli("outbox", "cancel", "--state", "stuck", "--to", "@example.org") == "mail 4 is cancelled\n"
    assert cli("outbox", "cancel", "--state", "stuck") == "no such mail\n"


def test_what_is_meant_must_be_said(cli: Cli, database: Database) -> None:
    for words in ([], ["1", "--state", "stuck"], ["--to", "@example.org"]):
        assert "--state" in cli.error("outbox", "cancel", *words, status=2)
    assert set(states(cli).values()) == {"pending"}


def test_a_mail_on_the_wire_is_neither_cancelled_nor_retried(cli: Cli, database: Database) -> None:
    def on_the_wire(conn: Connection) -> None:
        (claimed,) = outbox_claims.claim(conn, NOW, Terms(only=(3,)), no_editions)
        outbox_waves.settle_wave(conn, [], [claimed.key], NOW, NOW + timedelta(minutes=15))

    database.run_sync(on_the_wire)
    for action in ("cancel", "retry"):
        assert "is being sent right now" in cli.error("outbox", action, "3")
    assert states(cli)[3] == "data_started"


def test_one_refusal_leaves_everything_as_it_was(cli: Cli, database: Database) -> None:
    database.run_sync(put(OutboxState.SENT, 2))
    cli.error("outbox", "cancel", "4", "9")
    assert states(cli)[4] == "pending"


def test_suppressing_an_address_cancels_what_waits_for_it(cli: Cli, database: Database) -> None:
    cli("suppression", "add", "R0@example.org", "--reason", "asked by phone")
    cli("once", "deliver")
    assert {mail: state for mail, state in states(cli).items() if mail in (1, 3)} == {1: "dropped", 3: "cancelled"}
    (one,) = cli.json("suppression", "list", "--origin", "admin")
    assert (one["address_key"], one["reason"]) == ("r0@example.org", "asked by phone")
    assert cli.json("suppression", "list", "--origin", "bounce") == []
    cli("suppression", "remove", "r0@example.org")
    assert "is not suppressed" in cli.error("suppression", "remove", "r0@example.org")


# ── pauses ───────────────────────────────────────────────────────────────────────────────────────


def pause(database: Database, kind: Literal["domain", "relay"], name: str, hours: float = 1) -> None:
    """Begun an hour ago; mails to two domains are due when it ends."""
    until = NOW + timedelta(hours=hours)
    database.run_sync(pauses.pause, kind, name, until, "550 5.7.26 unauthenticated", NOW - timedelta(hours=1))
    database.run_sync(lambda c: c.execute(update(rows).values(due_at=until)))
    elsewhere = update(rows).where(rows.c.id == 4).values(recipient="r1@sub.example.org")
    database.run_sync(lambda c: c.execute(elsewhere))


def due_now(program: Cli) -> list[int]:
    found = program.json("outbox", "list")
    return sorted(one["id"] for one in found if datetime.fromisoformat(one["due_at"]) <= datetime.now(UTC))


def test_a_domain_that_is_paused_is_listed_and_tried_again_at_once(cli: Cli, database: Database) -> None:
    pause(database, "domain", "example.org")
    database.run_sync(lambda c: c.execute(update(rows).where(rows.c.id == 5).values(state=OutboxState.DEFERRED)))
    (one,) = cli.json("outbox", "pauses")
    assert (one["who"], one["kind"], one["holds"]) == ("example.org", "domain", True)
    assert "550 5.7.26 unauthenticated" in cli("outbox", "pauses")
    assert "'digest outbox resume example.org'" in cli("status")
    assert cli("outbox", "resume", "@Example.ORG") == "example.org is tried again: 4 mails due now\n"
    assert due_now(cli) == [1, 2, 3, 5]
    assert cli("outbox", "pauses") == "Nobody: all mail is taken.\n"
    assert cli.json("outbox", "pauses") == []


def test_mails_that_were_put_back_are_due_when_the_relay_is_tried_again(cli: Cli, database: Database) -> None:
    pause(database, "relay", "")
    database.run_sync(lambda c: c.execute(update(rows).where(rows.c.id == 5).values(state=OutboxState.DEFERRED)))
    assert "'digest outbox resume relay'" in cli("status")
    assert cli.json("outbox", "resume", "relay") == {"who": "relay", "due": 4}
    assert due_now(cli) == [1, 2, 3, 4]


def test_a_pause_whose_time_is_over_is_shown_until_mail_is_taken(cli: Cli, database: Database) -> None:
    pause(database, "domain", "example.org", hours=-0.5)
    assert "with the next mail" in cli("outbox", "pauses")
    assert cli.json("outbox", "pauses")[0]["holds"] is False


def test_what_is_not_paused_cannot_be_resumed(cli: Cli, database: Database) -> None:
    pause(database, "domain", "example.org")
    for who in ("relay", "example.net", "sub.example.org"):
        assert cli.error("outbox", "resume", who) == f"{who} is not paused: see 'digest outbox pauses'"
