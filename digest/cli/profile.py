"""`digest profile EMAIL …`: what a subscriber wants to read."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import click

from digest.cli.desk import Desk
from digest.cli.output import counted, json_option, plain, record, show_json
from digest.errors import UsageError
from digest.model import Paper, Profile, Subscriber
from digest.plugins import near
from digest.sources import taxonomy
from digest.store import catalog, profiles, subscribers
from digest.store.database import Connection

# arXiv's form; categories of other sources ("Neuroscience") are taken as they are.
_ARXIV = re.compile(r"[a-z-]+\.[A-Za-z-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Whose:
    """The desk, and whose profile it is."""

    desk: Desk
    person: Subscriber

    def change(self, change: Callable[[Connection], Profile]) -> None:
        """Change the profile in one transaction and show it."""
        record([("profile of", self.person.address), *profile_lines(self.desk.call(change))])


pass_whose = click.make_pass_decorator(Whose)


@click.group()
@click.argument("email")
@click.pass_context
def profile(ctx: click.Context, email: str) -> None:
    """What the subscriber EMAIL wants to read."""
    desk = ctx.find_object(Desk)
    assert desk is not None, "the outermost group made it"
    ctx.obj = Whose(desk, desk.call(subscribers.get, email))


@profile.command()
@json_option
@pass_whose
def show(whose: Whose, as_json: bool) -> None:
    """Show the profile."""
    found = whose.desk.call(profiles.get_profile, whose.person.id)
    voted = whose.desk.call(catalog.papers_by_id, [*found.likes, *found.dislikes])
    if as_json:
        named = {name: [voted[i].key for i in getattr(found, name) if i in voted] for name in ("likes", "dislikes")}
        main = plain(found.interests[0])
        assert isinstance(main, dict)
        show_json({"address": whose.person.address, **main, "muted": found.muted, **named})
        return
    record([("profile of", whose.person.address), *profile_lines(found)])
    for title, ids in (("liked", found.likes), ("disliked", found.dislikes)):
        for paper_id in ids:
            click.echo(f"{title}: {_named(voted[paper_id])}")
    if found.is_empty:
        click.echo("Empty: the digest shows what trends. 'digest profile EMAIL set --help' says how to fill it.")


@profile.command("set")
@click.option("--category", "categories", multiple=True, help="Replace the categories; may be repeated, '' clears.")
@click.option("--keyword", "keywords", multiple=True, help="Replace the keywords; may be repeated, '' clears.")
@click.option("--author", "authors", multiple=True, help="Replace the followed authors; may be repeated, '' clears.")
@click.option("--muted", "muted", multiple=True, help="Replace the muted words; may be repeated, '' clears.")
@pass_whose
def set_(
    whose: Whose,
    categories: tuple[str, ...],
    keywords: tuple[str, ...],
    authors: tuple[str, ...],
    muted: tuple[str, ...],
) -> None:
    """Replace whole lists; those that are not given stay."""
    if not (categories or keywords or authors or muted):
        raise UsageError("nothing to set: give --category, --keyword, --author or --muted")
    whose.change(
        lambda connection: profiles.set_profile(
            connection,
            whose.person.id,
            categories=checked_categories(categories) if categories else None,
            keywords=keywords or None,
            authors=authors or None,
            muted=muted or None,
        )
    )


@profile.command()
@click.argument("papers", nargs=-1, required=True, metavar="PAPER…")
@click.option("--undo", is_flag=True, help="Forget the vote instead.")
@pass_whose
def like(whose: Whose, papers: tuple[str, ...], undo: bool) -> None:
    """More like these papers: arXiv ids, DOIs, URLs, p:NUMBER or exact titles."""
    _vote(whose, papers, is_liked=True, is_undone=undo)


@profile.command()
@click.argument("papers", nargs=-1, required=True, metavar="PAPER…")
@click.option("--undo", is_flag=True, help="Forget the vote instead.")
@pass_whose
def dislike(whose: Whose, papers: tuple[str, ...], undo: bool) -> None:
    """Less like these papers."""
    _vote(whose, papers, is_liked=False, is_undone=undo)


@profile.command()
@click.argument("words", nargs=-1, required=True, metavar="WORD…")
@click.option("--undo", is_flag=True, help="Take them back.")
@pass_whose
def mute(whose: Whose, words: tuple[str, ...], undo: bool) -> None:
    """Never show papers that hold one of these words."""
    change = profiles.unmute if undo else profiles.mute
    whose.change(lambda connection: change(connection, whose.person.id, words))


@profile.command()
@click.argument("authors", nargs=-1, required=True, metavar="AUTHOR…")
@click.option("--undo", is_flag=True, help="Stop following.")
@pass_whose
def follow(whose: Whose, authors: tuple[str, ...], undo: bool) -> None:
    """Favour papers of these authors; quote a name: 'Ada Lovelace'."""
    change = profiles.unfollow if undo else profiles.follow
    whose.change(lambda connection: change(connection, whose.person.id, authors))


def profile_lines(found: Profile) -> list[tuple[str, object]]:
    """A profile as lines of a record."""
    votes = [("likes", found.likes), ("dislikes", found.dislikes)]
    return [
        ("categories", found.interests[0].categories),
        ("keywords", found.interests[0].keywords),
        ("follows", found.interests[0].authors),
        ("muted", found.muted),
        *[(name, counted(len(ids), "paper")) for name, ids in votes if ids],
    ]


def checked_categories(names: Sequence[str]) -> list[str]:
    """The categories in arXiv's spelling where they are arXiv's.

    Raises:
        UsageError: one looks like arXiv's and is none; the text names near ones.
    """
    return [_category(name.strip()) for name in names if name.strip()]


def _category(name: str) -> str:
    try:
        return taxonomy.canonical(name)
    except ValueError as error:
        if _ARXIV.fullmatch(name) or near(name, taxonomy.CATEGORIES):
            raise UsageError(f"--category: {error}") from error
        return name


def _vote(whose: Whose, papers: Sequence[str], *, is_liked: bool, is_undone: bool) -> None:
    now = whose.desk.now()

    def change(connection: Connection) -> Profile:
        ids = [catalog.find(connection, paper).id for paper in papers]
        if is_undone:
            return profiles.unlike(connection, whose.person.id, ids)
        vote = profiles.like if is_liked else profiles.dislike
        return vote(connection, whose.person.id, ids, now)

    whose.change(change)


def _named(paper: Paper) -> str:
    return f"{paper.key}  {paper.title}"
