"""Values of mail headers: ASCII, without a way to end the line; refused where they cannot be written so."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import format_datetime, parseaddr
from functools import lru_cache

import idna

from digest.editions.plain import wrap

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
# RFC 5322's dot-atom on the left; a domain of labels on the right, after `a_label`.
_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@[A-Za-z0-9.-]+")
_SPECIALS = re.compile(r'[()<>@,;:\\".\[\]]')
# Both leave room for the header's name, so that every line stays within 76 columns.
_COLUMNS, _CHUNK = 64, 39
_LINE_LIMIT = 900
_FOLD = "\r\n "


def checked(header: str, value: str) -> str:
    """`value` itself, when it is printable ASCII on one line.

    Raises:
        ValueError: it is not; a line end here would let a stranger write headers.
    """
    if not value.isascii() or not value.isprintable():
        raise ValueError(f"{header}: only printable ASCII can stand here, not {value[:80]!r}")
    return value


def subject(words: str) -> str:
    """A subject, folded within 76 columns; other scripts than ASCII as encoded words (RFC 2047)."""
    return _words("Subject", words)


@lru_cache(maxsize=256)
def mailbox(header: str, text: str, *, is_bare: bool = False) -> str:
    """A mailbox such as `Name <a@example.org>` or `a@example.org` as a header has it; `is_bare`: only the address."""
    _refuse_controls(header, text)
    name, address = parseaddr(text)
    return address_list(header, "" if is_bare else name, address)


def address_list(header: str, name: str, address: str, *, is_address: bool = True) -> str:
    """`name` and `address` as one mailbox; with `is_address` false an identifier in brackets, as List-Id has."""
    _refuse_controls(header, name)
    if not is_address:
        bracketed = f"<{checked(header, address)}>"
    elif not name:
        return ascii_address(header, address)
    else:
        bracketed = f"<{ascii_address(header, address)}>"
    return f"{_phrase(header, name)} {bracketed}" if name else bracketed


def ascii_address(header: str, address: str) -> str:
    """`address` with its domain in A-label form (`x@münchen.example` → `x@xn--mnchen-3ya.example`).

    Raises:
        ValueError: no address, or its local part needs SMTPUTF8, which few relays offer.
    """
    local, at, domain = address.rpartition("@")
    found = f"{local}@{a_label(domain)}" if at else ""
    if not _ADDRESS.fullmatch(found):
        raise ValueError(f"{header}: {address[:80]!r} is no address that can be written in ASCII")
    return found


def a_label(domain: str) -> str:
    """`domain` in lower-case A-label form (IDNA 2008 after UTS 46 mapping).

    Raises:
        ValueError: it is no domain.
    """
    if domain.isascii():
        return checked("domain", domain.lower())
    try:
        return idna.encode(domain, uts46=True).decode()
    except idna.IDNAError as error:
        raise ValueError(f"{domain[:80]!r} is no domain: {error}") from error


@lru_cache(maxsize=256)
def date_text(at: datetime) -> str:
    """RFC 5322's date in UTC."""
    return format_datetime(at.astimezone(UTC))


def _phrase(header: str, name: str) -> str:
    if name.isascii() and "=?" not in name:
        escaped = name.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"' if _SPECIALS.search(name) else name
    return _words(header, name)


def _words(header: str, words: str) -> str:
    """`words` folded at blanks as they are, or as encoded words where ASCII cannot hold them or a word has no end."""
    _refuse_controls(header, words)
    lines = wrap(words, _COLUMNS).split("\n")
    # ASCII that looks like an encoded word would be decoded by the reader: encode it, so that it is shown as it is.
    if words.isascii() and "=?" not in words and max(map(len, lines)) < _LINE_LIMIT:
        return _FOLD.join(lines)
    return _FOLD.join(f"=?utf-8?b?{b64encode(chunk).decode()}?=" for chunk in _chunks(words))


def _chunks(words: str) -> Iterator[bytes]:
    """UTF-8 in pieces that end between characters, as RFC 2047 (section 5) asks."""
    rest = words.encode()
    while len(rest) > _CHUNK:
        end = _CHUNK
        while rest[end] & 0xC0 == 0x80:  # within a character
            end -= 1
        yield rest[:end]
        rest = rest[end:]
    yield rest


def _refuse_controls(header: str, value: str) -> None:
    if _CONTROL.search(value):
        raise ValueError(f"{header}: a control character cannot stand here: {value[:80]!r}")
