"""A mailbox on an IMAP server (RFC 3501), read with the standard library: a session per look.

IDLE would bring a bounce a minute sooner, and nothing here is in a hurry.
"""

from __future__ import annotations

import contextlib
import imaplib
import ssl
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from digest.delivery.bearer import DISMISSED, Mechanism, first_words, reason_of, token_of
from digest.delivery.received import MAX_BYTES
from digest.inboxes import After, Arrived, Unreadable

_TIMEOUT = 60.0  # seconds for each answer


@dataclass(frozen=True, slots=True)
class Token:
    """An access token from a file, in place of a password. It is read anew for each session, because it soon ends."""

    file: Path
    mechanism: Mechanism = "XOAUTH2"


@dataclass(frozen=True, slots=True)
class Account:
    """Where the mailbox is and who opens it. `security` is one stated mode, never a fall-back to a weaker one.

    `ca_file` holds authorities that are trusted besides the machine's.
    """

    host: str
    port: int
    security: Literal["tls", "starttls", "plain"]
    username: str
    secret: str | Token = field(repr=False)
    folder: str = "INBOX"
    ca_file: Path | None = None


class Imap:
    """Reads what is unread and marks it as read; with `after = "delete"` whatever is there, and deletes it."""

    def __init__(self, account: Account, after: After = "keep") -> None:
        self._account, self._after = account, after

    def read(self, learnt: Sequence[str], limit: int) -> list[Arrived] | Unreadable:
        """As `Inbox.read`; keys are UIDVALIDITY:UID."""
        where = f"{self._account.host}:{self._account.port}"
        try:
            client = self._connected()
            with contextlib.closing(_LogsOut(client)):
                self._log_in(client)
                return self._read(client, learnt, limit)
        except (imaplib.IMAP4.error, OSError, ssl.CertificateError) as error:
            return Unreadable(f"{where}: {_told(error)}")

    def _connected(self) -> imaplib.IMAP4:
        account = self._account
        context = ssl.create_default_context()
        if account.ca_file is not None:
            context.load_verify_locations(account.ca_file)
        if account.security == "tls":
            return imaplib.IMAP4_SSL(account.host, account.port, ssl_context=context, timeout=_TIMEOUT)
        client = imaplib.IMAP4(account.host, account.port, timeout=_TIMEOUT)
        if account.security == "starttls":
            try:
                client.starttls(context)
            except BaseException:
                client.shutdown()
                raise
        return client

    def _log_in(self, client: imaplib.IMAP4) -> None:
        account = self._account
        if isinstance(account.secret, Token):
            _show_token(client, account, account.secret)
        elif "AUTH=PLAIN" in client.capabilities:  # takes any characters, where LOGIN takes ASCII
            words = f"\0{account.username}\0{account.secret}".encode()
            client.authenticate("PLAIN", lambda _challenge: words)
        else:
            client.login(_quoted(account.username), account.secret)

    def _read(self, client: imaplib.IMAP4, learnt: Sequence[str], limit: int) -> list[Arrived]:
        _checked(client.select(_quoted(self._account.folder)), f"folder {self._account.folder!r}")
        validity = _text(client.response("UIDVALIDITY")[1]) or "0"
        self._put_away(client, [key.partition(":")[2] for key in learnt if key.partition(":")[0] == validity])
        wanted = "UNDELETED" if self._after == "delete" else "UNSEEN UNDELETED"
        found = _text(_checked(client.uid("SEARCH", wanted), "search")).split()
        messages = ((uid, _fetched(client, uid)) for uid in sorted(found, key=int)[:limit])
        return [Arrived(f"{validity}:{uid}", raw) for uid, raw in messages if raw is not None]

    def _put_away(self, client: imaplib.IMAP4, uids: Sequence[str]) -> None:
        if not uids:
            return
        flag = r"(\Deleted)" if self._after == "delete" else r"(\Seen)"
        for start in range(0, len(uids), 100):
            some = ",".join(uids[start : start + 100])
            _checked(client.uid("STORE", some, "+FLAGS.SILENT", flag), "marking")
            if self._after == "delete" and "UIDPLUS" in client.capabilities:  # RFC 4315: ours only
                _checked(client.uid("EXPUNGE", some), "deleting")
        if self._after == "delete" and "UIDPLUS" not in client.capabilities:
            _checked(client.expunge(), "deleting")


class _LogsOut:
    """Ends a session politely where the server still listens."""

    def __init__(self, client: imaplib.IMAP4) -> None:
        self._client = client

    def close(self) -> None:
        with contextlib.suppress(imaplib.IMAP4.error, OSError):
            self._client.logout()


def _show_token(client: imaplib.IMAP4, account: Account, token: Token) -> None:
    """Log in by a token. Raises `imaplib.IMAP4.error` with the server's reason, never with the token."""
    if f"AUTH={token.mechanism}" not in client.capabilities:
        offered = [name.removeprefix("AUTH=") for name in client.capabilities if name.startswith("AUTH=")]
        raise imaplib.IMAP4.error(f"the server does not offer {token.mechanism}, only {', '.join(offered) or 'LOGIN'}")
    words = first_words(token.mechanism, account.username, _read_token(token.file), account.host, account.port)
    told: list[str] = []

    def answer(challenge: bytes) -> bytes:
        if not challenge and not told:
            told.append("")
            return words
        told.append(reason_of(challenge.decode("utf-8", "replace")))
        return DISMISSED[token.mechanism]

    try:
        client.authenticate(token.mechanism, answer)
    except imaplib.IMAP4.error as error:
        reason = f" (the server says of the token: {told[-1]})" if told and told[-1] else ""
        raise imaplib.IMAP4.error(f"{_told(error)}{reason}") from None


def _read_token(file: Path) -> str:
    try:
        return token_of(file.read_text(encoding="utf-8"), file)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise imaplib.IMAP4.error(f"the token cannot be read: {file}: {why}") from None


def _fetched(client: imaplib.IMAP4, uid: str) -> bytes | None:
    """A message as far as it is read, without marking it; None where it went meanwhile."""
    parts = _checked(client.uid("FETCH", uid, f"(BODY.PEEK[]<0.{MAX_BYTES}>)"), "fetching")
    return next((part[1] for part in parts if isinstance(part, tuple)), None)


def _checked(answer: tuple[str, Iterable[object]], what: str) -> list[object]:
    status, data = answer[0], list(answer[1])
    if status != "OK":
        raise imaplib.IMAP4.error(f"{what}: {_text(data) or status}")
    return data


def _text(data: Sequence[object] | None) -> str:
    """The first line of an answer."""
    first = data[0] if data else None
    return first.decode("ascii", "replace") if isinstance(first, bytes) else ""


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _told(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message}"
    if isinstance(error, TimeoutError):
        return f"no answer within {_TIMEOUT:.0f} seconds"
    if isinstance(error, OSError):
        return error.strerror or str(error)
    text = error.args[0] if error.args else error
    return text.decode("utf-8", "replace") if isinstance(text, bytes) else " ".join(str(text).split())
