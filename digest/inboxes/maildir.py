"""A Maildir that a mail server delivers to: messages are new until they were read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from digest.delivery.received import MAX_BYTES
from digest.inboxes import After, Arrived, Unreadable

_SEEN = ":2,S"  # maildir(5): this message was read


class Maildir:
    """Reads `new`. What was read moves to `cur`, as any mail reader does, or is deleted."""

    def __init__(self, folder: Path, after: After = "keep") -> None:
        self._folder, self._after = folder, after

    def read(self, learnt: Sequence[str], limit: int) -> list[Arrived] | Unreadable:
        """As `Inbox.read`; keys are file names."""
        new = self._folder / "new"
        try:
            for key in learnt:
                self._put_away(new / Path(key).name)
            waiting = sorted(path for path in new.iterdir() if _is_message(path))
            return [Arrived(path.name, _bytes(path)) for path in waiting[:limit]]
        except FileNotFoundError:
            return Unreadable(f"{self._folder}: there is no Maildir with a folder 'new': inbox.path")
        except OSError as error:
            return Unreadable(f"{error.filename or self._folder}: {error.strerror}")

    def _put_away(self, path: Path) -> None:
        if self._after == "delete":
            path.unlink(missing_ok=True)
        elif path.exists():
            read = self._folder / "cur"
            read.mkdir(exist_ok=True)
            path.rename(read / (path.name + _SEEN))


def _is_message(path: Path) -> bool:
    return not path.name.startswith(".") and path.is_file() and not path.is_symlink()


def _bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MAX_BYTES)
