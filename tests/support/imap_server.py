"""An IMAP server on loopback with one mailbox: as much of RFC 3501 as reading returned mail takes."""

from __future__ import annotations

import base64
import re
import socketserver
import ssl
import threading
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

USER, PASSWORD = "digest", "sécret"


@dataclass(slots=True)
class Mailbox:
    """Messages by UID, and the flags of each."""

    messages: dict[int, bytes] = field(default_factory=dict)
    flags: dict[int, set[str]] = field(default_factory=dict)
    validity: int = 7
    capabilities: str = "IMAP4rev1 AUTH=PLAIN UIDPLUS"
    token_words: bytes = b""  # with which a token is shown; any other ones are refused with `challenge`
    challenge: str = '{"status":"400","schemes":"bearer","scope":"mail"}'
    shown: list[bytes] = field(default_factory=list)  # what clients answered while they logged in

    def add(self, raw: bytes) -> int:
        uid = max(self.messages, default=0) + 1
        self.messages[uid], self.flags[uid] = raw, set()
        return uid


class ImapServer:
    """Serves `mailbox` until the block ends; TLS from the first byte where a context is given."""

    def __init__(self, mailbox: Mailbox, tls: ssl.SSLContext | None = None) -> None:
        handler = type("Handler", (_Session,), {"mailbox": mailbox, "tls": tls})
        self._server = _Server(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is what some tests are about."""


class _Session(socketserver.StreamRequestHandler):
    mailbox: Mailbox
    tls: ssl.SSLContext | None

    def setup(self) -> None:
        if self.tls is not None:
            self.request = self.tls.wrap_socket(self.request, server_side=True)
        super().setup()

    def finish(self) -> None:
        super().finish()
        self.request.close()

    def handle(self) -> None:
        self._say("* OK ready")
        while line := self.rfile.readline().decode().strip():
            tag, _, rest = line.partition(" ")
            command, _, arguments = rest.partition(" ")
            if not self._answer(tag, command.upper(), arguments):
                return

    def _answer(self, tag: str, command: str, arguments: str) -> bool:
        box = self.mailbox
        if command == "CAPABILITY":
            self._say(f"* CAPABILITY {box.capabilities}")
        elif command == "AUTHENTICATE":
            if not self._let_in(arguments):
                self._say(f"{tag} NO wrong user or password")
                return True
        elif command == "SELECT":
            if arguments != '"INBOX"':
                self._say(f"{tag} NO no such folder")
                return True
            self._say(f"* {len(box.messages)} EXISTS\r\n* OK [UIDVALIDITY {box.validity}] valid")
        elif command == "UID":
            self._uid(*arguments.split(" ", 1))
        elif command == "EXPUNGE":
            self._expunge(set(box.messages))
        elif command == "LOGOUT":
            self._say(f"* BYE\r\n{tag} OK")
            return False
        self._say(f"{tag} OK done")
        return True

    def _let_in(self, mechanism: str) -> bool:
        box, given = self.mailbox, self._ask("")
        if mechanism == "PLAIN":
            return given == f"\0{USER}\0{PASSWORD}".encode()
        if given != box.token_words:
            self._ask(base64.b64encode(box.challenge.encode()).decode())
        return given == box.token_words

    def _ask(self, challenge: str) -> bytes:
        self._say(f"+ {challenge}")
        self.mailbox.shown.append(base64.b64decode(self.rfile.readline().strip()))
        return self.mailbox.shown[-1]

    def _uid(self, command: str, arguments: str) -> None:
        box = self.mailbox
        if command == "SEARCH":
            hidden = {"\\Deleted"} | ({"\\Seen"} if "UNSEEN" in arguments else set())
            self._say("* SEARCH " + " ".join(str(uid) for uid in box.messages if not hidden & box.flags[uid]))
        elif command == "FETCH":
            uid = int(arguments.split(maxsplit=1)[0])
            raw = box.messages[uid]
            self.wfile.write(f"* 1 FETCH (UID {uid} BODY[]<0> {{{len(raw)}}}\r\n".encode() + raw + b")\r\n")
        elif command == "STORE":
            uids, flags = arguments.split(" ", 1)
            for uid in map(int, uids.split(",")):
                box.flags.get(uid, set()).update(re.findall(r"\\\w+", flags))
        elif command == "EXPUNGE":
            self._expunge({int(uid) for uid in arguments.split(",")})

    def _expunge(self, uids: set[int]) -> None:
        for uid in [uid for uid in uids if "\\Deleted" in self.mailbox.flags.get(uid, ())]:
            del self.mailbox.messages[uid], self.mailbox.flags[uid]

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())
