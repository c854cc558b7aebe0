"""A morning from due subscribers to mail at the relay, in one process: rank, assemble, sign, outbox, send.

Run by `python -m tests.benchmarks.bench_end_to_end [SUBSCRIBERS [CONNECTIONS]]` from the project's folder, and by
`make bench`. More connections make larger waves, so fewer transactions; smtp-source always has ten.

S is Postfix's `smtp-source -d -s 10` with one of our messages to the same `smtp-sink`, three times after each of our
runs; the floor is the CPU of S, of a bare RSA-2048 signature and of a SHA-256 of the message. PostgreSQL is a
throw-away cluster that does not flush; SQLite flushes. Every paper is worded anew in each run: where subscribers are
few, they bear a cost that many would share.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import event

from digest.editions.press import Press
from digest.store import editions, migrations, outbox
from digest.store.database import Database
from digest.wiring import letterhead
from tests.benchmarks.bench_smtp import Cost, middle, source
from tests.support import morning
from tests.support.dkim import keys, pem, rsa_key
from tests.support.postgres import Cluster, find_binaries
from tests.support.smtp_sink import postfix_sink

_SIGNED, _PEERS = 200, 3


class Run(NamedTuple):
    """For each message, in microseconds; `commits` are those of the delivery."""

    compose: Cost
    deliver: Cost
    peer: Cost
    size: int
    commits: int

    @property
    def whole(self) -> Cost:
        return Cost(self.compose.cpu + self.deliver.cpu, self.compose.wall + self.deliver.wall)


def run(url: str, count: int, connections: int, folder: Path, *, is_signed: bool) -> Run:
    """One morning on a fresh database."""
    key_file = folder / "key.pem"
    key_file.write_bytes(pem(rsa_key()))
    key_file.chmod(0o600)
    database = Database(url)
    migrations.upgrade(database)
    database.run_sync(morning.seed, count)
    with contextlib.closing(database), postfix_sink() as port:
        file = morning.config(folder, url, port, connections, key_file if is_signed else None)
        settings = morning.settings_of(file)
        commits = []
        event.listen(database.engine, "commit", lambda _: commits.append(time.perf_counter()))
        start = time.perf_counter()
        told = morning.work(settings, database)
        assert told["sent"] == count == sum(database.run_sync(outbox.counts).values()), told
        head = letterhead(settings, database, morning.AT)
        edition = next(iter(database.run_sync(editions.load_editions, [1]).values()))
        message = Press(head).digest(edition, morning.address(1))
        sent = folder / "message"
        sent.write_bytes(message.replace(b"\r\n", b"\n"))
        sent.chmod(0o644)
        folder.chmod(0o755)
        peer = middle([source(port, sent) for _ in range(_PEERS)])
    composed = start + told["compose wall"]
    return Run(
        Cost(told["compose cpu"] / count * 1e6, told["compose wall"] / count * 1e6),
        Cost(told["deliver cpu"] / count * 1e6, told["deliver wall"] / count * 1e6),
        peer,
        len(message),
        sum(composed < at < composed + told["deliver wall"] for at in commits),
    )


def bare_signing(size: int) -> float:
    """Microseconds of CPU for a bare signature and a hash of as many bytes."""
    signing, message = keys()[0], bytes(size)
    start = time.process_time()
    for _ in range(_SIGNED):
        signing.sign(hashlib.sha256(message).digest())
    return (time.process_time() - start) / _SIGNED * 1e6


def report(name: str, one: Run, count: int, *, is_signed: bool) -> None:
    signing = bare_signing(one.size) if is_signed else 0.0
    floor, whole = one.peer.cpu + signing, one.whole
    title, speed_goal, cost_goal = ("P4 signed", 0.35, "goal 1.8") if is_signed else ("P5 unsigned", 0.5, "no goal")
    rate, speed, cost = 1e6 / whole.wall, one.peer.wall / whole.wall, whole.cpu / floor
    print(
        f"{title:11} {name:10} {rate:5.0f} messages/s of {one.size / 1000:.0f} KB, {speed:.2f} x S (goal {speed_goal})"
    )
    print(f"    CPU  {whole.cpu:6.0f} us, {cost:.1f} x the floor ({cost_goal}): {_parts('cpu', one)}")
    print(f"         floor {floor:.0f}: S {one.peer.cpu:.0f}, sign and hash {signing:.0f}")
    print(f"    wall {whole.wall:6.0f} us: {_parts('wall', one)}, S {one.peer.wall:.0f}")
    print(f"    P12  {count} messages in {one.commits} commits of the delivery: {count / one.commits:.1f} in each")


def _parts(what: str, one: Run) -> str:
    return f"compose {getattr(one.compose, what):.0f}, deliver {getattr(one.deliver, what):.0f}"


@contextlib.contextmanager
def databases() -> Iterator[Iterator[tuple[str, str]]]:
    """Names and URLs of fresh databases, SQLite and PostgreSQL by turns."""
    binaries = find_binaries()
    cluster = Cluster(binaries) if binaries else None

    def fresh() -> Iterator[tuple[str, str]]:
        with tempfile.TemporaryDirectory() as folder:
            yield "SQLite", f"sqlite:///{folder}/digest.db"
        if cluster:
            yield "PostgreSQL", cluster.create()

    try:
        yield fresh()
    finally:
        if cluster:
            cluster.stop()


def main(count: int = 2_000, connections: int = 10) -> None:
    print(f"{count:,} subscribers, {connections} connections, load average {os.getloadavg()[0]:.1f}")
    for is_signed in (False, True):
        with databases() as each:
            for name, url in each:
                with tempfile.TemporaryDirectory() as folder:
                    found = run(url, count, connections, Path(folder), is_signed=is_signed)
                    report(name, found, count, is_signed=is_signed)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
