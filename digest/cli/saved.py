"""`digest profile EMAIL saved`: the papers saved for later, as a list or for a reference manager."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from digest.cli.output import counted, json_option, show_json, table, when, write_file
from digest.cli.whose import Whose, pass_whose
from digest.errors import UsageError
from digest.model import Reference
from digest.references.write import WRITERS, reference_of, write
from digest.store import catalog, shelf
from digest.store.database import Connection
from digest.store.shelf import Kind


@click.command()
@click.option("--format", "form", type=click.Choice(list(WRITERS)), help="As references for another program.")
@click.option("--output", "-o", type=click.Path(path_type=Path, dir_okay=False), help="Into this file, with --format.")
@json_option
@pass_whose
def saved(whose: Whose, form: str | None, output: Path | None, as_json: bool) -> None:
    """List the saved papers, the latest first; with --format, the oldest first, as BibTeX, RIS or CSL-JSON.

    \b
    digest profile ada@example.org saved --format bibtex -o saved.bib
    """
    if form is None:
        if output is not None:
            raise UsageError("--output goes with --format: name bibtex, ris or csl-json")
        _list(whose, as_json)
        return
    references = whose.desk.call(_references, whose.person.id)
    text = write(references, form)
    if output is None:
        click.echo(text, nl=False)
    else:
        write_file(output, text.encode("utf-8"))
        click.echo(f"{output}: {counted(len(references), 'paper')}")


def _list(whose: Whose, as_json: bool) -> None:
    papers = whose.desk.call(shelf.saved, whose.person.id)
    times = whose.desk.call(shelf.on_shelf, whose.person.id, Kind.SAVED)
    rows = [(times.get(paper.id), paper) for paper in papers]
    if as_json:
        show_json([{"key": paper.key, "title": paper.title, "at": at} for at, paper in rows])
        return
    shown = [(when(at), paper.key, paper.title) for at, paper in rows]
    table(("SAVED (UTC)", "PAPER", "TITLE"), shown, empty="Nothing is saved: 'digest profile EMAIL save PAPER'.")


def _references(connection: Connection, subscriber_id: int) -> Sequence[Reference]:
    """With every identifier that the catalog knows; the oldest first, so that citation keys stay when others follow."""
    papers = [*reversed(shelf.saved(connection, subscriber_id))]
    return [reference_of(paper, catalog.aliases_of_paper(connection, paper.id)) for paper in papers]
