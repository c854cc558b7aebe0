"""A process that delivers what is due, for the tests that kill it: URL PORT NOW CONNECTIONS."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from datetime import datetime
from os import environ
from pathlib import Path

from digest.jobs.deliver import Pace
from digest.store.database import Database
from tests.support.delivery import SENDER, Stepped, deliver, relay

_PROJECT = Path(__file__).resolve().parents[2]


def start(url: str, port: int, now: datetime, connections: int = 4, failpoint: str = "") -> subprocess.Popen[bytes]:
    """Start the process; `failpoint` is where it kills itself."""
    command = [sys.executable, "-m", "tests.support.deliver_driver", url, str(port), now.isoformat(), str(connections)]
    environment = {**environ, "DIGEST_FAILPOINT": failpoint} if failpoint else dict(environ)
    return subprocess.Popen(command, cwd=_PROJECT, env=environment)


async def _run(database: Database, port: int, now: datetime, connections: int) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    job = deliver(database, relay(port), Stepped(now), Pace(SENDER, connections=connections))
    await job.run_due(stop)


def _main() -> None:
    url, port, now, connections = sys.argv[1:]
    database = Database(url)
    asyncio.run(_run(database, int(port), datetime.fromisoformat(now), int(connections)))
    database.close()


if __name__ == "__main__":
    _main()
