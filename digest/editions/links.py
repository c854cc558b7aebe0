"""Signed tokens for the links in mails: who, and what for; nothing else can be done with one.

A token is base64url of `key id (1 byte) · subscriber id (1–8 bytes) · HMAC-SHA256 cut to 16 bytes`: 24 to 34
characters, so that `<https://HOST/u/TOKEN>` stays within 74 columns, where no mail program folds or encodes it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import quote, urlsplit

Keys = Mapping[int, bytes]
"""Key id (0–255) → secret of 32 bytes. The highest id signs; all of them verify."""

UNSUBSCRIBE = "unsubscribe"

_MAC_BYTES = 16  # RFC 2104, section 5: not less than half of the hash
_ID_BYTES = 8
_TOKEN_LENGTH = 34  # of 1 + 8 + 16 bytes in base64 without padding
_COLUMNS = 74
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def sign(keys: Keys, purpose: str, subscriber_id: int) -> str:
    """A token that `verify` turns back into `subscriber_id`, for this purpose only. It never expires."""
    key_id = max(keys)
    number = subscriber_id.to_bytes(max(1, (subscriber_id.bit_length() + 7) // 8), "big")
    head = bytes([key_id]) + number
    return _encode(head + _mac(keys[key_id], purpose, head))


def verify(keys: Keys, purpose: str, token: str) -> int | None:
    """The subscriber id of a token signed for `purpose`; None for anything else, in constant time."""
    raw = _decode(token)
    head, mac = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
    if not 2 <= len(head) <= 1 + _ID_BYTES:
        return None
    secret = keys.get(head[0], b"")
    is_genuine = hmac.compare_digest(_mac(secret, purpose, head), mac)
    return int.from_bytes(head[1:], "big") if is_genuine and secret else None


def unsubscribe_url(public_url: str, token: str) -> str:
    """The address of the unsubscribe page, which answers RFC 8058's POST as well."""
    return f"{public_url.rstrip('/')}/u/{token}"


def unsubscribe_mailto(inbox: str, token: str) -> str:
    """A mailto: address that does the same by mail, for the inbox that reads commands."""
    return f"mailto:{quote(inbox, safe='@')}?subject=unsubscribe%20{token}"


def check_public_url(public_url: str) -> str | None:
    """What is wrong with a `public_url`, as a sentence that says what would be right; None when it is good."""
    parts = urlsplit(public_url)
    if not public_url.isascii() or not public_url.isprintable() or " " in public_url:
        return "must be plain ASCII; write an international host name in its xn-- form"
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        return "must start with https:// (http:// is for loopback only)"
    if not parts.hostname or parts.username or parts.query or parts.fragment:
        return "must be https://HOST or https://HOST/PATH, without a user, query or fragment"
    if parts.hostname not in _LOOPBACK and _is_numeric(parts.hostname):
        return "must name a host: mail filters distrust links to bare addresses"
    longest = _COLUMNS - len("<>") - len(unsubscribe_url("", "x" * _TOKEN_LENGTH))
    if len(public_url.rstrip("/")) > longest:
        return f"must be at most {longest} characters: mail clients hide the unsubscribe button of a longer one"
    return None


def _is_numeric(host: str) -> bool:
    return ":" in host or host.replace(".", "").isdigit()


def _mac(secret: bytes, purpose: str, head: bytes) -> bytes:
    # The purpose ends at the NUL, which no purpose holds, so that no two pairs give the same text.
    return hmac.digest(secret, b"digest link\0" + purpose.encode() + b"\0" + head, hashlib.sha256)[:_MAC_BYTES]


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(token: str) -> bytes:
    """The bytes of a token, b"" unless it is written the one way `_encode` writes it."""
    if not token.isascii() or len(token) > _TOKEN_LENGTH:
        return b""
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (binascii.Error, ValueError):
        return b""
    return raw if _encode(raw) == token else b""
