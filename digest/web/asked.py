"""What strangers write into addresses, made harmless: no control characters, short, and numbers within bounds."""

from __future__ import annotations

from starlette.convertors import IntegerConvertor, register_url_convertor
from starlette.requests import Request

from digest.editions.plain import clean

LONGEST = 200
"""Bytes of a query or a name that are read."""

PAGES = 50
"""Pages of a list that can be asked for."""


class _Number(IntegerConvertor):
    """`{name:number}` in a path: one that every database can hold, and that Python reads at once."""

    regex = "[0-9]{1,18}"


register_url_convertor("number", _Number())


def words(text: str) -> str:
    """`text` on one line, cut to what a person would ask."""
    return clean(text, LONGEST)


def page(request: Request, name: str = "page") -> int:
    """The number of the page of a list, from 1; 1 for anything else. `name` is the query's."""
    asked = request.query_params.get(name, "")
    is_number = asked.isascii() and asked.isdecimal() and len(asked) <= 3
    return min(max(int(asked), 1), PAGES) if is_number else 1
