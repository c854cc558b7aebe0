"""Every job is killed at every boundary, day after day; in the end all is as if nobody had been killed.

`make torture` runs it, DIGEST_KILLS times on each kind of database, and prints the ledger: what the mail server took
against what was owed. The boundaries are listed in tests/support/busy_world.py; a new job has to be given work there.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.busy_world import BOUNDARIES
from tests.support.kills import beside_a_twin
from tests.support.postgres import Cluster

KILLS = int(os.environ.get("DIGEST_KILLS", "125"))


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def new_url(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], str]:
    """Gives the URL of an empty database of a name, each kind in turn."""
    if request.param == "sqlite":
        return lambda name: f"sqlite:///{tmp_path / name}.db"
    cluster: Cluster = request.getfixturevalue("cluster")
    return lambda _name: cluster.create()


@pytest.mark.slow
def test_every_job_killed_at_every_boundary_leaves_what_an_undisturbed_twin_has(
    new_url: Callable[[str], str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Fault 13."""
    ledger = beside_a_twin(tmp_path, new_url, BOUNDARIES, KILLS)
    with capsys.disabled():
        print(f"\n{new_url('').partition(':')[0]}: {ledger}")
