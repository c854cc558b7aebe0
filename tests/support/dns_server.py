"""A DNS server on loopback that knows what a test tells it, and nothing else.

    with DnsServer({("example.org", "TXT"): ['"v=spf1 -all"']}) as server:
        Names(server.host).texts("example.org")

What it does not know does not exist (NXDOMAIN); names in `broken` get SERVFAIL, those in `mute` no answer.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Collection, Mapping, Sequence
from types import TracebackType
from typing import Self

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

Records = Mapping[tuple[str, str], Sequence[str]]
"""(name, type) → the data of each record, as a zone file has it."""


class DnsServer:
    """Answers over UDP while it is entered; `asked` is every (name, type) that was."""

    def __init__(self, records: Records, *, broken: Collection[str] = (), mute: Collection[str] = ()) -> None:
        self._records = dict(records)
        self._broken, self._mute = broken, mute
        self.asked: list[tuple[str, str]] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def host(self) -> str:
        """`127.0.0.1:PORT`"""
        return f"127.0.0.1:{self._socket.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with contextlib.suppress(OSError):  # an empty datagram wakes the thread
            self._socket.sendto(b"", self._socket.getsockname())
        self._thread.join(5)
        self._socket.close()

    def _serve(self) -> None:
        while True:
            asked, client = self._socket.recvfrom(65535)
            if not asked:
                return
            if (answer := self._answer(dns.message.from_wire(asked))) is not None:
                self._socket.sendto(answer.to_wire(), client)

    def _answer(self, query: dns.message.Message) -> dns.message.Message | None:
        (question,) = query.question
        name, kind = question.name.to_text(omit_final_dot=True).lower(), dns.rdatatype.to_text(question.rdtype)
        self.asked.append((name, kind))
        if name in self._mute:
            return None
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.RA
        if name in self._broken:
            answer.set_rcode(dns.rcode.SERVFAIL)
        elif (name, kind) in self._records:
            data = [str(one) for one in self._records[name, kind]]
            answer.answer.append(dns.rrset.from_text(question.name, 300, "IN", kind, *data))
        elif not any(name == known or known.endswith(f".{name}") for known, _ in self._records):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        return answer
