"""Returned mail takes effect: each message once, proven ones only, and nobody is lost to a mistake of ours."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, func, select, update

from digest.delivery import verp
from digest.delivery.bounces import Returned, read
from digest.delivery.verdicts import Verdict
from digest.model import OutboxKind, OutboxState, SubscriberState
from digest.store import bounces, outbox_claims, outbox_waves, pauses, suppressions
from digest.store.bounces import Learnt
from digest.store.database import Database
from digest.store.outbox import Outcome, enqueue_many
from digest.store.outbox_claims import Terms
from digest.store.outbox_waves import Result
from digest.store.tables import bounces as table
from digest.store.tables import outbox, subscribers
from tests.support.delivery import NOW, address, draft, no_editions, seed
from tests.support.returned import dsn, feedback, message, recipient_fields

KEYS = {1: b"k" * 32}
LATER = NOW + timedelta(minutes=10)
GONE = ("5.1.1", "smtp; 550 5.1.1 No such user")
FULL = ("4.2.2", "smtp; 452 4.2.2 Mailbox full")
REFUSED = ("5.7.26", "smtp; 550 5.7.26 Unauthenticated mail from example.org is not accepted")


def return_path(number: int) -> str:
    return verp.address("bounces@example.org", verp.sign(KEYS, verp.RETURN, number))


def leaving(subscriber: int) -> str:
    return verp.address("bounces@example.org", verp.sign(KEYS, verp.UNSUBSCRIBE, subscriber))


def bounce(number: int, what: tuple[str, str] = GONE, recipient: str = "r0@example.org") -> tuple[Returned, ...]:
    return read(dsn(recipient_fields(recipient, *what), to=return_path(number)))


def sent(conn: Connection, count: int, day: int = 0, kind: str = "digest") -> list[int]:
    """A message to each of `count` subscribers that the relay took; the outbox ids."""
    at = NOW + timedelta(days=day)
    made = [
        one for one in enqueue_many(conn, [draft(conn, n, at, f"{at:%Y-%m-%d}", kind) for n in range(count)]) if one
    ]
    conn.execute(update(outbox).where(outbox.c.id.in_(made)).values(state=OutboxState.SENT, sent_at=at, due_at=None))
    return made


def apply(database: Database, *messages: Sequence[Returned], now: datetime = LATER) -> Learnt:
    return database.run_sync(bounces.apply, KEYS, messages, "inbox", now)


def suppressed(database: Database) -> dict[str, str]:
    return {one.address_key: one.origin for one in database.run_sync(suppressions.list_suppressed, 10_000)}


def state(database: Database, number: int = 0) -> SubscriberState:
    mine = select(subscribers.c.state).where(subscribers.c.address == address(number))
    return SubscriberState(database.run_sync(lambda conn: conn.execute(mine).scalar_one()))


def events(database: Database) -> int:
    return database.run_sync(lambda conn: int(conn.execute(select(func.count()).select_from(table)).scalar_one()))


# ── hard ─────────────────────────────────────────────────────────────────────────────────────────


def test_an_address_that_never_worked_is_suppressed_at_once(database: Database) -> None:
    (number,) = database.run_sync(sent, 1)
    assert apply(database, bounce(number)).suppressed == ("r0@example.org",)
    (one,) = database.run_sync(suppressions.list_suppressed)
    assert (one.origin, one.reason) == ("bounce", "hard bounce: 550 5.1.1 No such user")


def test_an_address_that_worked_is_suppressed_at_the_second_edition_in_a_row(database: Database) -> None:
    first, second, third = (database.run_sync(sent, 1, day)[0] for day in range(3))
    assert not apply(database, bounce(second)).suppressed
    assert apply(database, bounce(third)).suppressed == ("r0@example.org",)
    assert first


def test_an_edition_that_arrived_between_two_hard_bounces_saves_the_address(database: Database) -> None:
    numbers = [database.run_sync(sent, 1, day)[0] for day in range(4)]
    assert not apply(database, bounce(numbers[1]), bounce(numbers[3])).suppressed


def test_the_bounce_of_a_confirmation_suppresses_an_address_that_does_not_exist(database: Database) -> None:
    (number,) = database.run_sync(sent, 1, 0, OutboxKind.CONFIRMATION.value)
    assert apply(database, bounce(number)).suppressed == ("r0@example.org",)


def test_alerts_and_test_messages_suppress_nobody(database: Database) -> None:
    for kind in (OutboxKind.ALERT, OutboxKind.TEST):
        (number,) = database.run_sync(sent, 1, 0, kind.value)
        assert apply(database, bounce(number)).fresh == {}
    assert suppressed(database) == {}


def test_a_refusal_at_delivery_and_its_later_report_count_once(database: Database) -> None:
    database.run_sync(sent, 1)

    def refuse(conn: Connection) -> int:
        seed(conn, 1, NOW + timedelta(days=1), "2026-04-21")
        at = NOW + timedelta(days=1)
        (claimed,) = outbox_claims.claim(conn, at, Terms(), no_editions)
        refusal = Result(claimed.key, Outcome.HARD, "550 5.1.1 No such user")
        outbox_waves.settle_wave(conn, [refusal], [], at, at)
        return claimed.id

    number = database.run_sync(refuse)
    assert events(database) == 1
    assert apply(database, bounce(number)).known == 1
    assert suppressed(database) == {}
    (following,) = database.run_sync(sent, 1, 2)
    assert apply(database, bounce(following)).suppressed == ("r0@example.org",)


def test_an_address_that_the_admin_lets_get_mail_again_starts_anew(database: Database) -> None:
    numbers = [database.run_sync(sent, 1, day)[0] for day in range(4)]
    apply(database, bounce(numbers[1]), bounce(numbers[2]))
    assert database.run_sync(suppressions.unsuppress, "r0@example.org")
    assert not apply(database, bounce(numbers[3])).suppressed


# ── soft ─────────────────────────────────────────────────────────────────────────────────────────


def test_five_days_of_a_full_mailbox_suppress_and_four_do_not(database: Database) -> None:
    numbers = [database.run_sync(sent, 1, day)[0] for day in range(5)]
    for number in numbers[:4]:
        assert not apply(database, bounce(number, FULL)).suppressed
    assert database.run_sync(bounces.score_of, "r0@example.org", LATER) == 4
    assert apply(database, bounce(numbers[4], FULL)).suppressed == ("r0@example.org",)


def test_a_week_of_bounces_that_comes_in_at_once_counts_by_the_days_of_its_mails(database: Database) -> None:
    numbers = [database.run_sync(sent, 1, day)[0] for day in range(5)]
    assert apply(database, *(bounce(number, FULL) for number in reversed(numbers))).suppressed


def test_a_delay_and_the_failure_of_the_same_message_are_one_point(database: Database) -> None:
    (number,) = database.run_sync(sent, 1)
    delayed = read(dsn(recipient_fields("r0@example.org", *FULL, Action="delayed"), to=return_path(number)))
    apply(database, delayed)
    assert apply(database, bounce(number, FULL), now=LATER + timedelta(days=4)).known == 1
    assert database.run_sync(bounces.score_of, "r0@example.org", LATER) == 1


def test_a_week_of_refusals_for_our_sake_suppresses_nobody(database: Database) -> None:
    for day in range(7):
        (number,) = database.run_sync(sent, 1, day)
        apply(database, bounce(number, REFUSED))
    assert suppressed(database) == {}
    assert database.run_sync(bounces.score_of, "r0@example.org", LATER) == 0


# ── refusals ─────────────────────────────────────────────────────────────────────────────────────


def test_a_domain_is_paused_once_three_of_its_readers_report_that_it_refuses_us(database: Database) -> None:
    numbers = database.run_sync(sent, 3)
    apply(database, *(bounce(number, REFUSED) for number in numbers[:2]))
    assert database.run_sync(pauses.list_all, LATER) == []
    assert [one.domain for one in database.run_sync(bounces.refusals, LATER)] == ["example.org"]
    apply(database, bounce(numbers[2], REFUSED))
    (pause,) = database.run_sync(pauses.list_all, LATER)
    assert (pause.kind, pause.name, pause.until > LATER) == ("domain", "example.org", True)
    assert suppressed(database) == {}


def test_one_reader_cannot_pause_the_domain_of_all(database: Database) -> None:
    for day in range(9):
        (number,) = database.run_sync(sent, 1, day)
        apply(database, bounce(number, REFUSED))
    assert database.run_sync(pauses.list_all, LATER) == []


# ── leaving ──────────────────────────────────────────────────────────────────────────────────────


def test_a_complaint_unsubscribes_and_suppresses_without_a_goodbye(database: Database) -> None:
    (number,) = database.run_sync(sent, 1)
    told = database.run_sync(
        bounces.apply, KEYS, [read(feedback(to=return_path(number)))], "inbox", LATER, "example.org"
    )
    assert (told.unsubscribed, told.suppressed) == (1, ("r0@example.org",))
    assert suppressed(database) == {"r0@example.org": "complaint"}
    assert state(database) is SubscriberState.UNSUBSCRIBED
    assert database.run_sync(lambda conn: conn.execute(select(outbox.c.kind)).scalars().all()) == ["digest"]


def test_an_opt_out_report_unsubscribes_and_does_not_suppress(database: Database) -> None:
    (number,) = database.run_sync(sent, 1)
    assert apply(database, read(feedback("opt-out", to=return_path(number)))).unsubscribed == 1
    assert suppressed(database) == {}


def subscriber_of(database: Database, number: int = 0) -> int:
    mine = select(subscribers.c.id).where(subscribers.c.address == address(number))
    return database.run_sync(lambda conn: int(conn.execute(mine).scalar_one()))


@pytest.mark.parametrize("subject", ["unsubscribe", "", "Please stop", "Re: Papers of today"])
def test_any_mail_to_an_unsubscribe_address_unsubscribes(database: Database, subject: str) -> None:
    database.run_sync(sent, 1)
    mail = message("", sender="r0@example.org", to=leaving(subscriber_of(database)), subject=subject)
    assert apply(database, read(mail)).unsubscribed == 1
    assert apply(database, read(mail)).unsubscribed == 0
    assert state(database) is SubscriberState.UNSUBSCRIBED


def test_an_automatic_reply_to_an_unsubscribe_address_does_not(database: Database) -> None:
    database.run_sync(sent, 1)
    to = leaving(subscriber_of(database))
    reply = message("I am away", to=to, sender="r0@example.org", more="Auto-Submitted: auto-replied\n")
    assert apply(database, read(reply), read(dsn(recipient_fields(), to=to))).unsubscribed == 0
    assert state(database) is SubscriberState.ACTIVE


def test_an_unsubscribe_mail_without_a_token_changes_nothing(database: Database) -> None:
    database.run_sync(sent, 1)
    told = apply(database, read(message("", sender="r0@example.org", subject="unsubscribe")))
    assert (told.unsigned, told.unsubscribed) == (1, 0)
    assert state(database) is SubscriberState.ACTIVE


# ── proof ────────────────────────────────────────────────────────────────────────────────────────


def test_a_token_for_unsubscribing_cannot_make_a_bounce_nor_a_returned_one_an_unsubscription(
    database: Database,
) -> None:
    (number,) = database.run_sync(sent, 1)
    forged = read(dsn(recipient_fields("r0@example.org"), to=leaving(number)))
    assert apply(database, forged).fresh == {}
    asked = read(message("", to=return_path(number), sender="r0@example.org", subject="hello"))
    assert apply(database, asked).unsubscribed == 0
    assert state(database) is SubscriberState.ACTIVE


def test_what_a_stranger_writes_into_a_report_is_stored_as_plain_text(database: Database) -> None:
    (number,) = database.run_sync(sent, 1)
    hostile = Returned("r0@example.org", "5.1.1", Verdict.HARD, "why", "no\0 \udcff\u202e\nuser", False, (), None)
    database.run_sync(bounces.apply_known, [(number, hostile)], "inbox", LATER)
    (event,) = database.run_sync(bounces.of_messages, [number])[number]
    assert event.reply == "no     user"


def test_a_token_of_a_message_that_is_no_more_changes_nothing(database: Database) -> None:
    assert apply(database, bounce(4711)).fresh == {}


def test_five_thousand_reports_count_once_each_however_often_and_whatever_comes_with_them(database: Database) -> None:
    count = 2_500
    numbers = database.run_sync(sent, count, 0) + database.run_sync(sent, count, 1)
    confirmation = database.run_sync(sent, 1, 2, OutboxKind.CONFIRMATION.value)
    stolen = return_path(numbers[0]).replace("bounces+", "bounces+a")
    away = message("Away", subject="Out of office", to=return_path(numbers[7]), more="Auto-Submitted: auto-replied\n")
    noise = [
        read(dsn(recipient_fields("r7@example.org"), to=stolen)),
        read(dsn(recipient_fields("r7@example.org"))),
        read(away),
    ]
    complaint = read(feedback(to=return_path(numbers[5])))
    reports = [bounce(n, GONE, address(n % count)) for n in numbers]
    everything = [*reports, *noise, complaint, bounce(confirmation[0])]
    for _ in range(2):
        for start in range(0, len(everything), 500):
            apply(database, *everything[start : start + 500])
    assert events(database) == len(reports) + 2
    assert len(suppressed(database)) == count
    assert suppressed(database)["r5@example.org"] in ("bounce", "complaint")
    assert state(database, 5) is SubscriberState.UNSUBSCRIBED
    assert state(database, 7) is SubscriberState.ACTIVE


def test_what_a_provider_signed_is_known_by_its_message_id_or_recipient(database: Database) -> None:
    (number,) = database.run_sync(sent, 1)
    named = Returned("r0@example.org", None, Verdict.SOFT, "mailbox full", "", False, (), "2026-04-20.0@example.org")
    nameless = Returned("r0@example.org", None, Verdict.COMPLAINT, "complaint", "", False, (), None)
    unknown = Returned("nobody@example.org", None, Verdict.HARD, "user unknown", "", False, (), None)
    told = database.run_sync(bounces.apply_trusted, KEYS, [named, nameless, unknown], LATER)
    assert told.fresh == {Verdict.SOFT: 1, Verdict.COMPLAINT: 1}
    returned = database.run_sync(bounces.of_messages, [number])[number]
    assert sorted(one.verdict for one in returned) == [Verdict.COMPLAINT, Verdict.SOFT]
