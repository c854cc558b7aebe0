"""Where claimed rows become messages: a few at a time in one visit to a worker thread, a little ahead of the lanes.

One visit for each message would cost more than a small message itself.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple

from digest.delivery.wire import is_canonical
from digest.jobs.deliver.backlog import Backlog, domain_of
from digest.jobs.deliver.pace import Assemble
from digest.store.outbox_claims import Claimed

_CHUNK = 8


class Ready(NamedTuple):
    item: Claimed
    message: bytes


class Desk:
    """The backlog, and the messages that are ready. `on_broken` hears of each row that cannot be assembled."""

    def __init__(self, share: int, assemble: Assemble, on_broken: Callable[[Claimed, Exception], None]) -> None:
        self._backlog = Backlog(share)
        self._assemble, self._on_broken = assemble, on_broken
        self._ready: deque[Ready] = deque()
        self._work: asyncio.Task[None] | None = None
        self._in_work = 0

    def __len__(self) -> int:
        """How many wait, assembled or not."""
        return len(self._ready) + self._in_work + len(self._backlog)

    @property
    def takeable(self) -> int:
        """How many lanes would find something to do."""
        return len(self._ready) + self._in_work + self._backlog.takeable

    def add(self, items: Sequence[Claimed]) -> None:
        self._backlog.add(items)

    async def take(self, announced: Ready | None = None) -> Ready | None:
        """The next message, None where there is none; `announced` itself while it is still here."""
        while True:
            if (ready := self.take_now(announced)) is not None:
                return ready
            if not self._work:
                return None
            await asyncio.wait([self._work])

    def take_now(self, announced: Ready | None = None) -> Ready | None:
        """The next message that is ready; sees to it that there will be more."""
        if len(self._ready) < _CHUNK and self._work is None and (chunk := self._backlog.take(_CHUNK)):
            self._in_work = len(chunk)
            self._work = asyncio.create_task(self._write(chunk))
        if announced is not None and announced in self._ready:
            self._ready.remove(announced)
            return announced
        return self._ready.popleft() if self._ready else None

    def put_back(self, ready: Ready) -> None:
        """Taken, but not sent: it is the next."""
        self._ready.appendleft(ready)

    def done(self, item: Claimed) -> None:
        """Sent or given up: another of its domain may follow."""
        self._backlog.done(item)

    def take_all(self, domain: str) -> list[Claimed]:
        """Everything that waits for a domain, assembled or not; nothing of it is under way any more."""
        ours = [ready for ready in self._ready if domain_of(ready.item) == domain]
        for ready in ours:
            self._ready.remove(ready)
            self.done(ready.item)
        return [*(ready.item for ready in ours), *self._backlog.take_all(domain)]

    async def end(self) -> None:
        """Wait for the worker thread."""
        if self._work is not None:
            await asyncio.wait([self._work])

    async def _write(self, chunk: Sequence[Claimed]) -> None:
        try:
            written = await asyncio.to_thread(lambda: [_written(self._assemble, item) for item in chunk])
        finally:
            self._work, self._in_work = None, 0
        for item, message in zip(chunk, written, strict=True):
            if isinstance(message, bytes):
                self._ready.append(Ready(item, message))
            else:
                self.done(item)
                self._on_broken(item, message)


def _written(assemble: Assemble, item: Claimed) -> bytes | Exception:
    try:
        message = assemble(item)
    except Exception as error:  # noqa: BLE001 - a template, a title: whatever breaks, it breaks this row only
        return error
    if not is_canonical(message):
        return ValueError("lines must end with CRLF, and neither CR nor LF may stand alone")
    return message
