"""Replies that want less mail, not another time for this one."""

from __future__ import annotations

import pytest

from digest.delivery.rates import is_rate
from digest.delivery.replies import Deferred


@pytest.mark.parametrize(
    "text",
    [
        "421 4.7.28 Our system has detected an unusual rate of unsolicited mail",
        "451 4.7.650 The mail server has been temporarily rate limited due to IP reputation",
        "451 4.7.500 Server busy. Please try again later",
        "421 4.7.0 [TSS04] Messages temporarily deferred due to unexpected volume",
        "450 4.7.1 too many messages, slow down",
    ],
)
def test_a_reply_about_our_rate_is_known(text: str) -> None:
    assert is_rate(Deferred(text))


@pytest.mark.parametrize(
    "text",
    [
        "450 4.7.1 greylisted, try again in five minutes",
        "450 4.2.1 The user you are trying to contact is receiving mail at a rate that prevents it",
        "421 4.3.2 too many connections",
        "452 4.2.2 full",
        "lost before the message was sent: too much silence",
    ],
)
def test_other_temporary_replies_concern_their_message_or_connection_only(text: str) -> None:
    assert not is_rate(Deferred(text))
