"""`digest evaluate`: the daemon's own ranker on papers and likes from files, measured."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from digest.cli.output import json_option, show_json
from digest.errors import DigestError, UnreadableFile
from digest.model import Interest, Paper, Profile

if TYPE_CHECKING:
    from digest.ranking.metrics import Judged

# The papers have no dates and no attention: the instant only has to be the same for all.
_AT = datetime(2000, 1, 1, tzinfo=UTC)
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@dataclass(frozen=True, slots=True)
class Benchmark:
    """Papers by number with their names, which of them are new, and who liked what, as numbers, in file order."""

    names: Sequence[str]
    papers: Sequence[Paper]
    new: frozenset[int]
    likes: Mapping[str, Sequence[int]]

    def people(self) -> list[str]:
        """Those who can be judged: a like among the old papers and one among the new."""
        return [
            user
            for user, liked in self.likes.items()
            if any(paper in self.new for paper in liked) and any(paper not in self.new for paper in liked)
        ]


@click.command()
@click.option("--papers", type=_FILE, required=True, help='JSON lines: {"id", "title", "abstract", "new": true|false}.')
@click.option("--likes", type=_FILE, required=True, help='JSON lines: {"user", "paper"}.')
@click.option("--ranker", type=click.Choice(["bm25"]), default="bm25", show_default=True, help="What ranks.")
@click.option(
    "--rankings",
    type=click.Path(dir_okay=False, path_type=Path),
    help='Write each ranking here as a JSON line: {"user", "ranking"}.',
)
@json_option
def evaluate(papers: Path, likes: Path, ranker: str, rankings: Path | None, as_json: bool) -> None:
    """Measure the ranker: each person's likes among the old papers rank the new ones.

    People without a like among both are left out. Prints means over people: recall in the first 20, 50 and 100,
    nDCG of the first 10 and 20, and the reciprocal rank of the first hit.
    """
    from digest.ranking.metrics import summary

    benchmark = read_benchmark(papers, likes)
    with ExitStack() as stack:
        out = stack.enter_context(rankings.open("w", encoding="utf-8")) if rankings else None
        judged = list(_ranked(benchmark, out))
    figures = {"people": len(judged), **{name: round(value, 4) for name, value in summary(judged).items()}}
    if as_json:
        show_json(figures)
        return
    click.echo(f"{ranker}: {len(judged):,} people, {len(benchmark.new):,} new papers of {len(benchmark.papers):,}")
    for name, value in list(figures.items())[1:]:
        click.echo(f"{name:<12}{value:.4f}")


def read_benchmark(papers_path: Path, likes_path: Path) -> Benchmark:
    """Read both files; UnreadableFile names file and line, DigestError says that nobody can be judged."""
    papers, new = _read_papers(papers_path)
    number_of = {paper.key: paper.id for paper in papers}
    likes = _read_likes(likes_path, number_of)
    benchmark = Benchmark([paper.key for paper in papers], papers, new, likes)
    if not benchmark.people():
        raise DigestError(
            f"{likes_path}: nobody likes both a paper that is new and one that is not, so there is nothing to measure"
        )
    return benchmark


def _ranked(benchmark: Benchmark, out: TextIO | None) -> Iterator[Judged]:
    from digest.ranking.corpus import Corpus
    from digest.ranking.metrics import DEPTH, Judged
    from digest.ranking.profile import paper_text
    from digest.ranking.rank import Ranker, Request

    corpus = Corpus(window=len(benchmark.papers))
    corpus.add([paper.id for paper in benchmark.papers], [paper_text(paper) for paper in benchmark.papers])
    people = benchmark.people()
    known = {user: tuple(i for i in benchmark.likes[user] if i not in benchmark.new) for user in people}
    requests = [Request(i, Profile((Interest(likes=known[user]),)), DEPTH) for i, user in enumerate(people)]
    candidates = [paper for paper in benchmark.papers if paper.id in benchmark.new]
    orders = Ranker(corpus).order_batch(requests, candidates, {}, _AT)
    for user, order in zip(_with_progress(people), orders, strict=True):
        if out:
            ranking = [benchmark.names[i] for i in order]
            out.write(json.dumps({"user": user, "ranking": ranking}, ensure_ascii=False) + "\n")
        yield Judged(order, benchmark.new.intersection(benchmark.likes[user]))


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
