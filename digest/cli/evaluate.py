"""`digest evaluate`: rankers measured on files or on the catalog's own history, and past days ranked again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import click

from digest.cli.desk import Desk
from digest.cli.output import json_option
from digest.errors import UsageError

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_OUT = click.Path(dir_okay=False, path_type=Path)
_DAY = click.DateTime(["%Y-%m-%d"])

_WAYS = {
    "--papers": ("--likes", "--rankings", "--against"),
    "--interleaved": ("--since", "--until"),
    "--history": ("--since", "--until", "--subscriber", "--against"),
    "--day": ("--until", "--profile", "--top", "--format"),
}
"""The option that chooses a way to evaluate, and those that go with it."""


@click.command()
@click.option("--papers", type=_FILE, help='Files: JSON lines of {"id", "title", "abstract", "new": true|false}.')
@click.option("--likes", type=_FILE, help='Files: JSON lines of {"user", "paper"}.')
@click.option("--rankings", type=_OUT, help='Files: write each ranking here as a JSON line: {"user", "ranking"}.')
@click.option("--history", is_flag=True, help="History: the catalog's own papers, judged by its own votes.")
@click.option("--interleaved", is_flag=True, help="Votes: which of the two rankers that take turns readers prefer.")
@click.option("--subscriber", metavar="EMAIL", help="History: this reader only; the intervals are then over days.")
@click.option("--since", type=_DAY, metavar="DAY", help="History, votes: from this day on.")
@click.option("--day", type=_DAY, metavar="DAY", help="Replay: rank what was new on this day.")
@click.option("--until", type=_DAY, metavar="DAY", help="Up to this day, itself included.")
@click.option("--profile", multiple=True, metavar="FILE|EMAIL", help="Replay: for whom; give it again for more.")
@click.option("--top", type=click.IntRange(1, 1000), help="Replay: at most so many papers each; 10 unless given.")
@click.option("--format", "form", type=click.Choice(["text", "markdown"]), help="Replay: for a terminal or a document.")
@click.option("--ranker", metavar="KIND", default="bm25", show_default=True, help="What ranks.")
@click.option("--against", metavar="KIND", help="Files, history: a second ranker, compared on the same people.")
@json_option
@click.pass_context
def evaluate(  # noqa: PLR0913, PLR0917  # click hands over each option by itself
    ctx: click.Context,
    papers: Path | None,
    likes: Path | None,
    rankings: Path | None,
    history: bool,
    interleaved: bool,
    subscriber: str | None,
    since: datetime | None,
    day: datetime | None,
    until: datetime | None,
    profile: tuple[str, ...],
    top: int | None,
    form: str | None,
    ranker: str,
    against: str | None,
    as_json: bool,
) -> None:
    """Measure rankers, or rank a past day again. There are four ways.

    --papers FILE --likes FILE: each person's likes among the old papers rank the new ones. People without a like among
    both are left out.

    --history: the new papers of each past day are ranked by what its readers had liked before, and judged by what they
    liked of them then or later.

    --interleaved: where two rankers take turns (ranking.against), whose papers readers vote for.

    --day DAY --profile FILE|EMAIL: the top of that day with reasons. FILE is a profile written in TOML; EMAIL is a
    reader as they were before that day.

    The first two print means over people with 95 % intervals: recall in the first 20, 50 and 100, nDCG of the first 10
    and 20, and the reciprocal rank of the first hit.
    """
    _check_way({f"--{name}": value for name, value in ctx.params.items()} | {"--format": form})
    if papers and likes:
        from digest.cli.evaluate_files import evaluate_files

        evaluate_files(_desk(ctx), papers, likes, ranker, against, rankings, as_json=as_json)
    elif day:
        from digest.cli.evaluate_day import show_replay
        from digest.cli.replay_shown import Replay

        wish = Replay(day.date(), (until or day).date(), ranker, top or 10)
        show_replay(_desk(ctx), wish, profile, "json" if as_json else form or "text")
    elif interleaved:
        from digest.cli.evaluate_interleaved import show_contest

        show_contest(_desk(ctx), since.date() if since else None, until.date() if until else None, as_json=as_json)
    elif history:
        from digest.cli.evaluate_history import Span, show_history

        span = Span(since.date() if since else None, until.date() if until else None, subscriber)
        show_history(_desk(ctx), span, ranker, against, as_json=as_json)


def _check_way(given: Mapping[str, object]) -> None:
    """One way, with what it needs and without what belongs to another. UsageError says what would be right."""
    chosen = [way for way in _WAYS if given[way]]
    if len(chosen) != 1:
        raise UsageError(
            "choose one way: --papers FILE --likes FILE, --history, --interleaved, or --day DAY --profile FILE"
        )
    (way,) = chosen
    if given["--against"] == given["--ranker"]:
        raise UsageError(f"--against {given['--against']} is the ranker itself; name another kind")
    stray = [name for others in _WAYS.values() for name in others if given[name] and name not in _WAYS[way]]
    if stray:
        raise UsageError(f"{stray[0]} does not go with {way}; what does: {', '.join(_WAYS[way])}")
    for needing, needed in (("--papers", "--likes"), ("--day", "--profile")):
        if way == needing and not given[needed]:
            raise UsageError(f"{way} needs {needed}; see 'digest evaluate --help'")


def _desk(ctx: click.Context) -> Desk:
    """The program's; a new one where the command is called by itself."""
    return ctx.find_object(Desk) or ctx.with_resource(Desk(None, debug=False))
