"""`digest paper`: what is in the catalog."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import click

from digest.cli.desk import Desk, pass_desk
from digest.cli.output import json_option, record, show_json, table
from digest.model import Paper
from digest.store import catalog

_EMPTY = "No papers yet: 'digest poll' asks the sources, 'digest import' reads files."

limit_option = click.option(
    "--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="At most so many."
)


@click.group()
def paper() -> None:
    """The catalog."""


@paper.command("list")
@click.option("--day", type=click.DateTime(["%Y-%m-%d"]), help="Announced on this day.")
@click.option("--category", help="In this category, such as cs.CL.")
@limit_option
@json_option
@pass_desk
def list_(desk: Desk, day: datetime | None, category: str | None, limit: int, as_json: bool) -> None:
    """List the newest papers."""
    found = desk.call(catalog.list_papers, limit, day.date() if day else None, category)
    is_narrowed = day is not None or category is not None
    show_papers(found, as_json, "No paper of that day or category." if is_narrowed else _EMPTY)


@paper.command()
@click.argument("words", nargs=-1, required=True)
@limit_option
@json_option
@pass_desk
def search(desk: Desk, words: tuple[str, ...], limit: int, as_json: bool) -> None:
    """Find papers whose title or abstract holds every word."""
    found = desk.call(catalog.search, words, limit)
    show_papers(found, as_json, f"No paper holds {' and '.join(map(repr, words))}.")


@paper.command()
@click.argument("id_", metavar="PAPER")
@json_option
@pass_desk
def show(desk: Desk, id_: str, as_json: bool) -> None:
    """Show one paper: PAPER is an arXiv id, a DOI, a URL, p:NUMBER or the exact title."""
    found = desk.call(catalog.find, id_)
    seen = desk.call(catalog.sightings_of, found.id)
    if as_json:
        names = ("source", "feed", "day", "announcement")
        show_json({**_facts(found), "sightings": [dict(zip(names, row, strict=True)) for row in seen]})
        return
    record(
        [
            ("paper", found.key),
            ("title", found.title),
            ("authors", ", ".join(found.authors) + ("" if found.is_authors_complete else " et al.")),
            ("affiliations", found.affiliations),
            ("categories", found.categories),
            ("version", found.version),
            ("published", found.published_on),
            ("first seen", found.first_seen_day or found.first_seen_at.date()),
            ("attention", ", ".join(f"{value:,} {name}" for name, value in found.signals.items())),
            ("abstract", found.abstract),
            ("page", found.url),
            ("PDF", found.pdf_url),
            ("code", found.code_url or ("yes" if found.has_code else "")),
            ("discussion", found.discussion_url),
            ("seen at", "; ".join(f"{day} {source} {feed} ({how})" for source, feed, day, how in seen)),
        ]
    )


def show_papers(found: Sequence[Paper], as_json: bool, empty: str) -> None:
    """A list of papers as a table or as JSON."""
    if as_json:
        show_json([_facts(one) for one in found])
        return
    rows = [(one.key, one.first_seen_day or one.first_seen_at.date(), first_category(one), one.title) for one in found]
    table(("PAPER", "DAY", "CATEGORY", "TITLE"), rows, empty=empty)


def first_category(one: Paper) -> str:
    return one.categories[0] if one.categories else "–"


def _facts(one: Paper) -> dict[str, object]:
    return {
        "id": one.id,
        "key": one.key,
        "title": one.title,
        "authors": one.authors,
        "is_authors_complete": one.is_authors_complete,
        "affiliations": one.affiliations,
        "categories": one.categories,
        "version": one.version,
        "published_on": one.published_on,
        "first_seen_at": one.first_seen_at,
        "first_seen_day": one.first_seen_day,
        "abstract": one.abstract,
        "summary": one.summary,
        "url": one.url,
        "pdf_url": one.pdf_url,
        "code_url": one.code_url,
        "has_code": one.has_code,
        "discussion_url": one.discussion_url,
        "signals": one.signals,
    }
