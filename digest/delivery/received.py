"""A message as it came in, taken apart: headers and leaves, whatever the bytes are.

The standard library's parser recurses into every level that a message claims to have, and a few thousand of them end
in a RecursionError. Returned mail comes from strangers: this reading is bounded in bytes, parts and depth, takes
CRLF, LF and lone CR, and never raises. The message that a report returns is a leaf and is not descended into.
"""

from __future__ import annotations

import binascii
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

MAX_BYTES = 2_000_000
"""Reports stand before the message they return (RFC 6522), so what is cut off is that message."""

MAX_PARTS = 100
_MAX_DEPTH = 10
_MAX_HEADERS = 1_000
_FIELD = re.compile(r"([!-9;-~]{1,100})[ \t]*:[ \t]*(.*)")
# Only character sets of mail: Python also has codecs that warn, or take quadratic time (unicode_escape, punycode).
_CHARSET = re.compile(r"(?:us-)?ascii|(?:utf|unicode-1-1-utf|iso|windows|cp|koi8|gb|big5|euc|shift|sjis|latin)[\w.:-]*")
_RETURNED = ("message/rfc822", "message/global", "message/rfc822-headers", "message/global-headers",
             "text/rfc822-headers", "text/rfc822-header", "message/partial")  # fmt: skip
_TAG = re.compile(r"<[^<>]{1,2000}>")


@dataclass(frozen=True, slots=True)
class Headers:
    """Header fields in their order, names in lower case, values unfolded."""

    fields: tuple[tuple[str, str], ...] = ()

    def get(self, name: str) -> str:
        """The first field of that name, "" where there is none."""
        return next(iter(self.all(name)), "")

    def all(self, *names: str) -> list[str]:
        """The values of all fields of these names, by the order of the names."""
        return [value for name in names for key, value in self.fields if key == name]

    def has(self, name: str) -> bool:
        return any(key == name for key, _ in self.fields)


@dataclass(frozen=True)
class Leaf:
    """A part that has no parts: what is inside a returned message does not count."""

    kind: str
    headers: Headers
    body: bytes

    @property
    def is_returned(self) -> bool:
        return self.kind in _RETURNED

    @cached_property
    def text(self) -> str:
        decoded = _decoded(self.body, self.headers.get("content-transfer-encoding").lower())
        text = _characters(decoded, _parameter(self.headers.get("content-type"), "charset").lower())
        return _TAG.sub(" ", text) if self.kind == "text/html" else text


@dataclass(frozen=True)
class Received:
    """A message: its headers, and its leaves from the first to the last."""

    headers: Headers
    leaves: tuple[Leaf, ...]

    def of_kind(self, *kinds: str) -> list[Leaf]:
        return [leaf for leaf in self.leaves if leaf.kind in kinds]

    @cached_property
    def text(self) -> str:
        """What it says to people."""
        shown = [leaf for leaf in self.leaves if leaf.kind == "text/plain" or leaf.kind.startswith("multipart/")]
        return "\n".join(leaf.text for leaf in shown or self.of_kind("text/html"))

    @cached_property
    def returned(self) -> Headers:
        """The headers of the message that it returns as a part of its own."""
        for leaf in self.leaves:
            if leaf.is_returned:
                return fields_of(leaf.text)[0]
        return Headers()


def parse(raw: bytes) -> Received:
    """Take a message apart; never raises."""
    lines = raw[:MAX_BYTES].replace(b"\r\n", b"\n").replace(b"\r", b"\n").lstrip(b"\n")
    if lines.startswith(b"From "):  # the line that an mbox puts before a message
        lines = lines.partition(b"\n")[2]
    headers, body = _split(lines)
    leaves: list[Leaf] = []
    for leaf in _leaves(headers, body, 0):
        leaves.append(leaf)
        if len(leaves) == MAX_PARTS:
            break
    return Received(headers, tuple(leaves))


def fields_of(text: str) -> tuple[Headers, str]:
    """The fields at the start of a text, folded lines joined, and what follows them."""
    fields: list[tuple[str, list[str]]] = []
    lines = text.split("\n")
    end = len(lines)
    for number, line in enumerate(lines):
        if line[:1] in (" ", "\t") and line.strip() and fields:
            fields[-1][1].append(line.strip())
        elif found := _FIELD.fullmatch(line):
            fields.append((found[1].lower(), [found[2].strip()]))
        elif not line.strip() or not fields:  # else a line that is no field, among fields: passed over
            end = number + bool(fields)
            break
    values = tuple((name, " ".join(folded).strip()) for name, folded in fields[:_MAX_HEADERS])
    return Headers(values), "\n".join(lines[end:])


def _split(message: bytes) -> tuple[Headers, bytes]:
    """Headers and body; a message that starts with no field is all body."""
    head, _, body = message.partition(b"\n\n") if not message.startswith(b"\n") else (b"", b"", message[1:])
    headers, rest = fields_of(head.decode("utf-8", "replace"))
    return headers, body if headers.fields or not rest.strip() else message


def _leaves(headers: Headers, body: bytes, depth: int) -> Iterator[Leaf]:
    declared = headers.get("content-type")
    kind = declared.partition(";")[0].strip().lower() or "text/plain"
    boundary = _parameter(declared, "boundary")
    if not kind.startswith("multipart/") or not boundary or depth == _MAX_DEPTH:
        yield Leaf(kind, headers, body)
        return
    pieces = list(_pieces(body, boundary))
    if not pieces:  # a gateway took the parts out of their frame: the text is still there
        yield Leaf(kind, headers, body)
    for piece in pieces:
        yield from _leaves(*_split(piece), depth + 1)


def _pieces(body: bytes, boundary: str) -> Iterator[bytes]:
    """What stands between the boundary's lines; what is before the first or after the closing one does not count."""
    line = re.compile(rb"^--" + re.escape(boundary.encode("utf-8", "replace")) + rb"(--)?[ \t]*$\n?", re.MULTILINE)
    start, is_open = 0, False
    for number, found in enumerate(line.finditer(body)):
        if is_open and body[start : found.start()].strip():
            yield body[start : found.start()]
        start, is_open = found.end(), not found[1]
        if not is_open or number == MAX_PARTS:
            return
    if is_open and body[start:].strip():
        yield body[start:]


def _parameter(declared: str, name: str) -> str:
    found = re.search(rf';\s*{name}\s*=\s*(?:"([^"]*)"|([^\s;]+))', declared, re.IGNORECASE)
    return (found[1] or found[2] or "") if found else ""


def _decoded(body: bytes, encoding: str) -> bytes:
    if encoding == "quoted-printable":
        return quopri.decodestring(body)
    if encoding == "base64":
        try:
            return binascii.a2b_base64(body)
        except binascii.Error:
            return body
    return body


def _characters(body: bytes, charset: str) -> str:
    if _CHARSET.fullmatch(charset):
        try:
            return body.decode(charset, "replace")
        except (LookupError, UnicodeError):
            pass
    return body.decode("utf-8", "replace")
