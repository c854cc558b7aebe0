"""What stands around a digest's papers, encoded, with the reader's own lines left open.

The templates are rendered once with a mark where something of the reader's own comes; the lines that hold a mark are
filled in and encoded for each mail, all others are encoded once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from jinja2 import Environment
from markupsafe import escape

from digest.editions.message import quoted, subject_line
from digest.editions.plain import clean, wrap
from digest.editions.render import LINE, SLOT
from digest.editions.templates import Style

FILES = ("subject.txt", "body.txt", "body.html")
"""The templates that are left open here: what they do with a reader's own values must be no more than to show them."""

# Cleaned text holds no control characters, so nobody can forge a mark.
_MARKS = {"address": "\x01", "unsubscribe_link": "\x02", "preheader": "\x03", "first_title": "\x04"}
_WRAPPED = "\x05"
_SUBJECTS = 4096

Own = Mapping[str, str]
"""The reader's own values, by the names that the templates give them; "" for what this reader has not."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line with marks, each with the name of what comes there; a wrapped one is broken when it is filled in."""

    text: str
    open: tuple[tuple[str, str], ...]
    is_wrapped: bool

    def filled(self, own: Own) -> str:
        text = self.text
        for mark, name in self.open:
            text = text.replace(mark, own[name])
        return quoted(f"{wrap(text) if self.is_wrapped else text}\n")


@dataclass(frozen=True, slots=True)
class Piece:
    """Whole lines: those that all readers share are encoded."""

    lines: tuple[str | Line, ...]

    def filled(self, own: Own) -> str:
        return "".join([line if isinstance(line, str) else line.filled(own) for line in self.lines])


@dataclass(frozen=True, slots=True)
class Body:
    """What comes before the papers and after them."""

    head: Piece
    foot: Piece


@dataclass(frozen=True, slots=True)
class Sheet:
    """What the mails of a day with the same counts share."""

    text: Body
    html: Body
    subject: Callable[[str], str]
    """The title of the first paper → the header's line."""


def sheet_of(words: Mapping[str, object], style: Style) -> Sheet:
    """The sheet for all whose `words` differ in nothing but their own values, and lack the same of these.

    Raises:
        jinja2.TemplateError: a template breaks.
    """
    marked = {**words, **{name: mark for name, mark in _MARKS.items() if words[name]}}

    pattern = style.environment.get_template("digest/subject.txt").render(marked)

    @lru_cache(maxsize=_SUBJECTS)
    def subject(first_title: str) -> str:
        return subject_line(clean(pattern.replace(_MARKS["first_title"], first_title), LINE))

    return Sheet(_body("txt", marked, style), _body("html", marked, style), subject)


def own_values(address: str, link: str | None, titles: Sequence[str], first_title: str) -> Own:
    preheader = " · ".join(titles)
    return {"address": address, "unsubscribe_link": link or "", "preheader": preheader, "first_title": first_title}


def escaped(own: Own) -> Own:
    """As HTML shows them."""
    # All at once, apart by what no value holds: a call of `escape` costs more than what it does.
    return dict(zip(own, str(escape("\x00".join(own.values()))).split("\x00"), strict=True))


def _body(form: str, marked: Mapping[str, object], style: Style) -> Body:
    head, _, foot = _leaving_open(style).get_template(f"digest/body.{form}").render(marked).partition(SLOT)
    return Body(_piece(head), _piece(foot.removeprefix("\n")))


@lru_cache(maxsize=8)
def _leaving_open(style: Style) -> Environment:
    """The templates; what is wrapped and holds a mark is wrapped later, when its length is known."""
    found = style.environment.overlay()
    found.filters = {**found.filters, "wrap": _wrap}
    return found


def _wrap(text: str, width: int = 76, indent: str = "") -> str:
    if not any(mark in text for mark in _MARKS.values()):
        return wrap(text, width, indent)
    if (width, indent) != (76, ""):
        raise ValueError(f"a reader's own words are wrapped at 76 columns only: {text!r}")
    return _WRAPPED + text


def _piece(text: str) -> Piece:
    lines: list[str | Line] = []
    shared = ""
    for text_line in text.removesuffix("\n").split("\n"):
        found = tuple((mark, name) for name, mark in _MARKS.items() if mark in text_line)
        if not found:
            shared += f"{text_line}\n"
            continue
        lines += [quoted(shared), Line(text_line.removeprefix(_WRAPPED), found, text_line.startswith(_WRAPPED))]
        shared = ""
    return Piece((*lines, quoted(shared)))
