"""docs/commands.md and docs/configuration.md, written by the program itself: `python -m digest.cli.reference docs`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import click

from digest.config.reference import Option, options, section_text

_CONFIGURATION = """\
# Configuration

<!-- Written by `python -m digest.cli.reference docs`; change the code instead. -->

One TOML file: `--config FILE`, else `$DIGEST_CONFIG`, else `./digest.toml`, else the one in the user's or the system's
configuration folder (on Linux `~/.config/digest`, `/etc/xdg/digest`). `digest init` writes a commented one,
`digest config check` tells everything that is wrong with it at once, `digest config show` shows what is in effect.

- Every option may also come from the environment, which wins: `DIGEST_SECTION__OPTION`, for sources and services
  `DIGEST_SOURCES__NAME__OPTION` and `DIGEST_ENRICH__NAME__OPTION`; lists as JSON or separated by commas.
- A secret may be in a file of its own: `OPTION_file` names it.
- Paths, and the file of an SQLite URL, are relative to the configuration file (without one, to the current folder).
- A duration is a number and a unit: `30s`, `90min`, `24h`, `3d`.
"""

_COMMANDS = """\
# Commands

<!-- Written by `python -m digest.cli.reference docs`; change the code instead. -->

`digest [--config FILE] [--debug] COMMAND …`, also as `python -m digest`. Exit status: 0 done, 1 failed, 2 wrong usage
or configuration. Errors are one line on stderr that says what to do; `--debug` adds the traceback.
"""


def configuration_markdown() -> str:
    """Every section with its options, as Markdown."""
    parts = [_CONFIGURATION]
    for section, group in groupby(options(), key=lambda option: option.section):
        table, _, kind = section.partition(" ")
        parts.append(f"\n## [{table}] {kind}".rstrip() + f"\n\n{section_text(section)}\n\n")
        parts += [_option(option) for option in group]
    return "".join(parts)


def commands_markdown() -> str:
    """Every command with its usage, meaning and options, as Markdown."""
    from digest.cli.app import SECTIONS

    parts = [_COMMANDS]
    for title, section in SECTIONS.items():
        parts.append(f"\n## {title}\n")
        for name, lazy in section.items():
            parts += [_command(path, command) for path, command in walk(f"digest {name}", lazy.load())]
    return "".join(parts)


def walk(path: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    """The command and everything below it, each with the words that call it."""
    yield path, command
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield from walk(f"{path} {name}", inner)


def write(folder: Path) -> None:
    """Write both pages into `folder`."""
    (folder / "commands.md").write_text(commands_markdown(), encoding="utf-8")
    (folder / "configuration.md").write_text(configuration_markdown(), encoding="utf-8")


def _option(option: Option) -> str:
    default = "required" if option.default is None else f"default `{option.default}`"
    return f"- `{option.name}` ({option.type}; {default}; `{option.variable}`): {option.description}\n"


def _command(path: str, command: click.Command) -> str:
    context = click.Context(command, info_name=path)
    usage = " ".join([path, *command.collect_usage_pieces(context)])
    lines = [f"\n### `{path}`\n\n    {usage}\n\n{_paragraphs(command.help or '')}\n"]
    shown = [found for found in (p.get_help_record(context) for p in command.params) if found and found[1]]
    if shown:
        lines.append("\n" + "".join(f"- `{name}`: {text}\n" for name, text in shown))
    return "".join(lines)


def _paragraphs(help_text: str) -> str:
    """click's `\\b` keeps lines as they are; Markdown keeps them when they are indented."""
    shown = []
    for paragraph in help_text.strip().split("\n\n"):
        kept = paragraph.startswith("\b\n")
        lines = paragraph.removeprefix("\b\n").splitlines()
        shown.append("\n".join(f"    {line}" if kept else line.strip() for line in lines))
    return "\n\n".join(shown)


if __name__ == "__main__":
    write(Path(sys.argv[1] if len(sys.argv) > 1 else "docs"))
