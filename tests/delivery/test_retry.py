"""When a message is tried again, and that this ends."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.delivery.replies import (
    Accepted,
    Ambiguous,
    Blame,
    Deferred,
    Rejected,
    Reply,
    Unavailable,
    Unsendable,
    Withdrawn,
)
from digest.delivery.retry import DELAYS, Done, GiveUp, Retry, decide

NOW = datetime(2026, 4, 20, 7, tzinfo=UTC)
FAR = datetime(9990, 1, 1)  # noqa: DTZ001 - hypothesis adds the zone

replies: st.SearchStrategy[Reply] = st.sampled_from(
    [
        Accepted("250 ok"),
        Deferred("450 later"),
        Deferred("421 closing", is_dropped=True),
        Ambiguous("lost"),
        Unavailable("no route"),
        Unavailable("535 no", is_auth=True),
        Withdrawn(),
        Unsendable("template"),
        *(Rejected("550 no", blame) for blame in Blame),
    ]
)


class Least:
    def random(self) -> float:
        return 0.0


@given(replies, st.integers(-3, 40), st.datetimes(timezones=st.just(UTC), max_value=FAR), st.integers())
def test_a_retry_never_lies_in_the_past(reply: Reply, attempts: int, now: datetime, seed: int) -> None:
    decision = decide(reply, attempts, now, random.Random(seed))
    if isinstance(decision, Retry):
        assert decision.at >= now + timedelta(minutes=1)
        assert decision.at <= now + DELAYS[-1] * 1.2


@given(replies.filter(lambda reply: not isinstance(reply, Unavailable)), st.integers())
def test_retrying_ends(reply: Reply, seed: int) -> None:
    now, attempts = NOW, 1
    while isinstance(decision := decide(reply, attempts, now, random.Random(seed)), Retry):
        now, attempts = decision.at, attempts + 1
        assert attempts <= len(DELAYS) + 1
    assert isinstance(decision, Done | GiveUp)


def test_the_delays_are_those_of_the_documentation() -> None:
    waits = [decide(Deferred("450"), attempt, NOW, Least()) for attempt in range(1, 9)]
    minutes = [5, 15, 30, 60, 120, 240, 480]
    assert waits[:-1] == [Retry(NOW + timedelta(minutes=wait)) for wait in minutes]
    assert waits[-1] == GiveUp("gave up after 8 attempts: 450")


@pytest.mark.parametrize("blame", [Blame.RECIPIENT, Blame.MESSAGE, Blame.UNCLEAR])
def test_what_is_refused_for_good_is_given_up_at_once(blame: Blame) -> None:
    assert decide(Rejected("550 no", blame), 1, NOW, Least()) == GiveUp("550 no")


def test_what_is_our_own_fault_is_tried_again() -> None:
    assert isinstance(decide(Rejected("550 5.7.1", Blame.OURS), 1, NOW, Least()), Retry)


def test_a_wrong_password_is_tried_less_often_than_a_dead_relay() -> None:
    dead, refused = (decide(Unavailable("", is_auth=auth), 1, NOW, Least()) for auth in (False, True))
    assert (dead, refused) == (Retry(NOW + timedelta(minutes=1)), Retry(NOW + timedelta(minutes=15)))
