"""Reading JSON that strangers wrote: values of the expected type, or nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import TypeGuard

from digest.sources import Unreadable
from digest.sources.charset import decoded
from digest.sources.markup import is_page

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_LONGEST_NAME = 200

Json = Mapping[str, object]


def parsed(body: bytes) -> object:
    """The value of a JSON payload.

    Raises:
        Unreadable: it is a page or no JSON.
    """
    text = decoded(body)
    if is_page(text):
        raise Unreadable("an HTML page instead of JSON")
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"no JSON: {error}") from error


def said(found: object) -> str:
    """What an answer that is not the expected one says, for the error's text."""
    if isinstance(found, dict):
        told = next((found[name] for name in ("error", "message", "errors") if found.get(name)), None)
        if told is not None:
            return f"the error {told!r}"[:200]
    return f"a JSON {type(found).__name__}"


def as_object(value: object) -> Json:
    """An item as an object.

    Raises:
        Unreadable: it is none; null stands where a service does not know what it was asked for.
    """
    if not isinstance(value, dict):
        raise Unreadable(f"an object was expected, not {type(value).__name__}")
    return value


def inner(values: Json, name: str) -> Json:
    """An object within an object; an empty one where it is absent or none."""
    found = values.get(name)
    return found if isinstance(found, dict) else {}


def text_of(values: Json, name: str) -> str:
    """Text with its wraps joined, without what no database takes; "" where it is absent or none."""
    return joined(values.get(name))


def joined(value: object) -> str:
    """Text in one line; "" for what is none."""
    return " ".join(_UNSTORABLE.sub("", value).split()) if isinstance(value, str) else ""


def texts_of(values: Json, name: str) -> tuple[str, ...]:
    """A list of short texts, names above all; other values in it are left out."""
    found = values.get(name)
    return tuple(t[:_LONGEST_NAME] for t in map(joined, found) if t) if isinstance(found, list) else ()


def day_of(values: Json, name: str) -> date | None:
    """An ISO date, or the UTC date of an ISO instant."""
    try:
        found = datetime.fromisoformat(text_of(values, name))
    except ValueError:
        return None
    return found.astimezone(UTC).date() if found.tzinfo else found.date()


def day_of_milliseconds(value: object) -> date | None:
    """The UTC date of milliseconds since 1970; None for what is no such number."""
    if not is_count(value, most=2**53):
        return None
    try:
        return datetime.fromtimestamp(value / 1000, UTC).date()
    except (ValueError, OverflowError, OSError):
        return None


def is_count(value: object, most: int = 2**31 - 1) -> TypeGuard[int]:
    """Whether it is a whole number that can be stored, and no truth value."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most


def number(value: object) -> int:
    """A number or the digits of one (bioRxiv writes both); 0 for anything else."""
    if isinstance(value, str) and value.strip().isdecimal():
        return int(value.strip()[:9])
    return value if is_count(value) else 0
