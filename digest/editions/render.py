"""An edition as a mail's subject, text and HTML, by the templates of `templates/digest/`.

What does not depend on the reader is rendered once per paper and day and kept; a mail is those fragments
joined with its own first lines, reasons and footer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

from jinja2 import Template
from markupsafe import escape

from digest.editions.dates import long_date, weekday_date
from digest.editions.plain import clean, excerpt, wrap
from digest.editions.reasons import because
from digest.editions.sections import Section, sections, summary
from digest.editions.select import RISING
from digest.editions.templates import environment
from digest.editions.view import paper_view
from digest.model import Edition, Facts

# Where a reader's own lines go into a kept fragment. Cleaned text holds no control characters, so nobody can forge it.
_SLOT = "\x00"

_TITLE, _LABEL, _LINE = 300, 120, 200
_SUBJECT_TITLE = 70
_PREHEADER_TITLES = 3


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads an edition, and what the mail says of itself to them.

    `unsubscribe_url` is the https page, `unsubscribe_mailto` the same by mail (a whole mailto: link); either may
    be missing. `imprint` is the operator's postal or legal line.
    """

    address: str
    unsubscribe_url: str | None = None
    unsubscribe_mailto: str | None = None
    sender_name: str = "Trending Papers"
    home_url: str | None = None
    imprint: str = ""

    @property
    def unsubscribe_link(self) -> str | None:
        return self.unsubscribe_url or self.unsubscribe_mailto


@dataclass(frozen=True, slots=True)
class Rendered:
    """A mail's words. The parts are whole lines: joined they are the text, and each may be encoded by itself."""

    subject: str
    text_parts: tuple[str, ...]
    html_parts: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return "".join(self.text_parts)

    @property
    def html(self) -> str:
        return "".join(self.html_parts)


def render_digest(edition: Edition, reader: Reader, *, overrides: Path | None = None) -> Rendered:
    """The edition as `reader` gets it; the same values always give the same words.

    Raises:
        jinja2.TemplateError: a template (or an override of one) breaks; only this mail is concerned.
    """
    parts = sections(edition.picks)
    words = _words(edition, parts, reader)
    env = environment(overrides)
    return Rendered(
        subject=clean(env.get_template("digest/subject.txt").render(words), _LINE),
        text_parts=_joined(env.get_template("digest/body.txt"), words, _papers(edition.day, parts, "txt", overrides)),
        html_parts=_joined(env.get_template("digest/body.html"), words, _papers(edition.day, parts, "html", overrides)),
    )


def _words(edition: Edition, parts: Sequence[Section], reader: Reader) -> dict[str, object]:
    shown = [pick for part in parts for pick in part.picks]
    titles = [clean(pick.facts.title, _TITLE) for pick in shown[:_PREHEADER_TITLES]]
    return {
        "papers": _SLOT,
        "count": len(edition.picks),
        "scanned": f"{edition.scanned:,}",
        "summary": summary(parts, edition.scanned),
        "day": edition.day,
        "long_date": long_date(edition.day),
        "weekday_date": weekday_date(edition.day),
        "first_title": excerpt(titles[0], _SUBJECT_TITLE) if titles else "",
        "preheader": " · ".join(titles),
        "sender_name": clean(reader.sender_name, _LABEL),
        "address": clean(reader.address, _LINE),
        "unsubscribe_link": reader.unsubscribe_link,
        "home_url": reader.home_url,
        "imprint": clean(reader.imprint, _LINE),
    }


def _papers(day: date, parts: Sequence[Section], form: str, overrides: Path | None) -> Iterator[str]:
    for part in parts:
        if part.heading:
            yield _heading(part.heading, form, overrides)
        for pick in part.picks:
            reason = because(pick.reasons, is_rising=pick.facts.marker == RISING)
            before, after = _fragment(pick.facts, day, form, bool(reason), overrides)
            yield before
            if reason:
                yield _reason_line(reason, form)
            yield after


@lru_cache(maxsize=1024)
def _heading(heading: str, form: str, overrides: Path | None) -> str:
    return _whole_lines(environment(overrides).get_template(f"digest/section.{form}").render(heading=heading))


@lru_cache(maxsize=4096)
def _reason_line(reason: str, form: str) -> str:
    return f"{escape(reason)}\n" if form == "html" else f"{wrap(f'Because: {reason}')}\n"


@lru_cache(maxsize=4096)
def _fragment(facts: Facts, day: date, form: str, has_reason: bool, overrides: Path | None) -> tuple[str, str]:
    """One paper in whole lines, around the line of its reason."""
    template = environment(overrides).get_template(f"digest/paper.{form}")
    rendered = template.render(paper=paper_view(facts, day), reason=_SLOT if has_reason else "")
    before, _, after = rendered.partition(_SLOT)
    return before, _whole_lines(after.removeprefix("\n"))


def _joined(template: Template, words: dict[str, object], papers: Iterable[str]) -> tuple[str, ...]:
    head, _, foot = template.render(words).partition(_SLOT)
    return (_whole_lines(head), *papers, _whole_lines(foot.removeprefix("\n")))


def _whole_lines(text: str) -> str:
    return text if text.endswith("\n") else text + "\n"
