"""Column types that refuse what the rest of the program must never see."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, String
from sqlalchemy.types import TypeDecorator, TypeEngine

BigId = BigInteger().with_variant(Integer(), "sqlite")
"""SQLite gives automatic ids to INTEGER primary keys only."""


class UtcDateTime(TypeDecorator[datetime]):
    """An instant: naive datetimes are refused, what comes back is aware UTC.

    SQLite has no instants: they are stored as ISO 8601 text of fixed width, which sorts as time does.
    """

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        kind: TypeEngine[Any] = String(32) if dialect.name == "sqlite" else DateTime(timezone=True)
        return dialect.type_descriptor(kind)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | str | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive datetime {value!r}: instants are aware UTC")
        instant = value.astimezone(UTC)
        # strftime would give the same at three times the cost.
        return f"{instant.isoformat(timespec='microseconds')[:-6]}Z" if dialect.name == "sqlite" else instant

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None]:  # noqa: ARG002
        # Not `process_result_value`: a thousand due subscribers are some thousand instants, few of which differ.
        return _read_text if dialect.name == "sqlite" else _read_instant


def _read_text(value: str | None) -> datetime | None:
    return None if value is None else _parsed(value)


_parsed = lru_cache(maxsize=1024)(datetime.fromisoformat)


def _read_instant(value: datetime | None) -> datetime | None:
    return None if value is None else value.astimezone(UTC)
