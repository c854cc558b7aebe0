"""How much of ranking is not the sparse product: 10,000 subscribers × 1,000 papers, exclusion and the best 20.

Run by `python tests/benchmarks/bench_ranking.py [SUBSCRIBERS]` from the project's folder. Prints medians of interleaved
rounds, each for ranking without reasons (`order_batch`), with reasons (`rank_batch`), and the bare product of the same
tastes and papers by scipy. What a subscriber costs is CPU time of this process. Words follow Zipf's law.
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

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from digest.model import Interest, Paper, Profile
from digest.ranking.corpus import Corpus
from digest.ranking.pool import Pool, pool_of
from digest.ranking.profile import Tastes, paper_text, tastes_of
from digest.ranking.rank import Ranker, Request

NOW = datetime(2026, 4, 20, 7, tzinfo=UTC)
VOCABULARY, KNOWN, NEW, LIKES, SENT = 50_000, 10_000, 1_000, 20, 200
ROUNDS, CHUNK = 3, 256


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


def bare(chunks: list[Tastes], pool: Pool) -> None:
    for tastes in chunks:
        tastes.weights @ pool.by_term


def cpu(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def main(subscribers: int) -> None:
    chance = random.Random(20260420)
    known, new = papers(chance, KNOWN, 0), papers(chance, NEW, KNOWN)
    corpus = Corpus()
    learning = cpu(lambda: corpus.add([p.id for p in known + new], [paper_text(p) for p in known + new]))
    counting = cpu(lambda: corpus.vectors([0]))
    some = requests(chance, subscribers, known, new)
    liked = {paper.id: paper for paper in known}
    ranker, pool = Ranker(corpus), pool_of(new, corpus, NOW)
    chunks = [
        tastes_of([request.profile.interests[0] for request in some[i : i + CHUNK]], corpus, liked)
        for i in range(0, min(len(some), 2000), CHUNK)
    ]
    measured = min(len(some), 2000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    rounds = []
    for _ in range(ROUNDS):
        product = cpu(lambda: bare(chunks, pool)) / measured
        order = cpu(lambda: list(ranker.order_batch(some, new, liked, NOW))) / len(some)
        explained = cpu(lambda: ranker.rank_batch(some[:measured], new, liked, NOW)) / measured
        rounds.append((product, order, explained))
    product, order, explained = (median(column) for column in zip(*rounds, strict=True))
    extra = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(
        f"{KNOWN + NEW:,} papers learnt in {learning:.2f} s, counted in {counting:.2f} s, {len(corpus.terms):,} terms"
    )
    print(f"{subscribers:,} subscribers x {NEW:,} papers, microseconds of CPU per subscriber:")
    print(f"  bare product  {product * 1e6:8.1f}")
    print(f"  best 20       {order * 1e6:8.1f}   {order / product:5.2f} x the bare product")
    print(f"  with reasons  {explained * 1e6:8.1f}   {explained / product:5.2f} x")
    print(f"  extra memory  {extra / 1024:8.1f} MB")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
