"""What the forms of the preferences page change: each form is one function, each change one transaction.

form ─► checked ─┬─► wrong: every problem at once, and nothing is changed
                 └─► right: changed, and written into the journal of the profile, from where it can be undone
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import TypeVar

from digest.editions.calendar import next_edition, zone
from digest.editions.language import N_, Language
from digest.errors import DigestError
from digest.model import Bar, Days, Options, Schedule, WhenEmpty
from digest.ranking.query import check
from digest.store import account, feedback, interests, profiles, shelf, subscribers
from digest.store.database import Connection
from digest.store.shelf import Kind
from digest.web import said, zones
from digest.web.categories import checked
from digest.web.forms import Form
from digest.web.topics import Topic

E = TypeVar("E", bound=StrEnum)

Change = Callable[[Connection, int, Form, datetime, Language], None]

LONGEST_PAUSE = timedelta(days=366)
_ORIGIN = "web"
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:[_-][A-Za-z]{2,8})?|")
_WORDS = 100  # of one list
_LONGEST_WORD = 200
_LONGEST_TEXT = 10_000


class Refused(Exception):
    """A form cannot be taken as it is; the problems are whole sentences for whoever filled it in."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__(*self.problems)


def schedule(connection: Connection, subscriber_id: int, form: Form, now: datetime, language: Language) -> None:
    """When digests come, and how long they are."""
    problems: list[str] = []
    _ = language.gettext
    time_zone = _zone(form.line("time_zone"), problems, language)
    hour = _number(form.line("hour"), 0, 23, _("The hour is a number from 0 to 23."), problems)
    limit = _number(form.line("limit"), 1, 100, _("A digest has 1 to 100 papers."), problems)
    days = _one_of(Days, form.line("days"), _("Choose on which days digests come."), problems)
    if problems or time_zone is None or days is None:
        raise Refused(problems)
    wanted = Schedule(time_zone, hour, days)
    subscribers.edit(connection, subscriber_id, schedule=wanted, limit=limit, edition_at=next_edition(wanted, now))


def pause(connection: Connection, subscriber_id: int, form: Form, now: datetime, language: Language) -> None:
    """No digests until a day, or for as long as nobody presses the other button; `resume` is that button."""
    person = subscribers.get_by_id(connection, subscriber_id)
    if form.has("resume"):
        subscribers.resume(connection, subscriber_id, next_edition(person.schedule, now))
        return
    until = form.line("until")
    if not until:
        subscribers.pause(connection, subscriber_id)
        return
    try:
        begin = datetime.combine(date.fromisoformat(until), time(), zone(person.schedule.time_zone)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Refused([language.gettext("Write the day as 2026-12-24, or leave it empty.")]) from error
    if not now < begin <= now + LONGEST_PAUSE:
        wrong = language.gettext(
            "A pause ends on a day to come, within a year. Leave it empty to pause without an end."
        )
        raise Refused([wrong])
    subscribers.pause_until(connection, subscriber_id, begin)


def options(connection: Connection, subscriber_id: int, form: Form, now: datetime, language: Language) -> None:
    """How papers are chosen, and how the mail looks."""
    problems: list[str] = []
    _ = language.gettext
    bar = _one_of(Bar, form.line("bar"), _("Choose how well a paper must fit."), problems)
    when_empty = _one_of(WhenEmpty, form.line("when_empty"), _("Choose what comes on a day with nothing."), problems)
    chosen = form.line("language")
    if not _LANGUAGE.fullmatch(chosen):
        problems.append(_("There is no such language."))
    if problems or bar is None or when_empty is None:
        raise Refused(problems)
    wanted = Options(
        bar=bar,
        when_empty=when_empty,
        explores=form.has("explores"),
        has_revisions=form.has("has_revisions"),
        has_cross_lists=form.has("has_cross_lists"),
        has_roll_up=form.has("has_roll_up"),
        language=chosen,
        is_text_only=form.has("is_text_only"),
    )
    with feedback.noted(connection, subscriber_id, "options", _ORIGIN, now):
        profiles.set_options(connection, subscriber_id, wanted)


def interest(connection: Connection, subscriber_id: int, form: Form, now: datetime, language: Language) -> None:
    """One interest: what it asks for, its name; or remove it."""
    name, new_name = form.line("name"), form.line("new_name")
    if form.has("remove"):
        with feedback.noted(connection, subscriber_id, f"removed “{name}”", _ORIGIN, now):
            interests.remove(connection, subscriber_id, name, is_keeping_votes=True)
        return
    keywords, text = form.lines("keywords"), form.text("text")
    lists = {one: form.lines(one) for one in ("authors", "institutions")}
    written = form.text("categories").replace(",", " ").replace(";", " ").split()
    quoted = language.gettext("“%(words)s”")
    problems = [
        f"{quoted % {'words': one}}: {said.problem(wrong, language)}" for one in keywords if (wrong := check(one))
    ]
    categories = checked(written, problems, language)
    problems += _too_much(language, keywords=keywords, categories=categories, **lists)
    if len(text) > _LONGEST_TEXT:
        most = language.number(_LONGEST_TEXT)
        problems.append(language.gettext("The text may have %(most)s characters.", most=most))
    if problems:
        raise Refused(problems)
    with feedback.noted(connection, subscriber_id, f"interest “{new_name or name or 'main'}”", _ORIGIN, now):
        if name and new_name and new_name != name:
            name = interests.rename(connection, subscriber_id, name, new_name)
        profiles.set_profile(
            connection,
            subscriber_id,
            interest=name,
            keywords=keywords,
            categories=categories,
            text=text,
            authors=lists["authors"],
            institutions=lists["institutions"],
        )


def add_interest(topics: Mapping[str, Topic]) -> Change:
    """A new interest, of a topic or of a name of one's own."""

    def change(connection: Connection, subscriber_id: int, form: Form, now: datetime, language: Language) -> None:
        topic = topics.get(form.line("topic"))
        name = form.line("name") or (topic.told(language).title if topic else "")
        if not name:
            raise Refused([language.gettext("Choose a topic, or write a name of your own.")])
        with feedback.noted(connection, subscriber_id, f"added “{name}”", _ORIGIN, now):
            made = interests.add(connection, subscriber_id, name)
            if topic:
                profiles.set_profile(
                    connection, subscriber_id, interest=made, keywords=topic.keywords, categories=topic.categories
                )

    return change


def muted(connection: Connection, subscriber_id: int, form: Form, now: datetime, language: Language) -> None:
    """What is never shown."""
    lists = {name: form.lines(name) for name in ("muted", "muted_authors", "muted_categories")}
    problems: list[str] = []
    lists["muted_categories"] = checked(lists["muted_categories"], problems, language)
    problems += _too_much(language, **lists)
    if problems:
        raise Refused(problems)
    with feedback.noted(connection, subscriber_id, "muted", _ORIGIN, now):
        profiles.set_profile(
            connection,
            subscriber_id,
            muted=lists["muted"],
            muted_authors=lists["muted_authors"],
            muted_categories=lists["muted_categories"],
        )


def vote(connection: Connection, subscriber_id: int, form: Form, now: datetime, language: Language) -> None:
    """Forget a vote."""
    paper_id = _paper(form, language)
    with feedback.noted(connection, subscriber_id, f"forgot the vote on paper {paper_id}", _ORIGIN, now):
        profiles.unlike(connection, subscriber_id, [paper_id])


def saved(connection: Connection, subscriber_id: int, form: Form, now: datetime, language: Language) -> None:
    """Take a paper from the saved ones."""
    paper_id = _paper(form, language)
    with feedback.noted(connection, subscriber_id, f"no longer saved: paper {paper_id}", _ORIGIN, now):
        shelf.unmark(connection, subscriber_id, [paper_id], Kind.SAVED)


def undo(connection: Connection, subscriber_id: int, form: Form, now: datetime, language: Language) -> None:
    """Take back a change of the profile."""
    number = form.line("change")
    if not _is_number(number):
        raise Refused([language.gettext("There is no such change.")])
    feedback.undo(connection, subscriber_id, now, int(number))


def feed(connection: Connection, subscriber_id: int, _form: Form, _now: datetime, _language: Language) -> None:
    """Another address of the private feed; the one before ends."""
    account.renew_feed(connection, subscriber_id)


def _paper(form: Form, language: Language) -> int:
    number = form.line("paper")
    if not _is_number(number):
        raise Refused([language.gettext("There is no such paper.")])
    return int(number)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 18


def _number(text: str, least: int, most: int, problem: str, problems: list[str]) -> int:
    if _is_number(text) and least <= int(text) <= most:
        return int(text)
    problems.append(problem)
    return least


def _zone(text: str, problems: list[str], language: Language) -> str | None:
    found = zones.named(text)
    if found is None:
        problems.append(zones.unknown(text, language))
    return found


def _one_of(kind: type[E], text: str, problem: str, problems: list[str]) -> E | None:
    if text in list(kind):
        return kind(text)
    problems.append(problem)
    return None


_LISTS = {
    "keywords": N_("Keywords"),
    "categories": N_("Categories"),
    "authors": N_("Authors you follow"),
    "institutions": N_("Institutions"),
    "muted": N_("Words"),
    "muted_authors": N_("Authors"),
    "muted_categories": N_("Categories"),
}


def _too_much(language: Language, **lists: tuple[str, ...]) -> list[str]:
    """Nobody writes so much by hand, and every word is looked for in every paper."""
    found = []
    for name, words in lists.items():
        field = language.gettext(_LISTS[name])
        if len(words) > _WORDS:
            counts = {"field": field, "most": _WORDS, "count": language.number(len(words))}
            found.append(language.gettext("%(field)s: at most %(most)s, and there are %(count)s.", **counts))
        long = [f"{word[:40]}…" for word in words if len(word) > _LONGEST_WORD]
        found += [language.gettext("%(field)s: “%(word)s” is too long.", field=field, word=word) for word in long]
    return found


def explained(error: DigestError, language: Language) -> Refused:
    """What the store refuses, in the words of a page."""
    return Refused([said.refusal(str(error), language)])
