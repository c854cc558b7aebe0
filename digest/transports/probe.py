"""A look at a relay without sending anything: what it offers, and how its TLS is."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import aiosmtplib

from digest.transports.smtp import Smtp

_PATIENCE = 20.0


@dataclass(frozen=True, slots=True)
class Seen:
    """What a relay showed. `problem` says what went wrong, `is_tls` whether it was TLS; until then all is known.

    `extensions` are of the last EHLO, lower case, with their parameters. `protocol` is TLS's version, "" without.
    """

    extensions: Mapping[str, str] = field(default_factory=dict)
    protocol: str = ""
    expires_at: datetime | None = None
    problem: str = ""
    is_tls: bool = False


async def probe(relay: Smtp) -> Seen:
    """Connect as the transport does, step by step, without AUTH; never raises for what a relay does."""
    client = aiosmtplib.SMTP(
        hostname=relay.host,
        port=relay.port,
        local_hostname=relay.name,
        timeout=min(_PATIENCE, relay.timeouts.connect),
        use_tls=relay.security == "tls",
        start_tls=False,
        tls_context=relay.tls,
    )
    step = _Step()
    try:
        async with asyncio.timeout(2 * _PATIENCE):
            return await _look(client, relay, step)
    except (aiosmtplib.SMTPException, OSError, UnicodeError) as error:
        # TLS from the start fails as a connection does; its cause says which of them it was.
        is_tls = step.is_tls or isinstance(error, ssl.SSLError) or isinstance(error.__cause__, ssl.SSLError)
        return Seen(step.extensions, problem=_said(error), is_tls=is_tls)
    finally:
        client.close()


@dataclass(slots=True)
class _Step:
    extensions: Mapping[str, str] = field(default_factory=dict)
    is_tls: bool = False


async def _look(client: aiosmtplib.SMTP, relay: Smtp, step: _Step) -> Seen:
    await client.connect()
    await client.ehlo()
    step.extensions = dict(client.esmtp_extensions)
    if relay.security == "starttls":
        step.is_tls = True
        await client.starttls()
        step.is_tls = False
        await client.ehlo()
        step.extensions = dict(client.esmtp_extensions)
    protocol, expires_at = _tls(client)
    await client.quit()
    return Seen(step.extensions, protocol, expires_at)


def _tls(client: aiosmtplib.SMTP) -> tuple[str, datetime | None]:
    transport = client.transport
    spoken = transport.get_extra_info("ssl_object") if transport is not None else None
    if not isinstance(spoken, ssl.SSLObject):
        return "", None
    certificate = spoken.getpeercert() or {}
    until = certificate.get("notAfter")
    expires_at = datetime.fromtimestamp(ssl.cert_time_to_seconds(until), UTC) if isinstance(until, str) else None
    return spoken.version() or "", expires_at


def _said(error: Exception) -> str:
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return " ".join(f"{error.code} {error.message}".split())
    return str(error) or type(error).__name__
