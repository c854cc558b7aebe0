"""Returned mail in all its forms: who is meant, and what follows for them."""

from __future__ import annotations

import base64
import json

import pytest

from digest.delivery.bounces import Returned, read
from digest.delivery.verdicts import Verdict
from tests.support.returned import DAEMON, OURS, RETURNED, dsn, feedback, message, recipient_fields

HARD, SOFT, IGNORE = Verdict.HARD, Verdict.SOFT, Verdict.IGNORE
COMPLAINT, UNSUBSCRIBE = Verdict.COMPLAINT, Verdict.UNSUBSCRIBE
TOKENED = "back+k1.MTIzNDU2Nzg5MDEy@papers.example.org"


def only(raw: bytes) -> Returned:
    (one,) = read(raw)
    return one


# ── delivery status notifications ────────────────────────────────────────────────────────────────


def test_a_delivery_report_is_read_whole() -> None:
    assert only(dsn(recipient_fields(), to=TOKENED)) == Returned(
        recipient="ada@example.com",
        status="5.1.1",
        verdict=HARD,
        why="user unknown",
        reply="550 5.1.1 No such user",
        is_ours_at_fault=False,
        tokens=("k1.MTIzNDU2Nzg5MDEy",),
        message_id="d1.2026-04-20@papers.example.org",
    )


def test_each_recipient_of_a_report_has_a_verdict_of_their_own() -> None:
    raw = dsn(
        recipient_fields("ada@example.com"),
        recipient_fields("bob@example.com", "4.2.2", "smtp; 452 4.2.2 over quota", Action="delayed"),
        recipient_fields("eve@example.com", "2.1.5", "", Action="delivered"),
    )
    assert [(one.recipient, one.verdict, one.why) for one in read(raw)] == [
        ("ada@example.com", HARD, "user unknown"),
        ("bob@example.com", SOFT, "mailbox full"),
        ("eve@example.com", IGNORE, "delivered"),
    ]


@pytest.mark.parametrize("action", ["delivered", "relayed", "expanded", "Relayed (to gateway)"])
def test_what_arrived_is_no_bounce_whatever_else_the_report_says(action: str) -> None:
    one = only(dsn(recipient_fields(Action=action)))
    assert (one.verdict, one.why) == (IGNORE, action.split(maxsplit=1)[0].lower())


def test_a_delay_is_soft_even_where_the_reply_says_user_unknown() -> None:
    assert only(dsn(recipient_fields(Action="delayed"))).verdict is SOFT


def test_a_forwarded_recipient_is_the_address_that_we_wrote_to() -> None:
    fields = recipient_fields("x@inner.example", Original_Recipient="rfc822;ada@example.com")
    assert only(dsn(fields)).recipient == "ada@example.com"


@pytest.mark.parametrize(
    ("field", "recipient"),
    [
        ("rfc822; <ada@example.com>", "ada@example.com"),
        ("RFC822;ada@example.com", "ada@example.com"),
        ("utf-8; ada@bücher.example", "ada@bücher.example"),
        ("rfc822;@relay.example:ada@example.com", "ada@example.com"),
        ("ada@example.com", "ada@example.com"),
        ("x400; /C=XX/S=ada/", None),
        ("rfc822; local-name", None),
        ("rfc822; two@one.example, three@one.example", None),
    ],
)
def test_a_recipient_field_gives_an_address_or_none(field: str, recipient: str | None) -> None:
    assert only(dsn(recipient_fields(Final_Recipient=field))).recipient == recipient


def test_a_report_that_lost_its_frame_is_read_all_the_same() -> None:
    head = "Content-Type: multipart/report; report-type=delivery-status; boundary=gone\n"
    body = f"Sorry.\n\nReporting-MTA: dns; x\n\n{recipient_fields()}\nReceived: from here\n{RETURNED}\nHello"
    one = only(message(body, sender="someone@mx.example.net", more=head))
    assert (one.recipient, one.verdict) == ("ada@example.com", HARD)
    assert one.message_id == "d1.2026-04-20@papers.example.org"


def test_an_encoded_report_is_decoded() -> None:
    fields = base64.encodebytes(f"Reporting-MTA: dns; x\n\n{recipient_fields()}".encode()).decode()
    body = f"--b\nContent-Type: message/delivery-status\nContent-Transfer-Encoding: base64\n\n{fields}\n--b--\n"
    one = only(message(body, more="Content-Type: multipart/report; boundary=b\n"))
    assert (one.recipient, one.verdict) == ("ada@example.com", HARD)


def test_what_stands_around_the_parts_does_not_count() -> None:
    raw = dsn(recipient_fields(), note="<ada@example.com>: 550 no")
    around = raw.replace(b"\n\n--=frame", b"\n\nquota exceeded\n--=frame", 1) + b"\nquota exceeded\n"
    assert read(around) == read(raw)
    assert only(around).verdict is HARD


def test_line_ends_change_nothing() -> None:
    raw = dsn(recipient_fields(), recipient_fields("bob@example.com", "4.4.7", ""), to=TOKENED)
    assert read(raw) == read(raw.replace(b"\n", b"\r\n")) == read(raw.replace(b"\n", b"\r"))


def test_a_report_inside_a_list_s_wrapping_is_found() -> None:
    inner = dsn(recipient_fields()).decode()
    body = f"--outer\n{inner}\n--outer\nContent-Type: text/plain\n\nA footer\n--outer--\n"
    assert only(message(body, more="Content-Type: multipart/mixed; boundary=outer\n")).verdict is HARD


def test_a_report_that_a_person_forwards_is_not_ours() -> None:
    attached = dsn(recipient_fields()).decode()
    body = f"--o\nContent-Type: text/plain\n\nlook\n--o\nContent-Type: message/rfc822\n\n{attached}\n--o--\n"
    raw = message(
        body, sender="bob@example.com", subject="Fwd: hello", more="Content-Type: multipart/mixed; boundary=o\n"
    )
    assert [(one.verdict, one.recipient) for one in read(raw)] == [(IGNORE, None)]


def test_thousands_of_recipients_are_read_and_millions_are_not() -> None:
    one = recipient_fields().replace("ada@", "reader-{}@")
    raw = dsn(*(one.replace("{}", str(number)) for number in range(3_000)))
    assert len(read(raw)) == 3_000
    assert len(read(dsn(*(one.replace("{}", str(number)) for number in range(20_000))))) <= 10_000


def test_a_report_that_disagrees_with_itself_suppresses_no_one() -> None:
    assert only(dsn(recipient_fields(), note="Your mail was refused: not enough disk space")).why == "mailbox full"
    assert only(dsn(recipient_fields(status="5.1.1", reply="smtp; 450 4.1.1 not known here yet"))).verdict is SOFT
    assert only(dsn(recipient_fields(status="5.1.1", reply="smtp; 550 5.7.1 spam is not taken"))).is_ours_at_fault


def test_a_failed_program_is_no_missing_reader() -> None:
    assert only(dsn(recipient_fields(reply="x-unix; sorter: no such user in /etc/map"))).why == "their system"


def test_an_unknown_user_at_the_end_of_data_is_a_filter() -> None:
    note = "<ada@example.com>: host mx.example.com said: 550 Unknown user (in reply to end of DATA command)"
    assert only(dsn(recipient_fields(status="5.0.0", reply="smtp; 550 Unknown user"), note=note)).verdict is SOFT
    assert only(dsn(recipient_fields(status="5.0.0", reply="smtp; 550 Unknown user"))).verdict is HARD


# ── reports in words ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("Hi, this is the mailer.\n\n<ada@example.com>:\nNo mailbox here by that name. (#5.1.1)\n", HARD),
        ("These failed:\n\n  ada@example.com\n    host mx [192.0.2.1]: 550 5.1.1 user unknown\n", HARD),
        ("ada@example.com: 550 5.2.2 <ada@example.com>... Mailbox Full\n", SOFT),
        ("Delivery to ada@example.com is late.\nThis is a warning only: 550 user unknown so far\n", SOFT),
        ("Could not deliver to <ada@example.com>. They said:\n550-5.7.26 not authenticated\n550 5.7.26 sorry", SOFT),
        ("ada@example.com on Monday\n   The recipient name is not recognized\n", HARD),
        ("ada@example.com\nan MX or SRV record indicated no SMTP service\n", HARD),
        ("ada@example.com\n\nWe tried, but: 500 Remote server does not\n", SOFT),
    ],
)
def test_a_report_in_words_is_read(body: str, expected: Verdict) -> None:
    one = only(message(f"{body}\n------ This is a copy of the message ------\n\n{RETURNED}\nbob@example.com"))
    assert (one.recipient, one.verdict) == ("ada@example.com", expected)
    assert one.message_id == "d1.2026-04-20@papers.example.org"


def test_each_recipient_in_words_has_their_own_reason() -> None:
    body = "ada@example.com: 550 5.1.1 unknown\nbob@example.com: 452 4.2.2 full\n<eve@example.com>: 550 5.7.1 spam\n"
    found = [(one.recipient, one.verdict, one.is_ours_at_fault) for one in read(message(body))]
    assert found == [
        ("ada@example.com", HARD, False),
        ("bob@example.com", SOFT, False),
        ("eve@example.com", SOFT, True),
    ]


def test_a_list_of_recipients_shares_the_reason_below_it() -> None:
    found = read(message("These failed:\n ada@example.com\n bob@example.com\n\nReason: 550 5.1.1 no such user\n"))
    assert [(one.recipient, one.verdict) for one in found] == [("ada@example.com", HARD), ("bob@example.com", HARD)]


def test_an_expanded_alias_is_the_address_that_we_wrote_to() -> None:
    body = "<x@inner.example> (expanded from <ada@example.com>): 550 5.1.1 unknown\n"
    assert only(message(body)).recipient == "ada@example.com"


def test_neither_the_report_s_reader_nor_its_writer_has_failed() -> None:
    body = (
        f"A message sent by\n  <list@papers.example.org>\n\n{OURS} wrote to you.\n\nada@example.com\n  550 5.1.1 no\n"
    )
    assert only(message(body)).recipient == "ada@example.com"


def test_the_failed_recipients_header_names_who_the_text_does_not() -> None:
    one = only(message("The group may not exist, or you lack permission.", more="X-Failed-Recipients: g@example.com\n"))
    assert (one.recipient, one.verdict) == ("g@example.com", SOFT)


def test_a_format_of_old_is_left_to_flufl_bounce() -> None:
    body = "Unknown user: ada@example.com\n\nOriginal message follows.\n\nUnknown user: bob@example.com\n"
    one = only(message(body, more="X-Mailer: <SMTP32 v20000101>\n"))
    assert (one.recipient, one.verdict) == ("ada@example.com", HARD)


def test_a_report_without_any_address_still_has_its_token() -> None:
    one = only(message("Somebody could not be reached: 550 5.1.1 user unknown", to=TOKENED))
    assert (one.recipient, one.verdict, one.token) == (None, HARD, "k1.MTIzNDU2Nzg5MDEy")


# ── complaints, unsubscribing, replies ───────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("kind", "verdict", "is_ours"),
    [
        ("abuse", COMPLAINT, False),
        ("Abuse", COMPLAINT, False),
        ("fraud", COMPLAINT, False),
        ("opt-out", UNSUBSCRIBE, False),
        ("opt-out-list", UNSUBSCRIBE, False),
        ("auth-failure", IGNORE, True),
        ("virus", IGNORE, True),
        ("not-spam", IGNORE, False),
        ("other", IGNORE, False),
        ("unheard-of", IGNORE, False),
    ],
)
def test_a_feedback_report_is_read_by_its_type(kind: str, verdict: Verdict, is_ours: bool) -> None:
    one = only(feedback(kind))
    assert (one.recipient, one.verdict, one.is_ours_at_fault) == ("ada@example.com", verdict, is_ours)


def test_a_feedback_report_may_name_many_and_may_name_none() -> None:
    many = feedback(fields="Original-Rcpt-To: a@example.com\nOriginal-Rcpt-To: <b@example.com>\n")
    assert [one.recipient for one in read(many)] == ["a@example.com", "b@example.com"]
    assert only(feedback(fields="")).recipient == "ada@example.com"  # of the returned message's To
    assert only(feedback(fields="Original-Rcpt-To: redacted\n", to=TOKENED)).token == "k1.MTIzNDU2Nzg5MDEy"


@pytest.mark.parametrize(
    ("notification", "expected"),
    [
        (
            {"notificationType": "Complaint", "complaint": {"complainedRecipients": [{"emailAddress": "a@e.example"}]}},
            [("a@e.example", COMPLAINT)],
        ),
        (
            {
                "notificationType": "Bounce",
                "bounce": {
                    "bounceType": "Permanent",
                    "bouncedRecipients": [
                        {"emailAddress": "a@e.example", "status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1 unknown"},
                        {"emailAddress": "b@e.example", "status": "5.7.1"},
                    ],
                },
            },
            [("a@e.example", HARD), ("b@e.example", SOFT)],
        ),
        (
            {
                "eventType": "Bounce",
                "bounce": {"bounceType": "Transient", "bouncedRecipients": [{"emailAddress": "a@e.example"}]},
            },
            [("a@e.example", SOFT)],
        ),
        ({"notificationType": "Delivery", "delivery": {}}, [(None, IGNORE)]),
        ({"notificationType": "Complaint", "complaint": {"complainedRecipients": "nobody"}}, [(None, IGNORE)]),
    ],
)
def test_a_provider_s_notification_is_read(notification: object, expected: list[tuple[str | None, Verdict]]) -> None:
    raw = message(json.dumps(notification), sender="no-reply@sns.example", subject="Notification")
    assert [(one.recipient, one.verdict) for one in read(raw)] == expected


@pytest.mark.parametrize(
    ("subject", "more"),
    [
        ("Away", "Auto-Submitted: auto-replied\n"),
        ("Away", "Auto-Submitted: auto-generated; type=x\n"),
        ("Automatic reply: your digest", "Return-Path: <>\n"),
        ("Out of office", ""),
        ("Abwesenheitsnotiz", ""),
        ("hello", "Precedence: auto_reply\n"),
        ("hello", "X-Autoreply: yes\n"),
    ],
)
def test_an_automatic_reply_is_ignored(subject: str, more: str) -> None:
    raw = message("ada@example.com: 550 5.1.1 no such user", sender="ada@example.com", subject=subject, more=more)
    assert [(one.verdict, one.recipient, one.why) for one in read(raw)] == [
        (IGNORE, "ada@example.com", "automatic reply")
    ]


def test_an_automatic_reply_of_a_postmaster_is_ignored() -> None:
    assert only(message("I am away.", sender="postmaster@example.com", subject="Automatic reply: x")).verdict is IGNORE


def test_a_read_receipt_is_ignored() -> None:
    body = "--b\nContent-Type: message/disposition-notification\n\nDisposition: automatic-action; displayed\n--b--\n"
    more = "Content-Type: multipart/report; report-type=disposition-notification; boundary=b\n"
    assert only(message(body, sender="ada@example.com", subject="Undeliverable: read", more=more)).why == "read receipt"


@pytest.mark.parametrize(("subject", "more"), [("unsubscribe", ""), ("Your list", "X-Apple-Unsubscribe: true\n")])
def test_an_unsubscribe_mail_is_told_with_its_token(subject: str, more: str) -> None:
    more += "Auto-Submitted: auto-replied\n"
    one = only(message("", sender="ada@example.com", to=TOKENED, subject=subject, more=more))
    assert (one.verdict, one.recipient, one.token) == (UNSUBSCRIBE, "ada@example.com", "k1.MTIzNDU2Nzg5MDEy")


@pytest.mark.parametrize("subject", ["Re: your digest", "how do I unsubscribe from this?", "thanks"])
def test_what_a_person_writes_is_no_report(subject: str) -> None:
    body = "ada@example.com told me: 550 5.1.1 user unknown. I want a refund."
    one = only(message(body, sender="ada@example.com", subject=subject))
    assert (one.verdict, one.recipient, one.why) == (IGNORE, None, "no report of a delivery")


# ── whose message it was ─────────────────────────────────────────────────────────────────────────


def test_the_envelope_s_recipient_outranks_the_headers_and_they_the_returned_message() -> None:
    returned = f"Return-Path: <back+k1.in-the-returned@papers.example.org>\n{RETURNED}"
    raw = b"Delivered-To: back+k1.in-a-header@papers.example.org\n" + dsn(recipient_fields(), returned=returned)
    (one,) = read(raw, came_to="back+k1.in-the-envelope@papers.example.org")
    assert one.tokens == ("k1.in-the-envelope", "k1.in-a-header", "k1.in-the-returned")
    assert read(raw)[0].token == "k1.in-a-header"


def test_the_daemon_is_known_by_its_name() -> None:
    assert read(message("nothing to read here", sender=DAEMON))[0].verdict is SOFT
    assert read(message("nothing to read here", sender="Ada <ada@example.com>"))[0].verdict is IGNORE
