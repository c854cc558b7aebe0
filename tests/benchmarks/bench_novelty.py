"""What novelty costs: papers of one category measured day by day, as the job does, in claims of 2,000.

Run by `python tests/benchmarks/bench_novelty.py [PAPERS]` from the project's folder. Prints CPU time and memory.
Words follow Zipf's law, as in `bench_ranking`.
"""

from __future__ import annotations

import random
import resource
import sys
import time
from datetime import date, timedelta
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from digest.ranking.distance import distances
from digest.ranking.novelty import WINDOW, Dated, percentiles

VOCABULARY, A_DAY, CLAIM = 50_000, 200, 2000
START = date(2024, 1, 1)


def papers(chance: random.Random, count: int) -> list[Dated]:
    """Papers of about a hundred words, a third of them of one of 200 topics, 200 a day."""
    common = np.cumsum(1 / np.arange(10, VOCABULARY + 10)).tolist()
    made = []
    for i in range(count):
        topic = chance.randrange(200) * (VOCABULARY // 200)
        words = chance.choices(range(VOCABULARY), cum_weights=common, k=70)
        words += [topic + int(chance.triangular(0, 100, 0)) for _ in range(35)]
        made.append(Dated(i + 1, START + timedelta(days=i // A_DAY), " ".join(f"w{word}x" for word in words)))
    return made


def main(count: int) -> None:
    some = papers(random.Random(20260420), count)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.process_time()
    measured = 0
    for first in range(0, count, CLAIM):
        claim = some[first : first + CLAIM]
        found = distances(some[max(0, first - WINDOW) : first + CLAIM], frozenset(paper.paper_id for paper in claim))
        known = {paper_id: distance for paper_id, distance in found.items() if distance is not None}
        percentiles(known, list(known.values()))
        measured += len(known)
    spent = time.process_time() - start
    extra = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(f"{measured:,} papers measured in {spent:.1f} s of CPU, {spent / count * 1e3:.2f} ms each")
    print(f"extra memory {extra / 1024:.1f} MB")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
