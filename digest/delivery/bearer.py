"""Access tokens in mail protocols: what a client says with one, and what a server says of it when it refuses.

XOAUTH2      user=NAME^Aauth=Bearer TOKEN^A^A                      as Google and Microsoft document it
OAUTHBEARER  n,a=NAME,^Ahost=HOST^Aport=PORT^Aauth=Bearer TOKEN^A^A  RFC 7628

A refusal begins with a challenge that tells why, which the client has to answer before the exchange ends.
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import Literal

Mechanism = Literal["XOAUTH2", "OAUTHBEARER"]

DISMISSED: dict[Mechanism, bytes] = {"XOAUTH2": b"", "OAUTHBEARER": b"\x01"}
"""The answer to the challenge of a refusal."""


def first_words(mechanism: Mechanism, username: str, token: str, host: str, port: int) -> bytes:
    """What shows a token, before it is encoded as base64."""
    if mechanism == "XOAUTH2":
        return f"user={username}\1auth=Bearer {token}\1\1".encode()
    name = username.replace("=", "=3D").replace(",", "=2C")  # RFC 5801 section 4
    return f"n,a={name},\1host={host}\1port={port}\1auth=Bearer {token}\1\1".encode()


def token_of(said: str, whence: object) -> str:
    """The token in the text of a file, or of what a command printed.

    Raises:
        ValueError: there is none.
    """
    words = said.split()
    if not words:
        raise ValueError(f"there is no token in {whence}")
    return words[0]


def reason_of(challenge: str) -> str:
    """The server's reason, as in {"status": "400", "schemes": "bearer"} (RFC 7628 section 3.2.2), encoded or not."""
    try:
        told = json.loads(base64.b64decode(challenge, validate=True))
    except (binascii.Error, ValueError):
        try:
            told = json.loads(challenge)
        except ValueError:
            return challenge[:200]
    shown = told if isinstance(told, dict) else {"status": told}
    return ", ".join(f"{name} {value}" for name, value in shown.items())[:200]
