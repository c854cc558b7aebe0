"""`digest evaluate --papers --likes`: rankers on papers and likes from files."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TextIO

import click

from digest.cli.desk import Desk
from digest.cli.measures import (
    Measured,
    against_figures,
    by_likes,
    counted_unit,
    figures,
    group_figures,
    show_against,
    show_groups,
    show_measures,
)
from digest.cli.output import show_json
from digest.cli.rankers import new_rankers, orders_of
from digest.errors import DigestError, UnreadableFile
from digest.model import Interest, Paper, Profile
from digest.ranking.metrics import DEPTH, Judged, measured
from digest.ranking.profile import paper_text
from digest.ranking.rank import Request

# The papers have no dates and no attention: the instant only has to be the same for all.
_AT = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Benchmark:
    """Papers by number with their names, which of them are new, and who liked what, as numbers, in file order."""

    names: Sequence[str]
    papers: Sequence[Paper]
    new: frozenset[int]
    likes: Mapping[str, Sequence[int]]

    @cached_property
    def people(self) -> list[str]:
        """Those who can be judged: a like among the old papers and one among the new."""
        return [
            user
            for user, liked in self.likes.items()
            if any(paper in self.new for paper in liked) and any(paper not in self.new for paper in liked)
        ]

    def known(self, user: str) -> tuple[int, ...]:
        """The likes that a ranker is told."""
        return tuple(paper for paper in self.likes[user] if paper not in self.new)


def evaluate_files(
    desk: Desk, papers: Path, likes: Path, kind: str, against: str | None, rankings: Path | None, *, as_json: bool
) -> None:
    """Rank, judge and print."""
    rankers = new_rankers(desk, kind, against)
    benchmark = read_benchmark(papers, likes)
    texts = [(paper.id, paper_text(paper)) for paper in benchmark.papers]
    with ExitStack() as stack:
        out = stack.enter_context(rankings.open("w", encoding="utf-8")) if rankings else None
        found: list[Measured] = []
        for name, ranker in rankers.items():
            ranker.learn(texts)
            orders = orders_of(ranker, _requests(benchmark), _candidates(benchmark), _liked(benchmark), _AT)
            judged = list(_judged(benchmark, orders, None if found else out))
            found.append(Measured(name, measured(judged)))
    _show(benchmark, found, as_json=as_json)


def read_benchmark(papers_path: Path, likes_path: Path) -> Benchmark:
    """Read both files; UnreadableFile names file and line, DigestError says that nobody can be judged."""
    papers, new = _read_papers(papers_path)
    number_of = {paper.key: paper.id for paper in papers}
    likes = _read_likes(likes_path, number_of)
    benchmark = Benchmark([paper.key for paper in papers], papers, new, likes)
    if not benchmark.people:
        raise DigestError(
            f"{likes_path}: nobody likes both a paper that is new and one that is not, so there is nothing to measure"
        )
    return benchmark


def _show(benchmark: Benchmark, found: Sequence[Measured], *, as_json: bool) -> None:
    one, *others = found
    groups = by_likes(one.values, [len(benchmark.known(user)) for user in benchmark.people])
    if as_json:
        by = {"by_likes": group_figures("likes", groups)}
        show_json({"people": len(benchmark.people), **figures(one), **by, **against_figures(one, others)})
        return
    of = f"{len(benchmark.new):,} new papers of {len(benchmark.papers):,}"
    click.echo(f"{one.ranker}: {counted_unit(one)}, {of}\n")
    show_measures(one)
    show_groups("LIKES", "PEOPLE", groups)
    for other in others:
        show_against(one, other)


def _requests(benchmark: Benchmark) -> list[Request]:
    return [
        Request(number, Profile((Interest(likes=benchmark.known(user)),)), DEPTH)
        for number, user in enumerate(benchmark.people)
    ]


def _candidates(benchmark: Benchmark) -> list[Paper]:
    return [paper for paper in benchmark.papers if paper.id in benchmark.new]


def _liked(benchmark: Benchmark) -> dict[int, Paper]:
    """For what a ranker forgets of very many papers."""
    used = {paper for user in benchmark.people for paper in benchmark.known(user)}
    return {paper: benchmark.papers[paper] for paper in sorted(used)}


def _judged(benchmark: Benchmark, orders: Iterator[list[int]], out: TextIO | None) -> Iterator[Judged]:
    for user, order in zip(_with_progress(benchmark.people), orders, strict=True):
        if out:
            ranking = [benchmark.names[i] for i in order]
            out.write(json.dumps({"user": user, "ranking": ranking}, ensure_ascii=False) + "\n")
        yield Judged(order, benchmark.new.intersection(benchmark.likes[user]), len(benchmark.known(user)))


def _with_progress(people: Sequence[str]) -> Iterator[str]:
    if not sys.stderr.isatty():
        yield from people
        return
    with click.progressbar(people, label="Ranking", file=sys.stderr) as bar:
        yield from bar


def _read_papers(path: Path) -> tuple[list[Paper], frozenset[int]]:
    papers: dict[str, Paper] = {}
    new = set()
    for line, row in _rows(path):
        name = _text(row, "id", path, line)
        if name in papers:
            raise UnreadableFile(str(path), line, f"the paper '{name}' is here a second time; keep one line of each")
        texts = _text(row, "title", path, line), _text(row, "abstract", path, line)
        if not isinstance(row.get("new"), bool):
            raise UnreadableFile(str(path), line, "'new' is missing or not true or false")
        papers[name] = _paper(len(papers), name, *texts)
        if row["new"]:
            new.add(papers[name].id)
    return list(papers.values()), frozenset(new)


def _read_likes(path: Path, number_of: Mapping[str, int]) -> dict[str, list[int]]:
    likes: dict[str, dict[int, None]] = {}
    for line, row in _rows(path):
        user, paper = _text(row, "user", path, line), _text(row, "paper", path, line)
        if paper not in number_of:
            raise UnreadableFile(str(path), line, f"the liked paper '{paper}' is not among the papers")
        likes.setdefault(user, {})[number_of[paper]] = None
    return {user: list(liked) for user, liked in likes.items()}


def _paper(number: int, name: str, title: str, abstract: str) -> Paper:
    return Paper(
        id=number,
        key=name,
        title=title,
        abstract=abstract,
        authors=(),
        is_authors_complete=False,
        affiliations=(),
        categories=(),
        version=None,
        published_on=None,
        first_seen_at=_AT,
        first_seen_day=None,
        url=None,
        pdf_url=None,
        code_url=None,
        has_code=False,
    )


def _rows(path: Path) -> Iterator[tuple[int, Mapping[str, object]]]:
    with path.open("rb") as lines:
        for number, raw in enumerate(lines, start=1):
            if not raw.strip():
                continue
            try:
                row = json.loads(raw)
            except UnicodeDecodeError:
                raise UnreadableFile(str(path), number, "this line is not UTF-8") from None
            except (ValueError, RecursionError) as error:
                raise UnreadableFile(str(path), number, f"this line is not JSON ({error})") from None
            if not isinstance(row, dict):
                raise UnreadableFile(str(path), number, "this line is not a JSON object")
            yield number, row


def _text(row: Mapping[str, object], field: str, path: Path, line: int) -> str:
    value = row.get(field)
    if not isinstance(value, str):
        raise UnreadableFile(str(path), line, f"'{field}' is missing or not a text")
    return value
