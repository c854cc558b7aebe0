"""Delivery status notifications (RFC 3464): blocks of fields, one for the message and one per recipient.

Gateways flatten reports or lose their frame; then the same blocks are read out of the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from digest.delivery.received import Headers, Received, fields_of
from digest.delivery.verdicts import Finding, Told, judge, status_of

MAX_RECIPIENTS = 10_000

_KINDS = ("message/delivery-status", "message/global-delivery-status")
_BLANK = re.compile(r"\n[ \t]*\n")
_RECIPIENT = ("original-recipient", "final-recipient", "x-actual-recipient")
_ADDRESS = re.compile(r"[^\s<>@,;:]{1,128}@[^\s<>@,;:]{1,255}")
_ROUTE = re.compile(r"^@[^:]{1,255}:")  # a source route, RFC 5321 appendix C


def findings(received: Received, notes: Mapping[str, str]) -> list[Finding]:
    """What a delivery report says of each recipient; nothing where it is none.

    `notes` is what it says to people about each recipient, by address in lower case; "" stands for all.
    """
    blocks = list(_blocks(received))
    told = [_told(block) for block in blocks]
    is_one = len({recipient for recipient, _ in told}) == 1
    return [judge(recipient, _with_note(one, recipient, notes, is_one)) for recipient, one in told]


def recipient_of(field: str) -> str | None:
    """The address in `rfc822; <a@example.org>`; None where it is none."""
    kind, has_kind, value = field.partition(";")
    if has_kind and kind.strip().lower() not in ("rfc822", "utf-8"):
        return None
    value = _ROUTE.sub("", (value if has_kind else kind).strip().strip("<>").strip())
    found = _ADDRESS.fullmatch(value)
    return found[0] if found else None


def _blocks(received: Received) -> Iterator[Headers]:
    """The blocks of fields that are about a recipient."""
    texts = [leaf.text for leaf in received.of_kind(*_KINDS)]
    is_in_frame = bool(texts)
    count = 0
    for text in texts or [received.text]:
        for block in _BLANK.split(text.strip("\n")):
            fields, _ = fields_of(block.strip("\n"))
            is_whole = fields.has("action") and any(fields.has(name) for name in _RECIPIENT)
            if is_whole or (is_in_frame and fields.has("final-recipient")):
                yield fields
                count += 1
            if count == MAX_RECIPIENTS:
                return


def _told(fields: Headers) -> tuple[str | None, Told]:
    kind, has_kind, reply = fields.get("diagnostic-code").partition(";")
    if not has_kind or " " in kind.strip():
        kind, reply = "", fields.get("diagnostic-code")
    told = Told(
        reply=reply.strip(),
        status=status_of(fields.get("status")),
        action=(fields.get("action").lower().split() or [""])[0],
        is_program=kind.strip().lower() == "x-unix",
    )
    return _recipient(fields), told


def _recipient(fields: Headers) -> str | None:
    """Whom we wrote to: the original recipient, since the final one is where that address was forwarded to."""
    return next(filter(None, map(recipient_of, fields.all(*_RECIPIENT))), None)


def _with_note(told: Told, recipient: str | None, notes: Mapping[str, str], is_one: bool) -> Told:
    note = notes.get((recipient or "").lower(), "") if recipient else ""
    if is_one:
        note = f"{note}\n{notes.get('', '')}"
    return Told(told.reply, told.status, told.action, note, told.is_program)
