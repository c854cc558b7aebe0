"""A subscription begins with its owner's consent and ends at once; both by a mail through the outbox."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest

from digest.editions.links import CONFIRM, UNSUBSCRIBE, sign
from digest.model import Days, OutboxKind, OutboxState, Schedule, SubscriberState
from digest.store import outbox, profiles, subscribers, subscriptions, suppressions
from digest.store.database import Database
from digest.store.subscriptions import Begun, LinkState, Wishes
from tests.support.people import subscribe

NOW = datetime(2026, 4, 20, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
KEYS = {1: b"s" * 32}
ADA = "Ada@Example.org"
WISHES = Wishes("Ada", Schedule("Europe/Berlin", 8, Days.WEEKDAYS), 7, categories=("cs.CL",), keywords=("tokenizers",))


def begin(database: Database, now: datetime = NOW, address: str = ADA, wishes: Wishes = WISHES) -> Begun:
    return database.run_sync(subscriptions.begin, address, wishes, now, "example.org")


def mails(database: Database, kind: OutboxKind) -> list[outbox.Message]:
    return [row for row in reversed(database.run_sync(outbox.list_rows)) if row.kind is kind]


def token(database: Database, which: int = -1) -> str:
    """The token of a confirmation, as its mail has it."""
    content = mails(database, OutboxKind.CONFIRMATION)[which].content
    assert content is not None
    return sign(KEYS, CONFIRM, content["confirmation"])


def follow(database: Database, link: str, now: datetime = NOW) -> subscriptions.Followed:
    return database.run_sync(subscriptions.confirm, KEYS, link, now, "example.org")


def state(database: Database, address: str = ADA) -> SubscriberState:
    return database.run_sync(subscribers.get, address).state


def test_nothing_is_mailed_but_the_question_until_it_is_answered(database: Database) -> None:
    assert begin(database) is Begun.MAILED
    ada = database.run_sync(subscribers.get, ADA)
    assert (ada.state, ada.edition_at) == (SubscriberState.PENDING, None)
    (mail,) = database.run_sync(outbox.list_rows)
    assert (mail.kind, mail.recipient, mail.state) == (OutboxKind.CONFIRMATION, "Ada@example.org", OutboxState.PENDING)


def test_following_the_link_subscribes_with_what_was_wished_and_welcomes(database: Database) -> None:
    begin(database)
    followed = follow(database, token(database), NOW + 71 * HOUR)
    assert followed.state is LinkState.OPEN
    ada = database.run_sync(subscribers.get, ADA)
    assert followed.subscriber == ada
    assert (ada.state, ada.name, ada.limit, ada.schedule) == (SubscriberState.ACTIVE, "Ada", 7, WISHES.schedule)
    assert ada.edition_at == datetime(2026, 4, 24, 6, tzinfo=UTC)
    (interest,) = database.run_sync(profiles.get_profile, ada.id).interests
    assert (interest.categories, interest.keywords) == (("cs.CL",), ("tokenizers",))
    (welcome,) = mails(database, OutboxKind.WELCOME)
    assert welcome.content is not None
    assert welcome.content["topics"] == ["tokenizers", "cs.CL"]
    assert welcome.content["first_at"] == ada.edition_at.timestamp()


def test_a_link_works_once(database: Database) -> None:
    begin(database)
    link = token(database)
    follow(database, link)
    again = follow(database, link, NOW + HOUR)
    assert again.state is LinkState.USED
    assert again.subscriber is not None
    assert len(mails(database, OutboxKind.WELCOME)) == 1
    database.run_sync(subscribers.unsubscribe, again.subscriber.id, NOW + HOUR)
    assert follow(database, link, NOW + 2 * HOUR).state is LinkState.USED
    assert state(database) is SubscriberState.UNSUBSCRIBED


def test_a_link_lives_for_three_days(database: Database) -> None:
    begin(database)
    link = token(database)
    assert database.run_sync(subscriptions.look, KEYS, link, NOW + 72 * HOUR - timedelta(seconds=1)) is LinkState.OPEN
    assert database.run_sync(subscriptions.look, KEYS, link, NOW + 72 * HOUR) is LinkState.EXPIRED
    assert follow(database, link, NOW + 72 * HOUR).state is LinkState.EXPIRED
    assert state(database) is SubscriberState.PENDING


def test_looking_at_a_link_changes_nothing(database: Database) -> None:
    begin(database)
    assert database.run_sync(subscriptions.look, KEYS, token(database), NOW) is LinkState.OPEN
    assert state(database) is SubscriberState.PENDING


def test_a_forged_link_and_one_of_another_purpose_are_unknown(database: Database) -> None:
    begin(database)
    link = token(database)
    number = mails(database, OutboxKind.CONFIRMATION)[0].content or {}
    forged = ("", "A" * 24, link[:-2] + "AA", sign(KEYS, UNSUBSCRIBE, number["confirmation"]), sign(KEYS, CONFIRM, 1))
    for wrong in (*forged, sign({1: b"t" * 32}, CONFIRM, number["confirmation"]), sign(KEYS, CONFIRM, 2**64 - 1)):
        assert follow(database, wrong).state is LinkState.UNKNOWN
        assert database.run_sync(subscriptions.look, KEYS, wrong, NOW) is LinkState.UNKNOWN
    assert state(database) is SubscriberState.PENDING


def test_an_address_is_asked_once_a_day_and_three_times_in_all(database: Database) -> None:
    asked = [begin(database, NOW + hours * HOUR) for hours in (0, 23, 24, 47, 48, 72, 24 * 365)]
    told = [Begun.MAILED, Begun.WAITING, Begun.MAILED, Begun.WAITING, Begun.MAILED]
    assert asked == [*told, Begun.EXHAUSTED, Begun.EXHAUSTED]
    assert len(mails(database, OutboxKind.CONFIRMATION)) == 3
    assert begin(database, address="bea@example.org") is Begun.MAILED


def test_the_way_an_address_is_written_does_not_make_it_another(database: Database) -> None:
    begin(database)
    assert begin(database, address="ADA@EXAMPLE.ORG") is Begun.WAITING


def test_each_link_confirms_what_was_asked_with_it_and_ends_the_others(database: Database) -> None:
    begin(database)
    begin(database, NOW + DAY, wishes=Wishes("Eve", Schedule(), 99))
    first = token(database, 0)
    follow(database, first, NOW + DAY)
    ada = database.run_sync(subscribers.get, ADA)
    assert (ada.name, ada.limit) == ("Ada", 7)
    assert follow(database, token(database), NOW + DAY).state is LinkState.EXPIRED


def test_who_is_subscribed_or_suppressed_gets_no_question(database: Database) -> None:
    ada = database.run_sync(subscribe, "ada")
    assert begin(database) is Begun.SUBSCRIBED
    database.run_sync(subscribers.pause, ada.id)
    assert begin(database) is Begun.SUBSCRIBED
    database.run_sync(suppressions.suppress, "BEA@example.org", "spam", "complaint", NOW)
    assert begin(database, address="bea@example.org") is Begun.SUPPRESSED
    assert database.run_sync(outbox.list_rows) == []
    assert len(database.run_sync(subscribers.list_all)) == 1


def test_who_left_stays_away_until_the_link_was_followed_and_keeps_the_profile(database: Database) -> None:
    ada = database.run_sync(subscribe, "ada", keywords=["parrots"])
    database.run_sync(subscriptions.end, ada.id, NOW - DAY)
    assert begin(database, wishes=Wishes()) is Begun.MAILED
    assert state(database) is SubscriberState.UNSUBSCRIBED
    follow(database, token(database))
    found = database.run_sync(subscribers.get, ADA)
    assert (found.id, found.state, found.name) == (ada.id, SubscriberState.ACTIVE, "Ada")
    assert database.run_sync(profiles.get_profile, ada.id).interests[0].keywords == ("parrots",)


def test_who_answered_may_be_asked_again_after_leaving(database: Database) -> None:
    for round_ in range(5):
        now = NOW + round_ * HOUR
        assert begin(database, now) is Begun.MAILED
        ada = follow(database, token(database), now).subscriber
        assert ada is not None
        assert database.run_sync(subscriptions.end, ada.id, now)


def test_leaving_ends_links_and_mails_that_are_on_their_way(database: Database) -> None:
    begin(database)
    link = token(database)
    ada = database.run_sync(subscribers.get, ADA)
    assert database.run_sync(subscriptions.end, ada.id, NOW, "example.org")
    assert follow(database, link).state is LinkState.EXPIRED
    (mail,) = database.run_sync(outbox.list_rows)
    assert (mail.kind, mail.state) == (OutboxKind.CONFIRMATION, OutboxState.CANCELLED)


def test_one_goodbye_follows_an_end_however_often_it_is_asked(database: Database) -> None:
    ada = database.run_sync(subscribe, "ada")
    assert database.run_sync(subscriptions.end, ada.id, NOW, "example.org")
    assert not database.run_sync(subscriptions.end, ada.id, NOW, "example.org")
    (mail,) = database.run_sync(outbox.list_rows)
    assert (mail.kind, mail.recipient) == (OutboxKind.GOODBYE, "ada@example.org")


def test_without_a_sender_nobody_says_goodbye(database: Database) -> None:
    ada = database.run_sync(subscribe, "ada")
    assert database.run_sync(subscriptions.end, ada.id, NOW)
    assert database.run_sync(outbox.list_rows) == []
    assert not database.run_sync(subscriptions.end, 4711, NOW, "example.org")


def test_erasing_somebody_erases_what_was_asked(database: Database) -> None:
    begin(database)
    link = token(database)
    database.run_sync(subscribers.erase, database.run_sync(subscribers.get, ADA).id)
    assert follow(database, link).state is LinkState.UNKNOWN
    assert begin(database) is Begun.MAILED


@pytest.mark.parametrize("parallel", [8])
def test_asked_at_the_same_moment_one_question_is_mailed_and_one_link_welcomes_once(
    database: Database, parallel: int
) -> None:
    def at_once(task: list[object], run: object) -> None:
        assert callable(run)
        threads = [threading.Thread(target=lambda: task.append(run())) for _ in range(parallel)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    begun: list[object] = []
    at_once(begun, lambda: begin(database))
    assert sorted(map(str, begun)) == ["mailed", *["waiting"] * (parallel - 1)]
    link = token(database)
    states: list[object] = []
    at_once(states, lambda: follow(database, link).state)
    assert sorted(map(str, states)) == ["open", *["used"] * (parallel - 1)]
    assert len(mails(database, OutboxKind.WELCOME)) == 1
