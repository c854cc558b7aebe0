"""A real file system that can be filled: a small tmpfs, where this process may mount one."""

from __future__ import annotations

import contextlib
import errno
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

_CHUNK = b"x" * 65536


class SmallDisk:
    """`folder` lies on it; `fill` takes what is left."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    def fill(self, leaving: int = 0) -> None:
        """Write until there is no space left, to the last byte; then leave so many bytes."""
        with self._ballast.open("ab", buffering=0) as file:
            for size in (len(_CHUNK), 512, 1):
                with contextlib.suppress(OSError):
                    while file.write(_CHUNK[:size]) == size:
                        pass
        try:
            self._ballast.with_suffix(".more").write_bytes(b"x")
        except OSError as error:
            assert error.errno == errno.ENOSPC  # noqa: PT017  # the disk's state, not the test's
        else:
            raise AssertionError(f"{self.folder} is not full")
        os.truncate(self._ballast, self._ballast.stat().st_size - leaving)

    def free(self) -> None:
        self._ballast.unlink()
        self._ballast.with_suffix(".more").unlink(missing_ok=True)


@contextlib.contextmanager
def small_disk(megabytes: int) -> Iterator[SmallDisk | None]:
    """Mounted where every user may reach it; None where this process may not mount."""
    folder = Path(tempfile.mkdtemp(prefix="digest-disk-"))
    folder.chmod(0o755)
    with contextlib.ExitStack() as stack:
        stack.callback(folder.rmdir)
        yield stack.enter_context(_mounted(folder, megabytes))


@contextlib.contextmanager
def _mounted(folder: Path, megabytes: int) -> Iterator[SmallDisk | None]:
    options = f"size={megabytes}m,mode=0777"
    if (
        os.geteuid() != 0
        or subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=False, capture_output=True
        ).returncode
    ):
        yield None
        return
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True, capture_output=True)
