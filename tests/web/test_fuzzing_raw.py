"""Requests that break the rules of HTTP, over a socket of their own, to the server as it runs."""

from __future__ import annotations

import asyncio
import logging

import pytest

from digest import clock
from digest.editions.links import UNSUBSCRIBE, sign
from digest.model import SubscriberState
from digest.store import subscribers
from digest.store.database import Database
from digest.web import app
from tests.support.web import KEYS, NOW, add_jane, serve

_HOST = b"Host: digest.example.org\r\n"
_END = b"Connection: close\r\n\r\n"


def _raw(token: str) -> dict[str, bytes]:
    """What is sent, by what is wrong with it; none of it is a whole request to unsubscribe."""
    start = f"POST /u/{token} HTTP/1.1\r\n".encode() + _HOST
    get = f"GET /u/{token} HTTP/1.1\r\n".encode()
    return {
        "longer than it is": start + b"Content-Length: 9999\r\n\r\nList-Unsubscribe=One-Click",
        "a length below zero": start + b"Content-Length: -1\r\n" + _END,
        "a length that is no number": start + b"Content-Length: 1e3\r\n" + _END,
        "a length of other digits": start + b"Content-Length: \xb2\r\n" + _END,
        "a length beyond all numbers": start + b"Content-Length: " + b"9" * 400 + b"\r\n" + _END,
        "two lengths": start + b"Content-Length: 3\r\nContent-Length: 4\r\n" + _END + b"abcd",
        "chunks without sizes": start + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n",
        "a chunk without end": start + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nabc",
        "a coding that is unknown": start + b"Transfer-Encoding: gzip, x\r\n" + _END,
        "a header without name": get + _HOST + b": x\r\n" + _END,
        "a header with NUL": get + _HOST + b"X-A: a\x00b\r\n" + _END,
        "a header that is folded": get + _HOST + b"X-A: a\r\n b\r\n" + _END,
        "a header of 200 KB": get + _HOST + b"X-A: " + b"a" * 200_000 + b"\r\n" + _END,
        "ten thousand headers": get + _HOST + b"X-A: a\r\n" * 10_000 + _END,
        "no host": get + _END,
        "two hosts": get + _HOST + b"Host: evil.example\r\n" + _END,
        "an address of 200 KB": b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\n" + _HOST + _END,
        "an address that is whole": b"GET http://evil.example/ HTTP/1.1\r\n" + _HOST + _END,
        "an address of bytes": b"GET /\xff\xfe\x00 HTTP/1.1\r\n" + _HOST + _END,
        "an address with a blank": b"GET /a b HTTP/1.1\r\n" + _HOST + _END,
        "an address half quoted": b"GET /%zz%e%2 HTTP/1.1\r\n" + _HOST + _END,
        "an address of one star": b"OPTIONS * HTTP/1.1\r\n" + _HOST + _END,
        "an address of a proxy": b"CONNECT evil.example:443 HTTP/1.1\r\n" + _HOST + _END,
        "a method of bytes": b"\x00\xff / HTTP/1.1\r\n" + _HOST + _END,
        "a version that is none": b"GET / HTTP/9.9\r\n" + _HOST + _END,
        "no version": b"GET /\r\n\r\n",
        "a greeting of TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 64,
        "the preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "nothing but ends of lines": b"\r\n" * 500,
        "an upgrade": get + _HOST + b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: x\r\n\r\n",
        "a body with GET": get + _HOST + b"Content-Length: 26\r\n" + _END + b"List-Unsubscribe=One-Click",
    }


async def _spoken(port: int, said: bytes) -> bytes:
    """What comes back until the server closes; where it waits for the rest, it is told that none will come."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(said)
        await writer.drain()
        if _END not in said:
            writer.write_eof()
        return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()


@pytest.mark.parametrize("wrong", _raw(""))
def test_what_is_no_http_is_refused_and_changes_nothing(
    sqlite_database: Database, wrong: str, caplog: pytest.LogCaptureFixture
) -> None:
    subscriber_id = add_jane(sqlite_database)
    token = sign(KEYS, UNSUBSCRIBE, subscriber_id)
    application = app(sqlite_database, lambda: KEYS, clock.fixed(NOW))

    async def ask() -> tuple[bytes, bytes]:
        async with serve(application) as base:
            port = int(base.rpartition(":")[2])
            answer = await _spoken(port, _raw(token)[wrong])
            return answer, await _spoken(port, b"HEAD / HTTP/1.1\r\n" + _HOST + _END)

    caplog.set_level(logging.WARNING)
    answer, after = asyncio.run(ask())
    assert not answer or answer.split()[1][:1] in (b"2", b"4")
    assert b"Traceback" not in answer
    assert sqlite_database.run_sync(subscribers.get_by_id, subscriber_id).state is SubscriberState.ACTIVE
    head, _, body = after.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    assert body == b""
    assert not [record for record in caplog.records if record.exc_info]
