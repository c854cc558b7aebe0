"""Variable envelope return paths (VERP): an address per message, whose signature proves that we wrote that message.

    bounces@example.org ─address─► bounces+aeaqcx…@example.org ─token_of─► aeaqcx… ─verify─► 42

A token is base32 of `key id (1 byte) · number (1–8 bytes) · HMAC-SHA256 cut to 16 bytes`, 29 to 40 characters in lower
case: mail systems fold the case of local parts, and base32 survives that. The number is an outbox id where a message
came back, a subscriber's where somebody unsubscribes; either is good for its own purpose only.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable

from digest.seals import Keys, seal_number, unseal_number

RETURN = "return"
UNSUBSCRIBE = "unsubscribe"

MAX_LOCAL = 64
"""Octets of a local part (RFC 5321, section 4.5.3.1.1)."""

MAX_TOKEN = 40
_LABEL = "address"


def sign(keys: Keys, purpose: str, number: int) -> str:
    """A token that `verify` turns back into `number`, for this purpose only. The highest key id signs."""
    return base64.b32encode(seal_number(keys, _LABEL, purpose, number)).decode().rstrip("=").lower()


def verify(keys: Keys, purpose: str, token: str) -> int | None:
    """The number of a token that was signed for `purpose`, in whatever case it came back; else None."""
    return unseal_number(keys, _LABEL, purpose, _decode(token))


def first_genuine(keys: Keys, purpose: str, tokens: Iterable[str]) -> int | None:
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
