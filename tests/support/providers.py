"""Reports as providers post them, signed as they sign."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime

NOW = datetime(2026, 4, 20, 12, tzinfo=UTC)
SECRET = "a secret of sixteen"


def mac(text: str, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def generic(content: object, at: datetime = NOW, secret: str = SECRET) -> tuple[bytes, dict[str, str]]:
    body, seconds = json.dumps(content), int(at.timestamp())
    return body.encode(), {"x-digest-signature": f"t={seconds}, v1={mac(f'{seconds}.{body}', secret)}"}


def mailgun(event: Mapping[str, object], at: datetime = NOW, secret: str = SECRET) -> tuple[bytes, dict[str, str]]:
    seconds = str(int(at.timestamp()))
    signature = {"timestamp": seconds, "token": "t" * 50, "signature": mac(seconds + "t" * 50, secret)}
    return json.dumps({"signature": signature, "event-data": event}).encode(), {}


def postmark(content: Mapping[str, object], password: str = SECRET) -> tuple[bytes, dict[str, str]]:
    basic = base64.b64encode(f"digest:{password}".encode()).decode()
    return json.dumps(content).encode(), {"authorization": f"Basic {basic}"}
