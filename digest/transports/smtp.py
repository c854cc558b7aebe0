"""SMTP to one relay: aiosmtplib connects and does TLS, then the connection is taken over for the conversation.

One stated mode of security and never a weaker one: a refusal is Unavailable, and nothing has been sent.
"""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass, field
from typing import Literal

import aiosmtplib

from digest.delivery.replies import Unavailable
from digest.transports.conversation import Recycling, SmtpConnection, Timeouts
from digest.transports.dialogue import Lost
from digest.transports.login import Password, Refused, Token

__all__ = ["Recycling", "Security", "Smtp", "SmtpConnection", "Timeouts"]

Security = Literal["starttls", "tls", "plain"]

_AUTH_CODES = (530, 534, 535, 538)


@dataclass(frozen=True, slots=True)
class Smtp:
    """A relay. `tls` is the context to verify it with, the machine's authorities where it is None.

    `login` wins over `username` and `password`. `name` is what we call ourselves in EHLO, the machine's own name
    where it is None.
    """

    host: str
    port: int
    security: Security = "starttls"
    username: str = ""
    password: str = field(default="", repr=False)
    tls: ssl.SSLContext | None = None
    name: str | None = None
    timeouts: Timeouts = field(default_factory=Timeouts)
    recycling: Recycling = field(default_factory=Recycling)
    login: Token | Password | None = None

    async def connect(self) -> SmtpConnection | Unavailable:
        client = self._client()
        try:
            async with asyncio.timeout(2 * self.timeouts.connect):
                await client.connect()
                if client.is_ehlo_or_helo_needed:
                    await client.ehlo()
                # Not on connect: a refusal there closes the transport before it could be aborted.
                if login := self.login or (Password(self.username, self.password) if self.username else None):
                    await login.log_in(client)
            return SmtpConnection(client.transport, client.esmtp_extensions, self.timeouts, self.recycling)
        except Refused as refused:
            _drop(client)
            return Unavailable(f"{self.host}:{self.port}: the login was refused: {refused}", is_auth=True)
        except (aiosmtplib.SMTPException, OSError, UnicodeError, Lost) as error:
            _drop(client)
            return _unavailable(f"{self.host}:{self.port}", error)
        except BaseException:
            _drop(client)
            raise

    def _client(self) -> aiosmtplib.SMTP:
        return aiosmtplib.SMTP(
            hostname=self.host,
            port=self.port,
            local_hostname=self.name,
            timeout=self.timeouts.connect,
            use_tls=self.security == "tls",
            start_tls=self.security == "starttls",  # never None, which would take plain text, too
            tls_context=self.tls,
        )


def _drop(client: aiosmtplib.SMTP) -> None:
    if isinstance(client.transport, asyncio.Transport):
        client.transport.abort()
    client.close()


def _unavailable(relay: str, error: Exception) -> Unavailable:
    if isinstance(error, aiosmtplib.SMTPResponseException):
        text = " ".join(f"{error.code} {error.message}".split())
        return Unavailable(f"{relay}: {text}", is_auth=error.code in _AUTH_CODES)
    return Unavailable(f"{relay}: {str(error) or type(error).__name__}")
