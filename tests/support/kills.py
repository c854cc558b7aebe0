"""Kills by plan: every job of a busy world at its boundaries, with a ledger of what that cost.

world ─ killed at a point, again after every lease ─┐
twin  ─ the same without a kill ────────────────────┴─► equal in the end
"""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from itertools import cycle
from pathlib import Path

from digest import wiring
from digest.model import OutboxState
from tests.support.busy_world import AFTER_EVERY_LEASE, CONNECTIONS, Outside, World, days, reader, stored
from tests.support.http_server import HttpServer
from tests.support.nursery import Nursery
from tests.support.smtp_server import SmtpServer

NOTHING_SENT = frozenset({"deliver.before-claim-commit", "deliver.after-claim", "deliver.after-rcpt"})
"""Dead before the first wave's commit: no message had been handed to any connection."""


@dataclass
class Ledger:
    """What the mail server took, against what was owed."""

    kills: Counter[str] = field(default_factory=Counter)
    duplicates: Counter[str] = field(default_factory=Counter)
    owed: int = 0
    taken: int = 0

    def __str__(self) -> str:
        lines = [f"{self.kills.total()} kills, {self.owed} mails owed, {self.taken} taken"]
        lines += [
            f"  {point}: {count} kills, {self.duplicates[point]} duplicates" for point, count in self.kills.items()
        ]
        return "\n".join(lines)


def torture(
    worlds: Sequence[World],
    servers: Sequence[SmtpServer],
    outside: Outside,
    boundaries: Mapping[str, Sequence[str]],
    kills: int,
) -> Ledger:
    """Kill the jobs of the first world, day after day, and leave the second one alone."""
    points = {job: cycle(boundaries[job]) for job in wiring.JOBS}
    ledgers = [Ledger(), Ledger()]
    for number, day in enumerate(days()):
        outside.today = day
        now = datetime.combine(day, time(7, 30), UTC)
        for world, server in zip(worlds, servers, strict=True):
            if number:
                world.receive(next(m for m in reversed(server.mails) if m.recipient == reader(number)), now)
        for job in wiring.JOBS:
            point = next(points[job]) if number else ""  # the first day sets up what can be missed later
            for world, server, ledger, where in zip(worlds, servers, ledgers, (point, ""), strict=True):
                _step(world, job, now, where, server, ledger)
            now += AFTER_EVERY_LEASE + timedelta(minutes=15)
        if ledgers[0].kills.total() >= kills:
            return ledgers[0]
    raise AssertionError("unreachable")


def _step(world: World, job: str, now: datetime, point: str, server: SmtpServer, ledger: Ledger) -> None:
    """The job once, killed at `point` where one is named, and once more when every lease has lapsed."""
    taken = len(server.mails)
    status = world.run(job, now, point)
    assert status == (-signal.SIGKILL if point else 0), f"{job} at {point or 'no point'}: {status}"
    server.wait_idle()
    at_death = len(server.mails) - taken
    assert at_death == 0 or point not in NOTHING_SENT, f"{point}: {at_death} messages were sent uncommitted"
    assert world.run(job, now + AFTER_EVERY_LEASE) == 0
    if point:
        ledger.kills[point] += 1
        received = Counter((mail.recipient, mail.message) for mail in server.mails[taken:])
        ledger.duplicates[point] += received.total() - len(received)
        assert received.total() - len(received) <= CONNECTIONS, f"{point}: more duplicates than open connections"
        assert max(received.values(), default=1) <= 2, f"{point}: somebody got a mail three times"


def balance(ledger: Ledger, world: World, server: SmtpServer) -> None:
    """Every mail that the outbox owes was taken, with its very bytes if twice; nothing else was."""
    everything = world.database.run_sync(stored)
    gone = {address for (address,) in everything["suppressions"]}
    rows = [row for row in everything["outbox"] if row[3] != OutboxState.CANCELLED or row[1] not in gone]
    assert {row[3] for row in rows} == {OutboxState.SENT}
    taken = Counter(mail.recipient for mail in server.mails)
    different = Counter(recipient for recipient, _ in {(mail.recipient, mail.message) for mail in server.mails})
    assert different == Counter(row[1] for row in rows)
    ledger.owed, ledger.taken = len(rows), taken.total()
    assert ledger.taken - ledger.owed == ledger.duplicates.total()
    assert all(ledger.duplicates[point] == 0 for point in NOTHING_SENT)


def beside_a_twin(
    folder: Path, new_url: Callable[[str], str], boundaries: Mapping[str, Sequence[str]], kills: int
) -> Ledger:
    """Kill so often and compare; `new_url` gives empty databases."""
    with ExitStack() as stack:
        outside, nursery = Outside(stack.enter_context(HttpServer())), stack.enter_context(Nursery())
        servers = [stack.enter_context(SmtpServer()) for _ in range(2)]
        worlds = [
            World(folder / name, new_url(name), outside, server.port, nursery)
            for name, server in zip(("killed", "twin"), servers, strict=True)
        ]
        for world in worlds:
            stack.callback(world.close)
        ledger = torture(worlds, servers, outside, boundaries, kills)
        balance(ledger, worlds[0], servers[0])
        killed, twin = (world.database.run_sync(stored) for world in worlds)
        assert killed == twin
        return ledger
