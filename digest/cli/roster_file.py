"""A file of subscribers, one JSON object per line: what `subscriber export` prints and `import` reads."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, TextIO

from digest.cli.schedule import checked_zone
from digest.editions.calendar import next_edition
from digest.errors import DigestError, UnreadableFile
from digest.store import roster

if TYPE_CHECKING:
    from sqlalchemy import Connection

NumberedRow = tuple[int, Mapping[str, object]]


def read_rows(file: TextIO) -> Iterator[NumberedRow]:
    """Line number and row of each line that holds one.

    Raises:
        UnreadableFile: a line that is no JSON object.
    """
    for number, line in enumerate(file, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise UnreadableFile(file.name, number, f"not JSON: {error.msg}; one object per line") from error
        if not isinstance(row, dict):
            raise UnreadableFile(file.name, number, "not a JSON object; 'digest subscriber export' shows the form")
        yield number, row


def store_rows(connection: Connection, name: str, rows: Iterable[NumberedRow], now: datetime) -> int:
    """Add everybody; how many of their liked and disliked papers are not in this catalog.

    Raises:
        UnreadableFile: one row cannot be stored; the transaction takes the others back.
    """
    unknown, numbered = 0, list(rows)
    for number, row in numbered:
        try:
            wanted = roster.schedule_of(row)
            checked_zone(wanted.time_zone)
            unknown += len(roster.import_row(connection, row, now, next_edition(wanted, now)).unknown_papers)
        except DigestError as error:
            raise UnreadableFile(name, number, str(error)) from error
    for number, row in numbered:  # a member may stand in a later row than the group
        try:
            roster.import_members(connection, row)
        except DigestError as error:
            raise UnreadableFile(name, number, f"members: {error}") from error
    return unknown
