"""How much of ranking is not the sparse product, and how it grows.

Run by `python tests/benchmarks/bench_ranking.py [SUBSCRIBERS]` from the project's folder. Prints medians of interleaved
rounds: the best 20 after exclusion (`order_batch`), the same with bar and diversity, all in with reasons
(`rank_batch`), each from the likes on, and the making of the tastes alone, which is in all of them. The bare product is
that of the means of the likes, all their words, with the papers by scipy in double precision: it picks nothing. What a
subscriber costs is CPU time of this process. Words follow Zipf's law. Growth: more subscribers, and more papers in the
catalog, of which the corpus remembers the latest.
"""

from __future__ import annotations

import random
import resource
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import numpy as np
import scipy.sparse as sp

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from digest import daemon
from digest.model import Interest, Paper, Profile
from digest.ranking.corpus import WINDOW, Corpus
from digest.ranking.pool import pool_of
from digest.ranking.profile import Tastes, paper_text, tastes_of
from digest.ranking.rank import Ranker, Request

NOW = datetime(2026, 4, 20, 7, tzinfo=UTC)
VOCABULARY, KNOWN, NEW, MANY, LIKES, SENT = 50_000, 10_000, 1_000, 5_000, 20, 200
ROUNDS, CHUNK = 3, 256
GOALS = {
    "bare product": "",
    "tastes alone": "",
    "best 20": "goal: 2 x",
    "with bar and diversity": "goal: 3 x",
    "all in, with reasons": "goal: 1,000 microseconds for 5,000 papers (better: 300)",
}


def papers(chance: random.Random, count: int, first: int) -> list[Paper]:
    """Papers of about a hundred words, a third of them of one of 200 topics."""
    ranks = 1 / np.arange(10, VOCABULARY + 10)
    common = np.cumsum(ranks).tolist()
    made = []
    for i in range(count):
        topic = chance.randrange(200) * (VOCABULARY // 200)
        words = chance.choices(range(VOCABULARY), cum_weights=common, k=70)
        words += [topic + int(chance.triangular(0, 100, 0)) for _ in range(35)]
        abstract = " ".join(f"w{word}x" for word in words)
        made.append(
            Paper(
                first + i, f"p:{first + i}", f"paper{i}", abstract, (), True, (), (), None, None, NOW, None, None, None,
                None, False,
            )
        )  # fmt: skip
    return made


def requests(chance: random.Random, count: int, known: list[Paper], new: list[Paper]) -> list[Request]:
    return [
        Request(
            i,
            Profile((Interest(likes=tuple(paper.id for paper in chance.sample(known, LIKES))),)),
            20,
            frozenset(paper.id for paper in chance.sample(known, SENT - 20) + chance.sample(new, 20)),
        )
        for i in range(count)
    ]


def bare(means: list[sp.csr_array], by_term: sp.csr_array) -> None:
    for some in means:
        some @ by_term


def cpu(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def tastes_in_chunks(some: list[Request], corpus: Corpus, liked: dict[int, Paper], size: int) -> list[Tastes]:
    chunks = [some[i : i + size] for i in range(0, len(some), size)]
    return [tastes_of([request.profile.interests[0] for request in chunk], corpus, liked) for chunk in chunks]


def learnt(papers: list[Paper]) -> Corpus:
    corpus = Corpus()
    corpus.add([paper.id for paper in papers], [paper_text(paper) for paper in papers])
    corpus.vectors([papers[-1].id])
    return corpus


def peak() -> float:
    """Megabytes of memory that this process had at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def in_batches(ranker: Ranker, some: list[Request], new: list[Paper], liked: dict[int, Paper]) -> None:
    """As the compose job does: 1,000 subscribers at a time, nothing kept."""
    for i in range(0, len(some), 1000):
        ranker.rank_batch(some[i : i + 1000], new, liked, NOW)


def chosen(ranker: Ranker, some: list[Request], new: list[Paper], liked: dict[int, Paper]) -> None:
    """Bar and diversity, without reasons."""
    for _ in ranker.worked(some, new, liked, NOW):
        pass


def compare(subscribers: int, known: list[Paper], new: list[Paper], chance: random.Random) -> None:
    corpus = learnt([*known, *new])
    some, liked = requests(chance, subscribers, known, new), {paper.id: paper for paper in known}
    ranker, pool = Ranker(corpus), pool_of(new, corpus, NOW)
    few = some[:1000]
    in_batches(ranker, few, new, liked)
    before = peak()
    means = [sp.csr_array(one.mixture @ one.vectors) for one in tastes_in_chunks(few, corpus, liked, CHUNK)]
    by_term = sp.csr_array(pool.vectors.T)
    rounds = [
        (
            cpu(lambda: bare(means, by_term)) / len(few),
            cpu(lambda: tastes_in_chunks(few, corpus, liked, 64)) / len(few),
            cpu(lambda: list(ranker.order_batch(some, new, liked, NOW))) / len(some),
            cpu(lambda: chosen(ranker, some, new, liked)) / len(some),
            cpu(lambda: in_batches(ranker, some, new, liked)) / len(some),
        )
        for _ in range(ROUNDS)
    ]
    print(f"{len(some):,} subscribers x {len(new):,} papers, {len(corpus.terms):,} terms, microseconds of CPU each:")
    costs = [median(column) * 1e6 for column in zip(*rounds, strict=True)]
    for (name, goal), cost in zip(GOALS.items(), costs, strict=True):
        print(f"  {name:24} {cost:8.1f}   {cost / costs[0]:5.2f} x the bare product   {goal}")
    print(f"  {'extra memory':24} {peak() - before:8.1f} MB   goal: 64 MB at most")


def growth(known: list[Paper], new: list[Paper], chance: random.Random) -> None:
    """More subscribers, then a larger catalog: only as much of it as a corpus remembers can matter."""
    for catalog, subscribers in ((known, 1_000), (known, 5_000), (papers(chance, WINDOW - NEW, 1_000_000), 1_000)):
        ranker, liked = Ranker(learnt([*catalog, *new])), {paper.id: paper for paper in catalog}
        some = requests(chance, subscribers, catalog[-KNOWN:], new)
        cost = cpu(lambda: in_batches(ranker, some, new, liked)) / len(some)  # noqa: B023  # run at once
        print(f"  {subscribers:7,} subscribers, corpus of {len(catalog) + NEW:7,}: {cost * 1e6:8.1f} microseconds each")


def main(subscribers: int) -> None:
    daemon.collect_seldom()  # as composing does
    chance = random.Random(20260420)
    known = papers(chance, KNOWN, 0)
    compare(subscribers, known, papers(chance, NEW, KNOWN), chance)
    compare(min(subscribers, 1000), known, papers(chance, MANY, KNOWN), chance)
    print("growth, all in, the papers prepared and worded anew (goal: 1.3 x the first line):")
    growth(known, papers(chance, NEW, KNOWN), chance)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000)
