"""Whether `[smtp]` and `[sendmail]` make sense, although each option is right by itself."""

from __future__ import annotations

import shlex

from pydantic import BaseModel

from digest.config.settings import MailSettings, SendmailSettings, SmtpSettings


def relay_mismatches(
    smtp: BaseModel | None, mail: BaseModel | None, sendmail: BaseModel | None, where: str
) -> list[str]:
    """What is wrong, each with `where` it stands."""
    if not isinstance(smtp, SmtpSettings) or not isinstance(mail, MailSettings):
        return []
    found = _login(smtp)
    if mail.transport == "smtp" and not smtp.host:
        found.insert(0, 'mail.transport is smtp, which needs host = "the relay\'s name"')
    if smtp.security == "plain" and _has_secret(smtp) and not smtp.is_loopback:
        found.append('security = "plain" would send the password readable; use starttls or tls')
    if smtp.token_command and not _can_be_split(smtp.token_command):
        found.append("token_command has a quotation mark without its other half")
    if isinstance(sendmail, SendmailSettings) and not _can_be_split(sendmail.command):
        found.append("sendmail.command is empty, or has a quotation mark without its other half")
    return [f"{where}: {one}" for one in found]


def _login(smtp: SmtpSettings) -> list[str]:
    has_password = bool(smtp.password.get_secret_value())
    if smtp.auth != "password":
        if not smtp.username or bool(smtp.token_file) == bool(smtp.token_command):
            return [f'auth = "{smtp.auth}" needs a username and either token_file = "FILE" or token_command']
        return ["a token and a password; give one of them"] if has_password else []
    found = []
    if smtp.token_file or smtp.token_command:
        found.append('a token, but auth = "password"; say auth = "xoauth2" or "oauthbearer"')
    if has_password and not smtp.username:
        found.append("a password without a username; give both or neither")
    if smtp.username and not has_password:
        found.append('a username without a password; give password_file = "FILE"')
    return found


def _has_secret(smtp: SmtpSettings) -> bool:
    return smtp.auth != "password" or bool(smtp.password.get_secret_value())


def _can_be_split(command: str) -> bool:
    try:
        return bool(shlex.split(command))
    except ValueError:
        return False
