"""Sending prepared messages beside Postfix's own generator of load, and what the outbox flushes. `make bench` runs it.

S is `smtp-source -d -s 10` with the same message and the same `smtp-sink`, in rounds that take turns with ours, so
that both meet the same machine. CPU is the sender's alone.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import tempfile
import time
from collections import Counter, deque
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Concatenate, NamedTuple, ParamSpec, TypeVar

import aiosmtplib

from digest.delivery.replies import Accepted, Unavailable
from digest.jobs.deliver import Pace
from digest.model import Envelope
from digest.store import migrations
from digest.store.database import Connection as Transaction
from digest.store.database import Database
from digest.transports import Connection, Parcel
from digest.transports.smtp import Smtp
from tests.support.delivery import SENDER, deliver, relay, seed
from tests.support.slow_line import slow_line
from tests.support.smtp_sink import postfix_sink, program, size_sink

MESSAGES, ROUNDS, CONNECTIONS = 2000, 7, 10
STOCK = 300  # messages by aiosmtplib, which takes five times as long
FAR, FAR_ROUNDS, ROUND_TRIP = 40, 3, 0.02
SIZE = 68_000

P = ParamSpec("P")
T = TypeVar("T")


class Cost(NamedTuple):
    """For each message, in microseconds."""

    cpu: float
    wall: float


def prepared() -> bytes:
    """A message of quoted-printable lines, one of which begins with a dot."""
    lines = [f"=3D {number:5} We find that deep networks, of which there are many, learn. =" for number in range(1200)]
    lines[500] = f".{lines[500]}"
    head = "From: <digest@example.org>\r\nSubject: three papers\r\n\r\n"
    body = head + "".join(f"{line}\r\n" for line in lines)
    return body[: body.rindex("\r\n", 0, SIZE) + 2].encode()


def source(port: int, file: Path) -> Cost:
    """Postfix's generator, which prepares the file once and then only writes."""
    name = program("smtp-source")
    assert name is not None
    words = ["-d", "-s", str(CONNECTIONS), "-m", str(MESSAGES), "-F", str(file), f"127.0.0.1:{port}"]
    start = time.perf_counter()
    process = subprocess.Popen([name, *words])
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - start
    assert process.returncode == 0
    return Cost((used.ru_utime + used.ru_stime) / MESSAGES * 1e6, wall / MESSAGES * 1e6)


async def granted() -> bool:
    return True


async def lane(transport: Smtp, todo: deque[Envelope], message: bytes) -> None:
    """As a lane of the deliver job does it, without a database."""
    connection: Connection | None = None
    coming = deque([Parcel(todo.popleft(), message)] if todo else [])

    def following() -> Parcel | None:
        if not coming and todo:
            coming.append(Parcel(todo.popleft(), message))
        return coming[0] if coming else None

    while following() is not None:
        envelope, message = coming.popleft()
        if connection is None or not connection.is_usable:
            if connection is not None:
                await connection.close()
            opened = await transport.connect()
            assert not isinstance(opened, Unavailable), opened
            connection = opened
        reply = await connection.send(envelope, message, granted, following)
        assert isinstance(reply, Accepted), reply
    if connection is not None:
        await connection.close()


async def ours(port: int, message: bytes, count: int = MESSAGES, connections: int = CONNECTIONS) -> None:
    transport = Smtp("127.0.0.1", port, "plain", name="client.example.org")
    todo = deque(Envelope(SENDER, f"reader{n}@example.org", f"<{n}@example.org>") for n in range(count))
    async with asyncio.TaskGroup() as lanes:
        for _ in range(connections):
            lanes.create_task(lane(transport, todo, message))


async def stock(port: int, message: bytes, count: int, connections: int = CONNECTIONS) -> None:
    """aiosmtplib as its documentation shows it."""

    async def one(todo: deque[int]) -> None:
        client = aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False, local_hostname="client.example.org")
        await client.connect()
        while todo:
            await client.sendmail(SENDER, [f"reader{todo.popleft()}@example.org"], message)
        await client.quit()

    todo = deque(range(count))
    async with asyncio.TaskGroup() as lanes:
        for _ in range(connections):
            lanes.create_task(one(todo))


def timed(work: Callable[[], None], count: int) -> Cost:
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    return Cost((time.process_time() - cpu) / count * 1e6, (time.perf_counter() - wall) / count * 1e6)


def middle(costs: list[Cost]) -> Cost:
    return Cost(median(one.cpu for one in costs), median(one.wall for one in costs))


class Counting(Database):
    """Counts its transactions by the name of their function."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.counts: Counter[str] = Counter()

    async def run(self, function: Callable[Concatenate[Transaction, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        self.counts[function.__name__.strip("_")] += 1
        return await super().run(function, *args, **kwargs)


class Flushes(NamedTuple):
    claims: int
    waves: int
    others: int
    wall: float


def flushes(port: int, message: bytes, count: int) -> Flushes:
    """Send `count` messages through the outbox of a new SQLite database."""
    with tempfile.TemporaryDirectory() as folder:
        database = Counting(f"sqlite:///{folder}/bench.db")
        migrations.upgrade(database)
        database.run_sync(seed, count)
        job = deliver(database, relay(port), pace=Pace(SENDER, connections=CONNECTIONS), assemble=lambda _: message)
        start = time.perf_counter()
        sent = asyncio.run(job.run_due())
        wall = (time.perf_counter() - start) / count * 1e6
        database.close()
        assert sent == count
    claims, waves = database.counts["claim"], database.counts["settle"] + database.counts["settle_wave"]
    return Flushes(claims, waves, database.counts.total() - claims - waves, wall)


def transport_costs(message: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder, postfix_sink() as port, size_sink() as sized:
        file = Path(folder) / "message"
        file.write_bytes(message.replace(b"\r\n", b"\n"))
        rounds = [
            (
                source(port, file),
                timed(lambda: asyncio.run(ours(port, message)), MESSAGES),
                timed(lambda: asyncio.run(ours(sized, message)), MESSAGES),
                timed(lambda: asyncio.run(stock(port, message, STOCK)), STOCK),
            )
            for _ in range(ROUNDS)
        ]
    peer, plain, with_size, usual = (middle([one[place] for one in rounds]) for place in range(4))
    print(
        f"S  smtp-source     {peer.cpu:6.0f} µs CPU, {peer.wall:.0f} µs wall a message of {len(message) / 1000:.0f} KB"
    )
    print(f"P1 sender's CPU    {plain.cpu:6.0f} µs, {plain.cpu / peer.cpu:.2f} x S (goal 4.5, aim 3.2)")
    print(f"P1 with SIZE       {with_size.cpu:6.0f} µs, {with_size.cpu / peer.cpu:.2f} x S (goal 4.5, aim 3.2)")
    print(f"P2 rate            {plain.wall:6.0f} µs wall, {peer.wall / plain.wall:.2f} x S (goal 0.6)")
    print(
        f"   aiosmtplib      {usual.cpu:6.0f} µs CPU, {usual.cpu / peer.cpu:.1f} x S; {peer.wall / usual.wall:.2f} x S"
    )


def far_costs(message: bytes) -> None:
    with size_sink() as sink, slow_line(sink, ROUND_TRIP) as port:
        rounds = [
            (
                timed(lambda: asyncio.run(ours(port, message, FAR, 1)), FAR),
                timed(lambda: asyncio.run(stock(port, message, FAR, 1)), FAR),
            )
            for _ in range(FAR_ROUNDS)
        ]
    here, usual = (middle([one[place] for one in rounds]).wall / 1000 for place in range(2))
    print(f"P3 at {ROUND_TRIP * 1000:.0f} ms away   {here:6.1f} ms wall, {usual / here:.2f} x aiosmtplib (goal 1.9)")


def outbox_flushes(message: bytes) -> None:
    with size_sink() as sink, slow_line(sink, ROUND_TRIP) as line:
        for name, port in (("P12 near", sink), ("P12 20 ms", line)):
            seen = flushes(port, message, MESSAGES)
            claim, wave = MESSAGES / seen.claims, MESSAGES / seen.waves
            print(
                f"{name:18} {claim:6.0f} messages a claim (goal 50), {wave:.1f} a wave of {CONNECTIONS} connections "
                f"(goal {CONNECTIONS / 2:.0f}), {seen.others} other flushes; {1e6 / seen.wall:.0f} messages/s"
            )


def main() -> None:
    message = prepared()
    if program("smtp-source") and program("smtp-sink"):
        transport_costs(message)
    else:
        print("P1, P2: smtp-source and smtp-sink are part of Postfix (Debian: postfix), which is not installed")
    far_costs(message)
    outbox_flushes(message)


if __name__ == "__main__":
    main()
