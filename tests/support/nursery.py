"""A process that has read the whole program once, and forks a child for every call: killing hundreds stays affordable.

    with Nursery() as nursery:
        nursery.run("tests.support.jobs_program:main", [config, "poll", now], failpoint="poll.after-claim")   # -9

The nursery has no thread and no connection, so its children start as a fresh process would.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

_PROJECT = Path(__file__).resolve().parents[2]


class Nursery:
    """Runs functions of a list of strings, one child process each."""

    def __init__(self) -> None:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("DIGEST_")}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.nursery"],
            cwd=_PROJECT,
            env=clean,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def run(self, target: str, args: Sequence[str], failpoint: str = "") -> int:
        """Run `module:function` in a child; its exit status, -9 where it was killed."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([target, list(args), failpoint]) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())


def _serve() -> None:
    for line in sys.stdin:
        target, args, failpoint = json.loads(line)
        module, _, name = target.partition(":")
        function = getattr(importlib.import_module(module), name)  # before the fork: the next child has it, too
        child = os.fork()
        if child == 0:
            os._exit(_call(function, args, failpoint))
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _call(function: object, args: list[str], failpoint: str) -> int:
    from digest import failpoints

    if failpoint:
        os.environ["DIGEST_FAILPOINT"] = failpoint
        importlib.reload(failpoints)  # it reads the variable once, as it is imported
    os.dup2(2, 1)  # what the program prints must not be taken for an answer
    try:
        assert callable(function)
        return int(function(*args) or 0)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1
    except BaseException:  # noqa: BLE001  # the child's outermost frame
        traceback.print_exc()
        return 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


if __name__ == "__main__":
    _serve()
