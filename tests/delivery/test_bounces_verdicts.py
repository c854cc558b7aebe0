"""What a reply means for its recipient: gone, not now, or our own fault."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.delivery.verdicts import Told, Verdict, judge, status_of

GONE = ("user unknown", "host unknown", "moved", "disabled")


def verdict(reply: str, status: str = "", **more: str) -> tuple[Verdict, str, bool]:
    found = judge("ada@example.com", Told(reply, status_of(status), more.get("action", "failed"), more.get("note", "")))
    return found.verdict, found.why, found.is_ours_at_fault


@pytest.mark.parametrize(
    ("reply", "status", "why"),
    [
        ("550 5.1.1 <ada@example.com>... User unknown", "5.1.1", "user unknown"),
        ("550 5.1.1 https://example.com/help?why=policy abc - gsmtp", "", "user unknown"),
        ("550 5.1.1 <ada@no-spam.example>: Recipient address rejected: User unknown", "", "user unknown"),
        ("550 User unknown", "5.0.0", "user unknown"),
        ("550 No such user here", "", "user unknown"),
        ("553 sorry, no mailbox here by that name", "", "user unknown"),
        ("554 delivery error: this user doesn't have a example.com account", "5.0.0", "user unknown"),
        ("550 account ada@example.com does not exist", "", "user unknown"),
        ("550 Recipient not found", "", "user unknown"),
        ("550 5.1.2 host unknown", "", "host unknown"),
        ("Host or domain name not found. Name service error for name=x.example", "5.4.4", "host unknown"),
        ("550 Unrouteable address", "", "host unknown"),
        ("556 5.1.10 recipient address has null MX", "", "host unknown"),
        ("550 5.1.6 recipient no longer on server", "5.1.6", "moved"),
        ("551 user has moved", "", "moved"),
        ("550 5.2.1 The account that you tried to reach is disabled", "", "disabled"),
        ("550 5.2.1 mailbox disabled", "5.2.1", "disabled"),
        ("", "5.2.1", "disabled"),
        ("554 This account has been disabled or discontinued", "5.0.0", "disabled"),
        ("550 mailbox is inactive", "", "disabled"),
    ],
)
def test_nobody_is_there(reply: str, status: str, why: str) -> None:
    assert verdict(reply, status) == (Verdict.HARD, why, False)


@pytest.mark.parametrize(
    ("reply", "status", "why"),
    [
        ("550 5.2.2 mailbox full", "", "mailbox full"),
        ("552 over the limit", "", "mailbox full"),
        ("550 5.1.1 the mailbox is over quota", "5.1.1", "mailbox full"),
        ("522 5.2.0 Delivery failed: Over quota", "5.2.0", "mailbox full"),
        ("452 4.3.1 insufficient system storage", "4.3.1", "mailbox full"),
        ("450 4.7.1 Greylisted, come back in 5 minutes", "", "greylisted"),
        ("550 greylisting in action", "", "greylisted"),
        ("550 5.2.1 the user is receiving mail at a rate that prevents more", "", "rate"),
        ("421 4.7.0 too many connections", "", "rate"),
        ("connect to mx.example[192.0.2.1]:25: Connection timed out", "4.4.1", "network"),
        ("", "4.4.6", "network"),
        ("", "4.4.0", "network"),
        ("delivery time expired", "5.4.7", "expired"),
        ("", "4.4.7", "expired"),
        ("Unable to contact LDAP server. (#4.4.3)", "", "network"),
        ("451 local error, try again later", "", "their system"),
        ("450 4.1.1 user unknown in local recipient table", "", "their system"),
        ("550 mailbox unavailable", "", "no reason given"),  # RFC 5321 gives that text for refusals by policy too
        ("550 5.2.1 <ada@example.com>... User unknown", "", "no reason given"),
        ("554 transaction failed", "5.0.0", "no reason given"),
        ("550 5.4.1 Recipient address rejected", "", "no reason given"),
        ("", "", "no reason given"),
    ],
)
def test_the_recipient_may_get_the_next_one(reply: str, status: str, why: str) -> None:
    assert verdict(reply, status) == (Verdict.SOFT, why, False)


@pytest.mark.parametrize(
    ("reply", "status", "why"),
    [
        ("550 5.7.1 message refused", "", "policy"),
        ("550 5.7.1 550 User Unknown", "5.0.0", "policy"),
        ("554 5.7.1 relay access denied", "5.0.0", "policy"),
        ("501 RCPT refused: 5.7.1 This system is not configured to relay", "5.0.0", "policy"),
        ("550 5.7.26 Unauthenticated mail is not accepted", "", "authentication"),
        ("550 5.7.515 Access denied", "", "authentication"),
        ("550 5.7.1 your domain's DMARC policy", "", "authentication"),
        ("550 Bad SPF records", "5.0.0", "authentication"),
        ("550 message looks like spam", "", "spam"),
        ("5.1.0 - Unknown address error 550-'5.7.1 blocked'", "5.0.0", "spam"),
        ("550 5.1.1 listed on a blocklist", "5.1.1", "spam"),
        ("501 5.1.8 Sender address rejected: Domain not found", "", "our sender address"),
        ("550 Unroutable sender address", "", "our sender address"),
        ("552 5.3.4 message too big", "", "size"),
        ("550 5.2.3 longer than this mailbox takes", "", "size"),
        ("554 5.6.0 malformed", "", "content"),
        ("503 Improper sequence of commands", "5.5.0", "protocol"),
    ],
)
def test_it_was_our_fault_and_the_reader_keeps_reading(reply: str, status: str, why: str) -> None:
    assert verdict(reply, status) == (Verdict.SOFT, why, True)


def test_of_two_statuses_the_milder_counts() -> None:
    assert verdict("550 5.1.1 unknown", "4.4.7")[0] is Verdict.SOFT
    assert verdict("550 5.7.1 no", "5.1.1") == (Verdict.SOFT, "policy", True)


@given(st.text(max_size=200), st.sampled_from(["", "4.1.1", "4.2.1", "4.7.1", "4.0.0"]))
def test_what_is_temporary_by_number_is_never_hard(words: str, status: str) -> None:
    reply = f"{words} user unknown"
    assert verdict(reply if status else f"450 {reply}", status)[0] is Verdict.SOFT
    assert verdict(f"550 5.1.1 {words}", "5.1.1", action="delayed")[0] is Verdict.SOFT


@given(st.integers(0, 999), st.text(max_size=60))
def test_policy_suppresses_nobody_whatever_it_says(detail: int, words: str) -> None:
    assert verdict(f"550 5.7.{detail} {words} user unknown")[0] is Verdict.SOFT


@given(st.text(max_size=300), st.text(max_size=20), st.sampled_from(["", "failed", "delayed", "x"]), st.text())
def test_every_reply_has_a_verdict_with_a_reason(reply: str, status: str, action: str, note: str) -> None:
    found, why, is_ours = verdict(reply, status, action=action, note=note)
    assert found in (Verdict.HARD, Verdict.SOFT, Verdict.IGNORE)
    assert why
    assert (found is Verdict.HARD) == (why in GONE)
    assert not (is_ours and found is Verdict.HARD)
