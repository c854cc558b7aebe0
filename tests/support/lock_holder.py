"""Another program that holds an SQLite database: `python -m tests.support.lock_holder FILE`, until its input ends."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

_PROJECT = Path(__file__).resolve().parents[2]


@contextmanager
def locked(file: Path) -> Iterator[Callable[[], None]]:
    """While entered, or until what it gives is called, nobody else may write to the database."""
    command = [sys.executable, "-m", "tests.support.lock_holder", str(file)]
    with subprocess.Popen(command, cwd=_PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "locked\n"
        yield process.stdin.close
        process.stdin.close()


def _hold(file: str) -> None:
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("BEGIN EXCLUSIVE")
    print("locked", flush=True)
    sys.stdin.read()
    connection.rollback()
    connection.close()


if __name__ == "__main__":
    _hold(sys.argv[1])
