"""`digest profile EMAIL interest …`: several interests of one subscriber, each scored by itself."""

from __future__ import annotations

import click

from digest.cli.output import counted, json_option, show_json, table
from digest.cli.whose import Whose, pass_whose
from digest.store import interests, profiles


@click.group()
def interest() -> None:
    """Interests beside the main one: each has words, follows and likes of its own."""


@interest.command("list")
@json_option
@pass_whose
def list_(whose: Whose, as_json: bool) -> None:
    """List the interests."""
    found = whose.desk.call(profiles.get_profile, whose.person.id).interests
    if as_json:
        show_json([{**_facts(one), "likes": len(one.likes), "dislikes": len(one.dislikes)} for one in found])
        return
    rows = [
        (one.name or "(main)", counted(len(one.likes), "like"), ", ".join((*one.categories, *one.keywords)))
        for one in found
    ]
    table(("INTEREST", "LIKES", "ASKS FOR"), rows, empty="")


@interest.command()
@click.argument("name")
@pass_whose
def add(whose: Whose, name: str) -> None:
    """Add the interest NAME; 'set --interest NAME' and 'like --interest NAME' fill it."""
    whose.change(f"added the interest “{name}”", lambda connection: interests.add(connection, whose.person.id, name))


@interest.command()
@click.argument("name")
@click.argument("new_name", metavar="NEW")
@pass_whose
def rename(whose: Whose, name: str, new_name: str) -> None:
    """Call the interest NAME something else."""
    whose.change(
        f"renamed the interest “{name}” to “{new_name}”",
        lambda connection: interests.rename(connection, whose.person.id, name, new_name),
    )


@interest.command()
@click.argument("name")
@click.option("--keep-likes", is_flag=True, help="Leave its likes and dislikes to the main interest.")
@pass_whose
def remove(whose: Whose, name: str, keep_likes: bool) -> None:
    """Remove an interest with its likes; works of the library go to the main one."""
    whose.change(
        f"removed the interest “{name}”",
        lambda connection: interests.remove(connection, whose.person.id, name, is_keeping_votes=keep_likes),
    )


def _facts(one: object) -> dict[str, object]:
    names = ("name", "categories", "keywords", "text", "authors", "institutions")
    return {name: getattr(one, name) for name in names}
