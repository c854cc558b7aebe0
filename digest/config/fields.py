"""Questions about a section's fields: their option names, which are secret, which are paths or lists."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo


def fields(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """Option name → field: the alias where there is one (`from` is no name in Python)."""
    return {info.alias or name: info for name, info in model.model_fields.items()}


def is_secret(info: FieldInfo) -> bool:
    extra = info.json_schema_extra
    return info.annotation is SecretStr or (isinstance(extra, dict) and extra.get("secret") is True)


def is_path(info: FieldInfo) -> bool:
    return Path in _leaves(info.annotation)


def is_list(info: FieldInfo) -> bool:
    return any(kind in (list, tuple, set, frozenset) for kind in _leaves(info.annotation))


def is_table(info: FieldInfo) -> bool:
    return any(kind is dict or kind is Mapping for kind in _leaves(info.annotation))


def is_path_table(info: FieldInfo) -> bool:
    return is_table(info) and Path in get_args(info.annotation)


def known(model: type[BaseModel]) -> list[str]:
    """Every option name, with the `*_file` twin of each secret."""
    return [name for option, info in fields(model).items() for name in _names(option, info)]


def _names(option: str, info: FieldInfo) -> Iterator[str]:
    yield option
    if is_secret(info):
        yield f"{option}_file"


def _leaves(annotation: object) -> Iterator[object]:
    """The types a union (or an annotated one) may be, without looking into lists and tables."""
    origin = get_origin(annotation)
    if origin in (list, tuple, set, frozenset, dict, Mapping):
        yield origin
        return
    arguments = get_args(annotation)
    if not arguments:
        yield annotation
    for argument in arguments:
        yield from _leaves(argument)
