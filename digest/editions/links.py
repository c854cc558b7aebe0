"""Signed tokens for the links in mails: who, and what for; nothing else can be done with one.

A token is base64url of `key id (1 byte) · subscriber id (1–8 bytes) · HMAC-SHA256 cut to 16 bytes`: 24 to 34
characters, so that `<https://HOST/u/TOKEN>` stays within 74 columns, where no mail program folds or encodes it.
Tokens of links that stand in no header may tell more: several numbers, each after a byte that says how long it is.
"""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlsplit

from digest.seals import Keys, is_storable, seal, seal_number, unseal, unseal_number

UNSUBSCRIBE = "unsubscribe"
CONFIRM = "confirm"  # its number is that of a confirmation, which knows when it was used and when it expires

PREFERENCES = "preferences"  # subscriber, until when: see `sign_until`
ARCHIVE = "archive"  # likewise
VOTE = "vote"  # subscriber, paper, edition; or subscriber and edition, for all of its papers
FEED = "feed"  # subscriber, number of the feed's address: the next number ends the one before

ACCESS_LIVES = timedelta(hours=2)
"""How long a link opens preferences, archive, export and erasure."""

_LABEL = "link"
_TOKEN_LENGTH = 34  # of 1 + 8 + 16 bytes in base64 without padding
_LONGEST_TOKEN = 64  # of 1 + 3 × 9 + 16 bytes, and some room
_LAST_MINUTE = int(datetime.max.replace(tzinfo=UTC).timestamp()) // 60
_COLUMNS = 74
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def sign(keys: Keys, purpose: str, subscriber_id: int) -> str:
    """A token that `verify` turns back into `subscriber_id`, for this purpose only. By itself it never expires."""
    return _encode(seal_number(keys, _LABEL, purpose, subscriber_id))


def verify(keys: Keys, purpose: str, token: str) -> int | None:
    """The subscriber id of a token signed for `purpose`; None for anything else, in constant time."""
    return unseal_number(keys, _LABEL, purpose, _decode(token))


def sign_numbers(keys: Keys, purpose: str, *numbers: int) -> str:
    """A token that `verify_numbers` turns back into the numbers, for this purpose only."""
    return _encode(seal(keys, _LABEL, purpose, b"".join(map(_counted, numbers))))


def verify_numbers(keys: Keys, purpose: str, token: str, count: int) -> tuple[int, ...] | None:
    """The `count` numbers of a token signed for `purpose`; None for anything else, in constant time."""
    told = unseal(keys, _LABEL, purpose, _decode(token, _LONGEST_TOKEN))
    numbers = _numbers(told) if told is not None else ()
    return numbers if len(numbers) == count and all(map(is_storable, numbers)) else None


def sign_until(keys: Keys, purpose: str, subscriber_id: int, until: datetime) -> str:
    """A token that says by itself when it expires, to the minute."""
    return sign_numbers(keys, purpose, subscriber_id, int(until.timestamp()) // 60)


def verify_until(keys: Keys, purpose: str, token: str) -> tuple[int, datetime] | None:
    """Subscriber id and when the token expires, or expired; None where it is not genuine."""
    found = verify_numbers(keys, purpose, token, 2)
    if found is None:
        return None
    return (found[0], datetime.fromtimestamp(found[1] * 60, UTC)) if found[1] <= _LAST_MINUTE else None


def vote_token(keys: Keys, subscriber_id: int, paper_id: int, edition_id: int) -> str:
    """What the archive links for one paper of an edition; it never expires and can do nothing but vote."""
    return sign_numbers(keys, VOTE, subscriber_id, paper_id, edition_id)


def votes_url(public_url: str, keys: Keys, subscriber_id: int, edition_id: int) -> str:
    """The address before `/PAPER` and `/PAPER/DEED` of all votes on an edition.

    One signature for a whole mail: which papers may be voted on, the edition says. Without "=" and "&", so that
    quoted-printable leaves it as it is.
    """
    return f"{public_url.rstrip('/')}/v/{sign_numbers(keys, VOTE, subscriber_id, edition_id)}"


def preferences_url(public_url: str, token: str) -> str:
    """The address of a subscriber's own page, by a token that lives shortly."""
    return f"{public_url.rstrip('/')}/preferences/{token}"


def manage_url(public_url: str) -> str:
    """Where a fresh link to one's own page is asked for; the same for everybody, so every mail may link it."""
    return f"{public_url.rstrip('/')}/manage"


def unsubscribe_url(public_url: str, token: str) -> str:
    """The address of the unsubscribe page, which answers RFC 8058's POST as well."""
    return f"{public_url.rstrip('/')}/u/{token}"


def confirm_url(public_url: str, token: str) -> str:
    """The address of the page with the button that confirms a subscription."""
    return f"{public_url.rstrip('/')}/confirm/{token}"


def unsubscribe_mailto(inbox: str, token: str) -> str:
    """A mailto: address that does the same by mail, for the inbox that reads commands."""
    return f"mailto:{quote(inbox, safe='@')}?subject=unsubscribe%20{token}"


def check_public_url(public_url: str) -> str | None:
    """What is wrong with a `public_url`, as a sentence that says what would be right; None when it is good."""
    parts = urlsplit(public_url)
    if not public_url.isascii() or not public_url.isprintable() or " " in public_url:
        return "must be plain ASCII; write an international host name in its xn-- form"
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        return "must start with https:// (http:// is for loopback only)"
    if not parts.hostname or parts.username or parts.query or parts.fragment:
        return "must be https://HOST or https://HOST/PATH, without a user, query or fragment"
    if parts.hostname not in _LOOPBACK and _is_numeric(parts.hostname):
        return "must name a host: mail filters distrust links to bare addresses"
    longest = _COLUMNS - len("<>") - len(unsubscribe_url("", "x" * _TOKEN_LENGTH))
    if len(public_url.rstrip("/")) > longest:
        return f"must be at most {longest} characters: mail clients hide the unsubscribe button of a longer one"
    return None


def _is_numeric(host: str) -> bool:
    return ":" in host or host.replace(".", "").isdigit()


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _counted(number: int) -> bytes:
    size = (number.bit_length() + 7) // 8
    return bytes([size]) + number.to_bytes(size, "big")


def _numbers(raw: bytes) -> tuple[int, ...]:
    found: list[int] = []
    while raw:
        end = 1 + raw[0]
        found.append(int.from_bytes(raw[1:end], "big"))
        raw = raw[end:]
    return tuple(found)


def _decode(token: str, longest: int = _TOKEN_LENGTH) -> bytes:
    """The bytes of a token, b"" unless it is written the one way `_encode` writes it."""
    if not token.isascii() or len(token) > longest:
        return b""
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (binascii.Error, ValueError):
        return b""
    return raw if _encode(raw) == token else b""
