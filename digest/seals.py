"""Numbers under a keyed signature, as bytes: what the tokens of links and those of return paths have in common.

    key id (1 byte) · what is told · HMAC-SHA256 of label, purpose, key id and what is told, cut to 16 bytes

The label tells kinds of tokens apart, the purpose what one of a kind is good for: none passes for another.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping

Keys = Mapping[int, bytes]
"""Key id (0–255) → secret of 32 bytes. The highest id signs; all of them verify."""

_MAC_BYTES = 16  # RFC 2104, section 5: not less than half of the hash
_ID_BYTES = 8
_STORABLE = 63  # bits that a database has for a number of anything


def seal(keys: Keys, label: str, purpose: str, told: bytes) -> bytes:
    """What `unseal` takes back, for this label and purpose only."""
    key_id = max(keys)
    head = bytes([key_id]) + told
    return head + _mac(keys[key_id], label, purpose, head)


def unseal(keys: Keys, label: str, purpose: str, sealed: bytes) -> bytes | None:
    """What was sealed; None for anything else, in constant time."""
    head, mac = sealed[:-_MAC_BYTES], sealed[-_MAC_BYTES:]
    secret = keys.get(head[0], b"") if head else b""
    is_genuine = hmac.compare_digest(_mac(secret, label, purpose, head), mac)
    return head[1:] if is_genuine and secret else None


def seal_number(keys: Keys, label: str, purpose: str, number: int) -> bytes:
    """A number of at most 8 bytes."""
    return seal(keys, label, purpose, number.to_bytes(max(1, (number.bit_length() + 7) // 8), "big"))


def unseal_number(keys: Keys, label: str, purpose: str, sealed: bytes) -> int | None:
    """The number that was sealed; None for anything else, and for one that no row can have."""
    told = unseal(keys, label, purpose, sealed)
    if told is None or not 1 <= len(told) <= _ID_BYTES:
        return None
    number = int.from_bytes(told, "big")
    return number if is_storable(number) else None


def is_storable(number: int) -> bool:
    """Whether a database can have it as a number of anything."""
    return number.bit_length() <= _STORABLE


def _mac(secret: bytes, label: str, purpose: str, head: bytes) -> bytes:
    # Label and purpose end at a NUL, which neither holds, so that no two of them give the same text.
    text = f"digest {label}\0{purpose}\0".encode() + head
    return hmac.digest(secret, text, hashlib.sha256)[:_MAC_BYTES]
