"""Whose profile a command is about, how a change of it is journalled, and how a profile is shown in a few lines."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import click

from digest.cli.desk import Desk
from digest.cli.output import counted, record
from digest.errors import UsageError
from digest.model import Interest, Options, Profile, Subscriber
from digest.plugins import near
from digest.sources import taxonomy
from digest.store import catalog, feedback, profiles
from digest.store.database import Connection

# arXiv's form; categories of other sources ("Neuroscience") are taken as they are.
_ARXIV = re.compile(r"[a-z-]+\.[A-Za-z-]+", re.ASCII)
_ORIGIN = "cli"


@dataclass(frozen=True, slots=True)
class Whose:
    """The desk, and whose profile it is."""

    desk: Desk
    person: Subscriber

    def change(self, action: str, change: Callable[[Connection], object]) -> None:
        """Change the profile in one transaction, note it in the journal, and show what the profile is now."""
        found = self.desk.call(self._noted, action, change)
        record([("profile of", self.person.address), *profile_lines(found)])

    def change_papers(
        self, action: str, papers: Sequence[str], change: Callable[[Connection, list[int]], object]
    ) -> None:
        """The same of papers in any form that names one."""

        def find_and_change(connection: Connection) -> object:
            return change(connection, [catalog.find(connection, paper).id for paper in papers])

        self.change(f"{action} {', '.join(papers)}", find_and_change)

    def _noted(self, connection: Connection, action: str, change: Callable[[Connection], object]) -> Profile:
        with feedback.noted(connection, self.person.id, action, _ORIGIN, self.desk.now()):
            change(connection)
        return profiles.get_profile(connection, self.person.id)


pass_whose = click.make_pass_decorator(Whose)

interest_option = click.option("--interest", default="", metavar="NAME", help="Of this interest, not the main one.")
undo_option = click.option("--undo", is_flag=True, help="Take it back.")


def profile_lines(found: Profile) -> list[tuple[str, object]]:
    """A profile as lines of a record: the main interest, the others, what holds for all of them."""
    main, *named = found.interests
    return [
        *_wishes(main),
        *[(f"“{one.name}”", "; ".join(_in_words(one)) or "asks for nothing yet") for one in named],
        ("muted", found.muted),
        ("muted authors", found.muted_authors),
        ("muted categories", found.muted_categories),
        ("options", options_in_words(found.options)),
    ]


def options_in_words(options: Options) -> list[str]:
    """What differs from the defaults."""
    default = Options()
    said = [
        (options.bar != default.bar, f"bar {options.bar}"),
        (options.when_empty != default.when_empty, f"on an empty day {options.when_empty}"),
        (options.explores, "one pick from outside the interests"),
        (options.has_revisions, "revisions"),
        (not options.has_cross_lists, "no cross-lists"),
        (options.has_roll_up, "a weekly look at what was missed"),
    ]
    return [words for is_said, words in said if is_said]


def checked_categories(names: Sequence[str], option: str = "--category") -> list[str]:
    """The categories in arXiv's spelling where they are arXiv's.

    Raises:
        UsageError: one looks like arXiv's and is none; the text names near ones.
    """
    return [_category(name.strip(), option) for name in names if name.strip()]


def checked_keywords(keywords: tuple[str, ...]) -> tuple[str, ...]:
    """The same keywords. Raises UsageError for one whose conditions cannot be read as they were meant."""
    from digest.ranking.query import check

    for keyword in keywords:
        if problem := check(keyword):
            raise UsageError(f"--keyword {keyword!r}: {problem}")
    return keywords


def of_interest(name: str) -> str:
    """The end of a sentence about an interest; nothing for the main one."""
    return f" for “{' '.join(name.split())}”" if name.strip() else ""


def _wishes(interest: Interest) -> Iterator[tuple[str, object]]:
    yield from (
        ("categories", interest.categories),
        ("keywords", interest.keywords),
        ("text", interest.text),
        ("follows", interest.authors),
        ("institutions", interest.institutions),
    )
    for name, ids in (("likes", interest.likes), ("dislikes", interest.dislikes)):
        if ids:
            yield name, counted(len(ids), "paper")


def _in_words(interest: Interest) -> Iterator[str]:
    for name, value in _wishes(interest):
        if value:
            yield f"{name} {', '.join(value) if isinstance(value, tuple) else value}"


def _category(name: str, option: str) -> str:
    try:
        return taxonomy.canonical(name)
    except ValueError as error:
        if _ARXIV.fullmatch(name) or near(name, taxonomy.CATEGORIES):
            raise UsageError(f"{option}: {error}") from error
        return name
