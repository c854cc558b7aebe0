"""Every option with its type, default and meaning, read off the sections themselves."""

from __future__ import annotations

import json
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from digest.config.fields import fields, is_secret
from digest.config.settings import SECTIONS
from digest.plugins import enricher_kinds, load_enricher, load_kind, source_kinds


@dataclass(frozen=True, slots=True)
class Option:
    """One option as the documentation shows it; `default` is written as in TOML, None where it is required."""

    section: str
    name: str
    type: str
    default: str | None
    description: str

    @property
    def variable(self) -> str:
        section = self.section.partition(" ")[0].replace(".NAME", "__NAME")
        return f"DIGEST_{section}__{self.name}".upper()


def options() -> Iterator[Option]:
    """Every option of every section, then of every built-in kind of source and of service."""
    for section, model in SECTIONS.items():
        yield from _options(section, model)
    for kind in source_kinds():
        section = f'sources.NAME (kind = "{kind}")'
        yield from _options(section, load_kind(kind))
    for kind in enricher_kinds():
        section = f'enrich.NAME (kind = "{kind}")'
        yield from _options(section, load_enricher(kind))


def section_text(section: str) -> str:
    """The section's one line of explanation, from its class."""
    if section in SECTIONS:
        model: type[BaseModel] = SECTIONS[section]
    else:
        load = load_enricher if section.startswith("enrich.") else load_kind
        model = load(section.split('"')[1])
    return (model.__doc__ or "").strip()


def _options(section: str, model: type[BaseModel]) -> Iterator[Option]:
    for name, info in fields(model).items():
        yield Option(section, name, type_name(info.annotation), _default(info), info.description or "")
        if is_secret(info):
            yield Option(section, f"{name}_file", "file", '""', f"A file that holds `{name}`, to keep it out of here.")


def type_name(annotation: object) -> str:
    """The type as a reader of TOML would say it."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return type_name(arguments[0])
    if origin is Literal:
        return " or ".join(f'"{value}"' for value in arguments)
    if origin in (Union, types.UnionType):
        return " or ".join(type_name(part) for part in arguments if part is not type(None))
    if origin in (list, tuple, set, frozenset):
        return f"list of {type_name(arguments[0])}s"
    if origin is dict:
        return "table"
    plain: dict[object, str] = {
        str: "text", int: "number", float: "number", bool: "true or false",
        timedelta: "duration", Path: "path", SecretStr: "secret",
    }  # fmt: skip
    return plain.get(annotation, getattr(annotation, "__name__", str(annotation)).lower())


def _default(info: FieldInfo) -> str | None:
    if info.is_required():
        return None
    value = info.get_default(call_default_factory=True, validated_data={})
    return None if value is PydanticUndefined else toml(value)


def toml(value: object) -> str:  # noqa: PLR0911  # one line per kind of value
    """A value as TOML writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, timedelta):
        return f'"{_span(value)}"'
    if isinstance(value, SecretStr) or value is None:
        return '""'
    if isinstance(value, list | tuple | set | frozenset):
        return f"[{', '.join(toml(part) for part in value)}]"
    if isinstance(value, Mapping):
        pairs = ", ".join(f"{toml(name)} = {toml(part)}" for name, part in value.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    # JSON's escapes are TOML's, but TOML wants DEL escaped too.
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")


def _span(value: timedelta) -> str:
    seconds = int(value.total_seconds())
    for unit, size in (("h", 3600), ("min", 60)):
        if seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
