"""An authentication server as Postfix asks one: Dovecot's protocol, which is a line each way, on a loopback port."""

from __future__ import annotations

import base64
import socketserver
import threading
from types import TracebackType
from typing import Self

_HELLO = b"VERSION\t1\t1\nMECH\tPLAIN\tplaintext\nMECH\tLOGIN\tplaintext\nSPID\t1\nCUID\t1\nCOOKIE\t00112233445566778899aabbccddeeff\nDONE\n"  # noqa: E501


class DovecotAuth:
    """Lets in who gives the one name and password; `asked` are the names that were tried."""

    def __init__(self, name: str, password: str) -> None:
        self.asked: list[str] = []
        auth, good = self, (name, password)

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                self.wfile.write(_HELLO)
                for line in self.rfile:
                    words = line.decode().rstrip("\n").split("\t")
                    if words[0] == "AUTH":
                        self.wfile.write(auth._answer(words[1], words[3:], good).encode())

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def _answer(self, number: str, parameters: list[str], good: tuple[str, str]) -> str:
        given = next((one.removeprefix("resp=") for one in parameters if one.startswith("resp=")), "")
        name, _, password = base64.b64decode(given).decode().lstrip("\0").partition("\0")
        self.asked.append(name)
        return f"OK\t{number}\tuser={name}\n" if (name, password) == good else f"FAIL\t{number}\tuser={name}\n"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)
