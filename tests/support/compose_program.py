"""The compose job as a process of its own, for tests that kill it: DATABASE_URL NOW."""

from __future__ import annotations

import asyncio
import sys
from datetime import datetime

from digest import clock
from digest.jobs import run_due
from digest.jobs.compose import Compose
from digest.store.database import Database


def main(url: str, now: str) -> None:
    database = Database(url)
    claims = asyncio.run(run_due(Compose("example.org"), database, clock.fixed(datetime.fromisoformat(now))))
    database.close()
    print(claims)


if __name__ == "__main__":
    main(*sys.argv[1:])
