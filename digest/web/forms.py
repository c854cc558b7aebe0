"""What a form of ours posts: a few short fields, urlencoded; anything else is an empty form.

There is no token against forged posts from other sites, because there is nothing to forge them with: no cookie and no
password comes along by itself. Whoever can post to an address with a token has the token.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import Request

from digest.editions.plain import clean

_BODY_LIMIT = 64 * 1024
_FIELDS = 400
_LINE = 400  # bytes of a field of one line
_TEXT = 20_000
_LINES = 200

Values = Mapping[str, list[str]]


class Form:
    """The fields by name, cleaned: one line, or as many as there are, without control characters."""

    def __init__(self, values: Values) -> None:
        self._values = values

    def line(self, name: str, default: str = "") -> str:
        """The first value of a field."""
        return clean(self._values.get(name, [default])[0], _LINE)

    def each(self, name: str) -> tuple[str, ...]:
        """Every value of a field that may be there several times."""
        return tuple(clean(value, _LINE) for value in self._values.get(name, []))

    def lines(self, name: str) -> tuple[str, ...]:
        """The lines of a text area that are not empty."""
        text = self._values.get(name, [""])[0][:_TEXT]
        found = (clean(line, _LINE) for line in text.splitlines()[:_LINES])
        return tuple(line for line in found if line)

    def text(self, name: str) -> str:
        """Free text, with its paragraphs."""
        text = self._values.get(name, [""])[0][:_TEXT]
        return "\n".join(clean(line, _TEXT) for line in text.splitlines()).strip()

    def has(self, name: str) -> bool:
        """Whether a box is ticked, or a button pressed."""
        return bool(self._values.get(name))


async def form(request: Request) -> Form:
    """The form of a request. Raises HTTPException 413 for a body that no form of ours has."""
    raw = await body(request)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        return Form({})
    try:
        pairs = parse_qsl(raw.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_FIELDS)
    except ValueError as error:
        raise HTTPException(413) from error
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    return Form(values)


async def body(request: Request) -> bytes:
    """The whole body, however it is sent; unread, the connection could not be used again."""
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > _BODY_LIMIT:
            raise HTTPException(413)
        chunks.append(chunk)
    return b"".join(chunks)
