"""The last readings of many papers' signals, found by the database: a series grows for ever, its end is one row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, case, cast, extract, func, literal_column, select

from digest.store.among import among
from digest.store.tables import signals

_Pair = tuple[ColumnElement[Any], ColumnElement[Any]]


def last_readings(
    connection: Connection, ids: Sequence[int], until: datetime | None = None, earlier: datetime | None = None
) -> Iterator[tuple[int, str, int, bool]]:
    """Of every signal of these papers the last reading up to `until`, and before it the last one up to `earlier`.

    Each is paper, name, value, and whether it was there at `earlier`.
    """
    is_postgresql = connection.dialect.name == "postgresql"
    group: list[ColumnElement[Any]] = [signals.c.paper_id, signals.c.name]
    side: ColumnElement[int] = literal_column("0")
    if earlier is not None:
        side = case((signals.c.observed_at <= earlier, 1), else_=0)
        group.append(side)
    last, value = _PACKED if is_postgresql else _BESIDE
    query = select(signals.c.paper_id, signals.c.name, side, last, value)
    query = query.where(among(connection, signals.c.paper_id, sorted(ids))).group_by(*group)
    if until is not None:
        query = query.where(signals.c.observed_at <= until)
    for paper_id, name, was_there, packed, beside in sorted(connection.execute(query), key=_SIDE, reverse=True):
        yield paper_id, name, packed % _SHIFT if is_postgresql else beside, bool(was_there)


# PostgreSQL sorts whole series for a window or DISTINCT ON, but finds a maximum while it reads: of second and value in
# one number, the second first. Beside a single max() SQLite gives the other columns of the row that has it, see
# https://sqlite.org/lang_select.html, "Bare columns in an aggregate query".
_SHIFT = 1 << 31
_SECOND = cast(extract("epoch", signals.c.observed_at), BigInteger)
_PACKED: _Pair = (func.max(_SECOND * _SHIFT + func.greatest(signals.c.value, 0)), literal_column("0"))
_BESIDE: _Pair = (func.max(signals.c.observed_at), signals.c.value)
_SIDE = itemgetter(2)
