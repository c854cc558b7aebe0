"""Why an edition would be empty: in words for the record, and for the reader who wants a note on such days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from digest.editions.plain import clean, https_link
from digest.model import Bar, Facts

_TITLE = 300


class Cause(StrEnum):
    NOTHING_NEW = "nothing new"
    BELOW_BAR = "below the bar"
    RULED_OUT = "ruled out"
    NO_FIT = "no fit"


@dataclass(frozen=True, slots=True)
class Nothing:
    """An edition without papers: `scanned` papers since `since`, and the one that came closest, if any did."""

    cause: Cause
    scanned: int
    since: datetime
    bar: Bar = Bar.NORMAL
    closest: Facts | None = None

    @property
    def reason(self) -> str:
        """What is stored, logged and shown by `digest why`."""
        since, papers = f"since {self.since:%Y-%m-%d %H:%M} UTC", _papers(self.scanned)
        match self.cause:
            case Cause.NOTHING_NEW:
                return f"nothing new: 0 papers {since}"
            case Cause.BELOW_BAR:
                return f"nothing above the bar ({self.bar}): {papers} {since}"
            case Cause.RULED_OUT:
                return f"all that fits is muted, or known to the reader: {papers} {since}"
            case Cause.NO_FIT:
                if self.scanned == 1:
                    return f"the 1 paper {since} does not fit the profile"
                return f"none of the {papers} {since} fits the profile"


def note_lines(nothing: Nothing) -> dict[str, str]:
    """What the note to the reader says: `headline`, `advice`, and `closest` with its `link`, both "" where none did."""
    below = nothing.closest if nothing.cause is Cause.BELOW_BAR else None
    return {
        "headline": _headline(nothing),
        "advice": _advice(nothing),
        "closest": clean(below.title, _TITLE) if below else "",
        "link": (https_link(below.url) or "") if below else "",
    }


def _headline(nothing: Nothing) -> str:
    scanned = f"{_papers(nothing.scanned)} scanned"
    match nothing.cause:
        case Cause.NOTHING_NEW:
            return "Nothing new today: no papers came in"
        case Cause.BELOW_BAR:
            return f"Nothing above your bar today: {scanned}"
        case Cause.RULED_OUT:
            return f"Nothing you do not know today: {scanned}"
        case Cause.NO_FIT:
            return f"Nothing that fits today: {scanned}"


def _advice(nothing: Nothing) -> str:
    match nothing.cause:
        case Cause.NOTHING_NEW:
            return "Nothing was listed since your last digest, as on weekends and holidays. There is nothing to change."
        case Cause.BELOW_BAR:
            lower = "“low” or “off”" if nothing.bar is not Bar.LOW else "“off”"
            return f"Your bar is “{nothing.bar}”. With {lower} more would come, and it would fit less well."
        case Cause.RULED_OUT:
            return "What fits was sent before, is in your library, or is muted. Without a mute more might come."
        case Cause.NO_FIT:
            return "No paper has to do with your interests. More keywords, categories or liked papers would widen them."


def _papers(count: int) -> str:
    return "1 paper" if count == 1 else f"{count:,} papers"
