"""A scripted SMTP server on loopback that speaks the real protocol and keeps a ledger of what it took.

    with SmtpServer({"RCPT": ["450 4.7.1 later"], "DOT": [CLOSE]}) as server:
        …                                   # the first RCPT gets 450, the first final dot no reply; then all is well

`reading` is how many bytes of a message it reads before each pause, and the pause's seconds; with `slow_for` only in
messages to these recipients. Then it takes no more off the line at once than these bytes.

Each list is used up in order, over all connections. `recipients` scripts the RCPT replies of single addresses.
"""

from __future__ import annotations

import contextlib
import io
import socket
import ssl
import struct
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import BinaryIO, Self

CLOSE = "close"  # hang up instead of replying; after the dot: without having taken the message
TAKE_AND_CLOSE = "take and close"  # take the message, hang up instead of replying
CUT = "cut"  # reply 354, read a little of the message, reset the connection
HOLD = "hold"  # wait for `release()`, then all is well
_PATIENCE = 60  # seconds after which a forgotten HOLD gives up


class _Hangup(Exception):
    pass


@dataclass(frozen=True)
class Mail:
    sender: str
    recipient: str
    message: bytes


@dataclass
class _Session:
    sock: socket.socket
    file: BinaryIO
    sender: str = ""
    recipients: list[str] = field(default_factory=list)
    is_secure: bool = False


class SmtpServer:
    """Listens from the start; `port`, `ledger` and `commands` are what tests look at."""

    def __init__(
        self,
        script: Mapping[str, Sequence[str]] | None = None,
        *,
        recipients: Mapping[str, Sequence[str]] | None = None,
        tls: ssl.SSLContext | None = None,
        is_tls_from_start: bool = False,
        extensions: Sequence[str] = ("PIPELINING", "8BITMIME", "SIZE 50000000", "ENHANCEDSTATUSCODES"),
        receive_buffer: int | None = None,
        reading: tuple[int, float] | None = None,
        slow_for: Sequence[str] = (),
    ) -> None:
        self._script = {verb: list(replies) for verb, replies in (script or {}).items()}
        self._recipients = {address: list(replies) for address, replies in (recipients or {}).items()}
        self._tls, self._is_tls_from_start, self._extensions = tls, is_tls_from_start, list(extensions)
        self._reading, self._slow_for = reading, frozenset(slow_for)
        self._changed = threading.Condition()
        self._sessions: dict[socket.socket, threading.Thread] = {}
        self._is_closing = False
        self._released = threading.Event()
        self.mails: list[Mail] = []
        self.commands: list[str] = []
        self.connections = 0
        self.held = 0
        self.pauses = 0
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        if receive_buffer is not None:
            self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.port: int = self._listener.getsockname()[1]
        self._acceptor = threading.Thread(target=self._accept, daemon=True)

    @property
    def ledger(self) -> Counter[str]:
        """Recipient → how many messages were taken for him."""
        return Counter(mail.recipient for mail in self.mails)

    def release(self) -> None:
        """Let everything that is held go on."""
        self._released.set()

    def wait_held(self, count: int) -> None:
        """Wait until `count` replies are being held."""
        with self._changed:
            assert self._changed.wait_for(lambda: self.held >= count, _PATIENCE), f"only {self.held} are held"

    def wait_taken(self, count: int) -> None:
        """Wait until `count` messages were taken."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.mails) >= count, _PATIENCE), f"only {len(self.mails)}"

    def hang_up(self) -> None:
        """Close every open connection, as a server does that restarts."""
        with self._changed:
            for sock in self._sessions:
                sock.shutdown(socket.SHUT_RDWR)
        self.wait_idle()

    def wait_idle(self) -> None:
        """Wait until no connection is open: whatever the client left in the pipe has been read."""
        with self._changed:
            assert self._changed.wait_for(lambda: not self._sessions, _PATIENCE)

    def __enter__(self) -> Self:
        self._acceptor.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._is_closing = True
        self._released.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._acceptor.join()
        self._listener.close()
        with self._changed:
            open_now = dict(self._sessions)
        for sock in open_now:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in open_now.values():
            thread.join()

    # ── connections ───────────────────────────────────────────────────────────────────────────────

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # two small replies in a row
            thread = threading.Thread(target=self._serve, args=[sock], daemon=True)
            with self._changed:
                self.connections += 1
                self._sessions[sock] = thread
            thread.start()

    def _serve(self, raw: socket.socket) -> None:
        sock = raw
        try:
            if self._is_tls_from_start and self._tls:
                sock = self._tls.wrap_socket(raw, server_side=True)
            file = _small_sips(sock, self._reading[0]) if self._reading and self._slow_for else sock.makefile("rb")
            session = _Session(sock, file, is_secure=self._is_tls_from_start)
            self._talk(session)
            sock = session.sock
        except (OSError, _Hangup):
            pass
        finally:
            for one in (sock, raw):
                with contextlib.suppress(OSError):
                    one.close()
            with self._changed:
                del self._sessions[raw]
                self._changed.notify_all()

    def _talk(self, session: _Session) -> None:
        try:
            self._reply(session, self._next("CONNECT", "220 loopback ESMTP"))
            while line := session.file.readline():
                command = line.decode("utf-8", "replace").rstrip("\r\n")
                self.commands.append(command)
                self._obey(session, command)
        finally:
            session.file.close()
            session.sock.close()

    def _obey(self, session: _Session, command: str) -> None:
        verb = command.partition(" ")[0].upper()
        match verb:
            case "EHLO":
                self._reply(session, self._next("EHLO", self._greeting(session)))
            case "STARTTLS":
                self._start_tls(session)
            case "AUTH":
                self._auth(session, command)
            case "MAIL":
                session.sender, session.recipients = _path(command), []
                self._reply(session, self._next("MAIL", "250 2.1.0 ok"))
            case "RCPT":
                self._rcpt(session, _path(command))
            case "DATA":
                self._data(session)
            case "QUIT":
                self._reply(session, self._next("QUIT", "221 2.0.0 bye"))
                raise _Hangup
            case _:
                self._reply(session, self._next(verb, "250 2.0.0 ok"))

    def _greeting(self, session: _Session) -> str:
        offered = [*self._extensions]
        if self._tls and not session.is_secure:
            offered.append("STARTTLS")
        if "AUTH" in self._script or session.is_secure:
            offered.append("AUTH PLAIN LOGIN")
        return "\n".join(["250-loopback", *(f"250-{one}" for one in offered), "250 HELP"])

    def _start_tls(self, session: _Session) -> None:
        reply = self._next("STARTTLS", "220 2.0.0 go on")
        self._reply(session, reply)
        if self._tls and reply.startswith("220"):
            session.file.close()
            session.sock = self._tls.wrap_socket(session.sock, server_side=True)
            session.file = session.sock.makefile("rb")
            session.is_secure = True

    def _auth(self, session: _Session, command: str) -> None:
        if command.upper().startswith("AUTH LOGIN"):
            self._reply(session, "334 UGFzc3dvcmQ6")
            self.commands.append(session.file.readline().decode().strip())
        if command.upper().startswith(("AUTH XOAUTH2", "AUTH OAUTHBEARER")):
            reply = self._next("TOKEN", "235 2.7.0 welcome")
            self._reply(session, reply)
            if reply.startswith("334"):
                self.commands.append(session.file.readline().decode().rstrip("\r\n"))
                self._reply(session, self._next("TOKEN", "235 2.7.0 welcome"))
            return
        self._reply(session, self._next("AUTH", "235 2.7.0 welcome"))

    # ── messages ──────────────────────────────────────────────────────────────────────────────────

    def _rcpt(self, session: _Session, recipient: str) -> None:
        own = self._recipients.get(recipient)
        reply = own.pop(0) if own else self._next("RCPT", "250 2.1.5 ok")
        if reply.startswith("25") or reply == HOLD:
            session.recipients.append(recipient)
        self._reply(session, reply)

    def _data(self, session: _Session) -> None:
        reply = self._next("DATA", "354 go on")
        if reply == CUT:
            session.sock.sendall(b"354 go on\r\n")
            session.file.read(10)
            session.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            raise _Hangup
        self._reply(session, reply)
        if reply.startswith("354"):
            self._take(session, self._read_message(session))

    def _read_message(self, session: _Session) -> bytes:
        lines, read = [], 0
        is_slow = not self._slow_for or bool(self._slow_for & set(session.recipients))
        while (line := session.file.readline()) != b".\r\n":
            read += len(line)
            if self._reading and is_slow and read >= self._reading[0]:
                read -= self._reading[0]
                self.pauses += 1
                time.sleep(self._reading[1])
            if not line.endswith(b"\n"):
                raise _Hangup
            lines.append(line[1:] if line.startswith(b".") else line)
        return b"".join(lines)

    def _take(self, session: _Session, message: bytes) -> None:
        reply = self._next("DOT", "250 2.0.0 taken")
        if reply == HOLD:
            self._wait_for_release()
            reply = "250 2.0.0 taken after all"
        if reply.startswith("250") or reply == TAKE_AND_CLOSE:
            with self._changed:
                self.mails += [Mail(session.sender, recipient, message) for recipient in session.recipients]
                self._changed.notify_all()
        if reply == TAKE_AND_CLOSE:
            raise _Hangup
        self._reply(session, reply)

    # ── replies ───────────────────────────────────────────────────────────────────────────────────

    def _next(self, verb: str, usual: str) -> str:
        with self._changed:
            waiting = self._script.get(verb)
            return waiting.pop(0) if waiting else usual

    def _reply(self, session: _Session, reply: str) -> None:
        if reply == CLOSE:
            raise _Hangup
        if reply == HOLD:
            self._wait_for_release()
            reply = "250 2.0.0 ok"
        session.sock.sendall(reply.replace("\n", "\r\n").encode() + b"\r\n")
        if reply.startswith("421"):
            raise _Hangup

    def _wait_for_release(self) -> None:
        with self._changed:
            self.held += 1
            self._changed.notify_all()
        self._released.wait(_PATIENCE)
        if self._is_closing:
            raise _Hangup


def _small_sips(sock: socket.socket, size: int) -> BinaryIO:
    """A socket of which no more than so many bytes are taken off the line at once."""
    return io.BufferedReader(sock.makefile("rb", 0), size)


def _path(command: str) -> str:
    return command.partition("<")[2].partition(">")[0]
