"""The way out: a proxy that tunnels, and a server whose certificate only our own authority vouches for."""

from __future__ import annotations

import asyncio
import shutil
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from digest.sources import Fetched, Outcome, Request, Unavailable
from digest.sources.fetcher import Fetcher, Network
from tests.support.cli import Cli
from tests.support.feeds import journal_rss
from tests.support.tls import make_authority

_FEED = journal_rss("<item><title>On Tunnels</title><link>https://example.org/t</link></item>")
_OPENSSL = shutil.which("openssl")

pytestmark = pytest.mark.skipif(_OPENSSL is None, reason="there is no openssl program")


class TlsServer:
    """Answers every request with the feed, over TLS, on a free port of 127.0.0.1."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            try:
                with self._context.wrap_socket(connection, server_side=True) as secure:
                    secure.recv(65536)
                    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(_FEED)}\r\nConnection: close\r\n\r\n"
                    secure.sendall(head.encode() + _FEED)
            except OSError:  # a client that does not trust us hangs up
                connection.close()


class Tunnel:
    """An HTTP proxy that knows CONNECT, and leads every name to one port of this machine."""

    def __init__(self, port: int) -> None:
        self.asked: list[str] = []
        self._to = port
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            self._tunnel(client)

    def _tunnel(self, client: socket.socket) -> None:
        with client, socket.create_connection(("127.0.0.1", self._to)) as server:
            self.asked.append(client.recv(65536).decode().splitlines()[0])
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=_copy, args=(server, client), daemon=True)
            back.start()
            _copy(client, server)
            back.join(5)


def _copy(one: socket.socket, other: socket.socket) -> None:
    try:
        while data := one.recv(65536):
            other.sendall(data)
        other.shutdown(socket.SHUT_WR)
    except OSError:
        pass


@pytest.fixture
def authority(tmp_path: Path) -> Path:
    """A folder with ca.pem, and the server's certificate for 127.0.0.1."""
    assert _OPENSSL is not None
    make_authority(_OPENSSL, tmp_path)
    return tmp_path


@pytest.fixture
def server(authority: Path) -> Iterator[TlsServer]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority / "server.pem", authority / "server.key")
    running = TlsServer(context)
    yield running
    running.close()


@pytest.fixture
def tunnel(server: TlsServer) -> Iterator[Tunnel]:
    running = Tunnel(server.port)
    yield running
    running.close()


def fetch(url: str, **network: str) -> Outcome:
    fetcher = Fetcher("digest/0", network=Network(allow_hosts=("127.0.0.1",), **network))  # type: ignore[arg-type]  # texts only
    return asyncio.run(fetcher.fetch(Request(url), None))


def test_our_own_authority_is_trusted_where_it_is_named(server: TlsServer, authority: Path) -> None:
    url = f"https://127.0.0.1:{server.port}/feed"
    outcome = fetch(url, ca_file=str(authority / "ca.pem"))
    assert isinstance(outcome, Fetched), outcome
    assert outcome.response.body == _FEED
    refused = fetch(url)
    assert isinstance(refused, Unavailable)
    assert "certificate verify failed" in refused.reason.lower()


def test_https_goes_through_the_tunnel_and_is_verified_at_its_end(
    server: TlsServer, tunnel: Tunnel, authority: Path
) -> None:
    url, proxy = f"https://127.0.0.1:{server.port}/feed", f"http://127.0.0.1:{tunnel.port}"
    outcome = fetch(url, proxy=proxy, ca_file=str(authority / "ca.pem"))
    assert isinstance(outcome, Fetched), outcome
    assert tunnel.asked == [f"CONNECT 127.0.0.1:{server.port} HTTP/1.1"]
    assert isinstance(fetch(url, proxy=proxy), Unavailable)
    elsewhere = fetch("https://feeds.example.org/feed", proxy=proxy, ca_file=str(authority / "ca.pem"))
    assert isinstance(elsewhere, Unavailable)  # the certificate is for 127.0.0.1, whatever the proxy leads to
    assert tunnel.asked[-1] == "CONNECT feeds.example.org:443 HTTP/1.1"


def test_both_are_settings(server: TlsServer, tunnel: Tunnel, authority: Path, tmp_path: Path) -> None:
    program = Cli(
        tmp_path,
        f'[fetch]\nproxy = "http://127.0.0.1:{tunnel.port}"\nca_file = "{authority}/ca.pem"\n'
        'allow_hosts = ["127.0.0.1"]\n',
    )
    found = program.json("source", "test", f"https://127.0.0.1:{server.port}/feed")
    assert [entry["title"] for entry in found["entries"]] == ["On Tunnels"]
    assert len(tunnel.asked) == 1
