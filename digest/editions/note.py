"""The short mail of a day without papers, for readers who want to know that nothing was forgotten."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from digest.editions.nothing import note_words
from digest.editions.plain import clean, https_link
from digest.editions.render import Reader, Rendered, reader_words

_LINE, _SUBJECT = 400, 200


@dataclass(frozen=True, slots=True)
class Note:
    """A note to one subscriber; `content` is what `nothing.note_content` gave and the local `day`, as it was stored."""

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
    day, language = date.fromisoformat(str(note.content["day"])), reader.language
    words = reader_words(reader) | {
        **note_words(note.content, language),
        "closest": clean(str(note.content["closest"]), _LINE),
        "link": https_link(str(note.content["link"])),
        "long_date": language.long_date(day),
        "weekday_date": language.weekday_date(day),
    }
    env = reader.style(overrides).environment
    return Rendered(
        subject=clean(env.get_template("note/subject.txt").render(words), _SUBJECT),
        text_parts=(_whole(env.get_template("note/body.txt").render(words)),),
        html_parts=(_whole(env.get_template("note/body.html").render(words)),),
    )


def _whole(text: str) -> str:
    return text if text.endswith("\n") else text + "\n"
