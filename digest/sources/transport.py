"""The wires below the fetcher: httpx over connections that only the guard can open, bodies unpacked within a cap."""

from __future__ import annotations

import logging
import ssl
import zlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import certifi
import httpcore
import httpx

from digest.errors import ConfigError
from digest.sources.guard import Guard, GuardedBackend, Resolve

_CONNECT_SECONDS = 15.0

# They log every URL and every header, and a key may stand in one.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)


class TooBig(Exception):
    """An answer is larger than its cap."""


def tls_context(ca_file: str | None) -> ssl.SSLContext:
    """The system's certificates and Mozilla's (for machines that have none), and those of `ca_file`."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    if ca_file is not None:
        try:
            context.load_verify_locations(Path(ca_file))
        except OSError as error:  # ssl.SSLError is one too
            raise ConfigError([f"fetch.ca_file: no certificates can be read from {ca_file}: {error}"]) from error
    return context


def check_proxy(proxy: str | None) -> None:
    """ConfigError where this is no proxy that can be used."""
    if proxy is not None:
        _proxy(proxy)


def client(guard: Guard, resolver: Resolve, proxy: str | None, tls: ssl.SSLContext) -> httpx.AsyncClient:
    """A client for one request: connections are not kept, as the pace between two outlives most of them."""
    if proxy is None:
        pool = httpcore.AsyncConnectionPool(ssl_context=tls, network_backend=GuardedBackend(guard, resolver))
    else:
        pool = _proxied(proxy, resolver, tls)
    return httpx.AsyncClient(
        transport=_Transport(pool), timeout=httpx.Timeout(None, connect=_CONNECT_SECONDS), trust_env=False
    )


def _proxied(proxy: str, resolver: Resolve, tls: ssl.SSLContext) -> httpcore.AsyncConnectionPool:
    """Only the proxy is connected to, and the admin named it; it decides what it connects to."""
    parsed = _proxy(proxy)
    return httpcore.AsyncHTTPProxy(
        proxy_url=httpcore.URL(
            scheme=parsed.url.raw_scheme, host=parsed.url.raw_host, port=parsed.url.port, target=b"/"
        ),
        proxy_auth=parsed.raw_auth,
        ssl_context=tls,
        network_backend=GuardedBackend(Guard([parsed.url.host]), resolver),
    )


def _proxy(address: str) -> httpx.Proxy:
    if not address.startswith(("http://", "https://")):
        raise ConfigError(["fetch.proxy: only http and https proxies, as http://proxy.example.org:3128"])
    try:
        return httpx.Proxy(address)
    except (ValueError, httpx.InvalidURL) as error:
        raise ConfigError([f"fetch.proxy: not the address of a proxy: {error}"]) from error


class _Transport(httpx.AsyncBaseTransport):
    """httpx over a pool of our choice; httpx's own transport does not let one choose the network backend."""

    def __init__(self, pool: httpcore.AsyncConnectionPool) -> None:
        self._pool = pool

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        answer = await self._pool.handle_async_request(
            httpcore.Request(
                method=request.method,
                url=httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        return httpx.Response(answer.status, headers=answer.headers, stream=_Body(answer), extensions=answer.extensions)

    async def aclose(self) -> None:
        await self._pool.aclose()


class _Body(httpx.AsyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._answer.aiter_stream():
            yield chunk

    async def aclose(self) -> None:
        await self._answer.aclose()


async def read_body(answer: httpx.Response, limit: int) -> bytes:
    """The body, unpacked; TooBig as soon as more than `limit` bytes came out or are announced.

    httpx would unpack a whole chunk at once, 64 KB of a gzip bomb into 64 MB; here no more than the cap is unpacked.
    """
    announced = answer.headers.get("content-length", "")
    if announced.isdecimal() and int(announced[:18]) > limit:
        raise TooBig
    unpack, is_whole = _unpacker(answer.headers.get("content-encoding", ""))
    body = bytearray()
    async for chunk in answer.aiter_raw():
        body += unpack(chunk, limit + 1 - len(body))
        if len(body) > limit:
            raise TooBig
    if not is_whole():
        raise httpx.DecodingError("the compressed answer is cut off")
    return bytes(body)


def _unpacker(encoding: str) -> tuple[Callable[[bytes, int], bytes], Callable[[], bool]]:
    """How to unpack a chunk into at most so many bytes, and whether the end was reached."""
    match encoding.strip().lower():
        case "" | "identity":
            return lambda chunk, _room: chunk, lambda: True
        case "gzip" | "x-gzip" | "deflate":
            stream = zlib.decompressobj(wbits=47)  # 32 + 15: gzip or zlib, told by the header
            return lambda chunk, room: _inflate(stream, chunk, room), lambda: stream.eof
        case other:
            raise httpx.DecodingError(f"content encoding {other!r}, though only gzip was asked for")


def _inflate(stream: zlib._Decompress, chunk: bytes, room: int) -> bytes:
    try:
        return stream.decompress(chunk, room)
    except zlib.error as error:
        raise httpx.DecodingError(f"the compressed answer is damaged: {error}") from error
