"""Mail that a program answered with: vacation notices, receipts, and mail clients that unsubscribe for their user."""

from __future__ import annotations

import re

from digest.delivery.oldstyle import addresses_in
from digest.delivery.received import Headers, Received
from digest.delivery.verdicts import Finding, Verdict

_SUBJECT = re.compile(
    r"^\s*(?:auto(?:matic|mated)?[\s-]?(?:reply|response|antwort|matische antwort)|out of (?:the )?office|vacation\b"
    r"|abwesen(?:d|heit)|automatische antwort|réponse automatique|respuesta automática|away from (?:my|the))",
    re.IGNORECASE,
)
_OWN = ("x-autoreply", "x-autorespond", "x-autoresponder", "x-vacation", "x-ms-exchange-inbox-rules-loop")
_UNSUBSCRIBE = re.compile(r"\s*unsubscribe(?:\s+\S{1,200})?\s*", re.IGNORECASE)


def unsubscribing(received: Received) -> Finding | None:
    """An unsubscribe mail, as clients write it to the mailto of List-Unsubscribe (RFC 2369); None where it is none.

    Anybody can write one in anybody's name: it proves nothing without a signed token.
    """
    headers = received.headers
    if headers.has("x-apple-unsubscribe") or _UNSUBSCRIBE.fullmatch(headers.get("subject")[:300]):
        return Finding(_writer(headers), Verdict.UNSUBSCRIBE, "unsubscribe mail")
    return None


def announced(received: Received) -> Finding | None:
    """An answer whose subject says so, even where its writer is called postmaster."""
    if _SUBJECT.match(received.headers.get("subject")[:300]):
        return Finding(_writer(received.headers), Verdict.IGNORE, "automatic reply")
    return None


def answered(received: Received) -> Finding | None:
    """An answer by a program (RFC 3834) or a receipt (RFC 8098); None where a person may have written it."""
    headers = received.headers
    if received.of_kind("message/disposition-notification"):
        return Finding(_writer(headers), Verdict.IGNORE, "read receipt")
    submitted = headers.get("auto-submitted").partition(";")[0].strip().lower()
    if submitted not in ("", "no") or any(map(headers.has, _OWN)):
        return Finding(_writer(headers), Verdict.IGNORE, "automatic reply")
    if headers.get("precedence").strip().lower() in ("auto_reply", "auto-reply"):
        return Finding(_writer(headers), Verdict.IGNORE, "automatic reply")
    return None


def _writer(headers: Headers) -> str | None:
    return next(iter(addresses_in([headers.get("from")])), None)
