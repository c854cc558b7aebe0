"""Mail addresses as they are kept: one form to send to, one key to find them by."""

from __future__ import annotations

import idna

from digest.errors import UsageError

# RFC 5321 section 4.5.3.1: local part 64 octets, path 256 with its angle brackets.
_LOCAL_LIMIT, _ADDRESS_LIMIT = 64, 254
_ATOM = frozenset("!#$%&'*+-/=?^_`{|}~.0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")


def parse_address(text: str) -> tuple[str, str]:
    """The address with its domain as lower-case A-labels, and its case-folded key: equal keys are one mailbox.

    Raises:
        UsageError: it is no address that every mail server takes; the text says why.
    """
    if not text.isprintable():
        raise UsageError(f"{text!a}: an address has no control characters")
    local, at, domain = text.strip().rpartition("@")
    if not at or not local or not domain:
        raise UsageError(f"{text!r} is no mail address: write name@example.org")
    address = f"{_local(text, local)}@{_domain(text, domain)}"
    if len(address) > _ADDRESS_LIMIT:
        raise UsageError(f"{text[:40]!r}…: an address has at most {_ADDRESS_LIMIT} characters (RFC 5321)")
    return address, address.casefold()


def parse_public_address(text: str) -> tuple[str, str]:
    """As `parse_address`, for strangers: `ada@localhost` is an address for whoever runs the machine.

    Raises:
        UsageError: no address that mail from elsewhere reaches.
    """
    shown, key = parse_address(text)
    domain = key.rpartition("@")[2]
    if "." not in domain:
        raise UsageError(f"{text!r}: {domain!r} is no complete domain name, such as example.org")
    return shown, key


def _local(text: str, local: str) -> str:
    if not local.isascii():
        raise UsageError(f"{text!r}: before the @ only ASCII is possible, many mail servers refuse anything else")
    if not _ATOM.issuperset(local):
        wrong = next(character for character in local if character not in _ATOM)
        raise UsageError(f"{text!r}: {wrong!r} cannot stand before the @; write the bare address, name@example.org")
    if local.startswith(".") or local.endswith(".") or ".." in local:
        raise UsageError(f"{text!r}: a dot stands between two other characters")
    if len(local) > _LOCAL_LIMIT:
        raise UsageError(f"{text[:40]!r}…: at most {_LOCAL_LIMIT} characters can stand before the @ (RFC 5321)")
    return local


def _domain(text: str, domain: str) -> str:
    if domain.lower() == "localhost":
        return "localhost"
    try:
        encoded = idna.encode(domain, uts46=True, std3_rules=True).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError) as error:
        raise UsageError(f"{text[:80]!r}: {domain[:80]!r} is no domain name: {error}") from error
    if "." not in encoded.strip(".") or encoded.endswith(".") or encoded.rpartition(".")[2].isdecimal():
        raise UsageError(f"{text!r}: {domain!r} is no complete domain name, such as example.org")
    return encoded
