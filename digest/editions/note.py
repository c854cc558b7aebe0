"""The short mail of a day without papers, for readers who want to know that nothing was forgotten."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from digest.editions.dates import long_date, weekday_date
from digest.editions.plain import clean, https_link
from digest.editions.render import Reader, Rendered
from digest.editions.templates import environment

_LINE, _ADDRESS, _LABEL = 400, 200, 120


@dataclass(frozen=True, slots=True)
class Note:
    """A note to one subscriber; `content` is what `nothing.note_lines` gave and the local `day`, as it was stored."""

    subscriber_id: int
    address: str
    occasion: str
    composed_at: datetime
    content: Mapping[str, object]


def render_note(note: Note, reader: Reader, *, overrides: Path | None = None) -> Rendered:
    """Subject, text and HTML by `templates/note/`; the same values always give the same words.

    Raises:
        jinja2.TemplateError: a template (or an override of one) breaks.
        KeyError, ValueError: the stored content is none of ours.
    """
    day = date.fromisoformat(str(note.content["day"]))
    words = {name: clean(str(note.content[name]), _LINE) for name in ("headline", "advice", "closest")} | {
        "link": https_link(str(note.content["link"])),
        "long_date": long_date(day),
        "weekday_date": weekday_date(day),
        "sender_name": clean(reader.sender_name, _LABEL),
        "address": clean(reader.address, _ADDRESS),
        "unsubscribe_link": reader.unsubscribe_link,
        "home_url": reader.home_url,
        "imprint": clean(reader.imprint, _ADDRESS),
    }
    env = environment(overrides)
    return Rendered(
        subject=clean(env.get_template("note/subject.txt").render(words), _ADDRESS),
        text_parts=(_whole(env.get_template("note/body.txt").render(words)),),
        html_parts=(_whole(env.get_template("note/body.html").render(words)),),
    )


def _whole(text: str) -> str:
    return text if text.endswith("\n") else text + "\n"
