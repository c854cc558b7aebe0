"""A loopback line with a delay: what goes in at one end comes out at the other after half a round trip.

`python -m tests.support.slow_line PORT SECONDS` prints its own port and carries every connection to PORT.
"""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def slow_line(port: int, round_trip: float) -> Iterator[int]:
    """A line to a port; `round_trip` in seconds. The port of its near end."""
    words = [sys.executable, "-m", "tests.support.slow_line", str(port), str(round_trip / 2)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.kill()
            process.wait()


class _End(asyncio.Protocol):
    """One end; what it reads is written at the other."""

    def __init__(self, delay: float) -> None:
        self._loop, self._delay = asyncio.get_running_loop(), delay
        self._transport: asyncio.Transport | None = None
        self._early: list[bytes] = []
        self.other: _End | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self._transport = transport
            for data in self._early:
                transport.write(data)

    def data_received(self, data: bytes) -> None:
        if self.other is not None:
            self._loop.call_later(self._delay, self.other.carry, data)

    def connection_lost(self, _exc: Exception | None) -> None:
        if self.other is not None:
            self._loop.call_later(self._delay, self.other.close)

    def carry(self, data: bytes) -> None:
        if self._transport is None:
            self._early.append(data)
        else:
            self._transport.write(data)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


async def _carry(port: int, delay: float) -> None:
    loop = asyncio.get_running_loop()
    opening: set[asyncio.Task[object]] = set()

    def near() -> _End:
        here, there = _End(delay), _End(delay)
        here.other, there.other = there, here
        task: asyncio.Task[object] = loop.create_task(loop.create_connection(lambda: there, "127.0.0.1", port))
        opening.add(task)
        task.add_done_callback(opening.discard)
        return here

    server = await loop.create_server(near, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.buffer.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(_carry(int(sys.argv[1]), float(sys.argv[2])))
