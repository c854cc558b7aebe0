"""`digest paper`: what is in the catalog."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import click

from digest.cli.desk import Desk, pass_desk
from digest.cli.figures import figure_facts, figures
from digest.cli.output import json_option, record, show_json, table
from digest.cli.provenance import told_facts, told_lines
from digest.editions.sparkline import sparkline
from digest.model import Paper
from digest.store import authors, catalog, said

_TAKEN, _AT_ONCE = 2_000, 500  # papers: a second or two
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
@click.option("--trending", is_flag=True, help="Those whose attention grew most, of the week before the day's end.")
@limit_option
@json_option
@pass_desk
def list_(desk: Desk, day: datetime | None, category: str | None, trending: bool, limit: int, as_json: bool) -> None:
    """List the newest papers, or those that trend."""
    if trending:
        _show_trending(desk, day, category, limit, as_json)
        return
    found = desk.call(catalog.list_papers, limit, day.date() if day else None, category)
    is_narrowed = day is not None or category is not None
    show_papers(found, as_json, "No paper of that day or category." if is_narrowed else _EMPTY)


@paper.command()
@click.argument("words", nargs=-1, required=True)
@limit_option
@json_option
@pass_desk
def search(desk: Desk, words: tuple[str, ...], limit: int, as_json: bool) -> None:
    """Find papers that hold every word in title, abstract or authors.

    It is the search of the pages: case, accents and plurals make no difference, papers with all words in their title
    come first, then the latest.
    """
    from digest.store import pages

    if late := _take_words(desk):
        click.echo(f"{late:,} papers were not searched yet: 'digest run' and 'digest once' take their words.", err=True)
    found = desk.database.read_sync(pages.matching, " ".join(words), limit)
    show_papers(found.papers, as_json, f"No paper holds {' and '.join(map(repr, words))}.")


def _take_words(desk: Desk) -> int:
    """So that what was just polled is found: take the words of some papers that wait; how many are left."""
    from digest.store import search as index

    for _ in range(_TAKEN // _AT_ONCE):
        if not desk.database.read_sync(index.count_due):
            return 0
        desk.call(index.index_due, _AT_ONCE)
    return desk.database.read_sync(index.count_due)


@paper.command()
@click.argument("id_", metavar="PAPER")
@json_option
@pass_desk
def show(desk: Desk, id_: str, as_json: bool) -> None:
    """Show one paper: PAPER is an arXiv id, a DOI, a URL, p:NUMBER or the exact title."""
    found = desk.call(catalog.find, id_)
    seen = desk.call(catalog.sightings_of, found.id)
    (work,) = desk.call(authors.works, [found])
    aliases = desk.call(catalog.aliases_of_paper, found.id)
    versions = desk.call(catalog.versions_of, found.id)
    told = desk.call(said.said_of, [found.id]).get(found.id, [])
    if as_json:
        names = ("source", "feed", "day", "announcement")
        show_json(
            {
                **_facts(found),
                **figure_facts(work),
                "withdrawn_at": found.withdrawn_at,
                "aliases": list(map(str, aliases)),
                "versions": [{"number": n, "seen_at": at, "title": title} for n, at, title in versions],
                "sightings": [dict(zip(names, row, strict=True)) for row in seen],
                "enriched": told_facts(told),
            }
        )
        return
    record(
        [
            ("paper", found.key),
            ("title", found.title),
            ("authors", _authors(found)),
            ("affiliations", found.affiliations),
            ("categories", found.categories),
            ("withdrawn", f"yes, known since {found.withdrawn_at.date()}: never mailed" if found.withdrawn_at else ""),
            ("also known as", [str(alias) for alias in aliases if str(alias) != found.key]),
            ("version", found.version),
            ("versions", [f"v{n} seen {at.date()}" for n, at, _ in versions] if len(versions) > 1 else ""),
            ("published", found.published_on),
            ("first seen", found.first_seen_day or found.first_seen_at.date()),
            ("attention", ", ".join(_attention(found, name, value) for name, value in found.signals.items())),
            ("computed", figures(work)),
            ("enriched", list(told_lines(found, told, desk.now()))),
            ("summary", found.summary),
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


def _authors(paper: Paper) -> str:
    """Everybody who is known; nothing where nobody is."""
    rest = "" if paper.is_authors_complete or not paper.authors else " et al."
    return ", ".join(paper.authors) + rest


def _attention(one: Paper, name: str, value: int) -> str:
    return f"{value:,} {name} {sparkline(one.series.get(name, ()))}".rstrip()


def _show_trending(desk: Desk, day: datetime | None, category: str | None, limit: int, as_json: bool) -> None:
    """What trended at the end of a day (UTC), or trends now."""
    from digest.store import attention  # numpy, for this option only

    now = desk.now()
    at = min(now, day.replace(tzinfo=UTC) + timedelta(days=1)) if day else now
    found = desk.call(attention.trending, at, limit, category)
    if as_json:
        show_json([{**_facts(one.paper), "trend": one.trend, "velocity": one.velocity} for one in found])
        return
    rows = [(one.paper.key, f"{one.trend:.2f}", *_course(one.paper, one.velocity), one.paper.title) for one in found]
    empty = "Nothing trends: no reading of attention within the week before."
    table(("PAPER", "TREND", "ATTENTION", "A DAY", "COURSE", "TITLE"), rows, empty=empty)


def _course(one: Paper, velocity: Mapping[str, float]) -> tuple[str, str, str]:
    """The signal that grows fastest: its reading, what it gains a day, its last readings."""
    name = max(velocity, key=lambda name: (velocity[name], name))
    return f"{one.signals[name]:,} {name}", f"+{velocity[name]:.1f}", sparkline(one.series[name])


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
        "summary_source": one.summary_source,
        "url": one.url,
        "pdf_url": one.pdf_url,
        "code_url": one.code_url,
        "has_code": one.has_code,
        "discussion_url": one.discussion_url,
        "signals": one.signals,
        "series": one.series,
    }
