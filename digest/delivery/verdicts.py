"""From what a report says of one recipient to what follows for them.

    status, reply, words ─causes─► Cause ─judge─► hard | soft | ignore, and whether we are at fault

The verdict errs to the soft side: a soft bounce too many costs one point of several, a hard one costs a reader.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from digest.delivery.causes import Cause, Status, by_code, by_status, by_words, says_gone


class Verdict(StrEnum):
    HARD = "hard"
    SOFT = "soft"
    COMPLAINT = "complaint"
    UNSUBSCRIBE = "unsubscribe"
    IGNORE = "ignore"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a report says of one recipient. `status` is an enhanced status such as "5.1.1".

    `is_ours_at_fault`: it is about our message, domain or server, and an alert for the admin.
    """

    recipient: str | None
    verdict: Verdict
    why: str
    status: str | None = None
    reply: str = ""
    is_ours_at_fault: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """What a report tells of one recipient.

    `status` is the report's own (RFC 3464 section 2.3.4), `reply` the server's words, `note` what the report says to
    people about this recipient; `is_program`: not a server replied, but a program of theirs failed.
    """

    reply: str
    status: Status | None = None
    action: str = ""
    note: str = ""
    is_program: bool = False


_STATUS = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d]|\.\d)")
_CODE = re.compile(
    r"(?:^|[:#<(]|\bsaid|\berror|\bcode|\breason|\bwas)[\s:#<]{0,5}([45]\d\d)(?=[\s:-])", re.IGNORECASE | re.MULTILINE
)
_AFTER_DATA = re.compile(r"\b(?:in\s+reply\s+to\s+|after\s+)end\s+of\s+data\b", re.IGNORECASE)
_ARRIVED = ("delivered", "relayed", "expanded")
_MAX_REPLY = 1_000


def judge(recipient: str | None, told: Told) -> Finding:
    """The verdict on one recipient of a delivery report."""
    reply = " ".join(told.reply.split())[:_MAX_REPLY]
    if told.action in _ARRIVED:
        return Finding(recipient, Verdict.IGNORE, told.action, _shown(told.status), reply)
    statuses = _statuses(told)
    if told.status is not None and told.status[0] == 2 and told.action != "failed":
        return Finding(recipient, Verdict.IGNORE, "delivered", _shown(told.status), reply)
    cause, status = _cause(told, statuses)
    if cause.is_hard:
        cause = _softened(cause, told, statuses)
    verdict = Verdict.HARD if cause.is_hard else Verdict.SOFT
    return Finding(recipient, verdict, str(cause), _shown(status), reply, cause.is_ours)


def status_of(text: str) -> Status | None:
    """The enhanced status at the start of a field, as in `5.1.1 (bad address)`."""
    found = _STATUS.match(text.strip())
    return (int(found[1]), int(found[2]), int(found[3])) if found else None


def _statuses(told: Told) -> list[Status]:
    """The report's status and those of the reply. A 2.x.x inside a text is a version, not a success."""
    quoted = [(int(a), int(b), int(c)) for a, b, c in _STATUS.findall(told.reply) if a != "2"]
    return ([told.status] if told.status else []) + quoted


def _cause(told: Told, statuses: Sequence[Status]) -> tuple[Cause, Status | None]:
    """The cause, and the status that told it. Of several statuses the mildest counts."""
    code = next((int(found) for found in _CODE.findall(told.reply)), None)
    temporary = [status for status in statuses if status[0] == 4]
    if temporary or told.action == "delayed" or (not statuses and code is not None and code < 500):
        status = max(temporary, key=_specificity, default=next(iter(statuses), None))
        return _passing(told, status), status
    known = [(cause, status) for status in statuses if status[0] == 5 and (cause := by_status(status))]
    if known:
        cause, status = min(known, key=lambda one: _severity(one[0]))
        return _worded(cause, by_words(told.reply)) or cause, status
    named = by_words(told.reply) or (by_code(code) if code else None) or by_words(told.note)
    return named or Cause.UNCLEAR, next(iter(statuses), None)


def _passing(told: Told, status: Status | None) -> Cause:
    """The cause of a temporary failure: nobody is gone, even where it says so."""
    named = by_words(told.reply) or by_words(told.note)
    if named is not None and named.is_temporary:
        return named
    by_number = by_status(status) if status else None
    if status is not None and status[1] == 4 and not (by_number and by_number.is_temporary):
        return Cause.NETWORK
    found = _worded(by_number, named) or named or Cause.SYSTEM
    return Cause.SYSTEM if found.is_hard else found


def _softened(cause: Cause, told: Told, statuses: Sequence[Status]) -> Cause:
    """What contradicts "nobody is there": a report that disagrees with itself suppresses no one."""
    if told.is_program:
        # An exit status (Postfix maps them to 5.1.1) proves that a delivery program failed, often by misconfiguration.
        return Cause.SYSTEM
    named = by_words(told.reply)
    if named is not None and (named.is_temporary or (named.is_ours and not says_gone(told.reply))):
        return named
    if by_words(told.note) is Cause.FULL:
        return Cause.FULL
    is_by_number = any(by_status(status) is cause for status in statuses)
    if cause is Cause.DISABLED and is_by_number and named not in (None, Cause.DISABLED):
        # 5.2.1 says that the mailbox exists (RFC 3463 section 3.3); with "user unknown" it is a filter's refusal.
        return Cause.UNCLEAR
    if cause is Cause.USER_UNKNOWN and not is_by_number and _AFTER_DATA.search(f"{told.reply} {told.note}"):
        # Its server took the recipient at RCPT: mobile carriers say "unknown user" at the end for filtered mail.
        return Cause.UNCLEAR
    return cause


def _worded(by_number: Cause | None, by_words: Cause | None) -> Cause | None:
    """The cause by number, told more exactly by words where the number only says policy (5.7.1)."""
    return by_words if by_number is Cause.POLICY and by_words is not None and by_words.is_ours else by_number


def _severity(cause: Cause) -> int:
    return 0 if cause.is_temporary else 1 if cause.is_ours else 2 if cause is Cause.UNCLEAR else 3


def _specificity(status: Status) -> tuple[bool, bool]:
    return status[1] != 0, status[2] != 0


def _shown(status: Status | None) -> str | None:
    return ".".join(map(str, status)) if status else None
