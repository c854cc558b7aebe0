"""Variable envelope return paths (VERP): an address per message, whose signature proves that we wrote that message.

    bounces@example.org ─address─► bounces+aeaqcx…@example.org ─token_of─► aeaqcx… ─verify─► 42

A token is base32 of `key id (1 byte) · number (1–8 bytes) · HMAC-SHA256 cut to 16 bytes`, 29 to 40 characters in lower
case: mail systems fold the case of local parts, and base32 survives that. The number is an outbox id where a message
came back, a subscriber's where somebody unsubscribes; either is good for its own purpose only.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Mapping

RETURN = "return"
UNSUBSCRIBE = "unsubscribe"

MAX_LOCAL = 64
"""Octets of a local part (RFC 5321, section 4.5.3.1.1)."""

MAX_TOKEN = 40
_MAC_BYTES = 16  # RFC 2104, section 5: not less than half of the hash
_ID_BYTES = 8


def sign(keys: Mapping[int, bytes], purpose: str, number: int) -> str:
    """A token that `verify` turns back into `number`, for this purpose only. The highest key id signs."""
    key_id = max(keys)
    head = bytes([key_id]) + number.to_bytes(max(1, (number.bit_length() + 7) // 8), "big")
    return base64.b32encode(head + _mac(keys[key_id], purpose, head)).decode().rstrip("=").lower()


def verify(keys: Mapping[int, bytes], purpose: str, token: str) -> int | None:
    """The number of a token that was signed for `purpose`, in whatever case it came back; else None."""
    raw = _decode(token)
    head, mac = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
    if not 2 <= len(head) <= 1 + _ID_BYTES:
        return None
    secret = keys.get(head[0], b"")
    is_genuine = hmac.compare_digest(_mac(secret, purpose, head), mac)
    return int.from_bytes(head[1:], "big") if is_genuine and secret else None


def first_genuine(keys: Mapping[int, bytes], purpose: str, tokens: Iterable[str]) -> int | None:
    """The number of the first token that holds; None where none does."""
    return next((found for token in tokens if (found := verify(keys, purpose, token)) is not None), None)


def address(base: str, token: str) -> str:
    """`bounces@example.org` and a token as `bounces+TOKEN@example.org` (subaddressing as in RFC 5233)."""
    local, _, domain = base.rpartition("@")
    return f"{local}+{token}@{domain}"


def check_base(base: str) -> str | None:
    """What is wrong with an address that tokens are put into, as a sentence; None when it is good."""
    local, _, domain = base.rpartition("@")
    if not local or not domain or not base.isascii() or any(character in base for character in '<>()[]," \\:;'):
        return "must be a bare address such as bounces@example.org"
    longest = MAX_LOCAL - MAX_TOKEN - len("+")
    if len(local) > longest:
        return f"must have at most {longest} characters before the @, since a token of {MAX_TOKEN} follows them"
    return None


def _mac(secret: bytes, purpose: str, head: bytes) -> bytes:
    # Its own label: no token of a link is one of an address.
    return hmac.digest(secret, b"digest address\0" + purpose.encode() + b"\0" + head, hashlib.sha256)[:_MAC_BYTES]


def _decode(token: str) -> bytes:
    """The bytes of a token, b"" unless it is written the one way `sign` writes it, but for its case."""
    if not token.isascii() or len(token) > MAX_TOKEN:
        return b""
    padded = token.upper() + "=" * (-len(token) % 8)
    try:
        raw = base64.b32decode(padded)
    except (binascii.Error, ValueError):
        return b""
    return raw if base64.b32encode(raw).decode() == padded else b""
