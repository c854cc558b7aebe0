"""Logging in: by password, or by an OAuth 2.0 token, which is read anew for each connection because it soon ends.

C: AUTH XOAUTH2 dXNlcj1…            S: 235, or 334 and a challenge that tells what is wrong
C: the empty answer (RFC 7628: AQ==)  S: 535, which ends the exchange
"""

from __future__ import annotations

import asyncio
import base64
import shlex
from dataclasses import dataclass, field
from pathlib import Path

import aiosmtplib

from digest.delivery.bearer import DISMISSED, Mechanism, first_words, reason_of, token_of

_TOKEN_SECONDS = 30.0
_CONTINUE, _WELCOME = 334, 235


class Refused(Exception):
    """The server does not let us in, or there is nothing to show it; the text never holds a secret."""


@dataclass(frozen=True, slots=True)
class Password:
    username: str
    password: str = field(repr=False)

    async def log_in(self, client: aiosmtplib.SMTP) -> None:
        """Raises aiosmtplib.SMTPException where it is refused."""
        await client.login(self.username, self.password)


@dataclass(frozen=True, slots=True)
class Token:
    """An access token from the first line of a file, or printed by a command, which is run without a shell."""

    username: str
    file: Path | None = None
    command: str = ""
    mechanism: Mechanism = "XOAUTH2"

    async def log_in(self, client: aiosmtplib.SMTP) -> None:
        """Show the token.

        Raises:
            Refused: there is no token, or the server does not take it.
            aiosmtplib.SMTPException: the connection broke.
        """
        if self.mechanism.lower() not in client.server_auth_methods:
            raise Refused(f"the server does not offer {self.mechanism}, only {', '.join(client.server_auth_methods)}")
        where = client.hostname or "", client.port or 0
        words = first_words(self.mechanism, self.username, await self._token(), *where)
        reply = await client.execute_command(b"AUTH", self.mechanism.encode(), base64.b64encode(words))
        if reply.code == _CONTINUE:
            told = reason_of(reply.message)
            reply = await client.execute_command(base64.b64encode(DISMISSED[self.mechanism]))
            if reply.code != _WELCOME:
                raise Refused(f"{reply.code} {reply.message} (the server says of the token: {told})")
        if reply.code != _WELCOME:
            raise Refused(f"{reply.code} {reply.message}")

    async def _token(self) -> str:
        try:
            said = await asyncio.to_thread(self.file.read_text) if self.file else await _run(shlex.split(self.command))
        except (OSError, UnicodeError, TimeoutError) as error:
            raise Refused(f"the token cannot be read: {str(error) or type(error).__name__}") from None
        try:
            return token_of(said, self.file or "what the token command prints")
        except ValueError as error:
            raise Refused(str(error)) from None


async def _run(words: list[str]) -> str:
    process = await asyncio.create_subprocess_exec(
        *words, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(_TOKEN_SECONDS):
            said, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise OSError(f"the token command ended with status {process.returncode}")
    return said.decode()
