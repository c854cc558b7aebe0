"""Programs that take mail and throw it away, for the benchmarks: Postfix's, and one of ours that offers SIZE.

`python -m tests.support.smtp_sink` prints the port it listens on, then serves until its standard input ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

_END = b"\r\n.\r\n"
_PATH = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/lib/postfix/sbin"
_PATIENCE = 10.0


def program(name: str) -> str | None:
    """Where one of Postfix's test programs is."""
    return shutil.which(name, path=_PATH)


@contextlib.contextmanager
def postfix_sink() -> Iterator[int]:
    """Postfix's `smtp-sink`; the port."""
    sink, port = program("smtp-sink"), _free_port()
    if sink is None:
        raise FileNotFoundError("smtp-sink is part of Postfix (Debian: postfix)")
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    with _running([sink, *user, f"127.0.0.1:{port}", "100"]):
        _wait_for(port)
        yield port


@contextlib.contextmanager
def size_sink() -> Iterator[int]:
    """Ours; the port."""
    with _running([sys.executable, "-m", "tests.support.smtp_sink"], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        yield int(process.stdout.readline())


@contextlib.contextmanager
def _running(command: list[str], stdout: int | None = None) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=stdout, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _wait_for(port: int) -> None:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.02)
    raise TimeoutError(f"nobody listens on port {port}")


class _Taker(asyncio.Protocol):
    """One connection. Commands are answered together, as they came; of a message only the end is looked for."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport, self._rest, self._is_message = transport, b"", False
        transport.write(b"220 sink ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        self._rest, replies = self._rest + data, bytearray()
        while (reply := self._message() if self._is_message else self._command()) is not None:
            replies += reply
        if replies:
            self._transport.write(bytes(replies))

    def _message(self) -> bytes | None:
        end = self._rest.find(_END)
        if end < 0:
            self._rest = self._rest[-len(_END) + 1 :]
            return None
        self._is_message, self._rest = False, self._rest[end + len(_END) :]
        return b"250 2.0.0 taken\r\n"

    def _command(self) -> bytes | None:
        line, mark, rest = self._rest.partition(b"\r\n")
        if not mark:
            return None
        reply = self._reply(line)
        # The line's end stays before a message, so that an empty one, which is the dot alone, ends, too.
        self._rest = mark + rest if self._is_message else rest
        return reply

    def _reply(self, line: bytes) -> bytes:
        verb = line[:4].upper()
        if verb == b"EHLO":
            return b"250-sink\r\n250-PIPELINING\r\n250-SIZE 50000000\r\n250 8BITMIME\r\n"
        if verb == b"DATA":
            self._is_message = True
            return b"354 go on\r\n"
        if verb == b"QUIT":
            return b"221 bye\r\n"
        return b"250 2.0.0 ok\r\n"


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Taker, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.buffer.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(_serve())
