"""What others see of this installation: names in DNS, the relay, the unsubscribe page. Only looks, changes nothing.

names ─► sender: SPF, DKIM, DMARC, MX, PTR        pages: the unsubscribe link        transports.probe: the relay
   └─────────────────────────► Finding(ok | note | warning | failure) ◄─────────────────────────┘
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is; SKIPPED: it could not be looked at, or there is nothing to look at."""

    OK = "ok"
    WARNING = "warning"
    FAILURE = "failure"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: what was found, and what to do about it, "" where nothing is to be done."""

    name: str
    level: Level
    text: str
    advice: str = ""


def ok(name: str, text: str) -> Finding:
    return Finding(name, Level.OK, text)


def warning(name: str, text: str, advice: str) -> Finding:
    return Finding(name, Level.WARNING, text, advice)


def failure(name: str, text: str, advice: str) -> Finding:
    return Finding(name, Level.FAILURE, text, advice)


def skipped(name: str, text: str) -> Finding:
    return Finding(name, Level.SKIPPED, text)
