"""Whether `[inbox]`, `[webhook]` and the return path make sense, although each option is right by itself."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address

from pydantic import BaseModel

from digest.config.settings import InboxSettings, WebhookSettings

_LEAST_SECRET = 16


def inbox_mismatches(built: Mapping[str, BaseModel | None], where: Mapping[str, str]) -> list[str]:
    """What is wrong, each with the section it stands in."""
    inbox, webhook = built["inbox"], built["webhook"]
    found = [f"{where['inbox']}: {one}" for one in _inbox(inbox)] if isinstance(inbox, InboxSettings) else []
    is_weak = isinstance(webhook, WebhookSettings) and len(webhook.secret.get_secret_value()) < _LEAST_SECRET
    if isinstance(webhook, WebhookSettings) and webhook.kind and is_weak:
        found.append(f'{where["webhook"]}: needs secret_file = "FILE" with at least {_LEAST_SECRET} characters')
    return found


def _inbox(inbox: InboxSettings) -> list[str]:
    if inbox.kind == "maildir":
        return [] if inbox.path else ['kind is maildir, which needs path = "the Maildir\'s folder"']
    if inbox.kind != "imap":
        return []
    found = []
    if not inbox.host:
        found.append('kind is imap, which needs host = "the server\'s name"')
    found += _login(inbox)
    if inbox.security == "plain" and not _is_loopback(inbox.host):
        found.append('security = "plain" would send the password readable; use tls or starttls')
    return found


def _login(inbox: InboxSettings) -> list[str]:
    has_password = bool(inbox.password.get_secret_value())
    if inbox.auth == "password":
        found = ['a token, but auth = "password"; say auth = "xoauth2" or "oauthbearer"'] if inbox.token_file else []
        if not inbox.username or not has_password:
            found.append('kind is imap, which needs a username and password_file = "FILE"')
        return found
    if not inbox.username or inbox.token_file is None:
        return [f'auth = "{inbox.auth}" needs a username and token_file = "FILE"']
    return ["a token and a password; give one of them"] if has_password else []


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
