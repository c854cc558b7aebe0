"""Complaints: the abuse reporting format (RFC 5965, RFC 6591) and Amazon SES's notifications, which mean the same.

"abuse" says that a reader pressed "this is spam": whatever we think of it, they get no more. "auth-failure" is a
report about our signatures or somebody who forges us, and no reader has complained.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from itertools import islice

from digest.delivery.dsn import MAX_RECIPIENTS, recipient_of
from digest.delivery.received import Headers, Received, fields_of
from digest.delivery.verdicts import Finding, Told, Verdict, judge, status_of

_VERDICTS: Mapping[str, tuple[Verdict, bool]] = {
    "abuse": (Verdict.COMPLAINT, False),
    "fraud": (Verdict.COMPLAINT, False),
    "opt-out": (Verdict.UNSUBSCRIBE, False),
    "opt-out-list": (Verdict.UNSUBSCRIBE, False),
    "auth-failure": (Verdict.IGNORE, True),
    "dmarc": (Verdict.IGNORE, True),
    "virus": (Verdict.IGNORE, True),
}
_TYPE_LINE = re.compile(r"^Feedback-Type[ \t]*:", re.IGNORECASE | re.MULTILINE)
_NOTIFICATION = re.compile(r'\{\s*"(?:notificationType|eventType)"')


def findings(received: Received) -> list[Finding]:
    """What a feedback report says of each recipient; nothing where it is none."""
    fields = _fields(received)
    if fields is None:
        return []
    kind = (fields.get("feedback-type").lower().split() or [""])[0]
    verdict, is_ours = _VERDICTS.get(kind, (Verdict.IGNORE, False))
    why = f"feedback report: {kind[:40] or 'of no type'}"
    named = map(recipient_of, fields.all("original-rcpt-to", "removal-recipient"))
    found = dict.fromkeys(islice((one for one in named if one), MAX_RECIPIENTS))
    recipients: list[str | None] = [*found] or [_only_recipient(received.returned)]
    return [Finding(one, verdict, why, is_ours_at_fault=is_ours) for one in recipients]


def notified(received: Received) -> list[Finding]:
    """What an Amazon SES notification says of each recipient; nothing where it is none."""
    start = _NOTIFICATION.search(received.text)
    if start is None:
        return []
    try:
        value, _ = json.JSONDecoder(strict=False).raw_decode(received.text, start.start())
    except (ValueError, RecursionError):
        return []
    return list(islice(_of_notification(value), MAX_RECIPIENTS))


def _fields(received: Received) -> Headers | None:
    """The fields of a report, in its own part or in the text of a report that lost its frame."""
    for leaf in received.of_kind("message/feedback-report"):
        return fields_of(leaf.text.lstrip("\n"))[0]
    if "feedback-report" in received.headers.get("content-type").lower():
        start = _TYPE_LINE.search(received.text)
        before = received.text.rfind("\n\n", 0, start.start()) + 2 if start else 0
        return fields_of(received.text[max(before, 0) :])[0] if start else None
    return None


def _only_recipient(returned: Headers) -> str | None:
    """The address in To of the returned message, where it is one: we write to one at a time."""
    value = returned.get("to")
    found = re.findall(r"[^\s<>@,;:\"]{1,128}@[^\s<>@,;:\"]{1,255}", value[:2_000])
    return found[0] if len(found) == 1 else None


def _of_notification(value: object) -> Iterator[Finding]:
    kind = str(_inside(value, "notificationType") or _inside(value, "eventType")).lower()
    if kind == "complaint":
        said = str(_inside(value, "complaint", "complaintFeedbackType") or "abuse").lower()
        verdict, is_ours = _VERDICTS.get(said, (Verdict.IGNORE, False))
        for one in _each(_inside(value, "complaint", "complainedRecipients")):
            yield Finding(_address(one), verdict, f"feedback report: {said[:40]}", is_ours_at_fault=is_ours)
    elif kind == "bounce":
        is_passing = str(_inside(value, "bounce", "bounceType")).lower() != "permanent"
        for one in _each(_inside(value, "bounce", "bouncedRecipients")):
            action = "delayed" if is_passing else "failed"
            status = status_of(str(_inside(one, "status") or ""))
            reply = str(_inside(one, "diagnosticCode") or "").removeprefix("smtp;")
            yield judge(_address(one), Told(reply.strip(), status, action))
    elif kind == "delivery":
        yield Finding(None, Verdict.IGNORE, "delivered")


def _inside(value: object, *path: str) -> object:
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _each(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _address(value: object) -> str | None:
    return recipient_of(str(_inside(value, "emailAddress") or ""))
