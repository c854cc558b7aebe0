"""Why an edition would be empty: in words for the record, and for the reader who wants a note on such days."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from digest.editions.language import ENGLISH, N_, Language
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


def note_content(nothing: Nothing) -> dict[str, object]:
    """What the note to the reader is made of: it is put into words when the mail is written."""
    below = nothing.closest if nothing.cause is Cause.BELOW_BAR else None
    return {
        "cause": nothing.cause.value,
        "scanned": nothing.scanned,
        "bar": nothing.bar.value,
        "closest": clean(below.title, _TITLE) if below else "",
        "link": (https_link(below.url) or "") if below else "",
    }


def note_words(content: Mapping[str, object], language: Language = ENGLISH) -> dict[str, str]:
    """The `headline` and the `advice` of a note's content.

    Raises:
        KeyError, ValueError: the content is none of ours.
    """
    cause, bar = Cause(str(content["cause"])), Bar(str(content["bar"]))
    return {
        "headline": _headline(cause, int(str(content["scanned"])), language),
        "advice": _advice(cause, bar, language),
    }


def _headline(cause: Cause, scanned: int, language: Language) -> str:
    count = language.ngettext("one paper scanned", "%(num)s papers scanned", scanned)
    match cause:
        case Cause.NOTHING_NEW:
            return language.gettext("Nothing new today: no papers came in")
        case Cause.BELOW_BAR:
            return language.gettext("Nothing above your bar today: %(scanned)s", scanned=count)
        case Cause.RULED_OUT:
            return language.gettext("Nothing you do not know today: %(scanned)s", scanned=count)
        case Cause.NO_FIT:
            return language.gettext("Nothing that fits today: %(scanned)s", scanned=count)


def _advice(cause: Cause, bar: Bar, language: Language) -> str:
    gettext = language.gettext
    match cause:
        case Cause.NOTHING_NEW:
            return gettext(
                "Nothing was listed since your last digest, as on weekends and holidays. There is nothing to change."
            )
        case Cause.BELOW_BAR if bar is Bar.LOW:
            return gettext("Your bar is “low”. With “off” more would come, and it would fit less well.")
        case Cause.BELOW_BAR:
            name = gettext(_BARS[bar])
            return gettext(
                "Your bar is “%(bar)s”. With “low” or “off” more would come, and it would fit less well.", bar=name
            )
        case Cause.RULED_OUT:
            return gettext(
                "What fits was sent before, is in your library, or is muted. Without a mute more might come."
            )
        case Cause.NO_FIT:
            return gettext(
                "No paper has to do with your interests. More keywords, categories or liked papers would widen them."
            )


_BARS = {Bar.OFF: N_("off"), Bar.LOW: N_("low"), Bar.NORMAL: N_("normal"), Bar.HIGH: N_("high")}


def _papers(count: int) -> str:
    return "1 paper" if count == 1 else f"{count:,} papers"
