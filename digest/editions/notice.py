"""A mail that is no edition: an alert to the admin. Its folder under `templates/` has the name of its kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from digest.editions.plain import clean
from digest.editions.render import Rendered, look_words
from digest.editions.templates import PLAIN_STYLE, Style
from digest.model import OutboxKind

_LINE = 1000
_SUBJECT = 200


@dataclass(frozen=True, slots=True)
class Notice:
    """What an outbox row without an edition holds: `content` is what its templates get, lists of lines or lines."""

    kind: OutboxKind
    address: str
    message_id: str
    composed_at: datetime
    content: Mapping[str, object]


def render_notice(notice: Notice, sender_name: str, imprint: str, style: Style = PLAIN_STYLE) -> Rendered:
    """Subject, text and HTML; whatever the lines hold, they are cleaned and escaped.

    Raises:
        jinja2.TemplateError: there is no such template, or it breaks.
    """
    words = {name: _clean(value) for name, value in notice.content.items()} | {
        "sender_name": clean(sender_name, _SUBJECT),
        "imprint": clean(imprint, _SUBJECT),
        "long_date": style.language.long_date(notice.composed_at.date()),
        "time": f"{notice.composed_at:%H:%M} UTC",
        "home_url": None,
        **look_words(style.look),
    }
    env, folder = style.environment, notice.kind.value
    return Rendered(
        subject=clean(env.get_template(f"{folder}/subject.txt").render(words), _SUBJECT),
        text_parts=(_whole(env.get_template(f"{folder}/body.txt").render(words)),),
        html_parts=(_whole(env.get_template(f"{folder}/body.html").render(words)),),
    )


def _clean(value: object) -> object:
    return [_clean(one) for one in value] if isinstance(value, list) else clean(str(value), _LINE)


def _whole(text: str) -> str:
    return text if text.endswith("\n") else text + "\n"
