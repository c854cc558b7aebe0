"""Measures of rankers with their intervals, as tables and as JSON; the same for files and for a catalog's history."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import click
import numpy as np

from digest.cli.output import counted, table
from digest.ranking.counts import Floats
from digest.ranking.intervals import Comparison, Interval, compared, intervals
from digest.ranking.metrics import MEASURES, means
from digest.ranking.replay import LIKES, group_of

SEED = 20_260_420
"""Of the draws for intervals: the same figures give the same intervals, on every machine."""

_FEW = 10  # people or days: drawing from fewer says little of those who were not asked
_SHOWN = ("recall@20", "ndcg@10")  # of the six, in tables with a row per group


@dataclass(frozen=True, slots=True)
class Measured:
    """A ranker's measures (columns, as `MEASURES`) of people or of one person's days (rows)."""

    ranker: str
    values: Floats
    unit: str = "person"


@dataclass(frozen=True, slots=True)
class Group:
    """Some of the rows, under a name."""

    name: str
    values: Floats


def rounded(value: float) -> float:
    return round(value, 4)


def figures(one: Measured) -> dict[str, object]:
    """The mean of each measure and its interval."""
    return {**_means(one.values), "ranker": one.ranker, "intervals": _intervals(one.values)}


def group_figures(key: str, groups: Iterable[Group]) -> list[dict[str, object]]:
    """The same of each group, with its name as `key`."""
    return [
        {key: one.name, "count": len(one.values), **_means(one.values), "intervals": _intervals(one.values)}
        for one in groups
    ]


def against_figures(one: Measured, others: Sequence[Measured]) -> dict[str, object]:
    """`against`: the other ranker's means, and how `one` differs from it on the same rows; nothing without another."""
    return {"against": _against(one, other) for other in others[:1]}  # noqa: B035  # one at most


def _against(one: Measured, other: Measured) -> dict[str, object]:
    return {
        "ranker": other.ranker,
        **_means(other.values),
        "differences": {name: _told(found) for name, found in _differences(one, other).items()},
    }


def by_likes(values: Floats, likes: Sequence[int]) -> list[Group]:
    """The rows by how many likes were known; groups without any are left out."""
    names = np.array([group_of(n) for n in likes])
    return [Group(name, values[names == name]) for name in LIKES if name in names]


def grouped(values: Floats, names: Sequence[str]) -> list[Group]:
    """The rows by name, in the order in which names first come."""
    held = np.array(names)
    return [Group(name, values[held == name]) for name in dict.fromkeys(names)]


def show_measures(one: Measured) -> None:
    """Every measure with its interval."""
    means_of, ends = means(one.values), _by_name(intervals(one.values, _rng()))
    rows = [(name, _short(means_of[name]), span(ends[name])) for name in MEASURES]
    table((_heading(one), "MEAN", "95 % INTERVAL"), rows, empty="")


def show_groups(heading: str, unit: str, groups: Iterable[Group]) -> None:
    """A row per group, with the two measures that say most."""
    rows = [_row(group) for group in groups]
    headings = [part for name in _SHOWN for part in (name.upper(), "95 %")]
    click.echo()
    table((heading, unit, *headings), rows, empty="")


def show_against(one: Measured, other: Measured) -> None:
    """The two rankers side by side, with who won how often."""
    mine, theirs, found = means(one.values), means(other.values), _differences(one, other)
    click.echo()
    click.echo(f"{one.ranker} against {other.ranker}, the same {counted_unit(one)}:")
    rows = [
        (
            name,
            _short(mine[name]),
            _short(theirs[name]),
            _short(found[name].difference, "+"),
            span(found[name].interval, sign="+"),
            f"{found[name].wins:,}",
            f"{found[name].ties:,}",
            f"{found[name].losses:,}",
            _probability(found[name].p),
        )
        for name in MEASURES
    ]
    headings = ("MEASURE", _heading(one), _heading(other), "DIFF", "95 % INTERVAL")
    table((*headings, "WINS", "TIES", "LOSSES", "P"), rows, empty="")
    click.echo("\nDIFF is the mean over the same people, P that of the sign test of wins and losses.")
    click.echo(_verdict(one, other, found["ndcg@10"]))


def _heading(one: Measured) -> str:
    """The kind, of somebody's own ranker its class."""
    return one.ranker.rpartition(":")[2].upper()


def counted_unit(one: Measured) -> str:
    """How many rows there are, in words: `7,947 people`."""
    n = len(one.values)
    if one.unit == "person":
        return f"{n:,} {'person' if n == 1 else 'people'}"
    return counted(n, one.unit)


def span(found: Interval | None, sign: str = "") -> str:
    """An interval in words, `–` where there is none."""
    return f"{_short(found.low, sign)} … {_short(found.high, sign)}" if found else "–"


def _verdict(one: Measured, other: Measured, found: Comparison) -> str:
    if found.interval is None or len(one.values) < _FEW:
        return f"{counted_unit(one)}: too few to say which is better."
    if found.interval.low > 0:
        return f"By nDCG@10 {one.ranker} is better: the interval of the difference lies above 0."
    if found.interval.high < 0:
        return f"By nDCG@10 {other.ranker} is better: the interval of the difference lies below 0."
    return "By nDCG@10 neither is shown to be better: the interval of the difference holds 0."


def _row(group: Group) -> tuple[object, ...]:
    means_of, ends = means(group.values), _by_name(intervals(group.values, _rng()))
    parts = [part for name in _SHOWN for part in (_short(means_of[name]), span(ends[name]))]
    return (group.name, f"{len(group.values):,}", *parts)


def _differences(one: Measured, other: Measured) -> dict[str, Comparison]:
    return dict(zip(MEASURES, compared(other.values, one.values, _rng()), strict=True))


def _told(found: Comparison) -> dict[str, object]:
    return {
        "difference": rounded(found.difference),
        "interval": _ends(found.interval),
        "wins": found.wins,
        "ties": found.ties,
        "losses": found.losses,
        "p": found.p,
    }


def _means(values: Floats) -> dict[str, float]:
    return {name: rounded(value) for name, value in means(values).items()}


def _intervals(values: Floats) -> dict[str, list[float] | None]:
    return {name: _ends(one) for name, one in _by_name(intervals(values, _rng())).items()}


def _ends(found: Interval | None) -> list[float] | None:
    return [rounded(found.low), rounded(found.high)] if found else None


def _by_name(found: Sequence[Interval | None]) -> Mapping[str, Interval | None]:
    return dict(zip(MEASURES, found, strict=True))


def _rng() -> np.random.Generator:
    return np.random.default_rng(SEED)


def _short(value: float, sign: str = "") -> str:
    """A figure without the nought before its point: `.2036`, `+.0012`."""
    return f"{value:{sign}.4f}".replace("0.", ".", 1) if abs(value) < 0.99995 else f"{value:{sign}.4f}"


def _probability(p: float) -> str:
    return "<.0001" if p < 0.0001 else _short(p)
