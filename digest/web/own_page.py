"""What a reader's own page shows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from digest.editions.calendar import zone
from digest.editions.language import N_, Language
from digest.editions.links import ARCHIVE, FEED, UNSUBSCRIBE, sign, sign_numbers
from digest.editions.plain import clean
from digest.model import Bar, Days, Interest, Paper, Subscriber, SubscriberState, WhenEmpty
from digest.store.account import PAGE, Account
from digest.web import shown, zones
from digest.web.door import Door, Opened
from digest.web.forms import Form
from digest.web.said import action
from digest.web.topics import Topic

_LABEL, _TITLE = 120, 300
_DAYS = {Days.DAILY: N_("Every day"), Days.WEEKDAYS: N_("On weekdays"), Days.WEEKLY: N_("On Mondays")}
_BARS = {
    Bar.OFF: N_("Whatever fits at all"),
    Bar.LOW: N_("A little choosy"),
    Bar.NORMAL: N_("Choosy"),
    Bar.HIGH: N_("Very choosy: few papers, many empty days"),
}
_EMPTY = {WhenEmpty.NOTHING: N_("No mail"), WhenEmpty.NOTE: N_("A short note that says so")}
_WRITTEN = ("keywords", "categories", "authors", "institutions", "text")


def words_of(
    door: Door, opened: Opened, own: str, found: Account, topics: Iterable[Topic], languages: Mapping[str, str]
) -> dict[str, object]:
    """What the page shows; `own` is its address, `languages` are those that mails and pages can be in."""
    person, now, language = found.person, door.clock(), opened.language
    keys, link = door.keys(), door.pages.link
    archive = door.pass_for(person.id, ARCHIVE)
    feed = sign_numbers(keys, FEED, person.id, found.feed_number)
    return {
        "own": own,
        "person": {
            "address": clean(person.address, _TITLE),
            "is_pending": person.state is SubscriberState.PENDING,
            "is_subscribed": person.state in (SubscriberState.ACTIVE, SubscriberState.PAUSED),
            "next": _moment(person, person.edition_at, language),
            "schedule": person.schedule,
            "limit": person.limit,
        },
        "paused": _pause(found, now, language),
        "today": now.astimezone(zone(person.schedule.time_zone)).date().isoformat(),
        "time_zone": person.schedule.time_zone,
        "zones": zones.offered(),
        "hours": range(24),
        "days": _choices(_DAYS, language),
        "bars": _choices(_BARS, language),
        "empties": _choices(_EMPTY, language),
        "languages": languages,
        "options": found.profile.options,
        "interests": [_interest(one) for one in found.profile.interests],
        "topics": tuple(topics),
        "muted": {
            "words": found.profile.muted,
            "authors": found.profile.muted_authors,
            "categories": found.profile.muted_categories,
        },
        "votes": [
            {**_paper(one.paper, link), "is_liked": one.is_liked, "interest": one.interest} for one in found.votes
        ],
        "saved": [_paper(one, link) for one in found.saved],
        "changes": [
            {
                "number": one.id,
                "date": language.weekday_date(one.at.date()),
                "action": clean(action(one.action, language), _LABEL),
                "is_undone": one.undone_at is not None,
            }
            for one in found.changes
        ],
        "archive": link(f"/archive/{archive}"),
        "feed": door.pages.absolute(f"/feeds/{feed}.atom"),
        "unsubscribe": link(f"/u/{sign(keys, UNSUBSCRIBE, person.id)}"),
    }


class Turned(NamedTuple):
    """Which pages of the votes and of the saved papers are shown, numbered from 1."""

    votes: int = 1
    saved: int = 1

    def turns(self, link: Callable[..., str], found: Account) -> dict[str, object]:
        """The links to the pages before and after, for the template; `link` takes a query."""
        return {
            "votes_turn": self._turn("votes", link, found.votes_count),
            "saved_turn": self._turn("saved", link, found.saved_count),
        }

    def _turn(self, name: str, link: Callable[..., str], count: int) -> dict[str, object]:
        here = getattr(self, name)
        others = {"previous": here - 1, "next": here + 1 if here * PAGE < count else 0}
        return {"page": here, **{key: link(**{name: str(at)}) + f"#{name}" if at else "" for key, at in others.items()}}


FIRST = Turned()


def refilled(words: Mapping[str, Any], part: str, filled: Form) -> dict[str, object]:
    """The words that show a form as it was filled in."""
    match part:
        case "interest":
            written = {name: filled.text(name) for name in _WRITTEN}
            name = filled.line("name")
            return {
                "interests": [
                    {**one, **written, "is_refused": True} if one["name"] == name else one for one in words["interests"]
                ]
            }
        case "schedule":
            return {"time_zone": filled.line("time_zone")}
        case "muted":
            names = {"words": "muted", "authors": "muted_authors", "categories": "muted_categories"}
            return {"muted": {shown_as: filled.lines(name) for shown_as, name in names.items()}}
    return {}


def _choices(
    names: Mapping[Days, str] | Mapping[Bar, str] | Mapping[WhenEmpty, str], language: Language
) -> list[tuple[str, str]]:
    return [(str(value), language.gettext(name)) for value, name in names.items()]


def _interest(one: Interest) -> dict[str, object]:
    return {
        "name": one.name,
        "keywords": "\n".join(one.keywords),
        "categories": " ".join(one.categories),
        "authors": "\n".join(one.authors),
        "institutions": "\n".join(one.institutions),
        "text": one.text,
        "is_empty": one.is_empty,
        "is_refused": False,
        "summary": clean(", ".join((*one.keywords, *one.categories, *one.authors)), _LABEL),
    }


def _paper(paper: Paper, link: shown.Link) -> dict[str, object]:
    return {"number": paper.id, "title": clean(paper.title, _TITLE), "link": link(shown.paper_path(paper))}


def _moment(person: Subscriber, at: datetime | None, language: Language) -> str:
    if at is None:
        return ""
    return language.moment(at.astimezone(zone(person.schedule.time_zone)))


def _pause(found: Account, now: datetime, language: Language) -> str:
    """That there is a pause, and until when; "" where there is none."""
    if found.person.state is SubscriberState.PAUSED:
        return language.gettext("paused until you press the button")
    if found.paused_until is None or found.paused_until <= now:
        return ""
    local = found.paused_until.astimezone(zone(found.person.schedule.time_zone))
    return language.gettext("paused until %(day)s", day=language.weekday_date(local.date()))
