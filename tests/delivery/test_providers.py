"""Reports that providers post: whoever does not know the secret is nobody, and each kind is read for what it says."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.delivery.bounces import Returned
from digest.delivery.providers import READERS
from digest.delivery.verdicts import Verdict
from tests.support.providers import NOW, SECRET, generic, mailgun, postmark


def read(kind: str, posted: tuple[bytes, dict[str, str]]) -> tuple[Returned, ...] | None:
    return READERS[kind](*posted, SECRET, NOW)


def only(kind: str, posted: tuple[bytes, dict[str, str]]) -> Returned:
    (one,) = read(kind, posted) or ()
    return one


def test_a_program_of_ones_own_may_report_with_a_token_or_a_message_id() -> None:
    told = {"verdict": "hard", "recipient": "a@example.org", "token": "abc", "message_id": "<m@x>", "status": "5.1.1"}
    one = only("generic", generic({"reports": [told]}))
    assert (one.verdict, one.recipient, one.tokens, one.message_id) == (Verdict.HARD, "a@example.org", ("abc",), "m@x")
    judged = only("generic", generic({"reports": [{"recipient": "a@example.org", "reply": "452 4.2.2 full"}]}))
    assert judged.verdict is Verdict.SOFT


def test_mailgun_failures_complaints_and_unsubscriptions_are_read() -> None:
    headers = {"headers": {"message-id": "m@x"}}
    status = {"code": 550, "message": "5.1.1 No such user here"}
    failed = {"event": "failed", "severity": "permanent", "recipient": "a@example.org", "reason": "bounce"}
    one = only("mailgun", mailgun({**failed, "delivery-status": status, "message": headers}))
    assert (one.verdict, one.message_id) == (Verdict.HARD, "m@x")
    refused = {"code": 550, "message": "5.7.26 unauthenticated"}
    assert only("mailgun", mailgun({**failed, "delivery-status": refused})).is_ours_at_fault
    for event, verdict in (("complained", Verdict.COMPLAINT), ("unsubscribed", Verdict.UNSUBSCRIBE)):
        assert only("mailgun", mailgun({"event": event, "recipient": "a@example.org"})).verdict is verdict
    for ignored in ({**failed, "severity": "temporary"}, {**failed, "reason": "suppress-bounce"}, {"event": "opened"}):
        assert read("mailgun", mailgun(ignored)) == ()


@pytest.mark.parametrize(
    ("kind", "verdict"),
    [
        ("HardBounce", Verdict.HARD),
        ("SoftBounce", Verdict.SOFT),
        ("SpamNotification", Verdict.SOFT),
        ("SpamComplaint", Verdict.COMPLAINT),
        ("AutoResponder", None),
        ("Transient", None),
    ],
)
def test_postmark_kinds_have_their_verdicts(kind: str, verdict: Verdict | None) -> None:
    found = read("postmark", postmark({"RecordType": "Bounce", "Type": kind, "Email": "a@example.org"}))
    assert found is not None
    assert [one.verdict for one in found] == ([verdict] if verdict else [])


@pytest.mark.parametrize("kind", READERS)
@given(body=st.binary(max_size=200), value=st.text(max_size=60))
def test_nothing_is_believed_without_proof_and_nothing_breaks(kind: str, body: bytes, value: str) -> None:
    headers = {"x-digest-signature": value, "authorization": value}
    assert READERS[kind](body, headers, SECRET, NOW) is None


def test_another_secret_or_an_old_signature_proves_nothing() -> None:
    old = NOW - timedelta(hours=13)
    ahead = NOW + timedelta(hours=1)
    event = {"event": "complained", "recipient": "a@example.org"}
    for posted in (generic({}, secret="another secret"), generic({}, old), generic({}, ahead)):
        assert read("generic", posted) is None
    for posted in (mailgun(event, secret="another secret"), mailgun(event, old)):
        assert read("mailgun", posted) is None
    assert read("postmark", postmark({}, "another secret")) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(JSON)
def test_signed_nonsense_says_nothing(content: object) -> None:
    assert read("generic", generic(content)) == ()
    assert read("generic", generic({"reports": content})) is not None
