"""Replies as values: the enhanced status (RFC 3463) first, then the code (RFC 5321), then what the text says.

Who is to blame matters more than the code: a queue that suppresses an address at any 550 loses every reader of a
provider to one mistake in its own DNS.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum


class Stage(StrEnum):
    """Which command was answered; DOT is the message itself."""

    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"
    DOT = "DOT"


class Blame(StrEnum):
    """Whose fault a rejection is."""

    RECIPIENT = "recipient"  # no such mailbox or host: a hard bounce
    OURS = "ours"  # policy, authentication, reputation: the whole domain will say the same
    MESSAGE = "message"  # this message's size or content
    UNCLEAR = "unclear"  # refused for good, and nobody says why


@dataclass(frozen=True, slots=True)
class Accepted:
    text: str


@dataclass(frozen=True, slots=True)
class Deferred:
    """Not now, and provably not taken. `is_dropped`: the connection is of no more use (421, lost, out of step)."""

    text: str
    is_dropped: bool = False


@dataclass(frozen=True, slots=True)
class Rejected:
    text: str
    blame: Blame


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """Lost after the final dot and before its reply: nobody can know whether it was taken (RFC 1047)."""

    text: str


@dataclass(frozen=True, slots=True)
class Unavailable:
    """The relay takes nothing at all: unreachable, TLS or AUTH refused, disk full. No message is to blame for it."""

    text: str
    is_auth: bool = False


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """It was not to be sent after all: cancelled, suppressed, or somebody else's by now."""


@dataclass(frozen=True, slots=True)
class Unsendable:
    """The message could not be assembled or spoken: a mistake of our own that stops nothing else."""

    text: str


Reply = Accepted | Deferred | Rejected | Ambiguous | Unavailable | Withdrawn | Unsendable

# At the start of the text (RFC 2034), or as qmail and its heirs write it, "(#5.1.1)" at the end.
_STATUS = re.compile(r"^\s*([245])\.(\d{1,3})\.(\d{1,3})(?!\S)|\(#([245])\.(\d{1,3})\.(\d{1,3})\)")
_UNKNOWN_USER = re.compile(
    r"(?:user|mailbox|recipient|address|account)\s+(?:is\s+)?(?:unknown|not\s+found|unavailable|does\s*n[o']t\s+exist)"
    r"|(?:unknown|no\s+such|invalid)\s+(?:local\s+)?(?:user|mailbox|recipient|address|account|person)"
    r"|no\s+mailbox\s+here",
    re.IGNORECASE,
)
_AUTH_CODES = (530, 534, 535, 538)  # RFC 4954 section 6

Status = tuple[int, int, int]


def status_of(text: str) -> Status | None:
    """The enhanced status of a reply's text, None where it has none."""
    found = _STATUS.search(text)
    if found is None:
        return None
    subject = [int(group) for group in found.groups() if group is not None]
    return subject[0], subject[1], subject[2]


def classify(code: int, text: str, stage: Stage) -> Accepted | Deferred | Rejected | Unavailable:
    """What a final reply means for the message. `text` is without the code, lines joined by newlines."""
    told = " ".join(f"{code} {text}".split())
    if 200 <= code < 300:
        return Accepted(told)
    if code == 421 or not 400 <= code < 600:  # beyond 599 and 3xx out of turn: the dialogue is out of step
        return Deferred(told, is_dropped=True)
    if code in _AUTH_CODES:
        return Unavailable(told, is_auth=True)
    status = status_of(text)
    if (status[0] if status else code // 100) != 5 or _is_temporary_after_all(code, status):
        return Deferred(told)
    blame = _blame(code, status, text)
    if stage is Stage.MAIL and blame is not Blame.MESSAGE:
        # Nobody but us is named yet: the relay does not take mail from this sender.
        return Unavailable(told)
    return Rejected(told, blame)


def _is_temporary_after_all(code: int, status: Status | None) -> bool:
    """Full mailboxes and full systems are emptied again, whatever the code's first digit says."""
    if status is None or status[1] == 0:
        return code == 552
    return status[1:] in ((2, 2), (3, 1))


def _blame(code: int, status: Status | None, text: str) -> Blame:
    if status is not None and status[1] != 0:
        return _blame_of_status(status, text)
    if code == 556:  # RFC 7504: the domain takes no mail
        return Blame.RECIPIENT
    return _blame_of_words(text) if code in (550, 551, 553) else Blame.UNCLEAR


def _blame_of_status(status: Status, text: str) -> Blame:
    _, subject, detail = status
    if (subject, detail) in ((1, 7), (1, 8)):  # the sender's address, not the recipient's
        return Blame.OURS
    if subject == 1 or (subject, detail) in ((2, 1), (4, 4)):  # 2.1 disabled, 4.4 no route to such a host
        return Blame.RECIPIENT
    if subject == 6 or (subject, detail) in ((2, 3), (3, 4)):  # too big, or its content
        return Blame.MESSAGE
    if subject in (5, 7):
        return Blame.OURS
    return _blame_of_words(text)


def _blame_of_words(text: str) -> Blame:
    return Blame.RECIPIENT if _UNKNOWN_USER.search(text) else Blame.UNCLEAR
