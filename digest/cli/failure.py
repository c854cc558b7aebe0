"""How a command ends: its exit status, and one clear line on stderr where it failed.

0 done    1 failed    2 wrong usage or configuration
"""

from __future__ import annotations

import errno
import os
import sys
import traceback
from collections.abc import Callable

import click

from digest.errors import DigestError

_GLOBAL = ("--config", "--debug")


def run(command: Callable[[], object], *, is_debugging: bool) -> int:
    """Call `command`, tell what went wrong, return the exit status."""
    try:
        result = command()
        sys.stdout.flush()
    except click.exceptions.Exit as error:
        return error.exit_code
    except (BrokenPipeError, click.Abort) as error:
        return _quietly(error)
    except Exception as error:  # noqa: BLE001  # the outermost frame: whatever it is, it becomes one line
        if is_debugging:
            traceback.print_exc()
        _print(lines(error))
        return status(error)
    return result if isinstance(result, int) else 0


def status(error: Exception) -> int:
    if isinstance(error, DigestError):
        return error.exit_status
    return error.exit_code if isinstance(error, click.ClickException) else 1


def lines(error: Exception) -> list[str]:
    """What to print for an error; only a configuration has more than one line, one per problem."""
    if isinstance(error, DigestError):
        return str(error).splitlines()
    if isinstance(error, click.UsageError):
        return [_usage(error)]
    if isinstance(error, click.ClickException):
        return [error.format_message()]
    if isinstance(error, OSError) and error.strerror:
        return [_os(error)]
    kind = type(error).__name__
    return [f"this is a bug: {kind}: {error}; 'digest --debug …' shows where, please report it".replace("\n", " ")]


def _usage(error: click.UsageError) -> str:
    text = " ".join(error.format_message().split()).rstrip(".")
    if isinstance(error, click.NoSuchOption) and error.option_name in _GLOBAL:
        return f"{text}: it goes before the command: digest {error.option_name} …"
    path = error.ctx.command_path if error.ctx else "digest"
    return f"{text}; see '{path} --help'"


def _os(error: OSError) -> str:
    where = f"{error.filename}: " if error.filename else ""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"{where}the disk is full: free some space and try again"
    return f"{where}{error.strerror}"


def _quietly(error: Exception) -> int:
    if isinstance(error, BrokenPipeError):
        # The reader has gone (`digest paper list | head`): nobody is left to tell, at exit neither.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    else:
        _print(["interrupted"])
    return 1


def _print(texts: list[str]) -> None:
    for text in texts:
        click.echo(f"digest: {text}", err=True)
