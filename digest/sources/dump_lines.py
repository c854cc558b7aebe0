"""The lines of a text dump: which are papers and which are the page around them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from digest.errors import UnreadableFile

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?"
    r"|Nov(?:ember)?|Dec(?:ember)?)\.?"
)
DATE = rf"(?P<month>{_MONTH})\s*(?P<day>\d{{1,2}})(?:,?\s*(?P<year>(?:19|20)\d\d))?"
_HEADING = re.compile(rf"(?:(?:Mon|Tues?|Wed(?:nes)?|Thu(?:rs)?|Fri|Sat(?:ur)?|Sun)(?:day)?,?\s+)?{DATE}")
_INBOX = "Get trending papers in your email inbox"
_COMMUNITY = re.compile(r"(?:by\b.{0,80}\s)?and the research community\b")
_WHOLE = re.compile(
    r"new|subscribe|by|(?:daily|trending)? ?papers|trending|(?:load|show) more|\d+ papers?|[\d.,]+k?", re.IGNORECASE
)
# Words of the page in front of the first title; "Subscribe" only where it is glued on.
_GLUED = re.compile(
    rf"""(?:Daily|Trending)\ Papers (?= new | {_INBOX.replace(" ", chr(92) + " ")} ) | new (?=\s*Get\ trending)
    | {_INBOX.replace(" ", chr(92) + " ")} (?:\ once\ a\ day)? \s* [!.]? | Subscribe (?= [A-Z0-9"'“‘(\[] )
    | {_COMMUNITY.pattern.replace(" ", chr(92) + " ")}""",
    re.VERBOSE,
)
_MARKUP = re.compile(r"<(?:!doctype|html|head|body|div|\?xml|rss|feed)\b", re.IGNORECASE)
_BINARY = re.compile(r"[\x00-\x08\x0e-\x1b\x7f]")
_BEFORE_ANY_YEARLESS_DAY = 9  # years back to the last 29 February, also around 1900 and 2100


@dataclass(frozen=True, slots=True)
class Line:
    """A line with its number in the file, from 1; blanks are single."""

    number: int
    text: str


def lines_of(text: str, path: str) -> list[Line]:
    """The lines that hold something. Raises UnreadableFile for what is no page of text at all."""
    numbered = enumerate(re.split(r"\r\n|\r|\n", text.removeprefix("\ufeff")), start=1)
    lines = [Line(number, joined) for number, line in numbered if (joined := " ".join(line.split()))]
    if not lines:
        raise UnreadableFile(path, None, "the file is empty")
    for line in lines:
        if _BINARY.search(line.text) or line.text.count("\ufffd") > 2 + len(line.text) // 50:
            raise UnreadableFile(path, line.number, "binary data, not text: save the page again as plain text")
    if _MARKUP.match(lines[0].text):
        raise UnreadableFile(path, lines[0].number, "HTML or XML, not a text dump: save the page as plain text")
    if lines[-1].text.endswith("\ufffd"):
        raise UnreadableFile(path, lines[-1].number, "the file breaks off inside a character: save the page again")
    return lines


def is_header(text: str) -> bool:
    """Whether a line belongs to the head of a page of trending papers."""
    return _INBOX.lower() in text[:120].lower() or _COMMUNITY.match(text) is not None


def without_furniture(lines: list[Line], as_of: date) -> Iterator[Line | date]:
    """The lines that speak of papers, and the day of each day heading where it stands."""
    in_front, curators = True, _curators(lines)
    for line in lines:
        text = _unglued(line.text) if in_front else line.text
        if line.number in curators or not text or _WHOLE.fullmatch(text) or _COMMUNITY.fullmatch(text):
            continue
        day = day_heading(text, as_of)
        if day is None:
            in_front = False
        yield Line(line.number, text) if day is None else day


def _curators(lines: list[Line]) -> frozenset[int]:
    """The numbers of the lines between "by" and "and the research community"."""
    texts = [line.text.lower() for line in lines]
    ends = [at for at, text in enumerate(texts) if text == "and the research community"]
    return frozenset(
        lines[at].number
        for end in ends
        for start in range(max(end - 3, 0), end)
        if texts[start] == "by"
        for at in range(start, end + 1)
    )


def _unglued(text: str) -> str:
    """The line without words of the page in front ("SubscribeFrom Distillation" is "From Distillation")."""
    while found := _GLUED.match(text):
        text = text[found.end() :].strip()
    return text


def day_heading(text: str, as_of: date) -> date | None:
    """The day of a line that is a date and nothing else; None for other lines."""
    found = _HEADING.fullmatch(text)
    return day_of(found, as_of) if found else None


def day_of(found: re.Match[str], as_of: date) -> date | None:
    """The date of a match of DATE; without a year the latest one not after `as_of`. None for a 31 February."""
    month, day = _MONTHS.index(found["month"][:3].lower()) + 1, int(found["day"])
    years = [int(found["year"])] if found["year"] else range(as_of.year, as_of.year - _BEFORE_ANY_YEARLESS_DAY, -1)
    for year in years:
        try:
            read = date(year, month, day)
        except ValueError:
            continue  # 29 February of another year
        if found["year"] or read <= as_of:
            return read
    return None
