"""`digest author`: who wrote what is in the catalog."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

import click

from digest.cli.desk import Desk, pass_desk
from digest.cli.figures import figure_facts, figures, score_facts
from digest.cli.output import counted, json_option, plain, printable, show_json, table, terminal_width
from digest.cli.paper import limit_option
from digest.cli.whose import Whose
from digest.editions.dates import short_date
from digest.editions.select import AUTHORS_SHOWN
from digest.model import Paper
from digest.ranking.standing import WEIGHTS, Standing
from digest.store import authors, catalog, profiles, subscribers
from digest.store.authors import Author, SaidCard, Work
from digest.store.database import Connection

_WIDTH = 100
_EXCERPT_LINES = 2
_FIGURES = (("h-index", "h_index"), ("papers", "papers"), ("citations", "citations"))


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
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True, help="At most so many papers.")
@json_option
@pass_desk
def show(desk: Desk, name: str, limit: int, as_json: bool) -> None:
    """Show an author's card and papers: figures that a source gave beside those computed from the papers here."""
    found = desk.call(authors.find, name)
    shown = found.works[:limit]
    if as_json:
        show_json(_facts(found, shown))
        return
    about = " · ".join(part for part in (found.category, f"{counted(len(found.works), 'paper')} here") if part)
    click.echo(f"{click.style(printable(found.name), bold=True)}\n{printable(about)}")
    for service, key in found.ids:
        click.echo(printable(f"{service}: {key}"))
    click.echo()
    _show_card(found)
    for work in shown:
        click.echo()
        for line in _paper_lines(work, min(terminal_width(), _WIDTH)):
            click.echo(line)
    if len(shown) < len(found.works):
        click.echo(f"\n{counted(len(found.works) - len(shown), 'paper')} more: --limit {len(found.works)} shows all.")


@author.command()
@click.argument("email")
@click.argument("names", nargs=-1, required=True, metavar="NAME…")
@click.option("--undo", is_flag=True, help="Stop following.")
@pass_desk
def follow(desk: Desk, email: str, names: tuple[str, ...], undo: bool) -> None:
    """Let the subscriber EMAIL follow authors; quote a name: 'Ada Lovelace'."""
    change = profiles.unfollow if undo else profiles.follow
    person = desk.call(subscribers.get, email)
    spelt = names if undo else desk.call(_spelt, names)
    action = f"{'stopped following' if undo else 'followed'} {', '.join(spelt)}"
    Whose(desk, person).change(action, lambda connection: change(connection, person.id, spelt))


def _spelt(connection: Connection, names: Sequence[str]) -> tuple[str, ...]:
    """The names as the catalog spells them; who has no paper there yet may be followed too."""
    known = dict(zip(names, (catalog.papers_of(connection, name, 1) for name in names), strict=True))
    return tuple(authors.find(connection, name).name if known[name] else name for name in names)


# ── the card ─────────────────────────────────────────────────────────────────────────────────────


def _show_card(found: Author) -> None:
    """Every figure by who gave it; the parts of the computed score stand below it."""
    headings = ("", *(f"imported ({one.source}, {one.seen_at:%Y-%m-%d})" for one in found.imported), "computed here")
    table(headings, _card_rows(found), cut=0, empty="")


def _card_rows(found: Author) -> Iterator[tuple[object, ...]]:
    cards = [one.card for one in found.imported]
    computed = {"papers": f"{len(found.works):,}"}
    yield "category", *(card.category for card in cards), found.category
    for title, name in _FIGURES:
        yield title, *(_number(getattr(card, name)) for card in cards), computed.get(name, "–")
    measured = f"  (of {counted(len(found.novelties), 'paper')})" if found.novelties else ""
    yield "Novelty", *(_percent(card.novelty) for card in cards), _percent(found.novelty) + measured
    yield "AI Score", *(_number(card.ai_score) for card in cards), _number(found.standing.score)
    for name, weight in WEIGHTS.items():
        yield f"· {name} × {weight:.2f}", *("" for _ in cards), _part(found.standing, name)


def _number(value: int | None) -> str:
    return "–" if value is None else f"{value:,}"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.0f} %"


def _part(standing: Standing, name: str) -> str:
    part = standing.parts.get(name)
    return "not known" if part is None else f"{part:.2f}"


# ── the papers ───────────────────────────────────────────────────────────────────────────────────


def _paper_lines(work: Work, columns: int) -> Iterator[str]:
    paper = work.paper
    day = paper.published_on or paper.first_seen_day
    head = (paper.categories[0] if paper.categories else "", short_date(day, 0) if day else "")
    yield "  ".join(printable(part) for part in (*head, "Code" if paper.has_code else "") if part)
    for line in textwrap.wrap(printable(paper.title), columns):
        yield click.style(line, bold=True)
    if byline := printable(_byline(paper)):
        yield from textwrap.wrap(byline, columns)
    abstract = printable(paper.abstract)
    yield from textwrap.wrap(
        abstract, columns, initial_indent="  ", subsequent_indent="  ", max_lines=_EXCERPT_LINES, placeholder=" …"
    )
    yield click.style(f"computed: {figures(work)}", dim=True)


def _byline(paper: Paper) -> str:
    names = ", ".join(paper.authors[:AUTHORS_SHOWN])
    is_all = paper.is_authors_complete and len(paper.authors) <= AUTHORS_SHOWN
    shown = names if is_all or not names else f"{names} et al."
    return " · ".join(part for part in (shown, ", ".join(paper.affiliations[:AUTHORS_SHOWN])) if part)


# ── as JSON ──────────────────────────────────────────────────────────────────────────────────────


def _facts(found: Author, shown: Sequence[Work]) -> dict[str, object]:
    return {
        "name": found.name,
        "ids": dict(found.ids),
        "card": found.imported[0].card if found.imported else None,
        "imported": [_said(one) for one in found.imported],
        "computed": {
            "category": found.category,
            "papers": len(found.works),
            "novelty": found.novelty,
            "novelty_papers": len(found.novelties),
            **score_facts(found.standing),
        },
        "papers": [_work(work) for work in shown],
    }


def _said(one: SaidCard) -> dict[str, object]:
    card = plain(one.card)
    assert isinstance(card, dict)
    return {"source": one.source, "seen_at": one.seen_at, **card}


def _work(work: Work) -> dict[str, object]:
    paper = plain(work.paper)
    assert isinstance(paper, dict)
    return {**paper, **figure_facts(work)}
