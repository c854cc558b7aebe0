"""One job of the program, or one command, as the children of a nursery run it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime

import numpy as np

from digest import clock, wiring
from digest.cli import daemon, desk  # noqa: F401  # read before the fork
from digest.cli.app import digest
from digest.jobs import run_due
from digest.jobs.embed import Embed
from digest.ranking.counts import Floats
from digest.store.database import Database

assert wiring.JOBS  # likewise


class Lengths:
    """A model of eight numbers that knows nothing but how long the words are; no job notices the difference."""

    name = "lengths"

    def encode(self, texts: Sequence[str]) -> Floats:
        return np.stack([np.bincount([min(len(w), 7) for w in text.split()], minlength=8) + 0.1 for text in texts])


def once(config: str, job: str, now: str) -> int:
    """`digest once JOB --now NOW`."""
    return int(digest(["--config", config, "once", job, "--now", now], prog_name="digest") or 0)


def embed(url: str, now: str) -> int:
    """The job embed, with a model that needs no download."""
    database = Database(url)
    asyncio.run(run_due(Embed(Lengths()), database, clock.fixed(datetime.fromisoformat(now))))
    database.close()
    return 0
