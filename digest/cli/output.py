"""What commands print: aligned tables for people, JSON for programs. Control characters never reach a terminal."""

from __future__ import annotations

import json
import shutil
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import TypeVar

import click

F = TypeVar("F", bound=Callable[..., object])

_GAP = "  "
_LEAST = 8  # columns that a cut cell keeps


def json_option(function: F) -> F:
    """`--json`, as every reading command has it."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(function)


def show_json(value: object) -> None:
    """`value` as JSON: dataclasses as objects, instants as ISO 8601 with Z."""
    click.echo(json.dumps(plain(value), indent=2, ensure_ascii=False))


def plain(value: object) -> object:  # noqa: PLR0911  # one line per kind of value
    """A value in terms of JSON."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [plain(part) for part in value]
    return str(value)


def instant(at: datetime | None) -> str:
    """An instant to the second, in UTC: `2026-04-20T07:00:00Z`."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at else ""


def when(at: datetime | None) -> str:
    """An instant for a table, to the minute, in UTC."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M") if at else "–"


def counted(number: int, noun: str) -> str:
    """`1 paper`, `1,204 papers`, `2 days`, `2 categories`."""
    plural = f"{noun[:-1]}ies" if noun.endswith("y") and noun[-2] not in "aeou" else f"{noun}s"
    return f"{number:,} {noun if number == 1 else plural}"


def table(headings: Sequence[str], rows: Iterable[Sequence[object]], *, cut: int = -1, empty: str) -> None:
    """Print rows in aligned columns; column `cut` gives way where the terminal is narrower.

    `empty` is printed where there are none: it says what would fill the table.
    """
    cells = [[printable(cell) for cell in row] for row in rows]
    if not cells:
        click.echo(empty)
        return
    _fit(cells, headings, cut % len(headings))
    widths = [max(map(width, column)) for column in zip(headings, *cells, strict=True)]
    numeric = [all(_is_number(row[i]) for row in cells) for i in range(len(headings))]
    click.echo(click.style(_line(headings, widths, numeric), dim=True))
    for row in cells:
        click.echo(_line(row, widths, numeric))


def record(pairs: Iterable[tuple[str, object]]) -> None:
    """Print one thing as aligned `name  value` lines; what is empty is left out."""
    shown = [(name, printable(value)) for name, value in pairs if value not in (None, "", (), [])]
    indent = max((len(name) for name, _ in shown), default=0) + len(_GAP)
    for name, value in shown:
        lines = wrapped(value, max(terminal_width() - indent, 30))
        click.echo(click.style(name.ljust(indent), dim=True) + lines[0])
        for line in lines[1:]:
            click.echo(" " * indent + line)


def printable(value: object) -> str:
    """A cell's text: one line, no control characters (a title must not drive the terminal)."""
    if isinstance(value, list | tuple):
        value = ", ".join(map(str, value))
    text = " ".join(str(value if value is not None else "–").split())
    return "".join(c for c in text if unicodedata.category(c) not in ("Cc", "Cf", "Cs"))


def shortened(text: str, columns: int) -> str:
    """`text` in at most `columns` terminal columns, with … where something is missing."""
    if width(text) <= columns:
        return text
    kept, used = [], 1
    for character in text:
        used += width(character)
        if used > columns:
            break
        kept.append(character)
    return "".join(kept).rstrip() + "…"


def width(text: str) -> int:
    """Columns on a terminal: wide East Asian characters take two, combining marks none."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def terminal_width() -> int:
    return shutil.get_terminal_size((80, 24)).columns


def write_file(path: Path, content: bytes) -> None:
    """Write a file; OSError names it (a full disk, a missing folder)."""
    try:
        path.write_bytes(content)
    except OSError as error:
        error.filename = str(path)
        raise


def _fit(cells: list[list[str]], headings: Sequence[str], cut: int) -> None:
    """Shorten the cells of one column so that a row fits the terminal."""
    widths = [max(map(width, column)) for column in zip(headings, *cells, strict=True)]
    others = sum(widths) - widths[cut] + len(_GAP) * (len(headings) - 1)
    room = max(terminal_width() - others, _LEAST)
    for row in cells:
        row[cut] = shortened(row[cut], room)


def _line(cells: Sequence[str], widths: Sequence[int], numeric: Sequence[bool]) -> str:
    padded = []
    for cell, columns, is_number in zip(cells, widths, numeric, strict=True):
        space = " " * (columns - width(cell))
        padded.append(space + cell if is_number else cell + space)
    return _GAP.join(padded).rstrip()


def _is_number(cell: str) -> bool:
    return cell.replace(",", "").replace(".", "").isdigit()


def wrapped(text: str, columns: int) -> list[str]:
    """`text` in lines of at most so many terminal columns; a longer word keeps a line of its own."""
    lines = [""]
    for word in text.split(" "):
        if lines[-1] and width(lines[-1]) + 1 + width(word) > columns:
            lines.append(word)
        else:
            lines[-1] += f" {word}" if lines[-1] else word
    return lines
