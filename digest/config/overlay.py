"""The raw options: the TOML tables, overlaid by `DIGEST_SECTION__OPTION`, secrets read, paths made absolute."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel

from digest.config.fields import fields, is_list, is_path, is_path_table, is_secret, is_table
from digest.errors import ConfigError

_PREFIX = "DIGEST_"
_PLACE = re.compile(r" ?\(at (?:line (\d+), column \d+|end of document)\)")

Table = dict[str, object]


@dataclass(slots=True)
class Raw:
    """One section as it was written. `origins` names the variable of each option that came from the environment."""

    where: str
    table: Table
    origins: dict[str, str] = field(default_factory=dict)

    def place(self, option: str) -> str:
        """Where the option stands: its variable, else its section in the file."""
        return self.origins.get(option, self.where)


def read_toml(file: Path, shown: str) -> dict[str, object]:
    """The tables of a TOML file.

    Raises:
        ConfigError: it cannot be read, or is no TOML; with the line.
    """
    text = ""
    try:
        text = file.read_text(encoding="utf-8")
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = _PLACE.search(str(error))
        line = found[1] if found and found[1] else max(1, len(text.splitlines()))
        raise ConfigError([f"{shown}:{line}: not valid TOML: {_PLACE.sub('', str(error))}"]) from error
    except UnicodeDecodeError as error:
        raise ConfigError([f"{shown}: not UTF-8 text: {error.reason} at byte {error.start}"]) from error
    except OSError as error:
        raise ConfigError([f"{shown}: cannot be read: {error.strerror}"]) from error


def variables(environment: Mapping[str, str]) -> Iterator[tuple[str, list[str], str]]:
    """Each variable that is an option: its name, its path in lower case, its text."""
    for name, text in sorted(environment.items()):
        if name.startswith(_PREFIX) and "__" in name:
            yield name, name.removeprefix(_PREFIX).lower().split("__"), text


def convert(raw: Raw, model: type[BaseModel]) -> None:
    """Texts of the environment into lists (JSON or comma-separated) and tables (JSON), where the option is one."""
    known = fields(model)
    for option in raw.origins:
        text = raw.table.get(option)
        if not isinstance(text, str) or option not in known:
            continue
        if (is_list(known[option]) and text[:1] == "[") or (is_table(known[option]) and text[:1] == "{"):
            raw.table[option] = _json(text)
        elif is_list(known[option]):
            raw.table[option] = [part.strip() for part in text.split(",") if part.strip()]


def read_secrets(raw: Raw, model: type[BaseModel], folder: Path) -> list[str]:
    """Put the content of each `*_file` in its secret's place; what went wrong."""
    problems = []
    for option, info in fields(model).items():
        twin = f"{option}_file"
        if not is_secret(info) or twin not in raw.table:
            continue
        path, place = raw.table.pop(twin), raw.place(twin)
        if option in raw.table:
            problems.append(f"{place}: {option} and {twin} are both given; keep one of them")
        elif not isinstance(path, str):
            problems.append(f"{place}: {twin} must be a file's name in quotes")
        else:
            problems += _read_secret(raw, option, folder / Path(path).expanduser(), f"{place}: {twin}")
    return problems


def _read_secret(raw: Raw, option: str, file: Path, place: str) -> list[str]:
    try:
        raw.table[option] = file.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        return [f"{place}: {str(file)!r} cannot be read: {reason}"]
    return []


def make_absolute(raw: Raw, model: type[BaseModel], folder: Path) -> None:
    """Paths, the defaults too, are relative to the configuration's folder, wherever the program is started."""
    for option, info in fields(model).items():
        value = raw.table.get(option, info.default)
        if is_path(info) and isinstance(value, str | Path) and str(value):
            raw.table[option] = str(folder / Path(value).expanduser())
        elif is_path_table(info) and isinstance(value, dict):
            raw.table[option] = {
                name: str(folder / Path(path).expanduser()) if isinstance(path, str) and path else path
                for name, path in value.items()
            }


def _json(text: str) -> object:
    try:
        value: object = json.loads(text)
    except json.JSONDecodeError:
        return text
    return value
