"""Returned mail, read: from the bytes of one message to one result per recipient.

    bytes ─received.parse─► dsn | feedback_reports | auto_replies | oldstyle ─verdicts─► Returned…

Whose address a message came back to (VERP) says more than whatever it says inside: `tokens` are the candidates, and
only a token whose signature holds proves that we ever wrote to that recipient.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from digest.delivery import auto_replies, dsn, feedback_reports, oldstyle
from digest.delivery.received import Headers, Received, parse
from digest.delivery.verdicts import Finding, Verdict

_DAEMONS = re.compile(
    r"\b(?:mailer-?daemon|postmaster|mail-?daemon)\b|mail delivery (?:sub)?(?:system|service)|delivery subsystem",
    re.IGNORECASE,
)
_SUBJECT = re.compile(
    r"\bundeliver(?:ed|able)|\breturned mail|\bfailure notice|\bdelivery (?:status|failure|failed|report|notification)"
    r"|\bmail delivery\b|\bdelayed mail|\bcould not be delivered|\bdelivery has failed|\breturn(?:ing|ed)? to sender",
    re.IGNORECASE,
)
_CAME_TO = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "to")
_EXTENSION = re.compile(r"\+([A-Za-z0-9._=-]{8,200})@")
_MESSAGE_ID = re.compile(r"<?([^\s<>]{1,250}@[^\s<>]{1,250})>?")
_MAX_TOKENS = 10
NO_REPORT = "no report of a delivery"
"""Why mail is ignored that may be a person's."""


@dataclass(frozen=True, slots=True)
class Returned:
    """What one returned message says of one recipient.

    `recipient` is whom the report names, and a report can be forged. `status` is an enhanced status ("5.1.1"), `why`
    the cause in a few words, `reply` the server's own words on one line. `is_ours_at_fault`: refused for our message,
    domain or server, so an alert for the admin. `tokens` are unverified, the likeliest first. `message_id` is the
    returned message's, without brackets.
    """

    recipient: str | None
    status: str | None
    verdict: Verdict
    why: str
    reply: str
    is_ours_at_fault: bool
    tokens: tuple[str, ...]
    message_id: str | None

    @property
    def token(self) -> str | None:
        """The likeliest token: that of the address the message came back to."""
        return self.tokens[0] if self.tokens else None

    @property
    def is_hard(self) -> bool:
        return self.verdict is Verdict.HARD


def read(raw: bytes, came_to: str | None = None) -> tuple[Returned, ...]:
    """What a message that came back means, one result per recipient and at least one; never raises.

    `came_to` is the envelope's recipient, where the transport knows it (LMTP, a pipe); it outranks the headers.
    """
    received = parse(raw)
    report, quoted = oldstyle.split_report(received.text)
    original = received.returned if received.returned.fields else quoted
    found = _findings(received, report, original, raw)
    tokens = tuple(dict.fromkeys(_tokens(received.headers, original, came_to)))[:_MAX_TOKENS]
    message_id = _message_id(received.headers, original)
    return tuple(
        Returned(one.recipient, one.status, one.verdict, one.why, one.reply, one.is_ours_at_fault, tokens, message_id)
        for one in _once(found)
    )


def _findings(received: Received, report: str, original: Headers, raw: bytes) -> list[Finding]:
    """By the kinds of report, the surest first. Daemons mark their reports as automatic too, so replies come late."""
    is_report = _is_report(received.headers)
    others = _others(received.headers, original)
    if is_report or received.of_kind("message/delivery-status", "message/global-delivery-status"):
        notes = oldstyle.notes(report, others)
        if found := dsn.findings(received, notes):
            return found
    if found := feedback_reports.findings(received) or feedback_reports.notified(received):
        return found
    if one := auto_replies.unsubscribing(received) or auto_replies.announced(received):
        return [one]
    if is_report and not received.of_kind("message/disposition-notification"):
        return oldstyle.findings(received, report, others, raw)
    return [auto_replies.answered(received) or Finding(None, Verdict.IGNORE, NO_REPORT)]


def _is_report(headers: Headers) -> bool:
    """Did a mail system write this, and not a person or a reader's own program?"""
    kind = headers.get("content-type").lower()
    if "delivery-status" in kind or headers.has("x-failed-recipients"):
        return True
    if "feedback-report" in kind or "disposition-notification" in kind:
        return False
    return bool(_DAEMONS.search(headers.get("from")[:500]) or _SUBJECT.search(headers.get("subject")[:500]))


def _others(headers: Headers, original: Headers) -> list[str]:
    """Who cannot be a failed recipient: the report's writer and reader, and the returned message's sender."""
    values = [*headers.all("to", "from", "return-path", "delivered-to"), *original.all("from", "return-path", "sender")]
    recipients = oldstyle.addresses_in(original.all("to"))
    return [one for one in oldstyle.addresses_in(values) if one not in recipients]


def _tokens(headers: Headers, original: Headers, came_to: str | None) -> Iterator[str]:
    """The extensions of the addresses it came to, then of the return path inside the returned message."""
    values = [came_to or "", *headers.all(*_CAME_TO), *original.all("return-path", "x-envelope-from", "errors-to")]
    for value in values:
        yield from _EXTENSION.findall(value[:2_000])


def _message_id(headers: Headers, original: Headers) -> str | None:
    for value in [*original.all("message-id"), *headers.all("in-reply-to", "references")]:
        if found := _MESSAGE_ID.search(value[:1_000]):
            return found[1]
    return None


def _once(found: list[Finding]) -> list[Finding]:
    """Each recipient once: of several findings the one with a reply, else the first."""
    chosen: dict[str | None, Finding] = {}
    for one in found:
        key = one.recipient.lower() if one.recipient else None
        if key not in chosen or (one.reply and not chosen[key].reply):
            chosen[key] = one
    return list(chosen.values())
