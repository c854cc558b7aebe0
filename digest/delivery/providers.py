"""Reports that providers post instead of returning mail: each kind proves itself and is read by one function.

    generic    any program: `X-Digest-Signature: t=SECONDS,v1=HEX`, HMAC-SHA256 over "SECONDS.BODY"
    mailgun    its webhooks: a signature inside the body, HMAC-SHA256 over timestamp and token
    postmark   its webhooks: no signature, so user "digest" and the secret by Basic authentication

Each takes the body, the header fields (names in lower case), the secret and the time, and gives what the reports say;
None for whatever does not prove that it comes from who knows the secret. The secret is never empty.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import TypeAlias

from digest.delivery.bounces import Returned
from digest.delivery.verdicts import Finding, Told, Verdict, judge, status_of

Read: TypeAlias = "Callable[[bytes, Mapping[str, str], str, datetime], tuple[Returned, ...] | None]"

_AGE = timedelta(hours=12)  # providers try again for hours; each message counts once anyway
_AHEAD = timedelta(minutes=5)
_MOST = 1_000
USER = "digest"


def generic(body: bytes, headers: Mapping[str, str], secret: str, now: datetime) -> tuple[Returned, ...] | None:
    """`{"reports": [{"verdict", "recipient", "token", "message_id", "status", "reply"}]}`, signed in a header.

    `verdict` is hard, soft, complaint or unsubscribe; without one it is judged from `status` and `reply`.
    """
    fields = dict(part.strip().partition("=")[::2] for part in headers.get("x-digest-signature", "").split(","))
    at = fields.get("t", "")
    told = hmac.new(secret.encode(), at.encode() + b"." + body, hashlib.sha256).hexdigest()
    if not (_is_recent(at, now) and _is_same(told, fields.get("v1", ""))):
        return None
    content = _object(_json(body))
    reports = content.get("reports")
    found = [_object(one) for one in reports[:_MOST]] if isinstance(reports, list) else []
    return tuple(_generic(one) for one in found)


def mailgun(body: bytes, headers: Mapping[str, str], secret: str, now: datetime) -> tuple[Returned, ...] | None:
    """Mailgun's events failed, complained and unsubscribed; `secret` is the webhook signing key."""
    del headers
    content = _object(_json(body))
    signature = _object(content.get("signature"))
    at, token = _text(signature, "timestamp"), _text(signature, "token")
    told = hmac.new(secret.encode(), f"{at}{token}".encode(), hashlib.sha256).hexdigest()
    if not (_is_recent(at, now) and token and _is_same(told, _text(signature, "signature"))):
        return None
    return tuple(_mailgun(_object(content.get("event-data"))))


def postmark(body: bytes, headers: Mapping[str, str], secret: str, now: datetime) -> tuple[Returned, ...] | None:
    """Postmark's records Bounce and SpamComplaint."""
    del now
    if not _is_same(_basic(headers.get("authorization", "")), f"{USER}:{secret}"):
        return None
    content = _object(_json(body))
    found = _postmark(_text(content, "Type"), _text(content, "Details") or _text(content, "Description"))
    if found is None or _text(content, "RecordType") not in ("Bounce", "SpamComplaint"):
        return ()
    return (_returned(found, _text(content, "Email") or None),)


READERS: Mapping[str, Read] = {"generic": generic, "mailgun": mailgun, "postmark": postmark}


def _generic(one: Mapping[str, object]) -> Returned:
    reply, status, verdict = _text(one, "reply"), status_of(_text(one, "status")), _text(one, "verdict")
    if verdict in (Verdict.HARD, Verdict.SOFT, Verdict.COMPLAINT, Verdict.UNSUBSCRIBE):
        shown = ".".join(map(str, status)) if status else None
        found = Finding(None, Verdict(verdict), verdict, shown, reply)
    else:
        found = judge(None, Told(reply, status))
    token = _text(one, "token")
    return _returned(found, _text(one, "recipient") or None, _text(one, "message_id"), (token,) if token else ())


def _mailgun(event: Mapping[str, object]) -> Iterator[Returned]:
    kind = _text(event, "event")
    if kind == "failed" and _text(event, "severity") == "permanent":
        status = _object(event.get("delivery-status"))
        reply = _text(status, "message") or _text(status, "description")
        # What it does not even try, since it bounced before, says nothing new.
        if _text(event, "reason").startswith("suppress-"):
            return
        found = judge(None, Told(f"{_text(status, 'code')} {reply}", status_of(_text(status, "enhanced-code"))))
    elif kind == "complained":
        found = Finding(None, Verdict.COMPLAINT, "complaint")
    elif kind == "unsubscribed":
        found = Finding(None, Verdict.UNSUBSCRIBE, "unsubscribed at the provider")
    else:
        return
    headers = _object(_object(event.get("message")).get("headers"))
    yield _returned(found, _text(event, "recipient") or None, _text(headers, "message-id"))


_POSTMARK = {
    "HardBounce": Verdict.HARD,
    "BadEmailAddress": Verdict.HARD,
    "SoftBounce": Verdict.SOFT,
    "DnsError": Verdict.SOFT,
    "Unknown": Verdict.SOFT,
    "Blocked": Verdict.SOFT,
    "DMARCPolicy": Verdict.SOFT,
    "SpamNotification": Verdict.SOFT,
    "SpamComplaint": Verdict.COMPLAINT,
    "Unsubscribe": Verdict.UNSUBSCRIBE,
}
_POSTMARK_OURS = {"Blocked": "policy", "DMARCPolicy": "authentication", "SpamNotification": "spam"}


def _postmark(kind: str, details: str) -> Finding | None:
    """Kinds that say nothing of the address (automatic replies, delays, challenges) are no findings."""
    if kind not in _POSTMARK:
        return None
    why = _POSTMARK_OURS.get(kind, kind)
    return Finding(None, _POSTMARK[kind], why, None, details[:1_000], kind in _POSTMARK_OURS)


def _returned(found: Finding, recipient: str | None, message_id: str = "", tokens: tuple[str, ...] = ()) -> Returned:
    return Returned(
        recipient, found.status, found.verdict, found.why, found.reply, found.is_ours_at_fault, tokens,
        message_id.strip("<> ") or None,
    )  # fmt: skip


# ── the forms ────────────────────────────────────────────────────────────────────────────────────


def _json(body: bytes) -> object:
    try:
        found: object = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return found


def _object(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _text(value: Mapping[str, object], name: str) -> str:
    found = value.get(name)
    return str(found) if isinstance(found, str | int) else ""


def _is_recent(seconds: str, now: datetime) -> bool:
    if not (seconds.isascii() and seconds.isdecimal() and len(seconds) <= 12):
        return False
    age = now.timestamp() - int(seconds)
    return -_AHEAD.total_seconds() <= age <= _AGE.total_seconds()


def _is_same(expected: str, given: str) -> bool:
    return hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace"))


def _basic(value: str) -> str:
    """The user and password of an Authorization field, "" where it has none (RFC 7617)."""
    scheme, _, credentials = value.partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(credentials.strip(), validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""
