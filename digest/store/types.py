"""Column types that refuse what the rest of the program must never see."""

from __future__ import annotations

from datetime import UTC, datetime
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
        return instant.strftime("%Y-%m-%dT%H:%M:%S.%fZ") if dialect.name == "sqlite" else instant

    def process_result_value(self, value: datetime | str | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        if isinstance(value, str):
            return datetime.fromisoformat(value)
        return value.astimezone(UTC)
