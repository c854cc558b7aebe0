"""CPU of building a day's messages, and of starting the command line. `make bench` runs it."""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from statistics import median

from digest.editions.assemble import Letterhead, mail
from digest.model import Edition
from tests.support import editions as invented

MESSAGES, ROUNDS = 500, 5


def editions() -> list[Edition]:
    """One edition of twenty papers for each of many readers, who share the papers."""
    abstract = f"{invented.PAPER.abstract} " * 6
    shown = [replace(invented.PAPER, id=i, key=f"arxiv:2604.{i:05}", abstract=abstract) for i in range(1, 21)]
    picks = [invented.pick(one) for one in shown]
    return [replace(invented.edition(*picks), id=i, subscriber_id=i) for i in range(1, MESSAGES + 1)]


def building(batch: Sequence[Edition]) -> tuple[float, int]:
    """Seconds of CPU for building all messages, and the bytes of one."""
    head = Letterhead("Trending Papers <digest@example.org>", {1: bytes(32)}, "https://digest.example.org")

    def once() -> float:
        start = time.process_time()
        for one in batch:
            mail(head, one, f"reader{one.id}@example.org")
        return time.process_time() - start

    return median(once() for _ in range(ROUNDS)), len(mail(head, batch[0], "reader1@example.org"))


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
    seconds, size = building(editions())
    empty, shown = starting("-c", ""), starting("-m", "digest", "--help")
    print(f"building a message  {seconds / MESSAGES * 1e3:6.3f} ms ({size / 1000:.0f} KB, twenty papers)")
    print(f"digest --help       {shown * 1e3:6.1f} ms (an empty Python: {empty * 1e3:.1f} ms)")


if __name__ == "__main__":
    main()
