"""A group of commands that imports a command only when it is called; `--help` reads the table alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module

import click


@dataclass(frozen=True, slots=True)
class Lazy:
    """Where a command is (`module:attribute`) and what the list of commands says of it."""

    target: str
    help: str

    def load(self) -> click.Command:
        module, _, name = self.target.partition(":")
        command = getattr(import_module(module), name)
        assert isinstance(command, click.Command), self.target
        return command


class LazyGroup(click.Group):
    """A click group over a table of sections, each a table of commands."""

    def __init__(self, *, sections: Mapping[str, Mapping[str, Lazy]], **attributes: object) -> None:
        super().__init__(**attributes)  # type: ignore[arg-type]  # click's own attributes, passed through
        self.sections = sections
        self.table = {name: lazy for section in sections.values() for name, lazy in section.items()}

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(self.table)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        lazy = self.table.get(cmd_name)
        return lazy.load() if lazy else None

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for title, section in self.sections.items():
            with formatter.section(title):
                formatter.write_dl([(name, lazy.help) for name, lazy in section.items()], col_max=14)
