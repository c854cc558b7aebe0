"""Recorded reports of many mail systems against what is known of each.

The table gives reasons in its own words; which of them are hard is the table below. Where it says "filtered", a
recipient's filter refused: soft, although some filters say "user unknown" in nearly all the words there are.
"""

from __future__ import annotations

from collections.abc import Iterator

from digest.delivery.bounces import read
from digest.delivery.verdicts import Verdict
from tests.support.shared import shared

HARD = ("userunknown", "hostunknown", "hasmoved", "notaccept", "suspend")
OURS = ("policyviolation", "spamdetected", "authfailure", "securityerror", "norelaying", "exceedlimit", "syntaxerror")
FEEDBACK = {"abuse": "complaint", "opt-out": "unsubscribe", "auth-failure": "ignore"}

# file, recipient → why ours differs. These two say "550 User unknown" and "the account does not exist", without the
# enhanced status or the command that would tell a filter's refusal from a mailbox that is gone.
DIFFERENT = {("rfc3464-42.eml", 1): "hard", ("lhost-yahoo-06.eml", 1): "hard"}


def expected(reason: str, feedback_type: str) -> str:
    if reason == "feedback":
        return FEEDBACK[feedback_type]
    return "ignore" if reason == "vacation" else "hard" if reason in HARD else "soft"


def rows() -> Iterator[tuple[str, int, str, str]]:
    """File, number of the recipient from 1, reason, verdict."""
    for line in shared("samples/bounces/expected.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        file, recipient, _status, _reply, reason, _hard, kind = line.split("\t")
        yield file, int(recipient), reason, expected(reason, kind)


def test_95_percent_of_the_recorded_reports_are_decided_right() -> None:
    found, different = 0, {}
    for file, recipient, _reason, verdict in rows():
        ours = read(shared(f"samples/bounces/{file}").read_bytes())[recipient - 1].verdict
        found += 1
        if ours != verdict:
            different[file, recipient] = str(ours)
    assert found == 84
    assert different == DIFFERENT
    assert (found - len(different)) / found >= 0.95


def test_no_recorded_report_that_is_temporary_or_about_us_suppresses_a_reader() -> None:
    for file, recipient, reason, verdict in rows():
        one = read(shared(f"samples/bounces/{file}").read_bytes())[recipient - 1]
        if verdict == "soft" and reason != "filtered":
            assert one.verdict is Verdict.SOFT, (file, reason, one)
        if reason in OURS:
            assert one.is_ours_at_fault, (file, reason, one)


def test_every_recorded_report_gives_as_many_recipients_as_are_known() -> None:
    known: dict[str, int] = {}
    for file, recipient, _reason, _verdict in rows():
        known[file] = max(known.get(file, 0), recipient)
    for file, recipients in known.items():
        found = read(shared(f"samples/bounces/{file}").read_bytes())
        assert len(found) == recipients, file
        assert all(one.recipient for one in found), file


def test_the_same_reports_with_other_line_ends_say_the_same() -> None:
    for file in ("arf-01", "lhost-postfix-01"):
        found = read(shared(f"samples/bounces/crlf_{file}.eml").read_bytes())
        assert [one.verdict for one in found] == ["complaint" if file == "arf-01" else "soft"]


def test_recorded_mail_that_is_no_report_is_ignored() -> None:
    (one,) = read(shared("samples/bounces/not_is-not-bounce-02.eml").read_bytes())
    assert (one.verdict, one.recipient) == (Verdict.IGNORE, None)


def test_the_recorded_feedback_reports_of_another_collection_are_read() -> None:
    found = [read(shared(f"samples/bounces/php_arf{number}.txt").read_bytes()) for number in (1, 2, 3)]
    assert [[(one.recipient, str(one.verdict)) for one in each] for each in found] == [
        [(None, "complaint")],
        [("user@example.com", "unsubscribe")],
        [("user@example.com", "complaint")],
    ]
