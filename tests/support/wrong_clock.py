"""A clock of its own for a process, to be set while it runs: libfaketime, which stands before the C library's."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

_LIBRARY = "faketime/libfaketimeMT.so.1"


def find_library() -> Path | None:
    """Where libfaketime is (Debian: faketime)."""
    folders = [*Path("/usr/lib").glob("*-linux-gnu*"), Path("/usr/lib"), Path("/usr/local/lib"), Path("/usr/lib64")]
    return next((folder / _LIBRARY for folder in folders if (folder / _LIBRARY).exists()), None)


class WrongClock:
    """Processes started with `env` read the time that `set` says last, and it goes on from there.

    The monotonic clock stays the machine's: no wrong clock touches it.
    """

    def __init__(self, library: Path, file: Path) -> None:
        self._file = file
        self.env: Mapping[str, str] = {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
        }

    def set(self, at: datetime) -> None:
        partial = self._file.with_suffix(".new")
        partial.write_text(f"{at.timestamp() - time.time():+.0f}\n", "ascii")
        partial.replace(self._file)
