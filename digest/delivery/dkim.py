"""DKIM signatures: a message's bytes in, the same bytes under one DKIM-Signature header per key out.

RFC 6376 with the algorithms of RFC 8301 and RFC 8463, relaxed/relaxed. Signing is the last thing that happens to a
message: whatever touches it later breaks the signature, so what a relay would have to change is refused here.

    message ─► head, body ─► SHA-256 of the canonical body ─┬─► tags ─► SHA-256 of the canonical fields ─► key ─► b=
                   └──────► canonical fields ───────────────┘
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from hashlib import sha256

import numpy as np

from digest.delivery.dkim_keys import Key
from digest.delivery.wire import is_canonical

OVERSIGNED = ("From", "To", "Subject", "Date")
"""Listed once more than they occur, so that a second one cannot be added to what was signed."""

SIGNED = (
    *OVERSIGNED,
    *("Message-ID", "Reply-To", "Sender", "Cc", "In-Reply-To", "References", "MIME-Version"),
    *("Content-Type", "Content-Transfer-Encoding", "Auto-Submitted", "Feedback-ID"),
    *("List-Id", "List-Unsubscribe", "List-Unsubscribe-Post", "List-Help", "List-Owner", "List-Post", "List-Archive"),
)
"""The headers that a signature covers where they occur, each as often as it does.

RFC 8058 (section 4) wants both unsubscribe headers covered; Feedback-ID is believed only where it is."""

_NAMES = {name.lower().encode(): name for name in SIGNED}
_EOL = b"\r\n"
_MARK, _MARKED = np.uint8(0x80), b"\xa0"  # a bit, and a blank that has it
_COLUMNS = 78
_LINE = 998  # RFC 5322, section 2.1.1; without its end

Fields = dict[bytes, list[bytes]]
"""Lower-case name → canonical `name:value` of each such header, from the top."""


class Signer:
    """Signs with each of its keys; the same message and instant give the same bytes."""

    def __init__(self, keys: Sequence[Key]) -> None:
        self._keys = tuple(keys)

    def sign(self, message: bytes, at: datetime) -> bytes:
        """`message` under its signatures, the first key's on top; `at` is what their `t=` says.

        Raises:
            ValueError: not ASCII, not in canonical form, a line of more than 998 columns, or no proper head.
        """
        body_at = _body_at(message)
        fields = head_fields(message[: body_at - len(_EOL)])
        if b"from" not in fields:
            raise ValueError("DKIM: there is no From header, which every signature must cover")
        names = _listed(tuple((key, len(lines)) for key, lines in fields.items()))
        # Those of one name are taken from the bottom (RFC 6376, section 5.4.2).
        told = _EOL.join(line for lines in fields.values() for line in reversed(lines)) + _EOL
        body = b64encode(body_digest(message, body_at)).decode()
        tail = f"\r\n t={int(at.timestamp())}; bh={body};\r\n b="
        return b"".join([*(_signature(key, names, tail, told) for key in self._keys), message])


def body_digest(message: bytes, start: int = 0) -> bytes:
    """SHA-256 of the body from `start` on, in relaxed form (RFC 6376, section 3.4.4); `message` is ASCII."""
    if message.find(b"\t", start) >= 0:
        message, start = message[start:].replace(b"\t", b" "), 0
    message, start = _without_idle_blanks(message, start)
    end = len(message)
    if message.endswith(b"\r\n\r\n"):
        end = max(start, len(message.rstrip(_EOL))) + len(_EOL)
    is_empty = end - start <= len(_EOL)
    return sha256(b"" if is_empty else memoryview(message)[start:end]).digest()


def head_fields(head: bytes) -> Fields:
    """Those headers of a canonical head that are signed, in relaxed form (RFC 6376, section 3.4.2).

    Raises:
        ValueError: a line that is no header.
    """
    lines = _single_blanks(head.replace(b"\r\n ", b" ").replace(b"\r\n\t", b" ")).removesuffix(_EOL).split(_EOL)
    if not b"".join(lines).decode().isprintable():
        raise ValueError("DKIM: a control character in the head")
    fields: Fields = {}
    for line in lines:
        key, field = _field(line)
        if key in _NAMES:
            fields.setdefault(key, []).append(field)
    return fields


@lru_cache(maxsize=256)  # most headers are the same in all mails of a day
def _field(line: bytes) -> tuple[bytes, bytes]:
    """Lower-case name, and name and value in relaxed form, of an unfolded header with single blanks."""
    name, colon, value = line.partition(b":")
    if not colon or not name or b" " in name:
        raise ValueError(f"DKIM: this is no header: {line[:80]!r}")
    key = name.lower()
    return key, key + b":" + value.strip(b" ")


def _body_at(message: bytes) -> int:
    """Where the body begins, in a message that may be signed."""
    if not message.isascii() or b"\0" in message:
        raise ValueError("DKIM: only 7-bit bytes are signed, because a relay may recode others")
    if not is_canonical(message):
        raise ValueError("DKIM: lines must end with CRLF, and neither CR nor LF may stand alone")
    if _has_long_line(message):
        raise ValueError(f"DKIM: a line has more than {_LINE} columns, so that a relay may break it")
    end = message.find(b"\r\n\r\n")
    if end < 0:
        raise ValueError("DKIM: no empty line ends the head")
    return end + 2 * len(_EOL)


def _has_long_line(message: bytes) -> bool:
    """In leaps from line end to line end, each as far as a line may reach."""
    start, reach = 0, _LINE + len(_EOL)
    last = len(message) - reach
    while start < last:
        end = message.rfind(b"\n", start, start + reach)
        if end < 0:
            return True
        start = end + 1
    return False


def _single_blanks(text: bytes) -> bytes:
    """`text` with each run of blanks and tabs as one blank; replacing halves a run, so a megabyte takes 20 rounds."""
    if b"\t" in text:
        text = text.replace(b"\t", b" ")
    while b"  " in text:
        text = text.replace(b"  ", b" ")
    return text


@lru_cache(maxsize=64)
def _listed(shape: tuple[tuple[bytes, int], ...]) -> tuple[str, ...]:
    """The names for `h=`, of headers with these names and counts."""
    counts = {name.lower().encode(): 1 for name in OVERSIGNED}
    names = [_NAMES[key] for key, count in shape for _ in range(count + counts.pop(key, 0))]
    return (*names, *(_NAMES[key] for key in counts))


def _without_idle_blanks(message: bytes, start: int) -> tuple[bytes, int]:
    """The body with one blank for each run of them and none at a line's end, and where it begins in that.

    By numpy, because looking for two bytes side by side costs `bytes` and `re` as much as all the rest of signing.
    """
    octets = np.frombuffer(message, np.uint8)[start:]
    is_blank = octets == ord(" ")
    is_idle = octets[1:] == ord("\r")  # in place from here on: another array costs as much as what it holds
    is_idle |= is_blank[1:]
    is_idle &= is_blank[:-1]
    if not is_idle.any():
        return message, start
    marked = is_idle.view(np.uint8)
    marked *= _MARK  # the eighth bit is free: the message is ASCII
    marked |= octets[:-1]
    return marked.tobytes().replace(_MARKED, b"") + message[-1:], 0


def _signature(key: Key, names: tuple[str, ...], tail: str, told: bytes) -> bytes:
    """One DKIM-Signature header over the canonical fields `told` and itself."""
    tags, canonical = _tags(key.domain, key.selector, key.algorithm, names)
    digest = sha256(told + (canonical + tail.replace("\r\n", "")).encode()).digest()
    return f"{tags}{tail}{_folded(b64encode(key.sign(digest)).decode())}\r\n".encode()


@lru_cache(maxsize=64)
def _tags(domain: str, selector: str, algorithm: str, names: tuple[str, ...]) -> tuple[str, str]:
    """The header's beginning, the same for all messages of one kind, folded and in canonical form.

    No `l=`: text could be added below; no `x=`: mails are read late.
    """
    first, *more = (f"h={name}" if i == 0 else name for i, name in enumerate(names))
    words = ["v=1;", f"a={algorithm};", "c=relaxed/relaxed;", f"d={domain};", f"s={selector};", first]
    lines = ["DKIM-Signature:"]
    for glue, word in [*((" ", word) for word in words), *((":", name) for name in more)]:
        last = lines[-1] + glue.rstrip()
        if len(lines[-1] + glue + word) < _COLUMNS:  # one column is left for what follows the word
            lines[-1] += glue + word
        else:
            lines[-1] = last
            lines.append(f" {word}")
    lines[-1] += ";"
    return "\r\n".join(lines), "".join(lines).replace("DKIM-Signature: ", "dkim-signature:")


def _folded(text: str) -> str:
    """What follows ` b=`, in lines of 78 columns; blanks within are no part of the value."""
    first = _COLUMNS - len(" b=")
    rest = [text[i : i + _COLUMNS - 1] for i in range(first, len(text), _COLUMNS - 1)]
    return "\r\n ".join([text[:first], *rest])
