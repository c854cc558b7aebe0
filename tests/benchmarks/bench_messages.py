"""CPU of building a day's messages, and of starting the command line. `make bench` runs it."""

from __future__ import annotations

import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from statistics import median

from digest.editions.assemble import Letterhead, mail
from digest.editions.press import Press
from digest.model import Edition, Facts, Reason, ReasonKind, ShownPick
from tests.support import editions as invented

MESSAGES, ROUNDS = 1000, 7
OFFERED, SHOWN, TERMS, LIKES = 400, 20, 12, 5000
HEAD = Letterhead("Trending Papers <digest@example.org>", {1: bytes(32)}, "https://digest.example.org")


def editions(count: int = 500) -> list[Edition]:
    """One edition of twenty papers for each of many readers, who share the papers and the reasons."""
    picks = [
        invented.pick(replace(invented.PAPER, id=i, key=f"arxiv:2604.{i:05}", abstract=_ABSTRACT)) for i in _SHARED
    ]
    return [replace(invented.edition(*picks), id=i, subscriber_id=i) for i in range(1, count + 1)]


_ABSTRACT = f"{invented.PAPER.abstract} " * 6
_SHARED = range(1, SHOWN + 1)


def unlike(chance: random.Random, count: int) -> list[Edition]:
    """Editions of readers who have little in common: their own choice of a day's papers, for their own reasons."""
    offered = [
        invented.pick(replace(invented.PAPER, id=i, key=f"arxiv:2604.{i:05}", title=f"Lamps {i}", abstract=_ABSTRACT))
        for i in range(OFFERED)
    ]
    return [
        replace(
            invented.edition(*(_for_reasons(chance, one.facts) for one in chance.sample(offered, SHOWN))),
            id=i,
            subscriber_id=i,
        )
        for i in range(1, count + 1)
    ]


def _for_reasons(chance: random.Random, facts: Facts) -> ShownPick:
    """A few of the paper's own terms, and for a third of the picks a liked paper."""
    terms = tuple(f"some term {facts.paper_id * TERMS + t}" for t in chance.sample(range(TERMS), chance.randint(2, 5)))
    reasons = [Reason(ReasonKind.TERMS, terms, 0.5 + chance.random())]
    if chance.random() < 1 / 3:
        title = f"On the {chance.randrange(LIKES)}th lighthouse and what it looked at when nobody asked it to"
        reasons.append(Reason(ReasonKind.LIKED, (title,), 0.4))
    return ShownPick(facts, sum(reason.share for reason in reasons), tuple(reasons))


def cpu(build: Callable[[Edition, str], bytes], batch: Sequence[Edition]) -> float:
    """Milliseconds of CPU for each message."""
    start = time.process_time()
    for one in batch:
        build(one, f"reader{one.id}@example.org")
    return (time.process_time() - start) / len(batch) * 1e3


def building() -> None:
    """The press and the plain way by turns. No reader comes twice: whatever is kept is kept from others."""
    chance, press = random.Random(20260420), Press(HEAD)
    alike, others = editions(MESSAGES), unlike(chance, MESSAGES * (ROUNDS + 1))
    cpu(press.digest, alike)
    cpu(press.digest, others[:MESSAGES])
    rounds = [
        (
            cpu(press.digest, alike),
            cpu(press.digest, others[MESSAGES * n : MESSAGES * (n + 1)]),
            cpu(lambda one, address: mail(HEAD, one, address), others[MESSAGES * n : MESSAGES * n + 50]),
        )
        for n in range(1, ROUNDS + 1)
    ]
    size = len(press.digest(others[0], "reader1@example.org")) / 1000
    same, own, plain = (median(each[column] for each in rounds) for column in range(3))
    print(f"P6 message, own papers and reasons  {own:6.3f} ms of CPU (goal 0.1); {size:.0f} KB, {SHOWN} papers")
    print(f"   message, all alike               {same:6.3f} ms")
    print(f"   message, own ones, the plain way {plain:6.3f} ms")


def starting(*args: str) -> float:
    """Seconds of CPU of a Python that is started with these arguments."""

    def once() -> float:
        before = _children()
        subprocess.run([sys.executable, *args], check=True, stdout=subprocess.DEVNULL)
        return _children() - before

    return median(once() for _ in range(ROUNDS))


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    building()
    empty, shown = starting("-c", ""), starting("-m", "digest", "--help")
    print(f"digest --help       {shown * 1e3:6.1f} ms (an empty Python: {empty * 1e3:.1f} ms)")


if __name__ == "__main__":
    main()
