"""A scripted HTTP server on loopback, in a thread: it says what it is told to and remembers what it was asked.

    with HttpServer({"/rss/cs.CL": Answer(200, {"ETag": "a"}, b"…")}) as server:
        fetch(server.url("/rss/cs.CL"))
    assert server.asked[0].path == "/rss/cs.CL"

A route may be an Answer, a list of them (one per request, the last one again and again), or a function of the
request. `stream` answers are sent chunk by chunk, with a pause before each, until the client goes away.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self


@dataclass(frozen=True)
class Asked:
    """A request as it came; header names are lower case, `path` has no query."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True)
class Answer:
    """What to say. With `chunks` the body is streamed without a length, `pause` seconds before each chunk."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    chunks: Iterable[bytes] | None = None
    pause: float = 0.0


Route = Answer | Sequence[Answer] | Callable[[Asked], Answer]


class HttpServer:
    """Serves `routes` on a free port of 127.0.0.1 while it is entered; unknown paths get 404."""

    def __init__(self, routes: Mapping[str, Route] | None = None) -> None:
        self.routes: dict[str, Route] = dict(routes or {})
        self.asked: list[Asked] = []
        self.most_at_once = 0
        self._at_once = 0
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def host(self) -> str:
        """`127.0.0.1:PORT`, as `allow_hosts` wants it."""
        return f"127.0.0.1:{self._server.server_port}"

    def url(self, path: str = "") -> str:
        return f"http://{self.host}{path}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def answer(self, asked: Asked) -> Answer:
        with self._lock:
            self.asked.append(asked)
            route = self.routes.get(asked.path, Answer(404))
            if isinstance(route, Sequence):
                times = sum(1 for other in self.asked if other.path == asked.path)
                return route[min(times, len(route)) - 1]
        return route(asked) if callable(route) else route

    def _count(self, step: int) -> None:
        with self._lock:
            self._at_once += step
            self.most_at_once = max(self.most_at_once, self._at_once)

    def _handler(self) -> type[BaseHTTPRequestHandler]:  # noqa: C901 - three short methods
        scripted = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _serve(self) -> None:
                scripted._count(+1)
                try:
                    self._say(scripted.answer(self._asked()))
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True
                finally:
                    scripted._count(-1)

            do_GET = do_HEAD = do_POST = _serve  # noqa: N815 - the names are http.server's

            def _asked(self) -> Asked:
                path, _, query = self.path.partition("?")
                headers = {name.lower(): value for name, value in self.headers.items()}
                body = self.rfile.read(int(headers.get("content-length", "0")))
                return Asked(self.command, path, query, headers, body)

            def _say(self, answer: Answer) -> None:
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                if answer.chunks is None:
                    if answer.status != 304:
                        self.send_header("Content-Length", str(len(answer.body)))
                    self.end_headers()
                    self.wfile.write(answer.body)
                    return
                self.send_header("Connection", "close")
                self.end_headers()
                for chunk in answer.chunks:
                    if answer.pause:
                        time.sleep(answer.pause)
                    self.wfile.write(chunk)
                self.close_connection = True

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        return Handler
