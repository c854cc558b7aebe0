"""A program that takes mail and remembers for whom: the ledger of what a relay said yes to.

`python -m tests.support.ledger_sink FILE` prints the port it listens on, serves until its standard input ends, then
writes the recipients of the messages it took into FILE, a line for each in their order.
"""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

_END = b"\r\n.\r\n"
_REPLIES = {
    b"EHLO": b"250-sink\r\n250-PIPELINING\r\n250 SIZE 50000000\r\n",
    b"DATA": b"354 go on\r\n",
    b"QUIT": b"221 bye\r\n",
}


class Ledger:
    """The sink as others see it: `port`, and after `close` the `recipients`."""

    def __init__(self, file: Path) -> None:
        self._file = file
        command = [sys.executable, "-m", "tests.support.ledger_sink", str(file)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())

    def close(self) -> list[str]:
        """Everybody who got a message, once for each."""
        self._process.communicate(timeout=60)
        return self._file.read_text("ascii").split()

    def kill(self) -> None:
        self._process.kill()
        self._process.communicate()


@contextlib.contextmanager
def ledger(file: Path) -> Iterator[Ledger]:
    running = Ledger(file)
    try:
        yield running
    finally:
        running.kill()


class _Taker(asyncio.Protocol):
    """One connection: commands are answered as they come, of a message only its end is looked for."""

    def __init__(self, taken: list[bytes]) -> None:
        self._taken = taken
        self._recipient, self._rest, self._is_message = b"", b"", False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(b"220 sink ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        self._rest += data
        replies = []
        while (reply := self._step()) is not None:
            replies.append(reply)
        self._transport.write(b"".join(replies))

    def _step(self) -> bytes | None:
        """The reply to what came in whole, None where nothing did."""
        if self._is_message:
            return self._message()
        line, end, rest = self._rest.partition(b"\r\n")
        if not end:
            return None
        self._rest, verb = rest, line[:4].upper()
        if verb == b"RCPT":
            self._recipient = line[line.index(b"<") + 1 : line.index(b">")]
        self._is_message = verb == b"DATA"
        return _REPLIES.get(verb, b"250 2.0.0 ok\r\n")

    def _message(self) -> bytes | None:
        end = self._rest.find(_END)
        if end < 0:
            return None
        self._rest, self._is_message = self._rest[end + len(_END) :], False
        self._taken.append(self._recipient)
        return b"250 2.0.0 taken\r\n"


async def _serve(file: Path) -> None:
    loop, taken = asyncio.get_running_loop(), list[bytes]()
    server = await loop.create_server(lambda: _Taker(taken), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.buffer.read)
    file.write_bytes(b"".join(recipient + b"\n" for recipient in taken))
    server.close()


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1])))
