"""Messages as files in a Maildir: written to `tmp`, flushed to the disk, then renamed into `new`.

The file's name derives from the Message-ID, so that delivering twice leaves one file. The bytes are those that SMTP
would carry, CRLF and all.
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path

from digest import failpoints
from digest.delivery.replies import Accepted, Reply, Unavailable, Withdrawn
from digest.model import Envelope
from digest.transports import Following, Start, nothing_follows

_FULL = (errno.ENOSPC, errno.EDQUOT)


def file_name(envelope: Envelope) -> str:
    """The name of the file that holds the message, in `new` until a mail reader moves it to `cur`."""
    told = f"{envelope.message_id}\n{envelope.recipient}".encode()
    return f"{hashlib.sha256(told).hexdigest()[:32]}.eml"


@dataclass(frozen=True, slots=True)
class Maildir:
    """A Maildir; its folders are made at the first connection."""

    path: Path

    async def connect(self) -> MaildirConnection | Unavailable:
        try:
            return await asyncio.to_thread(self._open)
        except OSError as error:
            return _unavailable(error, self.path)

    def _open(self) -> MaildirConnection:
        for folder in ("tmp", "new", "cur"):
            (self.path / folder).mkdir(parents=True, exist_ok=True)
        # Readers move what they have seen to `cur` and append its flags after a colon.
        return MaildirConnection(self.path, {file.name.partition(":")[0] for file in (self.path / "cur").iterdir()})


@dataclass(slots=True, eq=False)
class MaildirConnection:
    _path: Path
    _read: set[str] = field(default_factory=set)
    is_usable: bool = True

    async def send(
        self, envelope: Envelope, message: bytes, start: Start, _following: Following = nothing_follows
    ) -> Reply:
        name = file_name(envelope)
        try:
            await asyncio.to_thread(_write, self._path / "tmp" / name, message)
            failpoints.hit("deliver.after-write")
            if not await start():
                await asyncio.to_thread((self._path / "tmp" / name).unlink, missing_ok=True)
                return Withdrawn()
            await asyncio.to_thread(self._show, name)
        except OSError as error:
            self.is_usable = False
            return _unavailable(error, self._path)
        failpoints.hit("deliver.after-dot")
        return Accepted(f"250 written to {self._path / 'new' / name}")

    def _show(self, name: str) -> None:
        """Rename into `new`; a message that was read already only loses its copy."""
        written = self._path / "tmp" / name
        if name in self._read:
            written.unlink()
            return
        written.replace(self._path / "new" / name)
        _flush(self._path / "new")

    async def close(self) -> None:
        return None

    def abort(self) -> None:
        self.is_usable = False


def _write(path: Path, message: bytes) -> None:
    try:
        with path.open("wb") as file:
            file.write(message)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        path.unlink(missing_ok=True)
        raise


def _flush(folder: Path) -> None:
    """Make the rename itself outlive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _unavailable(error: OSError, path: Path) -> Unavailable:
    if error.errno in _FULL:
        return Unavailable(f"{path}: the disk is full: free some space; what waits is written then")
    return Unavailable(f"{path}: cannot be written: {error.strerror or error}")
