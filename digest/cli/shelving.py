"""`digest profile EMAIL read | save | library | own`: what is never recommended again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import click

from digest.cli.output import counted, json_option, record, show_json, table, when
from digest.cli.whose import Whose, pass_whose, undo_option
from digest.errors import UsageError
from digest.model import Paper
from digest.store import catalog, shelf, works
from digest.store import own as owned
from digest.store.database import Connection
from digest.store.shelf import Kind


@click.command()
@click.argument("papers", nargs=-1, metavar="[PAPER…]")
@undo_option
@json_option
@pass_whose
def read(whose: Whose, papers: tuple[str, ...], undo: bool, as_json: bool) -> None:
    """Mark papers as read, so that they are never recommended; without PAPER, list those that are."""
    if papers:
        _mark(whose, papers, Kind.READ, is_undone=undo)
    else:
        _list(whose, Kind.READ, as_json, "Nothing is marked as read: 'digest profile EMAIL read PAPER'.")


@click.command()
@click.argument("papers", nargs=-1, required=True, metavar="PAPER…")
@undo_option
@pass_whose
def save(whose: Whose, papers: tuple[str, ...], undo: bool) -> None:
    """Save papers to read later; they are not recommended any more."""
    _mark(whose, papers, Kind.SAVED, is_undone=undo)


@click.command()
@click.option("--remove", "removed", multiple=True, type=int, metavar="NUMBER", help="Forget this work.")
@json_option
@pass_whose
def library(whose: Whose, removed: tuple[int, ...], as_json: bool) -> None:
    """List the imported works that are no papers of the catalog; the others are likes."""
    if removed:
        now = whose.desk.now()
        whose.change(
            f"removed {counted(len(removed), 'work')} from the library",
            lambda connection: works.remove_works(connection, whose.person.id, [-n for n in removed], now),
        )
        return
    found = whose.desk.call(works.library, whose.person.id)
    if as_json:
        facts = [(interest, one) for interest, one in found]
        show_json([{"number": -one.id, "interest": i, "key": one.key, "title": one.title} for i, one in facts])
        return
    rows = [(-one.id, interest or "(main)", one.title) for interest, one in found]
    table(("NUMBER", "INTEREST", "TITLE"), rows, empty="No works of its own: 'digest profile EMAIL import FILE'.")


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME-OR-ORCID…]")
@undo_option
@json_option
@pass_whose
def own(whose: Whose, names: tuple[str, ...], undo: bool, as_json: bool) -> None:
    """Say under which names or ORCID iDs the subscriber publishes: their own papers are never recommended.

    An ORCID iD counts for the names that a service (OpenAlex) gave its owner.
    """
    if not names and undo:
        raise UsageError("nothing to take back: name what to forget")
    if names:
        change = owned.disown if undo else owned.own
        done = "no longer publishes" if undo else "publishes"
        whose.change(f"{done} as {', '.join(names)}", lambda connection: change(connection, whose.person.id, names))
    found = whose.desk.call(owned.own_of, whose.person.id)
    if as_json:
        show_json({"names": found.names, "orcids": found.orcids})
    else:
        record([("publishes as", found.names), ("orcid", found.orcids)])
        if not names and found == owned.Own():
            click.echo("No names yet: 'digest profile EMAIL own \"Ada Lovelace\" 0000-0002-1825-0097'.")


def _mark(whose: Whose, papers: Sequence[str], kind: Kind, *, is_undone: bool) -> None:
    now, reader = whose.desk.now(), whose.person.id

    def change(connection: Connection, ids: list[int]) -> None:
        if is_undone:
            shelf.unmark(connection, reader, ids, kind)
        else:
            shelf.mark(connection, reader, ids, kind, now)

    whose.change_papers(f"no longer {kind}:" if is_undone else f"{kind}:", papers, change)


def _list(whose: Whose, kind: Kind, as_json: bool, empty: str) -> None:
    times, papers = whose.desk.call(_on_shelf, whose.person.id, kind)
    if as_json:
        show_json([{"key": one.key, "title": one.title, "at": times[one.id]} for one in papers])
        return
    table(
        (f"{kind.upper()} (UTC)", "PAPER", "TITLE"), [(when(times[p.id]), p.key, p.title) for p in papers], empty=empty
    )


def _on_shelf(connection: Connection, reader: int, kind: Kind) -> tuple[Mapping[int, datetime], list[Paper]]:
    times = shelf.on_shelf(connection, reader, kind)
    found = catalog.papers_by_id(connection, times)
    return times, [found[paper_id] for paper_id in times if paper_id in found]
