"""`digest profile EMAIL …`: what a subscriber wants to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import click

from digest.cli.believing import show
from digest.cli.desk import Desk
from digest.cli.interests import interest as interests_group
from digest.cli.journal import history, undo
from digest.cli.profile_import import import_
from digest.cli.saved import saved
from digest.cli.shelving import library, own, read, save
from digest.cli.whose import (
    Whose,
    checked_categories,
    checked_keywords,
    interest_option,
    of_interest,
    pass_whose,
    profile_lines,
    undo_option,
)
from digest.errors import UsageError
from digest.model import Bar, Options, WhenEmpty
from digest.store import profiles, subscribers
from digest.store.database import Connection

__all__ = ["checked_categories", "profile", "profile_lines"]

_SWITCHES = ("explores", "has_revisions", "has_cross_lists", "has_roll_up")


@dataclass(frozen=True, slots=True)
class _Chosen:
    """The options that were given."""

    bar: Bar | None
    when_empty: WhenEmpty | None
    switches: Mapping[str, bool]

    def __bool__(self) -> bool:
        return bool(self.bar or self.when_empty or self.switches)

    @property
    def names(self) -> list[str]:
        given = [name for name, value in (("bar", self.bar), ("when empty", self.when_empty)) if value]
        return [*given, *(name.removeprefix("has_").replace("_", " ") for name in self.switches)]

    def over(self, before: Options) -> Options:
        """The options with these in their place."""
        merged = {name: getattr(before, name) for name in _SWITCHES} | dict(self.switches)
        return Options(
            bar=self.bar or before.bar,
            when_empty=self.when_empty or before.when_empty,
            explores=merged["explores"],
            has_revisions=merged["has_revisions"],
            has_cross_lists=merged["has_cross_lists"],
            has_roll_up=merged["has_roll_up"],
        )


@click.group()
@click.argument("email")
@click.pass_context
def profile(ctx: click.Context, email: str) -> None:
    """What the subscriber EMAIL wants to read."""
    desk = ctx.find_object(Desk)
    assert desk is not None, "the outermost group made it"
    ctx.obj = Whose(desk, desk.call(subscribers.get, email))


@profile.command("set")
@interest_option
@click.option("--category", "categories", multiple=True, help="Replace the categories; may be repeated, '' clears.")
@click.option(
    "--keyword",
    "keywords",
    multiple=True,
    help="Replace the keywords: words, '\"a phrase\"' or 'a AND (b OR c) NOT d'; may be repeated, '' clears.",
)
@click.option("--text", help="What it is about, in your own words; '' clears.")
@click.option("--author", "authors", multiple=True, help="Replace the followed authors; may be repeated, '' clears.")
@click.option("--institution", "institutions", multiple=True, help="Replace the followed institutions; '' clears.")
@click.option("--muted", "muted", multiple=True, help="Replace the muted words; may be repeated, '' clears.")
@click.option("--bar", type=click.Choice([str(bar) for bar in Bar]), help="How well a paper must fit to be mailed.")
@click.option(
    "--when-empty",
    type=click.Choice([str(when) for when in WhenEmpty]),
    help="What comes on a day with nothing above the bar.",
)
@click.option("--explore/--no-explore", "explores", default=None, help="One pick from outside the interests.")
@click.option("--revisions/--no-revisions", "has_revisions", default=None, help="Also revisions of papers you know.")
@click.option(
    "--cross-lists/--no-cross-lists", "has_cross_lists", default=None, help="Also papers of other main categories."
)
@click.option("--roll-up/--no-roll-up", "has_roll_up", default=None, help="Once a week the best of what was left out.")
@pass_whose
def set_(  # noqa: PLR0913, PLR0917  # one parameter per option
    whose: Whose,
    interest: str,
    categories: tuple[str, ...],
    keywords: tuple[str, ...],
    text: str | None,
    authors: tuple[str, ...],
    institutions: tuple[str, ...],
    muted: tuple[str, ...],
    bar: str | None,
    when_empty: str | None,
    explores: bool | None,
    has_revisions: bool | None,
    has_cross_lists: bool | None,
    has_roll_up: bool | None,
) -> None:
    """Replace whole lists and options; those that are not given stay."""
    lists = {
        "categories": checked_categories(categories) if categories else None,
        "keywords": checked_keywords(keywords) or None,
        "authors": authors or None,
        "institutions": institutions or None,
        "muted": muted or None,
    }
    given = {name: words for name, words in lists.items() if words is not None}
    switches = {
        "explores": explores,
        "has_revisions": has_revisions,
        "has_cross_lists": has_cross_lists,
        "has_roll_up": has_roll_up,
    }
    chosen = _Chosen(
        Bar(bar) if bar else None,
        WhenEmpty(when_empty) if when_empty else None,
        {name: value for name, value in switches.items() if value is not None},
    )
    if not given and not chosen and text is None:
        raise UsageError("nothing to set: give --category, --keyword, --author, --muted or another option")

    def change(connection: Connection) -> None:
        profiles.set_profile(connection, whose.person.id, interest=interest, text=text, **given)
        if chosen:
            before = profiles.get_profile(connection, whose.person.id).options
            profiles.set_options(connection, whose.person.id, chosen.over(before))

    names = [*given, *(["text"] if text is not None else []), *chosen.names]
    whose.change(f"set {', '.join(names)}{of_interest(interest)}", change)


@profile.command()
@click.argument("papers", nargs=-1, required=True, metavar="PAPER…")
@interest_option
@click.option("--undo", "is_undone", is_flag=True, help="Forget the vote instead.")
@pass_whose
def like(whose: Whose, papers: tuple[str, ...], interest: str, is_undone: bool) -> None:
    """More like these papers: arXiv ids, DOIs, URLs, p:NUMBER or exact titles."""
    _vote(whose, papers, interest, is_liked=True, is_undone=is_undone)


@profile.command()
@click.argument("papers", nargs=-1, required=True, metavar="PAPER…")
@interest_option
@click.option("--undo", "is_undone", is_flag=True, help="Forget the vote instead.")
@pass_whose
def dislike(whose: Whose, papers: tuple[str, ...], interest: str, is_undone: bool) -> None:
    """Less like these papers."""
    _vote(whose, papers, interest, is_liked=False, is_undone=is_undone)


@profile.command()
@click.argument("words", nargs=-1, metavar="[WORD…]")
@click.option("--author", "authors", multiple=True, help="Papers of this author; may be repeated.")
@click.option("--category", "categories", multiple=True, help="Papers of this main category; may be repeated.")
@undo_option
@pass_whose
def mute(
    whose: Whose, words: tuple[str, ...], authors: tuple[str, ...], categories: tuple[str, ...], undo: bool
) -> None:
    """Never show papers that hold one of these words, or of these authors or categories."""
    if not (words or authors or categories):
        raise UsageError("nothing to mute: give words, --author or --category")
    named = checked_categories(categories)
    change = profiles.unmute if undo else profiles.mute
    whose.change(
        f"{'unmuted' if undo else 'muted'} {', '.join((*words, *authors, *named))}",
        lambda connection: change(connection, whose.person.id, words, authors, named),
    )


@profile.command()
@click.argument("authors", nargs=-1, metavar="[AUTHOR…]")
@click.option("--institution", "institutions", multiple=True, help="Papers from this institution; may be repeated.")
@interest_option
@undo_option
@pass_whose
def follow(whose: Whose, authors: tuple[str, ...], institutions: tuple[str, ...], interest: str, undo: bool) -> None:
    """Favour papers of these authors and institutions; quote a name: 'Ada Lovelace'."""
    if not (authors or institutions):
        raise UsageError("nobody to follow: give names or --institution")
    by_author = profiles.unfollow if undo else profiles.follow
    by_place = profiles.unfollow_institutions if undo else profiles.follow_institutions

    def change(connection: Connection) -> None:
        if authors:
            by_author(connection, whose.person.id, authors, interest)
        if institutions:
            by_place(connection, whose.person.id, institutions, interest)

    done = "stopped following" if undo else "followed"
    whose.change(f"{done} {', '.join((*authors, *institutions))}{of_interest(interest)}", change)


for _command in (show, read, save, saved, library, own, import_, interests_group, history, undo):
    profile.add_command(_command)


def _vote(whose: Whose, papers: Sequence[str], interest: str, *, is_liked: bool, is_undone: bool) -> None:
    now, reader = whose.desk.now(), whose.person.id

    def change(connection: Connection, ids: list[int]) -> None:
        if is_undone:
            profiles.unlike(connection, reader, ids)
        else:
            vote = profiles.like if is_liked else profiles.dislike
            vote(connection, reader, ids, now, interest)

    done = "forgot the vote on" if is_undone else "liked" if is_liked else "disliked"
    whose.change_papers(f"{done}", papers, change)
