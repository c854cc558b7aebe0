"""The keys that sign mails: whether `[dkim]` is right, and the keys of its files."""

from __future__ import annotations

import stat
from email.utils import parseaddr
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel

from digest.config.overlay import Raw
from digest.config.settings import DkimSettings, MailSettings, Settings
from digest.editions.headers import a_label
from digest.errors import ConfigError

if TYPE_CHECKING:  # most commands sign nothing and need not pay for cryptography
    from digest.delivery.dkim_keys import Key


def mismatches(dkim: BaseModel | None, mail: BaseModel | None, raw: Raw) -> list[str]:
    """What is wrong with `[dkim]` although each option is right by itself; the files are not looked at."""
    if not isinstance(dkim, DkimSettings):
        return []
    found = []
    if dkim.key_file and not dkim.selector:
        found.append(f'{raw.place("key_file")}: key_file needs selector = "NAME", under which DNS has its public key')
    if dkim.selector and not dkim.key_file:
        found.append(f"{raw.place('selector')}: selector needs key_file = \"FILE\"; 'digest dkim generate' makes one")
    if dkim.selector in dkim.keys:
        found.append(f"{raw.place('keys')}: '{dkim.selector}' is the first key's selector; give this key another")
    if dkim.files and isinstance(mail, MailSettings):
        found += _unaligned(dkim, _from_domain(mail), raw.place("domain"))
    return found


def signing_domain(settings: Settings) -> str:
    """The domain that vouches for the mails, whether or not there is a key."""
    return settings.dkim.domain or _from_domain(settings.mail)


def signing_keys(settings: Settings) -> tuple[Key, ...]:
    """The configured keys in the order of their signatures; none where nothing is signed.

    Raises:
        ConfigError: what is wrong with each of the files.
    """
    keys, problems = [], []
    for selector, file in settings.dkim.files.items():
        try:
            keys.append(_read(file, signing_domain(settings), selector))
        except ValueError as error:
            problems.append(f"dkim: key of '{selector}': {str(file)!r} {error}")
    if problems:
        raise ConfigError(problems)
    return tuple(keys)


def careless(settings: Settings) -> list[str]:
    """Warnings: key files that others can read."""
    open_files = [file for file in settings.dkim.files.values() if _mode(file) & (stat.S_IRWXG | stat.S_IRWXO)]
    return [f"{file} is open to others, who could sign as you: 'chmod 600 {file}'" for file in open_files]


def _read(file: Path, domain: str, selector: str) -> Key:
    from digest.delivery.dkim_keys import read_key

    try:
        content = file.read_bytes()
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}") from error
    return read_key(content, domain, selector)


def _mode(file: Path) -> int:
    try:
        return file.stat().st_mode
    except OSError:
        return 0


def _from_domain(mail: MailSettings) -> str:
    return a_label(parseaddr(mail.sender)[1].rpartition("@")[2])


def _unaligned(dkim: DkimSettings, sender: str, place: str) -> list[str]:
    """DMARC (RFC 7489, section 3.1.1) counts a signature only where its domain and that of From belong together."""
    domain = dkim.domain or sender
    if "." not in domain:
        return [f"{place}: mail.from has the domain '{domain}', which cannot be found in DNS; give it yours"]
    if f".{sender}".endswith(f".{domain}") or f".{domain}".endswith(f".{sender}"):
        return []
    advice = "leave domain out, or name a domain above or below it"
    return [f"{place}: '{domain}' does not vouch for the domain of mail.from, '{sender}': {advice}"]
