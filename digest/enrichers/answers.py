"""Reading the JSON of strangers: every field may be absent, null or of another type than promised."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TypeGuard
from urllib.parse import urlsplit

from digest.enrichers import Garbled
from digest.exchange import Response
from digest.papers.text import excerpt, readable

Json = Mapping[str, object]

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_MOST = 2**31 - 1  # what every database's integer holds
_SUMMARY = 600  # characters; services' summaries are one or two sentences


def parsed(response: Response) -> object:
    """The JSON value of an answer. Raises Garbled where it is none, or an error of the service in its own words."""
    try:
        found: object = json.loads(response.body)
    except (ValueError, RecursionError) as error:
        raise Garbled(f"no JSON: {error}"[:200]) from error
    if response.status >= 400:
        raise Garbled(f"HTTP {response.status}: {_complaint(found)}"[:300])
    return found


def _complaint(found: object) -> str:
    values = as_object(found)
    error = values.get("error")
    nested = as_object(error).get("message")
    words = nested or values.get("message") or error or "no reason given"
    return " ".join(str(words).split())


def as_object(value: object) -> Json:
    """The value where it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def as_list(value: object) -> list[object]:
    """The value where it is a JSON array, else an empty one."""
    return value if isinstance(value, list) else []


def text(values: Json, name: str, most: int = 300) -> str:
    """Text on one line; "" where it is absent, null or no text."""
    found = values.get(name)
    return " ".join(_UNSTORABLE.sub("", found).split())[:most] if isinstance(found, str) else ""


def count(values: Json, name: str) -> int | None:
    """A number of things; None where it is absent, null or no such number."""
    found = values.get(name)
    return found if _is_count(found) else None


def _is_count(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST


def summary(values: Json, name: str) -> str | None:
    """A summary as readers may see it; None where there is none."""
    found = readable(text(values, name, 4 * _SUMMARY))
    return excerpt(found, _SUMMARY) or None


def https(value: str) -> str | None:
    """A web address of a service, None for everything else."""
    parts = urlsplit(value) if value.startswith("https://") and len(value) <= 400 else None
    return value if parts is not None and parts.hostname and "@" not in parts.netloc else None


def names(values: object, name: str, most: int = 20) -> tuple[str, ...]:
    """The different texts that the objects of a list hold under `name`."""
    found = (text(as_object(one), name) for one in as_list(values))
    return tuple(dict.fromkeys(one for one in found if one))[:most]
