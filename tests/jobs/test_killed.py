"""Every job is killed once, each at another boundary; `make torture` does so at each of them, again and again."""

from __future__ import annotations

from pathlib import Path

import pytest

from digest import wiring
from tests.support.busy_world import BOUNDARIES
from tests.support.kills import beside_a_twin


@pytest.mark.slow
def test_whatever_job_is_killed_all_is_done_once_in_the_end(tmp_path: Path) -> None:
    """Fault 13: papers, facts, vectors, editions, mails, bounces and sign-ups are those of an undisturbed twin."""
    boundaries = {job: BOUNDARIES[job][number % 5 :] for number, job in enumerate(wiring.JOBS)}
    ledger = beside_a_twin(tmp_path, lambda name: f"sqlite:///{tmp_path / name}.db", boundaries, len(wiring.JOBS))
    assert ledger.kills.total() == len(wiring.JOBS)
