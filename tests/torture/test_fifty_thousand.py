"""One edition for fifty thousand subscribers, by one, two and three processes: everybody gets one mail, nobody two.

`make torture` runs it, in less than ten minutes; `DIGEST_SUBSCRIBERS` changes how many there are. What it took is
printed: the time from the first process's start of work to the last one's end, and each process's largest memory.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from digest.model import OutboxState
from digest.store import migrations, outbox
from digest.store.database import Database
from tests.support import morning
from tests.support.ledger_sink import ledger
from tests.support.postgres import Cluster

SUBSCRIBERS = int(os.environ.get("DIGEST_SUBSCRIBERS", "50000"))
LIMIT, PAPERS, CONNECTIONS = 3, 100, 25

pytestmark = pytest.mark.slow


def test_everybody_gets_one_mail_from_one_process_on_sqlite(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _a_morning(f"sqlite:///{tmp_path / 'digest.db'}", 1, tmp_path, capsys)


@pytest.mark.postgres
@pytest.mark.parametrize("processes", [1, 2, 3])
def test_everybody_gets_one_mail_however_many_processes_share_the_work_on_postgresql(
    processes: int, cluster: Cluster, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _a_morning(cluster.create(), processes, tmp_path, capsys)


def _a_morning(url: str, processes: int, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    database = Database(url)
    migrations.upgrade(database)
    database.run_sync(morning.seed, SUBSCRIBERS, LIMIT, PAPERS)
    load = os.getloadavg()[0]
    with ledger(folder / "taken") as sink:
        config = morning.config(folder, url, sink.port, CONNECTIONS)
        told = _at_the_same_time(config, processes)
        taken = Counter(sink.close())
    with capsys.disabled():
        print(f"\n{_report(told, database.engine.dialect.name, load)}")
    assert taken == dict.fromkeys(map(morning.address, range(1, SUBSCRIBERS + 1)), 1)
    assert database.run_sync(outbox.counts) == {OutboxState.SENT: SUBSCRIBERS}
    assert sum(one["sent"] for one in told) == SUBSCRIBERS
    database.close()


def _at_the_same_time(config: Path, processes: int) -> list[dict[str, Any]]:
    command = [sys.executable, "-m", "tests.support.morning", str(config)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(processes)]
    told = []
    for process in running:
        out, _ = process.communicate()
        assert process.returncode == 0
        told.append(json.loads(out))
    return told


def _report(told: list[dict[str, Any]], kind: str, load: float) -> str:
    took = max(one["end"] for one in told) - min(one["start"] for one in told)
    cpu = sum(one["compose cpu"] + one["deliver cpu"] for one in told) / SUBSCRIBERS
    sent, memory = (", ".join(f"{one[what]:.0f}" for one in told) for what in ("sent", "rss"))
    return (
        f"{kind}, {len(told)} process(es): {SUBSCRIBERS} subscribers in {took:.0f} s, {SUBSCRIBERS / took:.0f} a "
        f"second, {cpu * 1e3:.2f} ms of CPU each\n"
        f"    sent {sent}; memory {memory} MB at most; load average before {load:.1f}"
    )
