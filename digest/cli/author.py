"""`digest author`: who wrote what is in the catalog."""

from __future__ import annotations

import click

from digest.cli.desk import Desk, pass_desk
from digest.cli.output import counted, json_option, plain, record, show_json, table
from digest.cli.paper import limit_option, show_papers
from digest.errors import NotFound
from digest.store import catalog


@click.group()
def author() -> None:
    """Authors of the catalog."""


@author.command("list")
@click.argument("name", default="")
@limit_option
@json_option
@pass_desk
def list_(desk: Desk, name: str, limit: int, as_json: bool) -> None:
    """List authors with the most papers, or those whose name holds NAME."""
    found = desk.call(catalog.authors, limit, name)
    if as_json:
        show_json([{"name": author, "papers": papers} for author, papers in found])
        return
    empty = f"No author's name holds {name!r}." if name else "No authors yet: 'digest poll' brings papers."
    table(("AUTHOR", "PAPERS"), found, cut=0, empty=empty)


@author.command()
@click.argument("name")
@limit_option
@json_option
@pass_desk
def show(desk: Desk, name: str, limit: int, as_json: bool) -> None:
    """Show an author's papers, and the figures a listing page gave."""
    card = desk.call(catalog.author_card, name)
    papers = desk.call(catalog.papers_of, name, limit)
    if card is None and not papers:
        raise NotFound(f"no author {name!r} in the catalog: try 'digest author list {name.rpartition(' ')[2]}'")
    if as_json:
        show_json({"name": card.name if card else name, "card": plain(card), "papers": papers})
        return
    record([("author", card.name if card else name), ("papers here", counted(len(papers), "paper"))])
    if card:
        figures = [("h-index", card.h_index), ("papers", card.papers), ("citations", card.citations)]
        record([("category", card.category), *figures, ("novelty %", card.novelty), ("AI score", card.ai_score)])
    click.echo()
    show_papers(papers, as_json=False, empty="No papers of this author here.")
