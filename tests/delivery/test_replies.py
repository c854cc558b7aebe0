"""What a relay's reply means: recipient's fault, ours, the message's, or only not now."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.delivery.replies import (
    Accepted,
    Blame,
    Deferred,
    Rejected,
    Reply,
    Stage,
    Unavailable,
    classify,
    status_of,
)

RECIPIENT, OURS, MESSAGE, UNCLEAR = Blame.RECIPIENT, Blame.OURS, Blame.MESSAGE, Blame.UNCLEAR


@pytest.mark.parametrize(
    ("code", "text", "blame"),
    [
        (550, "5.1.1 no such user", RECIPIENT),
        (550, "5.1.2 host unknown", RECIPIENT),
        (554, "5.1.10 null MX", RECIPIENT),
        (550, "5.2.1 mailbox disabled", RECIPIENT),
        (550, "5.4.4 unable to route", RECIPIENT),
        (550, "5.1.8 sender's domain does not resolve", OURS),
        (550, "5.7.1 message refused by policy", OURS),
        (550, "5.7.26 unauthenticated mail is not accepted", OURS),
        (550, "5.7.515 access denied, sending domain does not meet the required authentication level", OURS),
        (554, "5.7.1 user unknown to our spam filter", OURS),
        (552, "5.3.4 message too big", MESSAGE),
        (550, "5.2.3 longer than this mailbox takes", MESSAGE),
        (554, "5.6.0 malformed", MESSAGE),
        (550, "5.4.1 Recipient address rejected: Access denied", UNCLEAR),
        (554, "transaction failed", UNCLEAR),
        (550, "no", UNCLEAR),
        (550, "User unknown", RECIPIENT),
        (550, "sorry, no mailbox here by that name. (#5.1.1)", RECIPIENT),
        (550, "5.0.0 No such user here", RECIPIENT),
        (551, "recipient not found", RECIPIENT),
        (556, "domain does not accept mail", RECIPIENT),
        (550, "5.1.1 two\n5.1.1 lines", RECIPIENT),
    ],
)
def test_a_rejection_says_who_is_to_blame(code: int, text: str, blame: Blame) -> None:
    reply = classify(code, text, Stage.RCPT)
    assert isinstance(reply, Rejected)
    assert reply.blame is blame
    assert reply.text == " ".join(f"{code} {text}".split())


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (450, "4.7.1 greylisted, come back later"),
        (451, "local error"),
        (452, "4.3.1 insufficient system storage"),
        (552, "mailbox full"),
        (552, "5.2.2 over quota"),
        (550, "5.2.2 over quota"),
        (554, "5.3.1 mail system full"),
        (550, "4.2.0 the status outranks the code"),
    ],
)
def test_what_will_pass_is_deferred_whatever_its_code(code: int, text: str) -> None:
    reply = classify(code, text, Stage.RCPT)
    assert isinstance(reply, Deferred)
    assert not reply.is_dropped


def test_a_permanent_status_outranks_a_temporary_code() -> None:
    assert classify(450, "5.1.1 no such user", Stage.RCPT) == Rejected("450 5.1.1 no such user", RECIPIENT)


@pytest.mark.parametrize("stage", list(Stage))
@pytest.mark.parametrize("code", [421, 354, 0, 999, 600])
def test_421_and_replies_out_of_turn_end_the_connection(stage: Stage, code: int) -> None:
    reply = classify(code, "closing", stage)
    assert isinstance(reply, Deferred)
    assert reply.is_dropped


@pytest.mark.parametrize(("code", "text"), [(550, "5.7.1 not from you"), (550, "5.1.1 no such user"), (501, "syntax")])
def test_a_refused_sender_is_no_message_s_fault(code: int, text: str) -> None:
    assert isinstance(classify(code, text, Stage.MAIL), Unavailable)


def test_a_message_too_big_is_told_at_mail_already() -> None:
    assert classify(552, "5.3.4 too big", Stage.MAIL) == Rejected("552 5.3.4 too big", MESSAGE)


@pytest.mark.parametrize("code", [530, 534, 535, 538])
def test_a_wanted_or_refused_login_makes_the_relay_unavailable(code: int) -> None:
    assert classify(code, "5.7.0 authentication required", Stage.MAIL) == Unavailable(
        f"{code} 5.7.0 authentication required", is_auth=True
    )


def test_numbers_inside_a_text_are_no_status() -> None:
    assert status_of("blocked, see 5.1.1.8 for the list") is None
    assert status_of("5.1.1.8 is blocked") is None


@given(st.integers(0, 999), st.text(max_size=80), st.sampled_from(Stage))
def test_every_reply_has_a_meaning_and_only_2xx_means_taken(code: int, text: str, stage: Stage) -> None:
    reply: Reply = classify(code, text, stage)
    assert isinstance(reply, Accepted) == (200 <= code < 300)
