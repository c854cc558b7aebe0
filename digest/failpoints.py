"""Places where the tests kill the process: `DIGEST_FAILPOINT=name[:hits]` makes the named one a SIGKILL.

Without the variable `hit` is a function that does nothing; nothing else in the program reads it.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable


def _armed(target: str) -> Callable[[str], None]:
    name, _, hits = target.partition(":")
    left = int(hits or 1)

    def hit(point: str) -> None:
        nonlocal left
        if point == name:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    return hit


def _unarmed(_point: str) -> None:
    return None


hit: Callable[[str], None] = _armed(os.environ["DIGEST_FAILPOINT"]) if "DIGEST_FAILPOINT" in os.environ else _unarmed
