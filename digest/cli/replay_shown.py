"""A replayed day as text for a terminal, as markdown for a document, as JSON for programs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import click

from digest.cli.output import counted, printable, terminal_width, wrapped
from digest.editions.dates import long_date
from digest.editions.reasons import because
from digest.model import Paper, Pick, Profile

_AUTHORS_SHOWN = 3
_MARKDOWN = str.maketrans({c: f"\\{c}" for c in "\\`*_[]<>|$#~"})


@dataclass(frozen=True, slots=True)
class Replay:
    """Which days are replayed as one, by which ranker, for how many papers each."""

    day: date
    until: date
    ranker: str
    top: int


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody to rank for, as they were before the days.

    `unread` counts the liked or disliked papers that were not known by then; `known` are papers that are never
    recommended, `works` those of a library of their own.
    """

    name: str
    profile: Profile
    unread: int = 0
    known: frozenset[int] = frozenset()
    works: Mapping[int, Paper] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Top:
    """What one reader would have got, best first."""

    reader: Reader
    picks: Sequence[tuple[Pick, Paper]]


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came out: how many papers were ranked, and everybody's top."""

    wish: Replay
    scanned: int
    tops: Sequence[Top]


def _heading(done: Replayed) -> str:
    wish = done.wish
    return long_date(wish.day) + (f" to {long_date(wish.until)}" if wish.until != wish.day else "")


def _summary(done: Replayed, top: Top) -> str:
    """What stands below a heading: how many were ranked, how many fit, what was not read."""
    parts = [f"{counted(done.scanned, 'new paper')}, ranked by {done.wish.ranker}"]
    if len(top.picks) < done.wish.top:
        parts.append(f"{len(top.picks) or 'none'} fit well enough")
    if top.reader.unread:
        parts.append(f"{counted(top.reader.unread, 'vote')} not read: later than this")
    return "; ".join(parts)


# ── for a terminal ───────────────────────────────────────────────────────────────────────────────


def show(done: Replayed) -> None:
    """Each reader's papers, a few lines each."""
    for number, top in enumerate(done.tops):
        if number:
            click.echo()
        click.secho(f"{printable(top.reader.name)} · {_heading(done)}", bold=True)
        click.secho(_summary(done, top), dim=True)
        for place, (pick, paper) in enumerate(top.picks, start=1):
            click.echo()
            _show_pick(place, pick, paper)


def _show_pick(place: int, pick: Pick, paper: Paper) -> None:
    left = f"{place:>3}  "
    indent = " " * len(left)
    room = max(terminal_width() - len(left), 40)
    title, *rest = _lines(paper.title, room)
    click.echo(click.style(left, dim=True) + click.style(title, bold=True))
    for line in rest:
        click.echo(indent + click.style(line, bold=True))
    for line in _lines(f"{pick.score:.3f} · {_origin(paper)}", room):
        click.echo(indent + click.style(line, dim=True))
    for line in _lines(_why(pick), room):
        click.echo(indent + line)


def _lines(text: str, columns: int) -> list[str]:
    return wrapped(printable(text), columns)


def _origin(paper: Paper) -> str:
    names = ", ".join(paper.authors[:_AUTHORS_SHOWN])
    more = len(paper.authors) - _AUTHORS_SHOWN
    if more > 0:
        names += f" and {more} more"
    return " · ".join(part for part in (names, ", ".join(paper.categories), paper.key) if part)


def _why(pick: Pick) -> str:
    """The reasons in words, after the interest they are about where it has a name."""
    about = f"for {pick.interest}: " if pick.interest else ""
    if pick.is_exploration:
        about = "from outside the interests: "
    return about + (because(pick.reasons) or "the newest of what is left")


# ── for a document ───────────────────────────────────────────────────────────────────────────────


def markdown(done: Replayed) -> str:
    """A heading and a table for each reader."""
    return "\n\n".join("\n".join(_section(done, top)) for top in done.tops)


def _section(done: Replayed, top: Top) -> Iterator[str]:
    yield f"**{_escaped(top.reader.name)}**, {_heading(done)}: {_summary(done, top)}."
    if not top.picks:
        return
    yield ""
    yield "| | paper | score | because |"
    yield "|--:|---|--:|---|"
    for place, (pick, paper) in enumerate(top.picks, start=1):
        title = _escaped(paper.title)
        linked = f"[{title}]({paper.url})" if paper.url else title
        yield f"| {place} | {linked} | {pick.score:.3f} | {_escaped(_why(pick))} |"


def _escaped(text: str) -> str:
    return printable(text).translate(_MARKDOWN)


# ── for programs ─────────────────────────────────────────────────────────────────────────────────


def facts(done: Replayed) -> dict[str, object]:
    """All that is known of the replay."""
    wish = done.wish
    about = {"day": wish.day, "until": wish.until, "ranker": wish.ranker, "scanned": done.scanned}
    return {**about, "profiles": [_facts_of(top) for top in done.tops]}


def _facts_of(top: Top) -> dict[str, object]:
    return {
        "name": top.reader.name,
        "unread_votes": top.reader.unread,
        "picks": [
            {
                "paper": paper.key,
                "title": paper.title,
                "url": paper.url,
                "score": pick.score,
                "interest": pick.interest,
                "is_exploration": pick.is_exploration,
                "because": because(pick.reasons),
                "reasons": pick.reasons,
            }
            for pick, paper in top.picks
        ],
    }
