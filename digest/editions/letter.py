"""Mails about a subscription itself: the question whether it is meant, the welcome, the goodbye, a test.

What a letter says of schedule and profile is stored with it, and put into words while the mail is assembled. The link
of a confirmation is not stored: it is signed then, too, so that nobody who reads the database can follow it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from digest.editions.calendar import zone
from digest.editions.language import ENGLISH, N_, Language
from digest.editions.plain import clean
from digest.editions.render import Reader, Rendered, reader_words
from digest.model import Days, Options, OutboxKind, Profile, Schedule

LETTERS = frozenset(
    {
        OutboxKind.CONFIRMATION,
        OutboxKind.WELCOME,
        OutboxKind.GOODBYE,
        OutboxKind.TEST,
        OutboxKind.ACCESS,
        OutboxKind.MOVE,
        OutboxKind.MOVED,
    }
)

CONFIRMATION_LIVES = timedelta(hours=72)

_LINE, _SUBJECT = 400, 200
_TOPICS = 12
_RHYTHMS = {
    Days.DAILY: N_("every day at %(time)s (%(zone)s)"),
    Days.WEEKDAYS: N_("on weekdays at %(time)s (%(zone)s)"),
    Days.WEEKLY: N_("every Monday at %(time)s (%(zone)s)"),
}

Content = dict[str, object]


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter; `content` is what one of the functions below gave, as it was stored."""

    kind: OutboxKind
    subscriber_id: int | None
    address: str
    occasion: str
    message_id: str
    composed_at: datetime
    content: Mapping[str, object]


def confirmation_content(number: int, schedule: Schedule, limit: int, *, is_invited: bool) -> Content:
    """What a confirmation says. Nothing in it is a stranger's text: anybody may enter anybody's address."""
    return {"confirmation": number, "limit": limit, "is_invited": is_invited, **_schedule_content(schedule)}


def welcome_content(schedule: Schedule, limit: int, profile: Profile, first_at: datetime | None) -> Content:
    return {
        "limit": limit,
        "topics": topics(profile),
        "first_at": int(first_at.timestamp()) if first_at else 0,
        **_schedule_content(schedule),
    }


def goodbye_content() -> Content:
    return {}


def access_content(asked_at: datetime) -> Content:
    """`asked_at` is when the link was asked for: it works for two hours from then on, however late the mail is."""
    return {"asked_at": int(asked_at.timestamp())}


def move_content(number: int) -> Content:
    return {"confirmation": number}


def moved_content() -> Content:
    """Nothing: the old mailbox may be somebody else's by now, and need not know the new one."""
    return {}


def trial_content(host: str) -> Content:
    """`host` is the machine that sends it."""
    return {"host": host}


def manner_content(options: Options) -> Content:
    """In which language and form somebody wants their mails, as far as it is not the usual one."""
    wanted: Content = {"language": options.language, "is_text_only": options.is_text_only}
    return {name: value for name, value in wanted.items() if value}


def _schedule_content(schedule: Schedule) -> Content:
    return {"time_zone": schedule.time_zone, "hour": schedule.hour, "days": schedule.days.value}


def rhythm(schedule: Schedule, language: Language = ENGLISH) -> str:
    """`on weekdays at 07:00 (Europe/Berlin)`"""
    return language.gettext(_RHYTHMS[schedule.days], time=f"{schedule.hour:02}:00", zone=schedule.time_zone)


def topics(profile: Profile) -> list[str]:
    """What a profile names, the first few of it."""
    found: list[str] = []
    for interest in profile.interests:
        words: Iterable[str] = (
            *interest.keywords, *interest.categories, *interest.authors, *interest.institutions
        )  # fmt: skip
        found += [word for word in words if word not in found]
    return found[:_TOPICS]


def render_letter(letter: Letter, reader: Reader, link: str | None, *, overrides: Path | None = None) -> Rendered:
    """Subject, text and HTML by the templates of the letter's kind; the same values always give the same words.

    Raises:
        jinja2.TemplateError: a template (or an override of one) breaks.
    """
    words = {name: _clean(value) for name, value in letter.content.items()} | reader_words(reader)
    words |= _timed(letter.content, reader.language) | {
        "link": link,
        "date": reader.language.weekday_date(letter.composed_at.date()),
        "time": f"{letter.composed_at:%H:%M} UTC",
    }
    env, folder = reader.style(overrides).environment, letter.kind.value
    return Rendered(
        subject=clean(env.get_template(f"{folder}/subject.txt").render(words), _SUBJECT),
        text_parts=(_whole(env.get_template(f"{folder}/body.txt").render(words)),),
        html_parts=(_whole(env.get_template(f"{folder}/body.html").render(words)),),
    )


def _timed(content: Mapping[str, object], language: Language) -> dict[str, object]:
    """What a letter's content says of times, in words; nothing where it says nothing."""
    if "days" not in content:
        return {}
    zone_name, hour = str(content["time_zone"]), int(str(content["hour"]))
    found: dict[str, object] = {"rhythm": rhythm(Schedule(zone_name, hour, Days(str(content["days"]))), language)}
    if "first_at" in content:
        first_at = int(str(content["first_at"]))
        found["first"] = _moment(datetime.fromtimestamp(first_at, zone(zone_name)), language) if first_at else ""
    return found


def _moment(local: datetime, language: Language) -> str:
    return language.gettext("%(day)s, %(time)s", day=language.weekday_date(local.date()), time=f"{local:%H:%M}")


def _clean(value: object) -> object:
    if isinstance(value, bool | int):
        return value
    return [_clean(one) for one in value] if isinstance(value, list) else clean(str(value), _LINE)


def _whole(text: str) -> str:
    return text if text.endswith("\n") else text + "\n"
