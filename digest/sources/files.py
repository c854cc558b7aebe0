"""Payloads in files: a folder that is polled like any other source, and single files for `digest import`."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from digest.errors import UnreadableFile
from digest.model import Listing
from digest.sources import (
    FeedState,
    Fetched,
    NotModified,
    Outcome,
    Request,
    Response,
    Unavailable,
    Unreadable,
)
from digest.sources.recognise import Payload, recognise

_LARGEST = 100_000_000
_STAMP = re.compile(r"(\d{4}-\d\d-\d\d)(?!\d)")
_LINE = re.compile(r"line (\d+):? ?")


class FilesSource(BaseModel):
    """A folder of saved payloads of any kind here: feeds, answers of the services, text dumps of listing pages.

    A file named after a day (`2026-04-20-cs.CV.xml`) is read from that day on, 00:00 UTC; any other one at once.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: Path = Field(description="The folder; files in folders below it are not read.")
    minutes: int = Field(default=15, ge=1, le=24 * 60, description="Minutes between two looks at the folder.")

    def requests(self, state: Mapping[str, FeedState], now: datetime) -> Sequence[Request]:
        """One per visible file, in order of name; a folder that is not there is one request that will fail."""
        del state
        try:
            found = sorted(p for p in self.path.iterdir() if p.is_file() and not p.name.startswith("."))
        except OSError:  # reading it as a file will say why
            return [Request(str(self.path), feed=self.path.name)]
        today = now.astimezone(UTC).date()
        return [Request(str(path), feed=path.name) for path in found if _is_visible(path.name, today)]

    async def fetch(self, request: Request, state: FeedState | None) -> Outcome:
        """Read a file; its content's hash stands where an ETag would."""
        return await asyncio.to_thread(_read, Path(request.url), state.etag if state else None)

    def parse(self, request: Request, response: Response) -> Listing:
        path = Path(request.url)
        changed_on = date.fromisoformat(response.headers["changed-on"])
        return _payload(path, response.body, day_of(path.name) or changed_on, request.feed)

    def next_poll(self, state: Mapping[str, FeedState], now: datetime) -> datetime:
        del state
        return now + timedelta(minutes=self.minutes)


def day_of(name: str) -> date | None:
    """The day a file's name begins with, if any."""
    stamp = _STAMP.match(name)
    try:
        return date.fromisoformat(stamp[1]) if stamp else None
    except ValueError:
        return None


def _is_visible(name: str, today: date) -> bool:
    day = day_of(name)
    return day is None or day <= today


def _read(path: Path, known: str | None) -> Outcome:
    try:
        size, changed_at = path.stat().st_size, datetime.fromtimestamp(path.stat().st_mtime, UTC)
        if size > _LARGEST:
            return Unavailable(f"{path} is larger than {_LARGEST // 1_000_000} MB")
        body = path.read_bytes()
    except OSError as error:
        return Unavailable(f"{path} cannot be read: {error.strerror or error}")
    content = hashlib.sha256(body).hexdigest()
    if content == known:
        return NotModified()
    return Fetched(Response(200, str(path), {"etag": content, "changed-on": changed_at.date().isoformat()}, body))


def read_payload(path: Path, body: bytes, as_of: date) -> Listing:
    """Read one file of whatever known kind, whole or not at all; single bad items are rejections.

    `as_of` is the latest day that a date without a year may mean.

    Raises:
        UnreadableFile: it is none of the known formats, damaged or cut off.
    """
    try:
        found = _payload(path, body, as_of, path.name)
    except Unreadable as error:
        line = _LINE.search(str(error))
        raise UnreadableFile(str(path), int(line[1]) if line else None, _LINE.sub("", str(error), count=1)) from error
    if not found.is_complete:
        cut = found.rejections[-1]
        raise UnreadableFile(str(path), cut.line, cut.reason.partition(";")[0])
    return found


def _payload(path: Path, body: bytes, as_of: date, name: str) -> Listing:
    return recognise(Payload(body, name, str(path), as_of, day_of(path.name))).listing
