"""`digest profile EMAIL history` and `undo`: every change of a profile, and how to take one back."""

from __future__ import annotations

import click

from digest.cli.output import json_option, record, show_json, table, when
from digest.cli.whose import Whose, pass_whose, profile_lines
from digest.store import feedback, profiles


@click.command()
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 1000), help="So many at most.")
@json_option
@pass_whose
def history(whose: Whose, limit: int, as_json: bool) -> None:
    """Show what changed the profile, the latest first."""
    found = whose.desk.call(feedback.history, whose.person.id, limit)
    if as_json:
        show_json(found)
        return
    rows = [
        (one.id, when(one.at), one.origin, f"{one.action} (undone)" if one.undone_at else one.action) for one in found
    ]
    table(("NUMBER", "WHEN (UTC)", "FROM", "CHANGE"), rows, empty="Nothing changed yet.")


@click.command()
@click.argument("number", type=int, required=False)
@pass_whose
def undo(whose: Whose, number: int | None) -> None:
    """Take back the last change, or the one with this NUMBER of the history."""
    undone = whose.desk.call(feedback.undo, whose.person.id, whose.desk.now(), number)
    click.echo(f"undone: {undone.action}")
    found = whose.desk.call(profiles.get_profile, whose.person.id)
    record([("profile of", whose.person.address), *profile_lines(found)])
